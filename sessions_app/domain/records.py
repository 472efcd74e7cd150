"""Sessions and baselines as every other layer reads them: plain values under the registry's names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from climbiq.domain.training_history import PastSession
from climbiq.domain.variables import TREATMENTS

__all__ = [
    "DERIVED",
    "BaselineRecord",
    "ClimberContext",
    "SessionRecord",
    "as_treated",
    "derived_answers_said",
]

# The answers of the pre-session form that need not be asked.
DERIVED: Final = ("days_since_last_session", "days_since_hard_session", "time_of_day")

_TREATMENTS: Final = frozenset(TREATMENTS)


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRecord:
    """One session with what was said before and after it.

    Attributes
    ----------
    version : str
        Changes with every edit: an edit that was begun on another version is refused.
    planned : mapping
        Registry name of every pre-session variable → value, treatments as planned; None: not said.
    derived_said : frozenset of str
        Which of `DERIVED` are the climber's own answers, "not said" included; the others follow the diary.
    actual : mapping
        Registry name of every treatment → what was done instead of the plan; None: as planned.
    quality : int or None
        Session quality, 1–10.
    outcomes : mapping
        Registry name of every post-session variable → value, session quality among them.
    notes : mapping
        Column of each free text and of `deviation_details` → what was written; empty ones are left out.
    recommendations_shown : mapping or None
        What was advised before the session, as it was stored; in lists only its `recommendation_id`.
    """

    id: UUID
    session_date: date
    status: str
    version: str
    started_at: datetime | None = None
    ended_at: datetime | None = None
    duration_min: int | None = None
    gym_id: UUID | None = None
    location_type: str | None = None
    has_pre: bool = False
    has_post: bool = False
    planned: Mapping[str, Any] = field(default_factory=dict)
    derived_said: frozenset[str] = frozenset()
    actual: Mapping[str, Any] = field(default_factory=dict)
    deviated: bool = False
    quality: int | None = None
    outcomes: Mapping[str, Any] = field(default_factory=dict)
    notes: Mapping[str, Any] = field(default_factory=dict)
    recommendations_shown: Any = None

    @property
    def as_treated(self) -> dict[str, Any]:
        """The pre-session variables as they really were: see :func:`as_treated`."""
        return as_treated(planned=self.planned, actual=self.actual, deviated=self.deviated)

    @property
    def as_past(self) -> PastSession:
        """What `summarise_history` counts: date, intensity as treated, quality, status."""
        done = self.actual.get("session_intensity") if self.deviated else None
        intensity = self.planned.get("session_intensity") if done is None else done
        return (self.session_date, intensity, self.quality, self.status)

    @property
    def changes(self) -> tuple[tuple[str, Any, Any], ...]:
        """Registry name, planned and actual value of every treatment that was changed."""
        if not self.deviated:
            return ()
        return tuple(
            (name, self.planned.get(name), value) for name, value in self.actual.items() if value is not None
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class BaselineRecord:
    """The climber's current baseline assessment.

    Attributes
    ----------
    values : mapping
        Registry name of every trait → value, numbers as int or float; None: not said.
    """

    id: UUID
    assessed_at: datetime | None
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClimberContext:
    """Everything a recommendation reads of one climber.

    Attributes
    ----------
    history : tuple of SessionRecord
        Latest first, with what a model and rules read: no outcomes but the quality, no words written afterwards, no
        end, place or version; what was advised, only of sessions that are not over.
    versions : mapping
        Counter of each shared data set (rules, priors, statistics, model), to drop old copies by.
    """

    history: tuple[SessionRecord, ...]
    baseline: BaselineRecord | None
    versions: Mapping[str, int]


def derived_answers_said(*, recorded: Iterable[str] | None, planned: Mapping[str, Any]) -> frozenset[str]:
    """Which derived answers a climber gave.

    Parameters
    ----------
    recorded : iterable of str or None
        As the table has it; None where nobody recorded it, as in plain SQL: then what has a value counts as said.
    planned : mapping
        Registry name → value.

    >>> derived_answers_said(recorded=["time_of_day"], planned={"days_since_last_session": 3})
    frozenset({'time_of_day'})
    >>> derived_answers_said(recorded=None, planned={"days_since_last_session": 3, "time_of_day": None})
    frozenset({'days_since_last_session'})
    """
    if recorded is None:
        return frozenset(name for name in DERIVED if planned.get(name) is not None)
    return frozenset(recorded)


def as_treated(
    *, planned: Mapping[str, Any], actual: Mapping[str, Any], deviated: bool | None
) -> dict[str, Any]:
    """The session as it really was: the actual value where the climber deviated and gave one, else the plan.

    Parameters
    ----------
    planned, actual : mapping
        Registry name → value; None is "not said" and stays None, 0 is none at all.
    deviated : bool or None
        Without it a stray actual value is not believed.

    >>> as_treated(
    ...     planned={"caffeine_mg": 200, "warmup_duration_min": None},
    ...     actual={"caffeine_mg": 0, "warmup_duration_min": None},
    ...     deviated=True,
    ... )
    {'caffeine_mg': 0, 'warmup_duration_min': None}
    """
    treated = dict(planned)
    if deviated:
        treated |= {
            name: value for name, value in actual.items() if name in _TREATMENTS and value is not None
        }
    return treated
