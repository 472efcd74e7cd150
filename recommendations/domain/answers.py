"""Whether a recommendation was made from what its climber says now."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sessions_app.domain.derived import DERIVED

__all__ = ["are_other_answers"]


def are_other_answers(*, now: Mapping[str, Any], then: Mapping[str, Any]) -> bool:
    """Whether the form says something else than what a recommendation was made from.

    Parameters
    ----------
    now : mapping
        Registry name → value as the session's form has it; None: not said.
    then : mapping
        Registry name → value that was used; what was not known is left out. Days since are counted where nobody
        said them, which is no other answer.

    >>> are_other_answers(now={"stress_level": 4, "sleep_hours": None}, then={"stress_level": 4})
    False
    >>> are_other_answers(now={"stress_level": 5}, then={"stress_level": 4})
    True
    >>> are_other_answers(now={"stress_level": None}, then={"stress_level": 4})
    True
    >>> are_other_answers(now={"days_since_last_session": None}, then={"days_since_last_session": 3})
    False
    """
    return any(
        value != then.get(name) and not (value is None and name in DERIVED) for name, value in now.items()
    )
