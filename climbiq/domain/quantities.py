"""One quantity: how it is asked, stored, compared and weighed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from climbiq.domain.literature import LITERATURE_PRIORS, WEAK_PRIORS, LiteraturePrior

Role = Literal["state", "treatment", "trait", "outcome", "context"]
Kind = Literal["number", "choice", "flag", "text", "list", "niggles"]
Room = Literal["baseline", "pre_session", "post_session"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """One quantity: how it is asked, stored, compared and weighed.

    Attributes
    ----------
    low, high, step : float
        Range accepted everywhere, and the smallest difference a person reports, in `unit`.
    anchors : mapping
        The words beside scale points.
    polarity : {-1, 0, 1}
        1 where more is better for a session, -1 where more is worse, 0 where it depends.
    changeable_today : bool
        Whether the climber can still change it before the session.
    reference, spread : float
        Centre of the design matrix and typical between-session standard deviation, in `unit`.
    optimal_range, safe_high : float
        Where more stops helping, and the dose that advice never exceeds.
    planned_column, actual_column : str
        Where it is stored: planned in `pre_session_data`, actual in `post_session_data` (traits: baseline).
    """

    name: str
    label: str
    room: Room
    role: Role
    kind: Kind = "number"
    unit: str = ""
    low: float = 0.0
    high: float = 1.0
    step: float = 1.0
    anchors: Mapping[float, str] = field(default_factory=dict)
    choices: Mapping[str, str] = field(default_factory=dict)
    polarity: Literal[-1, 0, 1] = 0
    changeable_today: bool = False
    reference: float = 0.0
    spread: float = 1.0
    optimal_range: tuple[float, float] | None = None
    safe_high: float | None = None
    planned_column: str = ""
    actual_column: str = ""
    aliases: tuple[str, ...] = ()
    question: str = ""

    @property
    def column(self) -> str:
        """The column that holds it as planned or as stated."""
        return self.planned_column or self.name

    @property
    def prior(self) -> LiteraturePrior | None:
        """The coefficient before any data, or None when it has none."""
        return LITERATURE_PRIORS.get(self.name) or WEAK_PRIORS.get(self.name)

    @property
    def is_whole(self) -> bool:
        """Whether only whole numbers are stored."""
        return self.kind == "number" and float(self.step).is_integer()

    def dose(self, value: float) -> float:
        """f(x) = min(x, optimal_max) where an optimal range exists, else x: more of it adds nothing.

        >>> from climbiq.domain.variables import variable
        >>> variable("sleep_hours").dose(11.0)
        9.0
        >>> from climbiq.domain.variables import variable
        >>> variable("stress_level").dose(4)
        4.0
        """
        return float(value) if self.optimal_range is None else float(min(value, self.optimal_range[1]))

    def centred_dose(self, value: float) -> float:
        """The dose relative to the reference value: the column of the design matrix, in natural units.

        >>> from climbiq.domain.variables import variable
        >>> variable("caffeine_mg").centred_dose(0)
        -100.0
        """
        return self.dose(value) - self.dose(self.reference)

    def anchor(self, value: float | None) -> str:
        """The word nearest to a scale point, or "" where none is written.

        >>> from climbiq.domain.variables import variable
        >>> variable("stress_level").anchor(5)
        'overwhelmed'
        """
        return "" if value is None else self.anchors.get(float(value), "")

    def problem_with(self, value: float) -> str | None:
        """Say what is wrong with a number, or None: a sentence for a person, with the range.

        >>> from climbiq.domain.variables import variable
        >>> variable("stress_level").problem_with(6)
        'Stress must be between 1 and 5.'
        """
        if not self.low <= value <= self.high:
            return f"{self.label} must be between {self.low:g} and {self.high:g}{self._unit_suffix()}."
        if self.is_whole and not float(value).is_integer():
            return f"{self.label} must be a whole number."
        return None

    def _unit_suffix(self) -> str:
        return f" {self.unit}" if self.unit and self.unit != "points" else ""
