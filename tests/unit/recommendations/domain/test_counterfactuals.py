"""Tips by hand and by property: gains, what is never advised, and flips that really flip."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from scipy import stats

from climbiq.domain.rule_fields import RULE_FIELDS
from climbiq.domain.variables import VARIABLES
from experts.domain.rules.rule_set import RuleSet
from modeling.domain.design_matrix import COLUMN, TreatedSession, design_matrix, design_row
from modeling.domain.drift import Drift
from modeling.domain.population_prior import PopulationPrior, population_prior
from modeling.domain.posterior import condition
from recommendations.domain import counterfactuals
from recommendations.domain.context import believe
from recommendations.domain.counterfactuals import LEAST_PROBABILITY, SMALLEST_GAIN
from recommendations.domain.events import recommend
from recommendations.domain.levers import LEVERS, own_ranges, room_for, values_to_advise
from tests.factories.recommendation_context import (
    HOUSE_RULES,
    MORNING,
    REFERENCE,
    asks,
    context,
    multiply,
    override,
    past_sessions,
    rule,
    suppress,
)

CALM = {"performance_anxiety": 3}


def advise(**changes):
    return recommend(context=context(**changes))


def tips_of(made):
    return made.shown.tips if made.shown else ()


def tip_on(variable, made):
    return next((tip for tip in tips_of(made) if tip.variable == variable), None)


class TestByHand:
    def test_a_new_climber_without_coffee(self):
        """0 → 100 mg: 100 · N(0.003, 0.002² + 0.004²)."""
        tip = tip_on("caffeine_mg", advise(conditions=REFERENCE | {"caffeine_mg": 0}))
        sd = 100 * math.sqrt(0.002**2 + 0.004**2)
        assert (tip.action, tip.current_value, tip.recommended_value) == ("increase", 0, 100)
        assert tip.gain == 0.3
        assert tip.gain_interval_95 == (round(0.3 - 1.959964 * sd, 2), round(0.3 + 1.959964 * sd, 2))
        assert tip.probability_of_gain == round(stats.norm.cdf(0.3 / sd), 2) == 0.75
        assert (tip.expected_quality_before, tip.expected_quality_after) == (4.7, 5.0)
        assert tip.basis.as_payload() == {
            "own_sessions": 0,
            "reliability": 0,
            "population_share": 1,
            "population": {"trained": False, "literature": True, "coach_scenarios": 0},
        }

    def test_a_short_warm_up(self):
        tip = tip_on("warmup_duration_min", advise(conditions=REFERENCE | {"warmup_duration_min": 5}))
        assert (tip.recommended_value, tip.gain, tip.probability_of_gain) == (15, 0.25, 0.84)  # 10 · 0.025

    def test_the_best_first(self):
        made = advise(conditions=REFERENCE | {"warmup_duration_min": 0, "caffeine_mg": 0})
        assert [(t.index, t.variable, t.gain) for t in tips_of(made)] == [
            (0, "warmup_duration_min", 0.38), (1, "caffeine_mg", 0.3),
        ]  # fmt: skip

    def test_nothing_to_change_is_an_answer(self):
        made = advise(conditions=dict(REFERENCE))
        assert tips_of(made) == ()
        payload = made.shown.recommendations_payload()
        assert payload["items"] == []
        assert payload["nothing_to_change"] is True
        assert payload["sentence"].startswith("Nothing to change")

    @pytest.mark.parametrize(("mean", "advised"), [(0.0026, True), (0.0025, False)])
    def test_a_mere_hunch_is_not_advised(self, mean, advised):
        """Phi(0.26) = 0.603 against Phi(0.25) = 0.599."""
        priors = {"caffeine_mg": PopulationPrior(mean=mean, sd=0.006, individual_sd=0.008)}
        made = advise(population=population_prior(priors=priors), conditions=REFERENCE | {"caffeine_mg": 0})
        assert (tip_on("caffeine_mg", made) is not None) is advised

    def test_too_small_a_gain_is_not_worth_a_word(self):
        assert (
            tip_on("warmup_duration_min", advise(conditions=REFERENCE | {"warmup_duration_min": 12})) is None
        )
        assert (
            tip_on("warmup_duration_min", advise(conditions=REFERENCE | {"warmup_duration_min": 11})).gain
            == 0.1
        )

    @pytest.mark.parametrize(("minutes", "advised"), [(60, 15), (59, 10), (40, 10), (39, None)])
    def test_time_limits_the_warm_up(self, minutes, advised):
        short = REFERENCE | {"warmup_duration_min": 5, "time_available_min": minutes}
        tip = tip_on("warmup_duration_min", advise(conditions=short))
        assert (tip and tip.recommended_value) == advised

    def test_a_shorter_warm_up_is_never_advised_below_the_least_useful_one(self):
        sessions = [
            replace(s, session_quality=max(1.0, 9 - s.conditions["warmup_duration_min"] / 5))
            for s in past_sessions(60)
        ]
        tip = tip_on(
            "warmup_duration_min",
            advise(own_sessions=sessions, conditions=REFERENCE | {"warmup_duration_min": 30}),
        )
        assert (tip.action, tip.recommended_value) == ("decrease", 15)

    def test_a_climber_whom_caffeine_harms_is_told_to_leave_it(self):
        sessions = past_sessions(60, caffeine_effect=-0.012, noise=0.6)
        tip = tip_on(
            "caffeine_mg", advise(own_sessions=sessions, conditions=REFERENCE | {"caffeine_mg": 300})
        )
        assert (tip.action, tip.recommended_value) == ("decrease", 0)
        assert tip.gain > 1
        assert tip.basis.own_sessions == 60
        assert tip.basis.reliability > 0.8
        assert counterfactuals.OBSERVED in tip.caveats

    def test_an_unknown_plan_is_compared_with_the_usual_and_says_so(self):
        sessions = [
            TreatedSession(day=i, conditions={"caffeine_mg": c}, session_quality=6)
            for i, c in enumerate([0, 0, 60])
        ]
        made = advise(own_sessions=sessions, conditions=REFERENCE | {"caffeine_mg": None})
        tip = tip_on("caffeine_mg", made)
        assert (tip.action, tip.current_value, tip.compared_with) == ("choose", None, 20)
        assert "You did not say what you plan, so this is compared with 20 mg." in tip.caveats
        assert tip.expected_quality_before == made.shown.prediction.as_payload()["expected_quality"]

    @pytest.mark.parametrize(
        ("changes", "late"),
        [
            ({"now": MORNING}, False),
            ({"now": MORNING.replace(hour=15)}, True),
            (
                {
                    "now": MORNING.replace(hour=20),
                    "conditions": REFERENCE | {"caffeine_mg": 0, "time_of_day": "midday"},
                },
                False,
            ),
            ({"conditions": REFERENCE | {"caffeine_mg": 0, "time_of_day": "evening"}}, True),
        ],
    )
    def test_late_caffeine_carries_a_caveat(self, changes, late):
        made = advise(**({"conditions": REFERENCE | {"caffeine_mg": 0}} | changes))
        assert (counterfactuals.LATE_CAFFEINE in tip_on("caffeine_mg", made).caveats) is late

    def test_the_end_of_the_scale_is_told(self):
        sessions = [replace(s, session_quality=10.0) for s in past_sessions(40)]
        made = advise(
            own_sessions=sessions,
            conditions=REFERENCE
            | {"energy_level": 5, "sleep_quality": 5, "stress_level": 1, "warmup_duration_min": 0},
        )
        (tip,) = [t for t in tips_of(made) if counterfactuals.END_OF_SCALE in t.caveats][:1]
        assert tip.expected_quality_after == 10


class TestRules:
    plan = REFERENCE | {"caffeine_mg": 0, "warmup_duration_min": 5}

    def test_a_suppressed_treatment_is_never_advised(self):
        rules = RuleSet([rule("no coffee", asks("pre_session.stress_level", ">=", 3), suppress("caffeine"))])
        made = advise(rules=rules, conditions=self.plan)
        assert [tip.variable for tip in tips_of(made)] == ["warmup_duration_min"]

    def test_a_multiplier_scales_gain_and_interval_and_is_told(self):
        rules = RuleSet(
            [rule("half", asks("pre_session.stress_level", ">=", 3), multiply("caffeine_mg", 0.5))]
        )
        plain, half = advise(conditions=self.plan), advise(rules=rules, conditions=self.plan)
        one, other = tip_on("caffeine_mg", plain), tip_on("caffeine_mg", half)
        assert other.gain == pytest.approx(one.gain / 2, abs=0.006)
        assert other.gain_interval_95 == pytest.approx([v / 2 for v in one.gain_interval_95], abs=0.006)
        assert other.probability_of_gain == one.probability_of_gain
        assert "Coaches count this effect × 0.5 today (“half”)." in other.caveats

    def test_a_multiplier_of_nought_ends_the_tip(self):
        rules = RuleSet([rule("off", asks("pre_session.stress_level", ">=", 3), multiply("caffeine_mg", 0))])
        assert tip_on("caffeine_mg", advise(rules=rules, conditions=self.plan)) is None

    def test_no_tip_leads_into_a_rule(self):
        rules = RuleSet([rule("much", asks("pre_session.caffeine_mg", ">", 60), override("seek_advice"))])
        tip = tip_on("caffeine_mg", advise(rules=rules, conditions=self.plan))
        assert tip.recommended_value == 50

    def test_under_an_override_the_model_runs_unseen(self):
        rules = RuleSet([rule("stop", asks("pre_session.stress_level", ">=", 3), override())])
        made = advise(rules=rules, conditions=self.plan)
        assert made.shown is None
        assert [tip.variable for tip in made.shadow.tips] == ["caffeine_mg", "warmup_duration_min"]
        assert not any(flip.kind == "rule" for tip in made.shadow.tips for flip in tip.flips)


plans = st.fixed_dictionaries(
    {
        "stress_level": st.one_of(st.none(), st.integers(1, 5)),
        "sleep_hours": st.one_of(st.none(), st.integers(8, 20).map(lambda h: h / 2)),
        "energy_level": st.one_of(st.none(), st.integers(1, 5)),
        "caffeine_mg": st.one_of(st.none(), st.integers(0, 450)),
        "warmup_duration_min": st.one_of(st.none(), st.integers(0, 60)),
        "time_available_min": st.one_of(st.none(), st.integers(10, 240)),
        "current_niggles": st.sampled_from(
            [
                None,
                [],
                [{"location": "finger", "severity": 2, "notes": ""}],
                [{"location": "knee", "severity": 1}],
            ]
        ),
    }
)


@st.composite
def situations(draw):
    """A climber with or without sessions, with or without drift, under the house's rules or none."""
    sessions = past_sessions(
        draw(st.sampled_from([0, 3, 25])),
        seed=draw(st.integers(1, 4)),
        caffeine_effect=draw(st.sampled_from([-0.01, 0.0, 0.006])),
    )
    return context(
        conditions=draw(plans),
        own_sessions=sessions,
        today=(sessions[-1].day if sessions else 0.0) + draw(st.sampled_from([1.0, 9.0])),
        drift=draw(st.sampled_from([None, Drift(0.03, 60.0)])),
        rules=RuleSet(draw(st.sampled_from([(), HOUSE_RULES]))),
        baseline=draw(st.sampled_from([None, CALM, {"performance_anxiety": 9}])),
    )


