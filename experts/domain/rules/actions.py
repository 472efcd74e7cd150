"""What a rule may do, read out of JSON.

A message is shown as it is written. Nothing is filled into it, so no rule can carry one climber's answers, or
anything else, onto a page.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from climbiq.domain.rule_fields import finite_number
from climbiq.domain.texts import UnstorableText, clean_text, quotable
from climbiq.domain.variables import MODEL_VARIABLES, TREATMENTS, UnknownVariable, variable
from climbiq.domain.vocabularies import OVERRIDE_RECOMMENDATIONS
from experts.domain.rules.faults import Faults
from experts.domain.rules.tree import Action, Message, ModifyCoefficient, Override, Suppress

__all__ = ["MAX_ACTIONS", "MAX_MESSAGE_CHARS", "MAX_MULTIPLIER", "SUPPRESSIBLE", "read_actions"]

MAX_ACTIONS: Final = 20
MAX_MESSAGE_CHARS: Final = 500
MAX_MULTIPLIER: Final = 3.0

_SHORT_NAMES: Final[Mapping[str, str]] = {"caffeine_mg": "caffeine", "warmup_duration_min": "warmup"}

# Target → the treatment that no advice is given on; the first spelling of each is the one that is stored.
SUPPRESSIBLE: Final[Mapping[str, str]] = {
    f"{_SHORT_NAMES.get(name, name)}_recommendation": name for name in TREATMENTS
}
_OTHER_SPELLINGS: Final[Mapping[str, str]] = {
    f"{spelling}_recommendation": target
    for target, name in SUPPRESSIBLE.items()
    for spelling in (name, variable(name).planned_column)
}


def read_actions(raw: object, at: str, faults: Faults) -> tuple[Action, ...]:
    """Read a list of actions, noting every fault; the result is whole only if none was noted."""
    if not isinstance(raw, list) or not raw:
        faults.add(at, "Must be a list of at least one action.")
        return ()
    if len(raw) > MAX_ACTIONS:
        faults.add(at, f"Has {len(raw):,} actions; {MAX_ACTIONS} are the most.")
        return ()
    found: list[Action] = []
    seen: set[object] = set()
    for place, item in enumerate(raw):
        action = _read_action(item, f"{at}[{place}]", faults)
        if action is not None:
            purpose = _purpose(action)
            if purpose in seen:
                faults.add(f"{at}[{place}]", "An earlier action does this already.")
            seen.add(purpose)
            found.append(action)
    return tuple(found)


def _purpose(action: Action) -> object:
    """What only one action of a rule can settle."""
    match action:
        case Override():
            return Override
        case Suppress(target) | ModifyCoefficient(target):
            return type(action), target
        case Message(text):
            return text


def _read_action(raw: object, at: str, faults: Faults) -> Action | None:
    known = ", ".join(_READERS)
    if not isinstance(raw, dict):
        faults.add(at, f'Must be an action with a "type" out of: {known}.')
        return None
    kind = raw.get("type")
    reader = _READERS.get(kind) if isinstance(kind, str) else None
    if reader is None:
        faults.add(f"{at}.type", f"There is no {quotable(kind)}. Known: {known}.")
        return None
    return reader(raw, at, faults)


def _override(raw: dict[str, object], at: str, faults: Faults) -> Override | None:
    faults.unknown_keys(at, raw, "type", "recommendation", "message")
    word = raw.get("recommendation")
    if not isinstance(word, str) or word not in OVERRIDE_RECOMMENDATIONS:
        faults.add(f"{at}.recommendation", f"Must be one of: {', '.join(OVERRIDE_RECOMMENDATIONS)}.")
        word = None
    text = _message_text(raw, at, faults)
    return None if word is None or text is None else Override(word, text)


def _message(raw: dict[str, object], at: str, faults: Faults) -> Message | None:
    faults.unknown_keys(at, raw, "type", "message")
    text = _message_text(raw, at, faults)
    return None if text is None else Message(text)


def _suppress(raw: dict[str, object], at: str, faults: Faults) -> Suppress | None:
    faults.unknown_keys(at, raw, "type", "target")
    given = raw.get("target")
    target = _OTHER_SPELLINGS.get(given, given) if isinstance(given, str) else None
    if target is None or target not in SUPPRESSIBLE:
        faults.add(f"{at}.target", f"There is no {quotable(given)}. Known: {', '.join(SUPPRESSIBLE)}.")
        return None
    return Suppress(target)


def _modify(raw: dict[str, object], at: str, faults: Faults) -> ModifyCoefficient | None:
    faults.unknown_keys(at, raw, "type", "target", "multiplier")
    target, multiplier = _coefficient(raw.get("target")), finite_number(raw.get("multiplier"))
    if target is None:
        known = ", ".join(MODEL_VARIABLES)
        faults.add(
            f"{at}.target", f"There is no coefficient of {quotable(raw.get('target'))}. Known: {known}."
        )
    if multiplier is None or not 0 <= multiplier <= MAX_MULTIPLIER:
        faults.add(f"{at}.multiplier", f"Must be a number between 0 and {MAX_MULTIPLIER:g}.")
        return None
    return None if target is None else ModifyCoefficient(target, float(multiplier))


def _coefficient(given: object) -> str | None:
    try:
        name = variable(given).name if isinstance(given, str) else None
    except UnknownVariable:
        return None
    return name if name in MODEL_VARIABLES else None


def _message_text(raw: dict[str, object], at: str, faults: Faults) -> str | None:
    given = raw.get("message")
    try:
        text = clean_text(given) if isinstance(given, str) else ""
    except UnstorableText as error:
        faults.add(f"{at}.message", f"The text {error}.")
        return None
    if not text:
        faults.add(f"{at}.message", "Needs a text for the climber.")
    elif len(text) > MAX_MESSAGE_CHARS:
        faults.add(
            f"{at}.message", f"Can have {MAX_MESSAGE_CHARS} characters at most; these are {len(text):,}."
        )
    elif "{" in text or "}" in text:
        faults.add(f"{at}.message", "Is shown as it is written: nothing is filled in for { }.")
    else:
        return text
    return None


_READERS: Final[Mapping[str, Callable[[dict[str, object], str, Faults], Action | None]]] = {
    "override": _override,
    "suppress": _suppress,
    "modify_coefficient": _modify,
    "message": _message,
}
