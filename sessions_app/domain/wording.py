"""Values in words, as pages show them: with unit, with the word of the scale, and "not said" apart from nought."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from climbiq.domain.quantities import Variable
from climbiq.domain.variables import variable
from climbiq.domain.vocabularies import DEVIATION_REASONS, NIGGLE_SEVERITIES, NIGGLE_SITES
from sessions_app.domain.records import SessionRecord

__all__ = ["NOT_SAID", "in_words", "niggles_in_words", "reason_in_words", "title_of"]

NOT_SAID: Final = "not said"
_NONE_OF: Final[Mapping[str, str]] = {"caffeine_mg": "none", "warmup_duration_min": "none"}


def in_words(entry: Variable | str, value: Any) -> str:
    """Write one value for a person.

    >>> in_words("sleep_hours", 7.5), in_words("stress_level", 4), in_words("session_type", "project")
    ('7.5 h', '4 · high', 'Projecting')
    >>> in_words("caffeine_mg", 0), in_words("caffeine_mg", None), in_words("days_since_last_session", 1)
    ('none', 'not said', '1 day')
    """
    entry = variable(entry) if isinstance(entry, str) else entry
    if value is None:
        return NOT_SAID
    match entry.kind:
        case "number":
            return _number(entry, value)
        case "choice":
            return entry.choices.get(value, str(value))
        case "flag":
            return "yes" if value else "no"
        case "niggles":
            return niggles_in_words(value)
        case "list":
            return ", ".join(value) or "none"
        case _:
            return str(value)


def niggles_in_words(niggles: list[dict[str, Any]]) -> str:
    """Where it hurts and how much.

    >>> niggles_in_words([{"location": "finger", "severity": 2, "notes": "left ring"}])
    'Finger (annoying): left ring'
    >>> niggles_in_words([])
    'none'
    """
    return "; ".join(_niggle(niggle) for niggle in niggles) or "none"


def reason_in_words(reason: str) -> str:
    """A reason of the list by its label, one in the climber's words as it is."""
    return DEVIATION_REASONS.get(reason, reason)


def title_of(session: SessionRecord) -> str:
    """What kind of session it was, as treated.

    >>> from datetime import date
    >>> from uuid import uuid4
    >>> planned = {"session_type": "power", "session_intensity": "high"}
    >>> day = date(2026, 5, 1)
    >>> title_of(SessionRecord(id=uuid4(), session_date=day, status="planned", version="", planned=planned))
    'Power · high'
    """
    treated = session.as_treated
    kind, intensity = treated.get("session_type"), treated.get("session_intensity")
    words = [in_words("session_type", kind)] if kind else []
    words += [in_words("session_intensity", intensity).lower()] if intensity else []
    return " · ".join(words) or "Session"


def _number(entry: Variable, value: float) -> str:
    if value == 0 and entry.name in _NONE_OF:
        return _NONE_OF[entry.name]
    text = f"{value:g}"
    if entry.unit == "points":
        return f"{text} · {word}" if (word := entry.anchor(value)) else text
    unit = entry.unit.removesuffix("s") if value == 1 and entry.unit in {"days", "years"} else entry.unit
    return f"{text} {unit}".strip()


def _niggle(niggle: Mapping[str, Any]) -> str:
    site = NIGGLE_SITES.get(niggle["location"], niggle["location"])
    text = f"{site} ({NIGGLE_SEVERITIES.get(niggle['severity'], niggle['severity'])})"
    return f"{text}: {niggle['notes']}" if niggle.get("notes") else text
