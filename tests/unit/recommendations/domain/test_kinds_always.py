"""What holds for every tip on a kind of session, whatever the climber, the day and the rules."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from climbiq.domain.variables import VARIABLES
from experts.domain.rules.rule_set import RuleSet
from modeling.domain.design_matrix import COLUMN, design_row
from recommendations.domain.context import believe
from recommendations.domain.counterfactuals import LEAST_PROBABILITY
from recommendations.domain.events import recommend
from recommendations.domain.kind_flips import kind_flips_of, kinds_over
from recommendations.domain.kind_moves import best_kind_move
from recommendations.domain.kind_reach import BY_APPOINTMENT, CLASHES, own_kinds
from recommendations.domain.moves import Situation
from recommendations.domain.numbers import unsupported_numbers
from recommendations.domain.prediction import apply_modifiers
from recommendations.domain.wording import tip_title
from recommendations.narration.base import NarrationRequest
from recommendations.narration.templates import template_sentences
from tests.factories.kinds import COLUMNS, simulated_sessions, trained_on_kinds
from tests.factories.recommendation_context import (
    HOUSE_RULES,
    asks,
    context,
    multiply,
    override,
    rule,
    suppress,
)

plans = st.fixed_dictionaries(
    {
        "stress_level": st.none() | st.integers(1, 5),
        "sleep_hours": st.none() | st.integers(8, 20).map(lambda h: h / 2),
        "energy_level": st.none() | st.integers(1, 5),
        "session_type": st.none() | st.sampled_from(list(VARIABLES["session_type"].choices)),
        "session_intensity": st.none() | st.sampled_from(list(VARIABLES["session_intensity"].choices)),
        "session_goal": st.none() | st.sampled_from(list(VARIABLES["session_goal"].choices)),
        "caffeine_mg": st.none() | st.integers(0, 450),
        "current_niggles": st.sampled_from([None, [], [{"location": "finger", "severity": 2, "notes": ""}]]),
    }
)
KIND_RULES = (
    *HOUSE_RULES,
    rule(
        "Tired",
        {
            "ALL": [
                asks("pre_session.energy_level", "<=", 2),
                asks("pre_session.session_type", "in", ["technique", "project"]),
            ]
        },
        override(),
    ),
    rule("Heavy night", asks("pre_session.sleep_hours", "<", 5.5), multiply("sleep_hours", 2)),
    rule("Tense", asks("pre_session.stress_level", ">=", 4), multiply("stress_level", 1.5)),
    rule("Fixed plan", asks("pre_session.session_goal", "==", "competition"), suppress("session_type")),
)
effects = st.dictionaries(
    st.sampled_from([n for n in COLUMNS if n not in COLUMN]),
    st.floats(-0.6, 0.6).map(lambda v: round(v, 2)),
    max_size=8,
)


@st.composite
def situations(draw):
    means = {name: value / (5 if "×" in name else 1) for name, value in draw(effects).items()}
    sessions = simulated_sessions({}, n=draw(st.sampled_from([0, 12])), seed=draw(st.integers(1, 3)))
    return context(
        population=trained_on_kinds(means, sd=draw(st.sampled_from([0.0, 0.1, 0.3]))),
        conditions=draw(plans),
        own_sessions=sessions,
        today=30.0,
        rules=RuleSet(draw(st.sampled_from([(), KIND_RULES]))),
        baseline={"performance_anxiety": draw(st.sampled_from([3, 9]))},
    )


slow = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@slow
@given(situations())
def test_what_holds_for_every_tip_on_a_kind(given_context):
    made = recommend(context=given_context)
    assume(made.shown is not None)
    said = given_context.conditions
    seen = {name.partition(":")[2].partition("×")[0] for name in COLUMNS if ":" in name} | {
        "volume",
        "moderate",
    }
    belief = believe(sessions=given_context.own_sessions, population=given_context.population)
    for tip in made.shown.tips:
        if tip.variable not in ("session_type", "session_intensity"):
            continue
        assert tip.recommended_value in seen - BY_APPOINTMENT
        assert tip.recommended_value != tip.compared_with
        assert tip.gain >= 0.1
        assert tip.probability_of_gain >= LEAST_PROBABILITY
        assert tip.gain_interval_95[0] <= tip.gain <= tip.gain_interval_95[1]
        assert tip.variable not in made.decision.adjustments.suppressed
        after = {"session_type": said["session_type"], "session_intensity": said["session_intensity"]}
        after[tip.variable] = tip.recommended_value
        assert (after["session_type"], after["session_intensity"]) not in CLASHES
        # the gain is the difference of two predictions, by the posterior as rules adjust it
        posterior = apply_modifiers(
            posterior=belief.posterior, multipliers=made.decision.adjustments.multipliers
        )
        before, then = (
            design_row(conditions=said | {tip.variable: kind}, usual=belief.usual, columns=COLUMNS).row
            for kind in (tip.compared_with, tip.recommended_value)
        )
        assert tip.gain == pytest.approx(float((then - before) @ posterior.mean), abs=0.0051)


@slow
@given(situations(), st.data())
def test_what_is_said_to_flip_a_kind_flips_it(given_context, data):
    made = recommend(context=given_context)
    tips = [
        t for t in (made.shown.tips if made.shown else ()) if t.variable.startswith("session_") and t.flips
    ]
    if not tips:
        return
    tip = data.draw(st.sampled_from(tips))
    flip = data.draw(st.sampled_from(tip.flips))
    values = [flip.threshold]
    variable = VARIABLES.get(flip.variable)
    if flip.direction != "is" and variable is not None:
        steps = data.draw(st.lists(st.integers(0, 40), max_size=3))
        sign = 1 if flip.direction == "at_least" else -1
        values += [
            v
            for n in steps
            if variable.low <= (v := flip.threshold + sign * n * variable.step) <= variable.high
        ]
    for value in values:
        conditions = dict(given_context.conditions)
        if flip.variable.startswith("niggle_severity."):
            site = flip.variable.partition(".")[2]
            conditions["current_niggles"] = [{"location": site, "severity": int(value), "notes": ""}]
        else:
            conditions[flip.variable] = value
        other = generate_kind(given_context, conditions, tip.variable)
        assert other is None or other.recommended_value != tip.recommended_value, (flip, value)


def generate_kind(given_context, conditions, variable):
    """The tip on one treatment, whatever else would be better on that day."""
    found = recommend(context=replace(given_context, conditions=conditions))
    if found.shown is None:
        return None
    return next((t for t in found.shown.tips if t.variable == variable), None)


@slow
@given(situations())
def test_the_nearest_value_at_which_it_turns_is_told(given_context):
    """Against asking about every value of stress and sleep alone, rules and all."""
    made = recommend(context=given_context)
    assume(made.decision.override is None)
    situation = situation_of(given_context, made)
    move = best_kind_move(variable="session_type", situation=situation)
    flips = kind_flips_of(move=move, situation=situation) if move else ()
    for name in ("stress_level", "sleep_hours"):
        variable = VARIABLES[name]
        values = [v / 2 for v in range(int(2 * variable.high) + 1) if variable.low <= v / 2]
        values = [v for v in values if variable.step < 1 or v.is_integer()]
        asked = [
            best_kind_move(variable="session_type", situation=situation, changes={name: value})
            for value in values
        ]
        kinds = [found and found.target for found in asked]
        assert (
            kinds_over(variable="session_type", situation=situation, moderator=name, values=values) == kinds
        )
        current = given_context.conditions[name]
        if move is None or current is None:
            continue
        turned = [value for value, kind in zip(values, kinds, strict=True) if kind != move.target]
        expected = {min((v for v in turned if v > current), default=None)}
        expected.add(max((v for v in turned if v < current), default=None))
        assert {flip.threshold for flip in flips if flip.variable == name} == expected - {None}


def situation_of(given_context, made):
    belief = believe(sessions=given_context.own_sessions, population=given_context.population)
    conditions = given_context.named_conditions
    return Situation(
        posterior=belief.posterior,
        conditions=conditions,
        row=design_row(conditions=conditions, usual=belief.usual, columns=COLUMNS).row,
        usual=belief.usual,
        own_kinds=own_kinds(sessions=given_context.own_sessions),
        adjustments=made.decision.adjustments,
        rules=given_context.rules,
        state=given_context.state(),
        now=given_context.now,
    )


@slow
@given(situations())
def test_every_number_in_the_words_is_in_the_payloads(given_context):
    made = recommend(context=given_context)
    assume(made.shown is not None and made.shown.tips)
    prediction = made.shown.prediction.as_payload()
    stats_payload = next(e.data for e in made.events if e.name == "stats")
    for tip in made.shown.tips:
        payload = tip.as_payload()
        bare = {k: v for k, v in payload.items() if k not in ("flips", "caveats")}
        request = NarrationRequest(tip=payload, prediction=prediction, stats=stats_payload)
        words = " ".join(template_sentences(request))
        assert unsupported_numbers(text=words, payloads=request.payloads) == ()
        assert unsupported_numbers(text=tip_title(payload), payloads=[bare]) == ()
        for flip in tip.flips:
            numbers = {"threshold": flip.threshold, "sessions": flip.sessions, "at_value": flip.at_value}
            assert unsupported_numbers(text=flip.sentence, payloads=[numbers, bare]) == ()
        for caveat in tip.caveats:
            assert unsupported_numbers(text=caveat, payloads=[bare, adjusted(made)]) == ()


def adjusted(made):
    return {"multipliers": dict(made.decision.adjustments.multipliers)}
