"""From coaches' stored answers to judgments of kinds of sessions: what a settled scenario says of another kind."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any, Final

from climbiq.domain.literature import CONFIDENCE_WEIGHTS
from climbiq.domain.variables import VARIABLES
from modeling.domain.elicited_kinds import KindJudgment
from modeling.domain.session_kind import FAMILIES, MODERATORS

WEIGHT_UNSAID: Final = 0.5  # as the specification weighs an answer without a confidence


@dataclass(frozen=True, slots=True, kw_only=True)
class CoachAnswer:
    """One coach's complete answer, as stored.

    Attributes
    ----------
    baseline
        Predicted quality of the session as it is.
    counterfactuals
        `{variable, actual_value, counterfactual_value, new_predicted_quality, …}`, one for each change asked for.
    confidence
        Of the predictions: a word of `CONFIDENCE_WEIGHTS`, None where the coach did not say.
    """

    baseline: float
    counterfactuals: Sequence[Any]
    confidence: str | None = None

    @property
    def weight(self) -> float:
        """How much it counts beside others."""
        return CONFIDENCE_WEIGHTS.get(self.confidence or "", WEIGHT_UNSAID)


@dataclass(frozen=True, slots=True, kw_only=True)
class SettledScenario:
    """A scenario on which there is consensus.

    Attributes
    ----------
    conditions
        The scenario's day: registered name → value.
    disputed
        Factors on which there is none: their counterfactuals do not count.
    """

    conditions: Mapping[str, Any]
    disputed: frozenset[str]
    answers: Sequence[CoachAnswer]


def kind_judgments(*, scenarios: Sequence[SettledScenario]) -> tuple[KindJudgment, ...]:
    """One judgment for each change of kind that was judged on a scenario: the coaches' mean difference,
    weighted by how sure they are, as the specification weighs counterfactuals.

        difference = Σ w (new_predicted_quality - predicted_quality_baseline) / Σ w

    A change whose kinds are no words of the vocabulary, or whose numbers are none on the 1–10 scale, says nothing.

    Examples
    --------
    >>> change = {"variable": "session_type", "actual_value": "volume", "counterfactual_value": "technique"}
    >>> answers = [CoachAnswer(baseline=5.0, counterfactuals=[change | {"new_predicted_quality": q}]) for q in (5.5, 6)]
    >>> (got,) = kind_judgments(scenarios=[
    ...     SettledScenario(conditions={"stress_level": 4}, disputed=frozenset(), answers=answers)])
    >>> got.kind, got.instead_of, got.difference, got.conditions
    ('technique', 'volume', 0.75, {'stress_level': 4.0})
    """
    found = []
    for scenario in scenarios:
        differences: dict[tuple[str, str, str], list[tuple[float, float]]] = {}
        for answer in scenario.answers:
            for change, difference in _changes(answer, scenario.disputed):
                differences.setdefault(change, []).append((difference, answer.weight))
        conditions = {
            name: value
            for name in MODERATORS
            if (value := _number(scenario.conditions.get(name), VARIABLES[name].low, VARIABLES[name].high))
            is not None
        }
        found += [
            KindJudgment(
                variable=variable,
                kind=kind,
                instead_of=instead_of,
                difference=fmean([d for d, _ in judged], weights=[w for _, w in judged]),
                conditions=conditions,
            )
            for (variable, kind, instead_of), judged in sorted(differences.items())
        ]
    return tuple(found)


def _changes(answer: CoachAnswer, disputed: frozenset[str]) -> list[tuple[tuple[str, str, str], float]]:
    """(variable, kind, instead of) and the difference of every readable change of kind in one answer."""
    found = []
    for entry in answer.counterfactuals:
        if not isinstance(entry, Mapping):
            continue
        family = FAMILIES.get(variable) if isinstance(variable := entry.get("variable"), str) else None
        if family is None or family.variable in disputed:
            continue
        kind, instead_of = entry.get("counterfactual_value"), entry.get("actual_value")
        quality = _number(entry.get("new_predicted_quality"), 1.0, 10.0)
        if quality is None or not all(
            isinstance(word, str) and word in family.vocabulary for word in (kind, instead_of)
        ):
            continue
        if kind != instead_of:
            found.append(((family.variable, str(kind), str(instead_of)), quality - answer.baseline))
    return found


def _number(value: Any, low: float, high: float) -> float | None:
    """The number, None where it is none or lies outside."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value) if low <= value <= high else None
