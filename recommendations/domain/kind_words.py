"""How kinds of session are spoken of: inside a sentence, as a heading, and as a coefficient's label."""

from __future__ import annotations

from typing import Final

from climbiq.domain.variables import VARIABLES
from climbiq.domain.vocabularies import INTENSITIES, SESSION_TYPES
from modeling.domain.session_kind import FAMILIES, INTENSITY, TYPE, read_name

_SESSIONS: Final = {  # with the article; "" where no "one" can stand for the session
    "project": ("a projecting session", "a projecting one"),
    "volume": ("a volume session", "a volume one"),
    "technique": ("a technique session", "a technique one"),
    "power": ("a power session", "a power one"),
    "endurance": ("an endurance session", "an endurance one"),
    "hangboard": ("a hangboard session", "a hangboard one"),
    "competition": ("a competition", "a competition"),
    "recovery": ("an easy recovery session", "an easy recovery one"),
}


def is_kind(variable: str) -> bool:
    """Whether a variable's values are kinds of session.

    >>> is_kind("session_intensity"), is_kind("time_of_day")
    (True, False)
    """
    return variable in FAMILIES


def session_of(variable: str, kind: str) -> str:
    """A kind inside a sentence; a word outside the vocabularies stands as it is.

    >>> session_of("session_type", "project"), session_of("session_intensity", "max")
    ('a projecting session', 'max intensity')
    """
    if variable == TYPE:
        return _SESSIONS[kind][0] if kind in _SESSIONS else kind
    return f"{INTENSITIES.get(kind, kind).lower()} intensity"


def swap(variable: str, recommended: str, instead_of: str | None) -> str:
    """One kind instead of another, as a heading.

    >>> swap("session_type", "technique", "project"), swap("session_type", "recovery", None)
    ('A technique session instead of a projecting one', 'An easy recovery session')
    >>> swap("session_intensity", "moderate", "max")
    'Moderate intensity instead of max'
    """
    words = session_of(variable, recommended)
    if instead_of is not None:
        if variable == INTENSITY:
            other = INTENSITIES.get(instead_of, instead_of).lower()
        else:
            other = _SESSIONS[instead_of][1] if instead_of in _SESSIONS else instead_of
        words = f"{words} instead of {other}"
    return f"{words[:1].upper()}{words[1:]}"


def coefficient_inside(name: str) -> str:
    """What a kind's coefficient is of, after "the effect of".

    >>> coefficient_inside("type:project"), coefficient_inside("type:competition×stress_level")
    ('projecting sessions', 'stress in competitions')
    """
    column = read_name(name)
    if column.variable == INTENSITY:
        return session_of(INTENSITY, column.kind)
    word = SESSION_TYPES[column.kind].lower()
    sessions = f"{word}s" if column.kind == "competition" else f"{word} sessions"
    if column.moderator is None:
        return sessions
    return f"{VARIABLES[column.moderator].label.lower()} in {sessions}"


def coefficient_label(name: str) -> str:
    """What a kind's coefficient is of, in a label.

    >>> coefficient_label("type:project×sleep_hours"), coefficient_label("intensity:max")
    ('Projecting, by sleep', 'Max intensity')
    """
    column = read_name(name)
    label = SESSION_TYPES[column.kind] if column.variable == TYPE else f"{INTENSITIES[column.kind]} intensity"
    if column.moderator is None:
        return label
    return f"{label}, by {VARIABLES[column.moderator].label.lower()}"
