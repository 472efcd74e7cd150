"""A recommendation as its events, in order: rules first, and the model only where no rule bypasses it.

`meta` → `rule_trace` → (`rule_override` → `done`) or (`rule_adjustments`? → `prediction` → `recommendations` →
`stats`). The words that follow, and their `done`, are added by whoever tells them: every number is final here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from climbiq.domain.rule_fields import RULE_FIELDS
from climbiq.domain.variables import VARIABLES
from climbiq.domain.vocabularies import OVERRIDE_RECOMMENDATIONS
from experts.domain.rules.decision import Adjustments, Decision, RuleOverride, TraceEntry
from modeling.domain.phases import phase
from recommendations.domain import rounding
from recommendations.domain.context import Belief, RecommendationContext, believe
from recommendations.domain.counterfactuals import NOTHING_TO_CHANGE, generate_counterfactuals
from recommendations.domain.levers import doses_above_safe
from recommendations.domain.prediction import QualityPrediction, apply_modifiers, predict_quality
from recommendations.domain.provenance import Provenance, provenance_of_all
from recommendations.domain.rounding import JSON
from recommendations.domain.statistical_context import coefficient_beliefs, compute_statistical_context
from recommendations.domain.tips import Tip

VERSION: Final = 1

EventName = Literal[
    "meta",
    "rule_trace",
    "rule_override",
    "rule_adjustments",
    "prediction",
    "recommendations",
    "stats",
    "done",
]
Payload = dict[str, JSON]


@dataclass(frozen=True, slots=True)
class Event:
    """One event of a recommendation's stream."""

    name: EventName
    data: Payload


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelResult:
    """What the model says, whether or not it is shown."""

    prediction: QualityPrediction
    tips: tuple[Tip, ...]
    notices: tuple[str, ...]
    population: Provenance

    def prediction_payload(self) -> Payload:
        return {**self.prediction.as_payload(), "population": self.population.as_payload()}

    def recommendations_payload(self) -> Payload:
        return {
            "items": [tip.as_payload() for tip in self.tips],
            "nothing_to_change": not self.tips,
            "sentence": "" if self.tips else NOTHING_TO_CHANGE,
            "notices": list(self.notices),
        }

    def as_payload(self) -> Payload:
        return {
            "prediction": self.prediction_payload(),
            "recommendations": self.recommendations_payload(),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Recommendation:
    """A recommendation: what is shown, and what is only kept.

    Attributes
    ----------
    events
        To be shown, in order.
    shown
        The model's result, None under an override.
    shadow
        The model's result under an override, never shown; None without one.
    evidence
        What it was made from: the receipt behind the permanent page.
    """

    events: tuple[Event, ...]
    decision: Decision
    shown: ModelResult | None
    shadow: ModelResult | None
    evidence: Payload


def recommend(*, context: RecommendationContext) -> Recommendation:
    """Make a recommendation: decide by rules, then predict, advise and compare.

    Under an override the model still runs, in the shadow: only so can it be learnt whether the rule is right.
    Its result is returned apart and is in no event.
    """
    state = context.state()
    decision = context.rules.decide(state, now=context.now)
    belief = believe(
        sessions=context.own_sessions,
        population=context.population,
        drift=context.drift,
        days_since_last=context.days_since_last,
    )
    opening = [
        Event("meta", _meta(context)),
        Event("rule_trace", _trace(decision)),
    ]
    result = _ask_model(context, decision, belief, state)
    evidence = _evidence(context, decision, belief)
    if decision.override is not None:
        events = [
            *opening,
            Event("rule_override", _override(decision, decision.override, notices=result.notices)),
            Event("done", {"v": VERSION}),
        ]
        return Recommendation(
            events=tuple(events), decision=decision, shown=None, shadow=result, evidence=evidence
        )
    if decision.adjustments:
        opening.append(Event("rule_adjustments", _adjustments(decision.adjustments)))
    stats = compute_statistical_context(
        current_conditions=context.conditions,
        user_history=context.own_sessions,
        population_stats=context.population_stats,
        user_coefficients=coefficient_beliefs(posterior=belief.posterior),
        population=context.population,
        priors=context.priors,
    )
    events = [
        *opening,
        Event("prediction", {"v": VERSION, **result.prediction_payload()}),
        Event("recommendations", {"v": VERSION, **result.recommendations_payload()}),
        Event("stats", {"v": VERSION, **stats.as_payload()}),
    ]
    return Recommendation(
        events=tuple(events), decision=decision, shown=result, shadow=None, evidence=evidence
    )


def _ask_model(
    context: RecommendationContext, decision: Decision, belief: Belief, state: Mapping[str, Any]
) -> ModelResult:
    conditions, adjustments = context.named_conditions, decision.adjustments
    prediction = predict_quality(
        posterior=apply_modifiers(posterior=belief.posterior, multipliers=adjustments.multipliers),
        conditions=conditions,
        usual=belief.usual,
    )
    tips = generate_counterfactuals(
        posterior=belief.posterior,
        conditions=conditions,
        prediction=prediction,
        adjustments=adjustments,
        usual=belief.usual,
        own_sessions=context.own_sessions,
        priors=context.priors,
        reliability=belief.reliability,
        rules=None if decision.override else context.rules,
        state=state,
        now=context.now,
        trained=context.is_trained,
    )
    return ModelResult(
        prediction=prediction,
        tips=tips,
        notices=doses_above_safe(conditions=conditions),
        population=provenance_of_all(priors=context.priors, trained=context.is_trained),
    )


def _meta(context: RecommendationContext) -> Payload:
    """Who and what, without a byte of the prediction: the climber may be asked for their own first."""
    return {
        "v": VERSION,
        "generated_at": context.now.isoformat(),
        "n_sessions": len(context.own_sessions),
        "phase": phase(len(context.own_sessions)),
        "rules_version": context.rules_version,
        "prior_version": context.prior_version,
        "model_version": context.model_version,
        "own_forecast": context.own_forecast,
    }


def _trace(decision: Decision) -> Payload:
    """What fired and what could not be told; the rules that did not fire are counted (all are in the evidence)."""
    told = [entry for entry in decision.trace if entry.outcome != "false"]
    return {
        "v": VERSION,
        "n_rules": len(decision.trace),
        "n_false": len(decision.trace) - len(told),
        "rules": [_trace_entry(entry) for entry in told],
        "questions": [{"field": path, "sentence": question_for(path)} for path in decision.fields_to_ask_for],
    }


def question_for(path: str) -> str:
    """What to ask the climber so that a safety rule can be evaluated.

    >>> question_for("pre_session.stress_level")
    'How stressed are you? A safety rule needs to know.'
    >>> question_for("pre_session.niggle_severity.finger")
    'Does anything hurt? A safety rule needs to know.'
    >>> question_for("pre_session.days_since_hard_session")
    'Days since your last hard session: a safety rule needs to know.'
    """
    if path.startswith("history."):
        return "A safety rule needs more recorded sessions than there are yet."
    asked = _question(path)
    return (
        f"{asked} A safety rule needs to know."
        if asked[-1] == "?"
        else f"{asked}: a safety rule needs to know."
    )


def _question(path: str) -> str:
    """As the form asks it; of what it shows under its label alone, the label."""
    name = path.partition(".")[2]
    if path.startswith("pre_session.niggle_severity."):
        name = "current_niggles"
    if name in VARIABLES and VARIABLES[name].question:
        return VARIABLES[name].question
    return RULE_FIELDS[path].label if path in RULE_FIELDS else path


def _trace_entry(entry: TraceEntry) -> Payload:
    return {
        "rule_id": entry.rule_id,
        "name": entry.name,
        "version": entry.version,
        "outcome": entry.outcome,
        "missing": list(entry.missing),
    }


def _override(decision: Decision, override: RuleOverride, *, notices: Sequence[str]) -> Payload:
    """What is said instead of the model's advice; a dose that is not safe is so under a rule, too."""
    return {
        "v": VERSION,
        "rule_id": override.rule_id,
        "rule_name": override.rule_name,
        "rule_version": override.rule_version,
        "recommendation": override.recommendation,
        "label": OVERRIDE_RECOMMENDATIONS.get(override.recommendation, override.recommendation),
        "message": override.message,
        "messages": list(decision.said_besides),
        "notices": list(notices),
        "actions": _actions(override.actions),
        "source": override.source,
    }


def _adjustments(adjustments: Adjustments) -> Payload:
    return {
        "v": VERSION,
        "rules": [
            {
                "rule_id": rule.rule_id,
                "name": rule.name,
                "version": rule.version,
                "actions": _actions(rule.actions),
            }
            for rule in adjustments.rules
        ],
        "suppressed": list(adjustments.suppressed),
        "multipliers": {
            name: rounding.coefficient(factor) for name, factor in adjustments.multipliers.items()
        },
        "messages": list(adjustments.messages),
    }


def _actions(actions: Sequence[Any]) -> list[JSON]:
    return [action.to_json() for action in actions]


def _evidence(context: RecommendationContext, decision: Decision, belief: Belief) -> Payload:
    """The receipt: every rule with its outcome, the versions, and the belief that the numbers came from."""
    beliefs = coefficient_beliefs(posterior=belief.posterior)
    return {
        "v": VERSION,
        "rules_version": context.rules_version,
        "prior_version": context.prior_version,
        "model_version": context.model_version,
        "rule_trace": [_trace_entry(entry) for entry in decision.trace if entry.outcome != "false"],
        "rules_that_did_not_fire": [
            [entry.rule_id, entry.version] for entry in decision.trace if entry.outcome == "false"
        ],
        "own_sessions": belief.posterior.n_sessions,
        "days_since_last": context.days_since_last,
        "coefficients": {
            name: {
                "mean": rounding.coefficient(found.mean),
                "sd": rounding.coefficient(found.sd),
                "reliability": rounding.share(belief.reliability[name]),
                "own_sessions": belief.own_sessions(name),
            }
            for name, found in beliefs.items()
        },
        "sigma": rounding.gain(belief.posterior.sigma),
    }