slow = settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@slow
@given(situations())
def test_what_holds_for_every_tip(given_context):
    made = recommend(context=given_context)
    tips = tips_of(made)
    assert len(tips) <= 3
    assert [t.index for t in tips] == list(range(len(tips)))
    assert [t.gain for t in tips] == sorted((t.gain for t in tips), reverse=True)
    for tip in tips:
        low, high = tip.gain_interval_95
        assert low <= tip.gain <= high
        assert tip.gain >= round(SMALLEST_GAIN, 2)
        assert tip.probability_of_gain >= LEAST_PROBABILITY
        assert tip.variable not in made.decision.adjustments.suppressed
        variable = VARIABLES[tip.variable]
        assert variable.low <= tip.recommended_value <= variable.optimal_range[1]
        if tip.current_value is not None:
            assert (tip.recommended_value > tip.current_value) == (tip.action == "increase")


@slow
@given(situations())
def test_no_value_that_may_be_advised_is_better(given_context):
    """Against trying every value: predicted with and without the change, by the same prediction."""
    made = recommend(context=given_context)
    assume(made.shown is not None)
    belief = believe(
        sessions=given_context.own_sessions, population=given_context.population, drift=given_context.drift
    )
    for lever in LEVERS:
        tip = tip_on(lever.variable, made)
        if tip is None or made.decision.adjustments.multipliers.get(lever.variable):
            continue
        room = room_for(
            lever=lever,
            own_range=own_ranges(sessions=given_context.own_sessions).get(lever.variable),
            time_available_min=given_context.conditions["time_available_min"],
        )
        base = design_row(conditions=given_context.conditions, usual=belief.usual).row
        gains = []
        for value in values_to_advise(room=room, lever=lever, upwards=is_upwards(tip)):
            row = design_row(
                conditions={**given_context.conditions, lever.variable: value}, usual=belief.usual
            ).row
            gains.append(float((row - base) @ belief.posterior.mean))
        assert tip.gain == pytest.approx(max(gains), abs=0.006)


