"""What a reader sees of a text, in plain characters: the form in which numerals can be looked for.

Text from a language model may hold full-width or Arabic-Indic digits, characters that do not show, look-alike
letters, fractions in one character or digits drawn as pictures. What has a plain reading is brought to it;
what has none is reported, so that a check can refuse it.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

DASH = r"[\-‐‑‒–—―−˗]"  # a pattern: every character that may stand for a minus sign or a range

# Letters without ink: they are neither format characters nor spaces, and would split a numeral unseen.
_BLANK_LETTERS = frozenset("\u115f\u1160\u17b4\u17b5\u3164\uffa0\u2800\u034f")
_INVISIBLE_CATEGORIES = frozenset({"Cf", "Mn", "Me", "Cc", "Co", "Cs", "Cn"})
_THIN_SPACE_INSIDE_NUMERAL = re.compile(r"(?<=[0-9])[\u2006-\u200a\u202f\u205f]+(?=[0-9])")
_PICTURED_NUMBER = re.compile(
    r"\b(DIGIT|NUMBER|NUMERAL|KEYCAP|HUNDRED|CLOCK FACE|DIE FACE|PLAYING CARD|DOMINO|MAHJONG|COUNTING ROD)\b"
)
_LOOK_ALIKE = re.compile(r"(?<=[0-9])[OolI|]|[OolI|](?=[0-9])")
_WORD = re.compile(r"[\w|]+")


@dataclass(frozen=True, slots=True)
class Legible:
    """A text in plain characters, and the bits of it whose number, if they are one, cannot be told."""

    text: str
    doubtful: tuple[str, ...]


def legible(text: str) -> Legible:
    """Bring a text to plain characters and set aside what has no plain reading.

    Decimal digits of every script become ASCII digits; compatibility forms are folded (NFKC); characters that
    do not show are dropped; every space is a space. Doubtful are: numeric characters that are not digits
    (``½``, ``²``, ``Ⅳ``, ``三``), pictures of numbers, letters outside the Latin script (they may spell a
    number, or stand in for a Latin letter), and digits beside letters that look like digits (``1O``).

    >>> legible("６.４ to ٧\\u200d٥ mg")
    Legible(text='6.4 to 75 mg', doubtful=())
    >>> legible("½ a cup").doubtful, legible("1O0 mg").doubtful
    (('½',), ('1O0',))
    """
    if text.isascii() and text.isprintable():
        return Legible(text, tuple(_looking_like_digits(text)))
    doubtful: list[str] = []
    plain: list[str] = []
    for character in text:
        if character.isdecimal():
            plain.append(str(unicodedata.decimal(character)))
        elif character.isascii():
            plain.append(character if character.isprintable() else " " if character.isspace() else "")
        elif _is_invisible(character):
            continue
        elif _is_a_number_without_digits(character) or _is_a_foreign_letter(character):
            doubtful.append(character)
            plain.append(" ")
        else:
            plain.append(character)
    joined = _THIN_SPACE_INSIDE_NUMERAL.sub("", "".join(plain))
    folded = "".join(" " if c.isspace() else c for c in unicodedata.normalize("NFKC", joined))
    folded = "".join(c for c in folded if unicodedata.category(c) not in _INVISIBLE_CATEGORIES)
    return Legible(folded, (*doubtful, *_looking_like_digits(folded)))


def _looking_like_digits(plain: str) -> list[str]:
    return [word for word in _WORD.findall(plain) if _LOOK_ALIKE.search(word)]


def _is_invisible(character: str) -> bool:
    return character in _BLANK_LETTERS or unicodedata.category(character) in _INVISIBLE_CATEGORIES


def _is_a_number_without_digits(character: str) -> bool:
    if unicodedata.numeric(character, None) is not None:
        return True
    is_symbol = unicodedata.category(character) == "So"
    return is_symbol and _PICTURED_NUMBER.search(unicodedata.name(character, "")) is not None


def _is_a_foreign_letter(character: str) -> bool:
    if not unicodedata.category(character).startswith("L"):
        return False
    folded = unicodedata.normalize("NFKC", character)
    return not all(c.isascii() or unicodedata.name(c, "").startswith("LATIN ") for c in folded)
