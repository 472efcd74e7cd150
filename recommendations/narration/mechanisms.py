"""Why a change can matter: one or two sentences per variable and direction, without a single number.

Plain physiology and training practice, worded as tendencies; what it is worth for this climber is said elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from climbiq.domain.vocabularies import INTENSITIES

_CAFFEINE: Final = {
    "increase": (
        "Caffeine blocks the signal of tiredness in the brain, so hard moves feel a little less hard and "
        "concentration holds for longer; it takes a while to act and is still at work at bedtime."
    ),
    "decrease": (
        "Past the useful dose, caffeine adds jitter instead of strength: precise feet and calm breathing go first, "
        "and what is left of it in the evening costs the sleep that repairs you."
    ),
}
_WARM_UP: Final = {
    "increase": (
        "Warm muscle contracts faster and warm finger tissue tolerates load better, so the first hard tries are "
        "real tries instead of a late warm-up."
    ),
    "decrease": (
        "A warm-up that runs long spends skin and forearm endurance before the climbing that counts, and it takes "
        "its minutes from there."
    ),
}
_SESSION_TYPE: Final = {
    "project": (
        "Working on a project asks for full effort, fresh skin and the patience to fail: a session for a day on "
        "which body and head can afford it."
    ),
    "volume": (
        "Many climbs below the limit train movement and endurance without asking for full effort on each of them, "
        "so a tired body or a full head spoils them less."
    ),
    "technique": (
        "Attention to movement on easy ground needs little strength and recovers quickly, and what it teaches "
        "stays even when the day is not a strong one."
    ),
    "power": (
        "Short explosive moves only train power while the nervous system is fresh; long rests between tries are "
        "part of the work, not a break from it."
    ),
    "endurance": (
        "Sustained climbing trains the forearms to clear fatigue; it needs time and an even pace more than peak "
        "strength."
    ),
    "hangboard": (
        "Hanging loads the fingers in a measured way, without the surprise of a foot that slips, and asks little of "
        "the rest of the body."
    ),
    "competition": (
        "A competition session trains decisions under pressure as much as climbing; it rewards a settled head and "
        "a body with something in reserve."
    ),
    "recovery": (
        "Easy movement brings blood to tired tissue without adding load to it, which tends to help the next hard "
        "session more than this one."
    ),
}
_EASIER: Final = (
    "Holding back leaves strength for every climb instead of spending it on the first, and asks less of tissue that "
    "has not fully recovered."
)
_HARDER: Final = (
    "A body that has recovered answers to effort near the limit; with too much held back, a day that could have "
    "carried more is only exercise."
)
_SAME: Final = "How hard a session is decides how much of it is strength and how much is fatigue."
_HARDEST_FIRST: Final = tuple(INTENSITIES)  # the registry lists them from the hardest to the easiest

_GENERAL: Final = (
    "This is one of the few things that can still be changed before you start, and sessions with it tend to differ "
    "from sessions without it."
)
_BY_DIRECTION: Final[Mapping[str, Mapping[str, str]]] = {
    "caffeine_mg": _CAFFEINE,
    "warmup_duration_min": _WARM_UP,
}


def mechanism(*, variable: str, action: str, recommended: object, compared_with: object) -> str:
    """Why changing `variable` from `compared_with` to `recommended` can matter.

    A dose that was left open is compared with what the climber usually takes: whether that is more or less is told by
    the two, whatever the action is called.

    >>> mechanism(variable="caffeine_mg", action="choose", recommended=0, compared_with=132)[:20]
    'Past the useful dose'
    >>> mechanism(variable="warmup_duration_min", action="increase", recommended=20, compared_with=5)[:11]
    'Warm muscle'
    >>> mechanism(variable="session_intensity", action="choose", recommended="low", compared_with="max")[:12]
    'Holding back'
    """
    if variable == "session_type":
        return _SESSION_TYPE.get(str(recommended), _GENERAL)
    if variable == "session_intensity":
        return _of_intensity(str(recommended), str(compared_with))
    return _BY_DIRECTION.get(variable, {}).get(_direction(action, recommended, compared_with), _GENERAL)


def _direction(action: str, recommended: object, compared_with: object) -> str:
    if not isinstance(recommended, int | float) or not isinstance(compared_with, int | float):
        return action
    if recommended == compared_with:
        return action
    return "increase" if recommended > compared_with else "decrease"


def _of_intensity(recommended: str, compared_with: str) -> str:
    if recommended not in _HARDEST_FIRST:
        return _GENERAL
    if compared_with not in _HARDEST_FIRST or recommended == compared_with:
        return _SAME
    is_easier = _HARDEST_FIRST.index(recommended) > _HARDEST_FIRST.index(compared_with)
    return _EASIER if is_easier else _HARDER
