"""Why a rule was not changed: one exception for each reason, and the database's own words turned into them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import psycopg
from django.db import DatabaseError, transaction

__all__ = [
    "DuplicateName",
    "ImpossibleStep",
    "ImpossibleSuccessor",
    "ReasonNeeded",
    "RuleConflict",
    "RuleNotFound",
    "RuleRefused",
    "SafetyRuleInForce",
    "SecondCoachNeeded",
    "refusals_explained",
]

_TRIGGER: Final = "23514"
_UNIQUE: Final = "23505"


class RuleRefused(Exception):
    """Base: the message is a sentence for the coach, `field` the part of the rule that it is about."""

    field: str = ""


class RuleNotFound(RuleRefused):
    """There is no such rule, or none that this person may see."""


class DuplicateName(RuleRefused):
    """Another rule has this name, in whatever case."""

    field = "name"


class ReasonNeeded(RuleRefused):
    """A change without a reason, or with one that cannot be stored."""

    field = "reason"


class RuleConflict(RuleRefused):
    """Somebody else has changed the rule since it was read."""

    def __init__(self) -> None:
        super().__init__(
            "This rule was changed by somebody else while you had it open. "
            "Nothing of yours was stored: compare, then save again."
        )


class SecondCoachNeeded(RuleRefused):
    """A rule that is or was a safety rule was about to be activated by a coach who wrote some of it."""

    def __init__(self) -> None:
        super().__init__(
            "A rule that is or was a safety rule is activated by a second coach, and some of what this one says is "
            "yours. Ask a colleague who changed nothing of it to read and activate it."
        )


class SafetyRuleInForce(RuleRefused):
    """An active rule that is or was a safety rule was about to be changed while it guards people."""

    def __init__(self) -> None:
        super().__init__(
            "This rule is in force, and is or was a safety rule. Pause it, change it, then let a second coach "
            "activate it."
        )


class ImpossibleStep(RuleRefused):
    """The lifecycle has no such step."""

    field = "to"


class ImpossibleSuccessor(RuleRefused):
    """The rule that was named cannot take the other one's place."""

    field = "successor"


@contextmanager
def refusals_explained() -> Iterator[None]:
    """Run a write in a savepoint; what the database refuses is raised as one of these exceptions."""
    try:
        with transaction.atomic():
            yield
    except DatabaseError as error:
        refusal = _refusal(error)
        if refusal is None:
            raise
        raise refusal from error


def _refusal(error: DatabaseError) -> RuleRefused | None:
    cause = error.__cause__
    if not isinstance(cause, psycopg.Error):
        return None
    if cause.sqlstate == _UNIQUE:
        return DuplicateName("Another rule has this name.")
    if cause.sqlstate != _TRIGGER or cause.diag.constraint_name:
        return None
    said = cause.diag.message_primary or ""
    match said:
        case "a second coach activates a rule that is or was a safety rule":
            return SecondCoachNeeded()
        case "pause an active safety rule before changing it":
            return SafetyRuleInForce()
        case _ if said.startswith("a ") and " rule cannot become " in said:
            return ImpossibleStep(f"{said[:1].upper()}{said[1:]}.")
        case _:
            return None