@slow
@given(situations(), st.data())
def test_what_is_said_flips_the_advice_flips_it(given_context, data):
    made = recommend(context=given_context)
    assume(tips_of(made))
    tip = data.draw(st.sampled_from(tips_of(made)))
    assume(tip.flips)
    flip = data.draw(st.sampled_from(tip.flips))
    if flip.kind == "uncertainty":
        assert_sessions_turn_it(given_context, tip, flip, data)
        return
    for value in data.draw(values_beyond(flip)):
        other = recommend(context=with_input(given_context, flip.variable, value))
        now = tip_on(tip.variable, other)
        assert now is None or is_upwards(now) != is_upwards(tip), (flip, value)


@slow
@given(situations())
def test_just_before_the_threshold_the_tip_stands(given_context):
    made = recommend(context=given_context)
    for tip in tips_of(made):
        for flip in tip.flips:
            if flip.kind not in ("optimum", "dose_limit") or flip.variable == "time_available_min":
                continue
            step = -1 if flip.direction == "at_least" else 1
            nearly = with_input(given_context, flip.variable, flip.threshold + step)
            now = tip_on(tip.variable, recommend(context=nearly))
            assert now is not None or flip.threshold + step < 0


def is_upwards(tip):
    return tip.recommended_value > tip.compared_with


