"""What people type, made safe to store and show: nothing invisible, nothing that reorders the page."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

__all__ = ["UnstorableText", "clean_text", "quotable"]

# Overrides, embeddings and isolates make text display in another order than it reads. The marks that ordinary
# Arabic or Hebrew needs (U+200E, U+200F, U+061C) are not among them, nor are the joiners of emoji.
_BIDI_CONTROLS: Final = "\u202a-\u202e\u2066-\u2069"
_CONTROLS: Final = "\x01-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f"
_NONCHARACTERS: Final = "\ufdd0-\ufdef\ufffe\uffff"
_BYTE_ORDER_MARK: Final = "\ufeff"
_INVISIBLE: Final = re.compile(f"[{_BIDI_CONTROLS}{_CONTROLS}{_NONCHARACTERS}{_BYTE_ORDER_MARK}]")

# Tag characters spell unseen words. Only a few flags need them: England's is a black flag tagged "gbeng".
_TAGS: Final = re.compile("(\U0001f3f4[\U000e0030-\U000e007a]{2,6}\U000e007f)|[\U000e0000-\U000e007f]")

_LINE_ENDS: Final = re.compile("\r\n|[\r\x85\u2028\u2029]")


class UnstorableText(ValueError):
    """Text that the database or an encoding refuses; the message is the end of a sentence."""


def clean_text(raw: str, *, one_line: bool = False) -> str:
    """Trim text and drop what cannot be seen; letters of every script, emoji and line breaks stay.

    Parameters
    ----------
    raw : str
        As it was typed, posted or read from a file.
    one_line : bool
        Turn runs of white space, line breaks among them, into single spaces.

    Raises
    ------
    UnstorableText
        For a NUL, which PostgreSQL refuses, and for a lone surrogate, which UTF-8 refuses.

    >>> clean_text("  crimpy\\r\\n  V5\\u202e \\x07 ")
    'crimpy\\n  V5'
    >>> clean_text("two\\nlines", one_line=True)
    'two lines'
    """
    if "\x00" in raw:
        raise UnstorableText("must not contain a NUL character")
    try:
        raw.encode()
    except UnicodeEncodeError:
        raise UnstorableText("contains a broken character") from None
    text = _INVISIBLE.sub("", _LINE_ENDS.sub("\n", raw))
    text = _TAGS.sub(lambda match: match.group(1) or "", text)
    text = unicodedata.normalize("NFC", text)
    return " ".join(text.split()) if one_line else text.strip()


def quotable(given: object) -> str:
    """A name out of a request, short and plain enough to be quoted back.

    >>> quotable("mood\x1b[31m" * 20)
    'mood[31mmood[31mmood[31mmood[31mmood'
    """
    return "".join(c for c in str(given)[:40] if c.isprintable()) or "field without a name"
