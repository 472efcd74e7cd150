"""Whether a recommendation was made from what its climber says now."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from sessions_app.domain.derived import DERIVED

__all__ = ["are_other_answers"]


def are_other_answers(
    *, now: Mapping[str, Any], then: Mapping[str, Any], said: Collection[str] = DERIVED
) -> bool:
    """Whether the form says something else than what a recommendation was made from.

    Parameters
    ----------
    now : mapping
        Registry name → value as the session's form has it; None: not said.
    then : mapping
        Registry name → value that was used; what was not known is left out.
    said : collection of str
        Which of the derived answers the climber gave. Another day since the last session is told, for it is another
        situation; that it has got later is none, nor that something unknown could be counted.

    >>> are_other_answers(now={"stress_level": 4, "sleep_hours": None}, then={"stress_level": 4})
    False
    >>> are_other_answers(now={"stress_level": 5}, then={"stress_level": 4})
    True
    >>> are_other_answers(now={"stress_level": None}, then={"stress_level": 4})
    True
    >>> are_other_answers(now={"days_since_last_session": 1}, then={"days_since_last_session": 3}, said=())
    True
    >>> are_other_answers(now={"days_since_last_session": None}, then={"days_since_last_session": 3}, said=())
    False
    >>> are_other_answers(now={"days_since_last_session": None}, then={"days_since_last_session": 3})
    True
    >>> are_other_answers(now={"time_of_day": "morning"}, then={"time_of_day": "evening"}, said=())
    False
    """
    return any(
        value != then.get(name) and not (name not in said and _follows_by_itself(name, value))
        for name, value in now.items()
    )


def _follows_by_itself(name: str, value: Any) -> bool:
    return name in DERIVED and (value is None or name == "time_of_day")