@st.composite
def values_beyond(draw, flip):
    """The threshold and some values past it."""
    if flip.direction == "is":
        return [flip.threshold]
    path = f"pre_session.{flip.variable}"
    entry = RULE_FIELDS[path]
    steps = draw(st.lists(st.integers(0, 400), min_size=1, max_size=3))
    sign = 1 if flip.direction == "at_least" else -1
    values = [flip.threshold + sign * entry.step * n for n in steps]
    return [flip.threshold, *(v for v in values if entry.low <= v <= entry.high)]


def with_input(given_context, name, value):
    conditions = dict(given_context.conditions)
    if name.startswith("niggle_severity."):
        site = name.removeprefix("niggle_severity.")
        others = [n for n in conditions["current_niggles"] or [] if n["location"] != site]
        conditions["current_niggles"] = [*others, {"location": site, "severity": int(value)}]
    else:
        conditions[name] = int(value) if float(value).is_integer() else value
    return replace(given_context, conditions=conditions)


def assert_sessions_turn_it(given_context, tip, flip, data):
    """Add the sessions it speaks of, on one day, to the belief: the tip must be gone."""
    worse = flip.direction == "at_most"
    rating = data.draw(st.sampled_from([flip.threshold, 1.0 if worse else 10.0]))
    assert sureness_after(given_context, tip, flip, [rating] * flip.sessions) < NEEDED + 1e-9


NEEDED = stats.norm.ppf(LEAST_PROBABILITY)


def sureness_after(given_context, tip, flip, ratings):
    """Mean over sd of the coefficient, in the tip's direction, after sessions with these ratings."""
    belief = believe(
        sessions=given_context.own_sessions, population=given_context.population, drift=given_context.drift
    )
    conditions = {**given_context.named_conditions, tip.variable: flip.at_value}
    row = design_row(conditions=conditions, usual=belief.usual).row
    matrix = design_matrix(sessions=given_context.own_sessions)
    after = condition(
        prior=given_context.population,
        design=np.vstack([matrix.design, np.tile(row, (len(ratings), 1))]),
        outcome=np.append(matrix.outcome, ratings),
        day=np.append(matrix.day, [given_context.today] * len(ratings)),
        drift=given_context.drift,
    )
    place = COLUMN[tip.variable]
    return (1 if is_upwards(tip) else -1) * after.mean[place] / math.sqrt(after.covariance[place, place])


@pytest.mark.parametrize("drift", [None, Drift(0.05, 60.0)], ids=["still", "drifting"])
@pytest.mark.parametrize("n", [0, 2, 6, 12, 40])
@pytest.mark.parametrize(("effect", "planned"), [(0.006, 0), (0.003, 50), (-0.01, 250)])
def test_the_sessions_that_turn_a_belief_are_the_fewest_and_the_mildest(drift, n, effect, planned):
    sessions = past_sessions(n, caffeine_effect=effect)
    given_context = context(
        own_sessions=sessions,
        drift=drift,
        today=sessions[-1].day + 2 if n else 0.0,
        conditions=REFERENCE | {"caffeine_mg": planned, "warmup_duration_min": 5},
    )
    for tip in tips_of(recommend(context=given_context)):
        for flip in (f for f in tip.flips if f.kind == "uncertainty"):
            milder = flip.threshold + (1 if flip.direction == "at_most" else -1)
            extreme = 1.0 if flip.direction == "at_most" else 10.0
            assert sureness_after(given_context, tip, flip, [flip.threshold] * flip.sessions) < NEEDED
            assert sureness_after(given_context, tip, flip, [milder] * flip.sessions) >= NEEDED - 1e-9
            assert sureness_after(given_context, tip, flip, [extreme] * (flip.sessions - 1)) >= NEEDED - 1e-9


