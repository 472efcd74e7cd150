"""One piece of advice, with what it is worth, how sure that is, what it rests on and what would flip it.

A tip rounds its numbers when it is made: no later reader can show another number than the payload holds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from climbiq.domain.vocabularies import INTENSITIES, SESSION_TYPES
from recommendations.domain import rounding
from recommendations.domain.provenance import Provenance
from recommendations.domain.rounding import JSON, Value

Action = Literal["increase", "decrease", "choose"]
FlipKind = Literal["rule", "dose_limit", "optimum", "interaction", "uncertainty"]
Direction = Literal["at_least", "at_most", "is"]

_CHOICES: Mapping[str, Mapping[str, str]] = {"session_type": SESSION_TYPES, "session_intensity": INTENSITIES}


@dataclass(frozen=True, slots=True, kw_only=True)
class Flip:
    """What would turn the advice: `variable` reaching `threshold` in `direction`, everything else unchanged.

    Attributes
    ----------
    kind
        rule: an expert rule takes over; dose_limit: the room for the dose (time, safe dose) is used up;
        optimum: more stops helping; interaction: another condition turns the effect; uncertainty: sessions
        that would contradict the belief.
    variable
        A registered name, `niggle_severity.<site>`, or `session_quality` for outcomes to come.
    threshold
        The nearest value at which the tip is no longer given, a word where the variable is a choice.
    direction
        Whether `threshold` and more, `threshold` and less, or exactly `threshold` flips it.
    sessions, at_value
        For `uncertainty`: how many sessions of that quality it takes, and the value of the tip's own variable
        in them. 0 and None otherwise.
    """

    kind: FlipKind
    variable: str
    threshold: Value
    direction: Direction
    sentence: str
    sessions: int = 0
    at_value: Value = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "threshold", rounding.amount(self.variable, self.threshold))

    def as_payload(self) -> dict[str, JSON]:
        return {
            "kind": self.kind,
            "variable": self.variable,
            "threshold": self.threshold,
            "direction": self.direction,
            "sentence": self.sentence,
            "sessions": self.sessions,
            "at_value": self.at_value,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """What a tip rests on.

    Attributes
    ----------
    own_sessions
        The climber's sessions in which the variable is known, as treated.
    reliability
        1 - Var(coefficient | own sessions) / Var(coefficient before them): 0 all population, 1 all own.
    population_share
        1 - reliability.
    population
        Where that share comes from.
    """

    own_sessions: int
    reliability: float
    population_share: float
    population: Provenance

    def __post_init__(self) -> None:
        object.__setattr__(self, "reliability", rounding.share(self.reliability))
        object.__setattr__(self, "population_share", rounding.share(self.population_share))

    def as_payload(self) -> dict[str, JSON]:
        return {
            "own_sessions": self.own_sessions,
            "reliability": self.reliability,
            "population_share": self.population_share,
            "population": self.population.as_payload(),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Tip:
    """One change that the climber can still make today.

    Attributes
    ----------
    index
        Its place in the list, from 0: the best first.
    current_value
        What is planned; None where the climber did not say (then `compared_with` is what they usually do).
    compared_with
        The value that `gain` is counted from.
    gain, gain_interval_95
        Points of session quality, and the exact normal interval of their expectation.
    probability_of_gain
        P(gain > 0), never shown as 0 or 1.
    expected_quality_before, expected_quality_after
        On the 1–10 scale, without and with this one change.
    flips
        What would turn it, nearest kinds first.
    caveats
        Whole sentences for the climber.

    Examples
    --------
    >>> tip = Tip(
    ...     index=0, variable="caffeine_mg", label="Caffeine", action="increase", current_value=0,
    ...     compared_with=0, recommended_value=100, unit="mg", gain=0.3001,
    ...     gain_interval_95=(-0.5766, 1.1766), probability_of_gain=0.7488, expected_quality_before=5.0,
    ...     expected_quality_after=5.3001, flips=(), caveats=(),
    ...     basis=Basis(own_sessions=0, reliability=0, population_share=1, population=Provenance()),
    ... )
    >>> tip.gain, tip.gain_interval_95, tip.probability_of_gain
    (0.3, (-0.58, 1.18), 0.75)
    """

    index: int
    variable: str
    label: str
    action: Action
    current_value: Value
    compared_with: Value
    recommended_value: Value
    unit: str
    gain: float
    gain_interval_95: tuple[float, float]
    probability_of_gain: float
    expected_quality_before: float
    expected_quality_after: float
    flips: tuple[Flip, ...]
    basis: Basis
    caveats: tuple[str, ...]

    def __post_init__(self) -> None:
        shown = {
            "current_value": rounding.amount(self.variable, self.current_value),
            "compared_with": rounding.amount(self.variable, self.compared_with),
            "recommended_value": rounding.amount(self.variable, self.recommended_value),
            "gain": rounding.gain(self.gain),
            "gain_interval_95": rounding.interval(self.gain_interval_95, rounding.GAIN_DECIMALS),
            "probability_of_gain": rounding.probability(self.probability_of_gain),
            "expected_quality_before": rounding.quality(self.expected_quality_before),
            "expected_quality_after": rounding.quality(self.expected_quality_after),
        }
        for name, value in shown.items():
            object.__setattr__(self, name, value)

    def worded(self, value: Value) -> str:
        """A value of the tip's variable in words: `100 mg`, `Volume`, or "" for None."""
        return worded(self.variable, value, self.unit)

    def as_payload(self) -> dict[str, JSON]:
        return {
            "index": self.index,
            "variable": self.variable,
            "label": self.label,
            "action": self.action,
            "current_value": self.current_value,
            "compared_with": self.compared_with,
            "recommended_value": self.recommended_value,
            "unit": self.unit,
            "gain": self.gain,
            "gain_interval_95": list(self.gain_interval_95),
            "probability_of_gain": self.probability_of_gain,
            "expected_quality_before": self.expected_quality_before,
            "expected_quality_after": self.expected_quality_after,
            "flips": [flip.as_payload() for flip in self.flips],
            "basis": self.basis.as_payload(),
            "caveats": list(self.caveats),
        }


def worded(variable: str, value: Value, unit: str = "") -> str:
    """A value in words.

    >>> worded("caffeine_mg", 100.0, "mg"), worded("session_type", "volume"), worded("caffeine_mg", None)
    ('100 mg', 'Volume', '')
    """
    if value is None:
        return ""
    if isinstance(value, str):
        return _CHOICES.get(variable, {}).get(value, value)
    return f"{value:g} {unit}" if unit and unit != "points" else f"{value:g}"
