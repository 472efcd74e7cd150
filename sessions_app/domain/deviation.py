"""Where a session differed from its plan: the data that tell a habit from a choice."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from climbiq.domain.values import BadValues
from sessions_app.domain.columns import ACTUAL_COLUMNS, TREATED

__all__ = ["EXPLANATIONS", "said_to_deviate", "settle_deviation"]

EXPLANATIONS: Final = ("deviation_reason", "deviation_details")


def said_to_deviate(*, said: bool | None, explanations: Mapping[str, Any]) -> bool | None:
    """What the climber said of the plan; whoever explains a deviation says that there was one.

    Raises
    ------
    BadValues
        "As planned" was said, and a reason why not.

    >>> said_to_deviate(said=None, explanations={"deviation_reason": "time"})
    True
    """
    for name, explanation in explanations.items():
        if explanation is None:
            continue
        if said is False:
            raise BadValues({name: "There is nothing to explain in a session that went as planned."})
        said = True
    return said


def settle_deviation(
    *, planned: Mapping[str, Any], actual: Mapping[str, Any], deviated: bool | None
) -> tuple[bool, dict[str, Any]]:
    """Whether the session deviated, and of its treatments only those that were changed.

    Parameters
    ----------
    planned, actual : mapping
        Registry name of a treatment → value; an actual None means "as planned", 0 means none at all.
    deviated : bool or None
        What the climber said; None leaves it to the values.

    Returns
    -------
    deviated : bool
    actual : dict
        Every treatment; None where it is as planned.

    Raises
    ------
    BadValues
        "As planned" was said, and a value that differs from the plan.

    >>> settle_deviation(planned={"caffeine_mg": 200}, actual={"caffeine_mg": 0}, deviated=None)[1]["caffeine_mg"]
    0
    >>> settle_deviation(planned={"caffeine_mg": 200}, actual={"caffeine_mg": 200}, deviated=None)[0]
    False
    """
    changed = {
        v.name: value
        for v in TREATED
        if (value := actual.get(v.name)) is not None and value != planned.get(v.name)
    }
    if deviated is False and changed:
        raise BadValues(
            {
                ACTUAL_COLUMNS[
                    name
                ]: f"{v.label} differs from the plan, but the session is said to be as planned."
                for v in TREATED
                if (name := v.name) in changed
            }
        )
    return (bool(changed) if deviated is None else deviated), {v.name: changed.get(v.name) for v in TREATED}