class TestFlips:
    @pytest.mark.parametrize(
        ("warmup", "rating", "words"), [(15, 2, "rated 2 or less,"), (5, 1, "rated 1,")], ids=["2", "the end"]
    )
    def test_a_firm_belief_takes_more_than_one_session_to_turn(self, warmup, rating, words):
        sessions = past_sessions(40, caffeine_effect=0.003)
        made = advise(
            own_sessions=sessions,
            today=sessions[-1].day + 2,
            conditions=REFERENCE | {"caffeine_mg": 50, "warmup_duration_min": warmup},
        )
        (flip,) = [f for f in tip_on("caffeine_mg", made).flips if f.kind == "uncertainty"]
        assert (flip.sessions, flip.at_value, flip.threshold) == (2, 300, rating)
        assert flip.sentence == f"2 more sessions like this at 300 mg, {words} would change our mind."

    def test_by_hand(self):
        conditions = {
            **REFERENCE, "caffeine_mg": 0, "warmup_duration_min": 5, "time_available_min": 90, "current_niggles": []
        }  # fmt: skip
        made = advise(rules=RuleSet(HOUSE_RULES), baseline={"performance_anxiety": 8}, conditions=conditions)
        caffeine = {(f.kind, f.variable, f.threshold, f.direction) for f in tip_on("caffeine_mg", made).flips}
        assert caffeine == {
            ("dose_limit", "caffeine_mg", 67, "at_least"),  # 100 - 0.1 / 0.003 = 66.7
            ("rule", "stress_level", 4, "at_least"),
            ("rule", "sleep_hours", 4.5, "at_most"),
            ("interaction", "energy_level", 5, "at_least"),  # 0.2 · 0.3 = 0.06 points
            ("uncertainty", "session_quality", 9, "at_least"),
        }
        warmup = {(f.kind, f.variable, f.threshold) for f in tip_on("warmup_duration_min", made).flips}
        assert warmup >= {
            ("dose_limit", "warmup_duration_min", 12),  # 15 - 0.1 / 0.025 = 11 is worth 0.1 still
            ("rule", "niggle_severity.finger", 3),
            ("dose_limit", "time_available_min", 39),  # 10 min, worth 0.125, do not fit into a quarter of 39
        }
        assert ("rule", "time_available_min", 25) not in warmup  # the time ends it before the rule does

    def test_the_optimum_is_named_where_it_is_the_limit(self):
        made = advise(own_sessions=past_sessions(30), conditions=REFERENCE | {"caffeine_mg": 100})
        (flip,) = [f for f in tip_on("caffeine_mg", made).flips if f.variable == "caffeine_mg"]
        assert flip.kind == "optimum"

    def test_an_unsaid_input_can_flip(self):
        conditions = {**REFERENCE, "caffeine_mg": 0, "sleep_hours": None}
        made = advise(rules=RuleSet(HOUSE_RULES), conditions=conditions)
        flips = tip_on("caffeine_mg", made).flips
        assert ("sleep_hours", 4.5) in {(f.variable, f.threshold) for f in flips}

    def test_a_word_can_flip(self):
        rules = RuleSet(
            [rule("late", asks("pre_session.time_of_day", "==", "evening"), suppress("caffeine"))]
        )
        made = advise(rules=rules, conditions=REFERENCE | {"caffeine_mg": 0, "time_of_day": "morning"})
        (flip,) = [f for f in tip_on("caffeine_mg", made).flips if f.kind == "rule"]
        assert (flip.variable, flip.threshold, flip.direction) == ("time_of_day", "evening", "is")
        assert "evening" in flip.sentence

    def test_an_island_is_no_half_line(self):
        rules = RuleSet([rule("three", asks("pre_session.energy_level", "==", 4), suppress("caffeine"))])
        made = advise(rules=rules, conditions=REFERENCE | {"caffeine_mg": 0})
        (flip,) = [f for f in tip_on("caffeine_mg", made).flips if f.kind == "rule"]
        assert (flip.threshold, flip.direction) == (4, "is")
