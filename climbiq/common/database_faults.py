"""What an error of PostgreSQL means to the person whose request caused it, by its SQLSTATE."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import psycopg
from django.db import Error as DatabaseError

REFUSED: Final = "42501"
# Claims that are missing, forged or old, and grants that we forgot: not what somebody asked for is wrong, but we are.
_OUR_MISTAKES: Final = ("rls:", "permission denied for")
_UNIQUE: Final = "23505"
_EXCLUSION: Final = "23P01"
_NOT_NULL: Final = "23502"
_CHECK: Final = "23514"
_FOREIGN_KEY: Final = "23503"
_DATA_EXCEPTION: Final = "22"  # the class: out of range, too long, not a date
_BUSY: Final = frozenset({"40001", "40P01", "55P03"})  # serialisation, deadlock, lock not available
_AWAY: Final = frozenset(
    {"53300", "57P01", "57P02", "57P03", "25P03"}
)  # full, shutting down, starting, idle for too long
_CANCELLED: Final = "57014"  # most often by statement_timeout
_AWAY_CLASS: Final = "08"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A database error in the words of the API."""

    status: int
    message: str
    field: str = ""
    wait_seconds: int = 0
    is_refusal: bool = False


@dataclass(frozen=True, slots=True)
class _Explanation:
    message: str
    field: str
    status: int


_CONFLICT: Final = 409
_constraints: Final[Mapping[str, _Explanation]] = {
    "users_email_unique": _Explanation("There is an account with this address.", "email", _CONFLICT),
    "jobs_one_open_per_key": _Explanation("This is already under way.", "", _CONFLICT),
    "idempotency_records_user_key": _Explanation("This Idempotency-Key is in use.", "", _CONFLICT),
    "sessions_user_import_key": _Explanation("This session is there already.", "", _CONFLICT),
    "baseline_assessments_one_current": _Explanation(
        "Another baseline was saved at the same moment. Look at it and try again.", "", _CONFLICT
    ),
    "gyms_label": _Explanation("There is a gym of this name in this city.", "name", _CONFLICT),
    "expert_rules_name_key": _Explanation("There is a rule of this name.", "name", _CONFLICT),
    "expert_scenario_responses_once": _Explanation("You have answered this scenario.", "", _CONFLICT),
    "population_priors_one_current": _Explanation(
        "Another version of this prior was made at the same moment.", "", _CONFLICT
    ),
}


def explain_fault(error: DatabaseError, *, safe: bool) -> Fault | None:
    """Translate; None where the fault is ours.

    Parameters
    ----------
    error : django.db.Error
        With psycopg's error as its cause.
    safe : bool
        Whether the request only reads: a row that is withheld is then "not found".
    """
    cause = error.__cause__
    if not isinstance(cause, psycopg.Error):
        return None
    state = cause.sqlstate or ""
    if known := _constraints.get(cause.diag.constraint_name or ""):
        return Fault(status=known.status, message=known.message, field=known.field)
    if state == REFUSED and (cause.diag.message_primary or "").startswith(_OUR_MISTAKES):
        return None
    if state == REFUSED:
        return Fault(
            status=404 if safe else 403,
            message="There is nothing at this address, or it is not yours."
            if safe
            else "You may not do this.",
            is_refusal=True,
        )
    if state in {_UNIQUE, _EXCLUSION}:
        return Fault(status=409, message="This is there already.")
    if state == _CHECK and not cause.diag.constraint_name:
        # One of our triggers speaks, in words meant for people.
        return Fault(status=422, message=_as_sentence(cause.diag.message_primary))
    if state in {_CHECK, _NOT_NULL}:
        column = cause.diag.column_name or ""
        return Fault(status=422, message="A value is missing or outside what can be stored.", field=column)
    if state == _FOREIGN_KEY:
        return Fault(status=422, message="It refers to something that does not exist.")
    if state.startswith(_DATA_EXCEPTION):
        return Fault(status=400, message="A value cannot be stored as it is.")
    return _explain_what_passes(state, cause)


def _explain_what_passes(state: str, cause: psycopg.Error) -> Fault | None:
    """Of a request that may well succeed a little later; None for any other error."""
    if state in _BUSY:
        return Fault(
            status=409, message="Somebody else is changing this right now. Try again.", wait_seconds=1
        )
    if state == _CANCELLED:
        return Fault(status=503, message="This took too long and was stopped.", wait_seconds=5)
    if state in _AWAY or state.startswith(_AWAY_CLASS) or (not state and _is_connection_lost(cause)):
        return Fault(status=503, message="The database is not available right now.", wait_seconds=5)
    return None


def _is_connection_lost(cause: psycopg.Error) -> bool:
    return isinstance(cause, psycopg.OperationalError)


def _as_sentence(message: str | None) -> str:
    text = (message or "this cannot be stored").strip()
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".")
