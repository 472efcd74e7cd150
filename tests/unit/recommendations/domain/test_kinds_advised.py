"""Advice on the kind of session: gains by hand, who is advised what, and where it turns."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from climbiq.domain.variables import VARIABLES
from experts.domain.rules.rule_set import RuleSet
from modeling.domain.design_matrix import TreatedSession
from modeling.domain.posterior import condition
from recommendations.domain.context import believe
from recommendations.domain.counterfactuals import CHOSEN, generate_counterfactuals
from recommendations.domain.events import recommend
from recommendations.domain.prediction import apply_modifiers, predict_quality
from recommendations.domain.wording import tip_title
from tests.factories.kinds import COLUMNS, simulated_sessions, to_learn, trained_on_kinds
from tests.factories.recommendation_context import (
    REFERENCE,
    asks,
    context,
    multiply,
    override,
    rule,
    suppress,
)

# Projecting is worth 0.2 on an ordinary day and loses 0.3 with each point of stress; technique is worth 0.1.
MEANS = {"type:project": 0.2, "type:project×stress_level": -0.3, "type:technique": 0.1}
SDS = {"type:project": 0.1, "type:project×stress_level": 0.05, "type:technique": 0.12}
TRAINED = trained_on_kinds(MEANS, sd=SDS)
PROJECT = REFERENCE | {"session_type": "project", "session_intensity": "moderate"}


def advise(**changes):
    return recommend(context=context(**({"population": TRAINED} | changes)))


def tip_on(variable, made):
    tips = made.shown.tips if made.shown else ()
    return next((tip for tip in tips if tip.variable == variable), None)


class TestByHand:
    def test_a_technique_session_instead_of_a_projecting_one(self):
        """Stress 4: 0.1 - (0.2 - 0.3) = 0.2 with sd √(0.12² + 0.1² + 0.05²)."""
        tip = tip_on("session_type", advise(conditions=PROJECT | {"stress_level": 4, "sleep_hours": 8.0}))
        sd = math.sqrt(0.12**2 + 0.1**2 + 0.05**2)
        assert (tip.action, tip.current_value, tip.recommended_value) == ("choose", "project", "technique")
        assert tip.gain == 0.2
        assert tip.gain_interval_95 == (round(0.2 - 1.959964 * sd, 2), round(0.2 + 1.959964 * sd, 2))
        assert tip.probability_of_gain == round(stats.norm.cdf(0.2 / sd), 2) == 0.89
        # 5 - 0.35 (4 - 3) + 0.15 (8 - 7.5) + 0.2 - 0.3 (4 - 3) = 4.625
        assert (tip.expected_quality_before, tip.expected_quality_after) == (4.6, 4.8)
        assert tip_title(tip.as_payload()) == "A technique session instead of a projecting one"
        assert tip.caveats == (CHOSEN,)

    def test_where_it_turns(self):
        """At stress 3 projecting is worth 0.2, technique 0.1: nothing to change there or below."""
        tip = tip_on("session_type", advise(conditions=PROJECT | {"stress_level": 5}))
        (stress,) = [f for f in tip.flips if f.variable == "stress_level"]
        assert (stress.kind, stress.threshold, stress.direction) == ("interaction", 3, "at_most")
        assert stress.sentence == (
            "Stress at 3 (moderate) or less: then a technique session is not likely enough to be worth more than "
            "a projecting session."
        )
        assert tip_on("session_type", advise(conditions=PROJECT | {"stress_level": 3})) is None

    def test_an_unsaid_plan_is_compared_with_the_reference(self):
        """Project against volume: 0.2 with sd 0.1."""
        made = advise(conditions=REFERENCE | {"session_intensity": "moderate"})
        tip = tip_on("session_type", made)
        assert (tip.current_value, tip.compared_with, tip.recommended_value) == (None, "volume", "project")
        assert (tip.gain, tip.probability_of_gain) == (0.2, 0.98)
        assert tip_title(tip.as_payload()) == "A projecting session"
        assert tip.caveats[0] == "You did not say what you plan, so this is compared with a volume session."
        assert tip.expected_quality_before == made.shown.prediction.as_payload()["expected_quality"]

    def test_unsaid_stress_widens_the_gain_and_is_told(self):
        """Spread 0.9: variance + 0.9² (0.3² + 0.05²)."""
        trained = trained_on_kinds({"type:technique": 0.4, "type:project×stress_level": -0.3}, sd=SDS)
        tip = tip_on("session_type", advise(population=trained, conditions=PROJECT | {"stress_level": None}))
        sd = math.sqrt(0.12**2 + 0.1**2 + 0.9**2 * (0.3**2 + 0.05**2))
        assert tip.gain_interval_95 == (round(0.4 - 1.959964 * sd, 2), round(0.4 + 1.959964 * sd, 2))
        assert "It depends on your stress, which you did not say: taken as usual." in tip.caveats

    def test_what_two_kinds_share_is_in_no_difference(self):
        """Interactions of both kinds known only together: sd 0 between them, whatever the unsaid stress is."""
        trained = trained_on_kinds({"type:technique": 0.4})
        i, j = (COLUMNS.index(f"type:{kind}×stress_level") for kind in ("project", "technique"))
        covariance = np.zeros_like(trained.covariance)
        covariance[np.ix_([i, j], [i, j])] = 0.04
        trained = replace(trained, covariance=covariance)
        tip = tip_on("session_type", advise(population=trained, conditions=PROJECT | {"stress_level": None}))
        assert (tip.recommended_value, tip.gain_interval_95) == ("technique", (0.4, 0.4))

    def test_intensity_is_a_lever_of_its_own(self):
        trained = trained_on_kinds({"intensity:max": -0.35, "intensity:low": -0.2}, sd=0.1)
        tip = tip_on(
            "session_intensity", advise(population=trained, conditions=PROJECT | {"session_intensity": "max"})
        )
        assert (tip.recommended_value, tip.gain) == ("moderate", 0.35)
        assert tip_title(tip.as_payload()) == "Moderate intensity instead of max"

    @pytest.mark.parametrize(("mean", "advised"), [(0.11, "technique"), (0.09, None)])
    def test_a_small_gain_is_not_worth_a_word(self, mean, advised):
        trained = trained_on_kinds({"type:technique": mean}, sd=0.01)
        tip = tip_on(
            "session_type", advise(population=trained, conditions=REFERENCE | {"session_type": "volume"})
        )
        assert (tip and tip.recommended_value) == advised

    @pytest.mark.parametrize(("sd", "advised"), [(0.58, "technique"), (0.6, None)])
    def test_a_mere_hunch_is_not_advised(self, sd, advised):
        """Phi(0.15 / 0.58) = 0.602, Phi(0.15 / 0.6) = 0.599."""
        trained = trained_on_kinds({"type:technique": 0.15}, sd={"type:technique": sd})
        tip = tip_on(
            "session_type", advise(population=trained, conditions=REFERENCE | {"session_type": "volume"})
        )
        assert (tip and tip.recommended_value) == advised

    def test_a_likely_kind_is_advised_though_an_unlikely_one_might_gain_more(self):
        trained = trained_on_kinds(
            {"type:technique": 0.2, "type:recovery": 0.25}, sd={"type:technique": 0.1, "type:recovery": 2.0}
        )
        tip = tip_on(
            "session_type", advise(population=trained, conditions=REFERENCE | {"session_type": "volume"})
        )
        assert tip.recommended_value == "technique"


class TestReach:
    TRAINED = trained_on_kinds(
        {"type:power": 0.5, "type:competition": 0.9, "type:recovery": 0.3, "intensity:max": 0.6},
        sd=0.05,
        names=("type:power", "type:competition", "type:recovery", "intensity:max", "intensity:low"),
    )

    def test_nobody_is_advised_into_what_they_never_built_up_to(self):
        plan = REFERENCE | {"session_type": "volume", "session_intensity": "moderate"}
        made = advise(population=self.TRAINED, conditions=plan)
        assert tip_on("session_type", made).recommended_value == "recovery"
        assert tip_on("session_intensity", made) is None

    def test_who_has_done_it_may_be(self):
        done = [
            TreatedSession(
                day=0, conditions={"session_type": "power", "session_intensity": "max"}, session_quality=6
            )
        ]
        plan = REFERENCE | {"session_type": "volume", "session_intensity": "moderate"}
        made = advise(population=self.TRAINED, conditions=plan, own_sessions=done)
        assert tip_on("session_type", made).recommended_value == "power"
        assert tip_on("session_intensity", made).recommended_value == "max"

    def test_a_competition_is_neither_advised_nor_advised_against(self):
        worse = trained_on_kinds({"type:competition": -1.0}, sd=0.05, names=("type:competition",))
        assert (
            tip_on(
                "session_type",
                advise(population=worse, conditions=REFERENCE | {"session_type": "competition"}),
            )
            is None
        )

    def test_a_plan_that_the_model_does_not_know_is_left_alone(self):
        assert tip_on("session_type", advise(conditions=REFERENCE | {"session_type": "endurance"})) is None

    def test_no_session_is_advised_that_contradicts_itself(self):
        plan = REFERENCE | {"session_type": "volume", "session_intensity": "high"}
        trained = trained_on_kinds({"type:recovery": 0.5, "type:technique": 0.2}, sd=0.05)
        assert (
            tip_on("session_type", advise(population=trained, conditions=plan)).recommended_value
            == "technique"
        )

    def test_of_two_tips_that_contradict_each_other_the_better_stays(self):
        done = [TreatedSession(day=0, conditions={"session_intensity": "max"}, session_quality=6)]
        trained = trained_on_kinds({"type:recovery": 0.5, "intensity:max": 0.3}, sd=0.05)
        plan = REFERENCE | {"session_type": "volume", "session_intensity": "moderate"}
        made = advise(population=trained, conditions=plan, own_sessions=done)
        assert tip_on("session_type", made).recommended_value == "recovery"
        assert tip_on("session_intensity", made) is None

    @pytest.mark.parametrize(
        ("goal", "said"),
        [("project", True), ("technique", False), ("fun", False), (None, False), ("recovery", True)],
    )
    def test_a_tip_beside_the_stated_goal_says_so(self, goal, said):
        tip = tip_on("session_type", advise(conditions=PROJECT | {"stress_level": 5, "session_goal": goal}))
        assert tip.recommended_value == "technique"
        assert any("today is about" in caveat for caveat in tip.caveats) is said
        if goal == "project":
            assert "You said that today is about “Work a project”: a technique session is not." in tip.caveats


class TestRules:
    plan = PROJECT | {"stress_level": 5, "energy_level": 3}

    def test_a_suppressed_type_is_never_advised(self):
        rules = RuleSet(
            [rule("as planned", asks("pre_session.energy_level", ">=", 3), suppress("session_type"))]
        )
        assert tip_on("session_type", advise(rules=rules, conditions=self.plan)) is None

    def test_a_rule_that_would_suppress_it_flips_it(self):
        rules = RuleSet(
            [rule("as planned", asks("pre_session.energy_level", ">=", 4), suppress("session_type"))]
        )
        tip = tip_on("session_type", advise(rules=rules, conditions=self.plan))
        (flip,) = [f for f in tip.flips if f.variable == "energy_level"]
        assert (flip.kind, flip.threshold, flip.direction) == ("rule", 4, "at_least")
        assert "“as planned” takes over, and nothing is advised on session type" in flip.sentence

    def test_no_tip_leads_into_a_rule_and_one_that_waits_there_is_told(self):
        conditions = {
            "ALL": [
                asks("pre_session.session_type", "==", "technique"),
                asks("pre_session.energy_level", "<=", 2),
            ]
        }
        rules = RuleSet([rule("too tired to learn", conditions, override("rest_day"))])
        tip = tip_on("session_type", advise(rules=rules, conditions=self.plan))
        assert tip.recommended_value == "technique"
        (flip,) = [f for f in tip.flips if f.variable == "energy_level"]
        assert (flip.kind, flip.threshold, flip.direction) == ("rule", 2, "at_most")
        assert "speaks against a technique session" in flip.sentence
        tired = advise(rules=rules, conditions=self.plan | {"energy_level": 2})
        assert tip_on("session_type", tired).recommended_value != "technique"

    def test_a_rule_at_one_value_only_flips_there_only(self):
        trained = trained_on_kinds({"type:technique": 0.4})
        rules = RuleSet([rule("odd", asks("pre_session.stress_level", "==", 4), suppress("session_type"))])
        made = advise(population=trained, rules=rules, conditions=PROJECT | {"stress_level": 5})
        (flip,) = [f for f in tip_on("session_type", made).flips if f.variable == "stress_level"]
        assert (flip.kind, flip.threshold, flip.direction) == ("rule", 4, "is")
        assert flip.sentence.startswith("Stress at 4 (high): the rule “odd” takes over")

    def test_a_multiplier_on_stress_scales_what_the_kind_is_worth(self):
        """At stress 5, halved: 0.1 - (0.2 - 0.5 · 0.6) = 0.2 instead of 0.5; the same as predicting with it."""
        rules = RuleSet(
            [rule("calm crowd", asks("pre_session.energy_level", ">=", 3), multiply("stress_level", 0.5))]
        )
        made = advise(rules=rules, conditions=self.plan)
        tip = tip_on("session_type", made)
        assert tip.gain == pytest.approx(0.2)
        halved = apply_modifiers(posterior=prior_posterior(), multipliers={"stress_level": 0.5})
        predicted = [
            predict_quality(posterior=halved, conditions=self.plan | {"session_type": kind}).linear_predictor
            for kind in ("project", "technique")
        ]
        assert predicted[1] - predicted[0] == pytest.approx(0.2)
        assert tip.expected_quality_after == round(predicted[1], 1)

    def test_a_rule_that_reweighs_stress_only_on_some_days_is_seen_at_its_threshold(self):
        """From stress 5 on its effect is not counted, and projecting is the better one again."""
        rules = RuleSet(
            [rule("used to it", asks("pre_session.stress_level", ">=", 5), multiply("stress_level", 0))]
        )
        tip = tip_on("session_type", advise(rules=rules, conditions=PROJECT | {"stress_level": 4}))
        found = {(f.threshold, f.direction) for f in tip.flips if f.variable == "stress_level"}
        assert found == {(3, "at_most"), (5, "at_least")}


def prior_posterior(prior=TRAINED):
    return condition(prior=prior, design=np.ones((0, len(prior.names))), outcome=np.zeros(0))


class TestLearnt:
    """Simulated climbers for whom the best kind flips with stress, or with sleep."""

    @pytest.mark.parametrize("seed", [1, 2, 3])
    @pytest.mark.parametrize(
        ("moderator", "start", "slope", "calm", "ends"),
        [
            # start + slope (x - reference) is 0.1 at 3 + 0.2 / 0.25 and at 7.5 + 0.05 / 0.2
            pytest.param("stress_level", 0.3, -0.25, 1.0, 3.8, id="stress"),
            pytest.param("sleep_hours", 0.05, 0.2, 9.0, 7.75, id="sleep"),
        ],
    )
    def test_the_advice_flips_where_the_truth_does(self, seed, moderator, start, slope, calm, ends):
        """Projecting is worth more than volume on calm days, by less than 0.1 points beyond a known value."""
        truth = {"intercept": 5.5, "type:project": start, f"type:project×{moderator}": slope}
        sessions = simulated_sessions(truth, n=6000, seed=seed, noise=0.7)
        belief = believe(sessions=sessions, population=replace(to_learn(), sigma=0.7))

        def advised(value):
            plan = REFERENCE | {"session_type": "volume", "session_intensity": "moderate", moderator: value}
            tips = generate_counterfactuals(
                posterior=belief.posterior,
                conditions=plan,
                prediction=predict_quality(posterior=belief.posterior, conditions=plan, usual=belief.usual),
                usual=belief.usual,
                own_sessions=sessions,
            )
            return next((t for t in tips if t.variable == "session_type"), None)

        tip = advised(calm)
        assert tip.recommended_value == "project"
        (flip,) = [f for f in tip.flips if f.variable == moderator]
        assert flip.direction == ("at_least" if slope < 0 else "at_most")
        step = VARIABLES[moderator].step
        assert flip.threshold == pytest.approx(ends, abs=step)
        other = advised(flip.threshold)
        assert other is None or other.recommended_value != "project"
        nearer = flip.threshold + (step if slope > 0 else -step)
        assert advised(nearer).recommended_value == "project"
