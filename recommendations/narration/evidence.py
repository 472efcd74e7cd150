"""What a tip rests on and what stays open, said from its payloads: the climber's own sessions first.

A slope of observed sessions is association: the climber chose those days. Every sentence that speaks of one says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from climbiq.domain.written_numbers import plain, points
from recommendations.domain.kind_words import is_kind
from recommendations.domain.provenance import rests_on, what_is_known
from recommendations.narration.base import Payload

_MOSTLY_OWN: Final = 0.5  # share of own sessions in an estimate from which it is more theirs than others'
_LITTLE_OWN: Final = 0.1
_SURE: Final = 0.9
_LIKELY: Final = 0.75

_WENT_TOGETHER: Final = "what went together in sessions need not have caused what followed"
_SAME_FOR_EVERYONE: Final = (
    "What one kind of session is worth over another is taken to be the same for every climber"
)
_CHOSEN_DAYS: Final = (
    "as climbers choose their days for it, what went together need not have caused what followed"
)
_NOT_A_CAUSE: Final = (
    "that they went together does not show that the one caused the other, since you chose those days"
)


def own_sessions(*, tip: Payload, stats: Payload) -> str:
    """What this climber's own sessions say about the tip, or that they say nothing yet."""
    basis = _mapping(tip.get("basis"))
    n, reliability = _number(basis.get("own_sessions")), _number(basis.get("reliability")) or 0.0
    if not n:
        known = what_is_known(_mapping(basis.get("population")))
        return (
            f"None of your own sessions speak to this yet: it is {known}, and your sessions will correct it."
        )
    sessions = f"{plain(n)} session{'' if n == 1 else 's'}"
    if is_kind(str(tip.get("variable", ""))) and reliability < _LITTLE_OWN:
        return _of_everyone(sessions, _compared(tip, stats))
    if reliability < _LITTLE_OWN:
        others = rests_on(_mapping(basis.get("population")))
        return f"Your own {sessions} tell little about this yet: it rests mainly on {others}, and {_WENT_TOGETHER}."
    weight = "mostly" if reliability >= _MOSTLY_OWN else "partly"
    compared = _compared(tip, stats)
    if compared:
        return f"It rests {weight} on your own {sessions}: {compared}."
    return f"It rests {weight} on how your own {sessions} went, and {_NOT_A_CAUSE}."


def what_is_open(*, tip: Payload) -> str:
    """What is uncertain about the gain, in words first."""
    low, high = _interval(tip.get("gain_interval_95"))
    probability = _number(tip.get("probability_of_gain")) or 0.0
    if low is None or high is None:
        return "How much of this carries over to today is uncertain."
    if low > 0:
        return (
            f"Even the low end of what fits the evidence, {points(low)}, is a gain; but sessions that look alike "
            "differ by more than that, so today alone will not show it."
        )
    lean = (
        "a fair bet"
        if probability >= _SURE
        else "a lean"
        if probability >= _LIKELY
        else "little more than a hunch"
    )
    return (
        f"Anything from {plain(low)} to {points(high)} fits the evidence, so no effect, or a loss, would be no "
        f"surprise: take it as {lean}, not as a promise."
    )


def _of_everyone(sessions: str, compared: str) -> str:
    """What one kind is worth over another: the same for everyone, so own sessions count as any others do."""
    text = f"{_SAME_FOR_EVERYONE}; your own {sessions} count like anybody's, and {_CHOSEN_DAYS}"
    return f"{text}. In yours, {compared}." if compared else f"{text}."


def _compared(tip: Payload, stats: Payload) -> str:
    """Two groups of the climber's own sessions, where the statistics hold them and they bear on this tip."""
    variable, advised = tip.get("variable"), tip.get("recommended_value")
    if variable == "caffeine_mg":
        own = _mapping(stats.get("personal_caffeine"))
        more = _group("those with plenty of caffeine", own.get("high_caffeine_avg"), own.get("n_high"))
        less = _group("those with next to none", own.get("low_caffeine_avg"), own.get("n_low"))
    elif variable == "session_type" and advised in ("project", "volume"):
        own = _mapping(stats.get("personal_high_stress"))
        more = _group(
            "on stressed days your projecting", own.get("avg_quality_project"), own.get("n_project")
        )
        less = _group("your volume", own.get("avg_quality_volume"), own.get("n_volume"))
    else:
        return ""
    return f"{more}, {less}, and {_NOT_A_CAUSE}" if more and less else ""


def _group(name: str, average: object, count: object) -> str:
    quality, n = _number(average), _number(count)
    if quality is None or not n:
        return ""
    return f"{name} averaged {plain(quality)} over {plain(n)}"


def _mapping(value: object) -> Payload:
    return value if isinstance(value, Mapping) else {}


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _interval(value: object) -> tuple[float | None, float | None]:
    if not isinstance(value, list | tuple) or len(value) != 2:
        return None, None
    return _number(value[0]), _number(value[1])
