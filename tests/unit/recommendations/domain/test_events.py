"""A whole recommendation as events: order, fields, the shadow, and one worked by hand from the priors."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from climbiq.domain.rule_fields import RULE_FIELDS
from climbiq.domain.variables import VARIABLES
from experts.domain.rules.rule_set import RuleSet
from modeling.domain.design_matrix import design_matrix, design_row
from modeling.domain.drift import Drift
from modeling.domain.personal import TrainedPopulation, personal_posterior
from modeling.domain.population import PopulationDraws
from modeling.domain.population_prior import PopulationPrior, population_prior
from modeling.domain.rhythm import Rhythm, RhythmPrior
from recommendations.domain.context import believe
from recommendations.domain.events import question_for, recommend
from recommendations.domain.population_statistics import PopulationStatistic
from tests.factories.published import trained_population
from tests.factories.recommendation_context import (
    HOUSE_RULES,
    REFERENCE,
    asks,
    context,
    multiply,
    override,
    past_sessions,
    rule,
)

ANXIOUS = {"performance_anxiety": 8}


def events_of(context):
    return recommend(context=context).events


def names(events):
    return [event.name for event in events]


def data(events, name):
    (found,) = [event.data for event in events if event.name == name]
    return found


class TestOrder:
    def test_the_model_path(self):
        assert names(events_of(context=context())) == [
            "meta", "rule_trace", "prediction", "recommendations", "stats",
        ]  # fmt: skip

    def test_adjusting_rules_speak_before_the_prediction(self):
        made = context(rules=RuleSet(HOUSE_RULES), conditions=REFERENCE | {"sleep_hours": 4})
        assert names(events_of(context=made)) == [
            "meta", "rule_trace", "rule_adjustments", "prediction", "recommendations", "stats",
        ]  # fmt: skip

    def test_an_override_ends_it_and_the_model_stays_in_the_shadow(self):
        made = recommend(
            context=context(
                rules=RuleSet(HOUSE_RULES),
                baseline=ANXIOUS,
                conditions=REFERENCE | {"stress_level": 5, "caffeine_mg": 0},
            )
        )
        assert names(made.events) == ["meta", "rule_trace", "rule_override", "done"]
        told = data(made.events, "rule_override")
        assert {"rule_id", "rule_name", "actions", "message", "source"} <= told.keys()
        assert (told["recommendation"], told["label"], told["source"]) == (
            "rest_day",
            "Rest today",
            "expert_rule",
        )
        shadow = made.shadow.as_payload()
        assert made.shown is None
        assert shadow["prediction"]["expected_quality"] == 4.0  # 5 - 0.7 - 0.3
        assert shadow["recommendations"]["items"][0]["variable"] == "caffeine_mg"
        everything = json.dumps([event.data for event in made.events])
        assert "expected_quality" not in everything
        assert "gain" not in everything

    def test_messages_of_other_rules_survive_an_override(self):
        rules = RuleSet(
            [
                rule("stop", asks("pre_session.stress_level", ">=", 3), override()),
                rule(
                    "sip",
                    asks("pre_session.stress_level", ">=", 1),
                    {"type": "message", "message": "Drink water."},
                ),
            ]
        )
        told = data(events_of(context=context(rules=rules)), "rule_override")
        assert told["messages"] == ["Drink water."]


class TestMeta:
    def test_it_holds_no_byte_of_the_prediction(self):
        meta = data(events_of(context=context(own_forecast=7, model_version="m1", prior_version=4)), "meta")
        assert meta == {
            "v": 1, "generated_at": "2026-05-01T09:30:00+00:00", "n_sessions": 0, "phase": "cold_start",
            "rules_version": 0, "prior_version": 4, "model_version": "m1", "own_forecast": 7,
        }  # fmt: skip


class TestTrace:
    def test_what_could_not_be_told_is_asked_for(self):
        made = recommend(
            context=context(
                rules=RuleSet(HOUSE_RULES), baseline=ANXIOUS, conditions=REFERENCE | {"stress_level": None}
            )
        )
        trace = data(made.events, "rule_trace")
        assert trace["n_rules"] == 5
        by_name = {entry["name"]: entry for entry in trace["rules"]}
        assert by_name["Tense and anxious"]["outcome"] == "not_evaluable"
        assert by_name["Tense and anxious"]["missing"] == ["pre_session.stress_level"]
        assert {q["sentence"] for q in trace["questions"]} == {
            "How stressed are you? A safety rule needs to know.",
            "Does anything hurt? A safety rule needs to know.",
        }
        assert trace["n_false"] == 5 - len(trace["rules"])
        silent = made.evidence["rules_that_did_not_fire"]
        assert len(silent) == trace["n_false"]
        assert {entry["rule_id"] for entry in made.evidence["rule_trace"]} | {i for i, _ in silent} == {
            r.id for r in HOUSE_RULES
        }

    @pytest.mark.parametrize("path", sorted(RULE_FIELDS))
    def test_every_field_can_be_asked_for(self, path):
        sentence = question_for(path)
        assert sentence.endswith(".")
        assert "_" not in sentence

    def test_it_is_asked_as_the_form_asks_it(self):
        for variable in VARIABLES.values():
            path = f"{variable.room}.{variable.name}"
            if path in RULE_FIELDS:
                assert question_for(path).startswith(variable.question or variable.label)
        assert question_for("pre_session.session_intensity").startswith("How hard will it be? A safety rule")
        assert question_for("pre_session.niggle_severity.finger").startswith("Does anything hurt?")


class TestAdjustments:
    def test_fields(self):
        rules = RuleSet(
            [
                rule(
                    "careful",
                    asks("pre_session.stress_level", ">=", 3),
                    multiply("stress_level", 1.5),
                    {"type": "suppress", "target": "warmup_recommendation"},
                    {"type": "message", "message": "Take it easy."},
                )
            ]
        )
        events = events_of(context=context(rules=rules, conditions=REFERENCE | {"stress_level": 4}))
        told = data(events, "rule_adjustments")
        assert told["multipliers"] == {"stress_level": 1.5}
        assert told["suppressed"] == ["warmup_duration_min"]
        assert told["messages"] == ["Take it easy."]
        assert told["rules"][0]["actions"][0] == {
            "type": "modify_coefficient", "target": "stress_level", "multiplier": 1.5,
        }  # fmt: skip
        assert data(events, "prediction")["expected_quality"] == round(5 - 1.5 * 0.35, 1)


def test_one_recommendation_by_hand():
    """A new climber, coaches' own prior for caffeine, 5 hours of sleep, no coffee yet, an hour of time.

    Expected: 5 + 0.15 (5 - 7.5) - 0.35 (4 - 3) + 0.004 (0 - 100) = 5 - 0.375 - 0.35 - 0.4 = 3.875
    Variance of the mean: 2 + 2.5² (0.08² + 0.1²) + (0.15² + 0.2²) + 100² (0.001² + 0.003²)
                        = 2 + 0.1025 + 0.0625 + 0.1 = 2.265
    Energy is not said: 0.9² (0.45² + 0.2² + 0.25²) = 0.24705; the noise adds 1.3² = 1.69: 4.20205 in all.
    Caffeine: 100 · 0.004 = 0.4, sd 100 √(0.001² + 0.003²) = 0.31623, P = Phi(1.2649) = 0.897.
    """
    priors = {"caffeine_mg": PopulationPrior(mean=0.004, sd=0.001, individual_sd=0.003, version=2)}
    conditions = REFERENCE | {
        "sleep_hours": 5, "stress_level": 4, "energy_level": None, "caffeine_mg": 0, "time_available_min": 60,
    }  # fmt: skip
    events = events_of(
        context=context(conditions=conditions, priors=priors, population=population_prior(priors=priors))
    )
    prediction = data(events, "prediction")
    assert prediction["expected_quality"] == 3.9
    half, wide = 1.959964 * math.sqrt(2.265), 1.959964 * math.sqrt(4.20205)
    assert prediction["mean_interval_95"] == [1.0, round(3.875 + half, 1)]  # clipped below
    assert prediction["confidence_interval"] == [1.0, round(3.875 + wide, 1)] == [1.0, 7.9]
    assert prediction["missing"] == ["energy_level"]
    assert [(c["variable"], c["points"]) for c in prediction["contributions"][:3]] == [
        ("caffeine_mg", -0.4), ("sleep_hours", -0.38), ("stress_level", -0.35),
    ]  # fmt: skip
    (tip,) = data(events, "recommendations")["items"]
    assert (tip["variable"], tip["recommended_value"], tip["gain"]) == ("caffeine_mg", 100, 0.4)
    assert tip["gain_interval_95"] == [round(0.4 - 1.959964 * 0.31623, 2), round(0.4 + 1.959964 * 0.31623, 2)]
    assert tip["probability_of_gain"] == 0.9
    assert (tip["expected_quality_before"], tip["expected_quality_after"]) == (3.9, 4.3)
    assert tip["flips"][0]["threshold"] == 76  # at 75 mg the last 25 are still worth 0.1
    stats = data(events, "stats")
    assert stats["sleep_hours_population"]["z_score"] == -2.08  # (5 - 7.5) / 1.2, the registry's
    assert stats["sleep_hours_population"]["descriptor"] == "very low"
    assert stats["caffeine_mg_response"]["user_coefficient"] == 0.004
    assert "energy_level_population" not in stats


def test_stats_use_climbers_where_there_are_enough():
    population = {"stress_level": PopulationStatistic(n=40, mean=3, std=1, counts={3: 20, 4: 20})}
    events = events_of(context=context(population_stats=population))
    assert data(events, "stats")["stress_level_population"]["source"] == "climbers"


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 30), st.randoms(), st.booleans())
def test_the_order_of_sessions_conditions_and_rules_does_not_matter(n, random, anxious):
    sessions, rules = list(past_sessions(n)), list(HOUSE_RULES)
    conditions = list((REFERENCE | {"caffeine_mg": 0, "sleep_hours": 4.5}).items())
    baseline = ANXIOUS if anxious else None
    first = recommend(
        context=context(
            own_sessions=sessions, rules=RuleSet(rules), conditions=dict(conditions), baseline=baseline
        )
    )
    for shuffled in (sessions, rules, conditions):
        random.shuffle(shuffled)
    other = recommend(
        context=context(
            own_sessions=sessions, rules=RuleSet(rules), conditions=dict(conditions), baseline=baseline
        )
    )
    assert first.events == other.events
    assert first.evidence == other.evidence


@settings(max_examples=60, deadline=None)
@given(
    st.fixed_dictionaries(
        {},
        optional={
            "stress_level": st.one_of(st.none(), st.integers(1, 5)),
            "sleep_hours": st.integers(0, 32).map(lambda h: h / 2),
            "caffeine_mg": st.one_of(st.none(), st.integers(0, 1000)),
            "warmup_duration_min": st.integers(0, 120),
            "time_available_min": st.integers(10, 720),
        },
    ),
    st.sampled_from([0, 1, 12]),
)
def test_every_payload_is_plain_json_with_a_version(conditions, n):
    made = recommend(
        context=context(conditions=conditions, own_sessions=past_sessions(n), rules=RuleSet(HOUSE_RULES))
    )
    for event in made.events:
        assert event.data["v"] == 1
        assert json.loads(json.dumps(event.data, allow_nan=False)) == event.data
    json.dumps(made.evidence, allow_nan=False)


class TestBelief:
    def test_a_trained_population_is_conditioned_on_own_sessions(self):
        prior = population_prior(priors={})
        draws = PopulationDraws(
            names=prior.names,
            beta=np.tile(prior.mean, (4, 1)),
            tau=np.tile(np.sqrt(prior.covariance.diagonal()), (4, 1)),
            sigma=np.full(4, prior.sigma),
        )
        trained = TrainedPopulation(
            draws, RhythmPrior((Rhythm(Drift(0.0), 1.0),), np.ones(1)), rating_step=1.0
        )
        sessions = past_sessions(20)
        by_draws, by_prior = (believe(sessions=sessions, population=p) for p in (trained, prior))
        np.testing.assert_allclose(by_draws.posterior.mean, by_prior.posterior.mean, rtol=1e-6)
        for name, share in by_prior.reliability.items():
            assert by_draws.reliability[name] == pytest.approx(share, abs=1e-6)
        events = events_of(context=context(population=trained, own_sessions=sessions))
        assert data(events, "prediction")["phase"] == "learning"

    def test_a_break_is_predicted_by_every_rhythm_not_by_the_likeliest(self):
        """The likeliest level of three never moves; the others fade, and are less sure by the day."""
        trained, sessions = trained_population(), past_sessions(12)
        matrix = design_matrix(sessions=sessions, columns=trained.names)
        row = design_row(conditions=REFERENCE, usual=matrix.usual, columns=trained.names).row
        mixture = personal_posterior(
            trained=trained, design=matrix.design, outcome=matrix.outcome, day=matrix.day
        )
        assert len(mixture.parts) > 1
        assert mixture.parts[int(np.argmax(mixture.weight))].posterior.drift == Drift(0.0)
        shown = []
        for days in (1.0, 30.0):
            today = sessions[-1].day + days
            made = recommend(context=context(population=trained, own_sessions=sessions, today=today))
            exact = mixture.predictive(design_row=row, days_since_last=days)
            weight, mean, sd = exact.weight[0], exact.mean[0], exact.sd[0]
            got = made.shown.prediction
            assert got.linear_predictor == pytest.approx(weight @ mean)
            variance = weight @ (sd**2 + mean**2) - (weight @ mean) ** 2
            assert got.predictive_sd == pytest.approx(np.sqrt(variance))
            shown.append(got)
        assert abs(shown[1].level) < abs(shown[0].level)

    def test_days_since_the_last_session_count_from_the_latest(self):
        made = context(own_sessions=past_sessions(3)[::-1], today=10.0)
        assert made.days_since_last == 6.0
        assert context().days_since_last == 0.0
