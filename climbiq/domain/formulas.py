"""Text that a spreadsheet would run as a formula is written with an apostrophe before it, and read without."""

from __future__ import annotations

import unicodedata
from typing import Final

__all__ = ["with_guard", "without_guard"]

GUARD: Final = "'"
_STARTERS: Final = ("=", "+", "-", "@", "\N{MINUS SIGN}")
_UNSEEN: Final = frozenset({"Cc", "Cf", "Zs", "Zl", "Zp"})  # controls, joiners and marks, spaces


def with_guard(text: str) -> str:
    """Put one apostrophe before what would be run.

    >>> with_guard("=1+1"), with_guard("'=1+1"), with_guard("7a"), with_guard("'tis")
    ("'=1+1", "''=1+1", '7a', "'tis")
    """
    return GUARD + text if _is_run(text) else text


def without_guard(text: str) -> str:
    """Take that apostrophe away again, and no other.

    >>> without_guard("'=1+1"), without_guard("'tis")
    ('=1+1', "'tis")
    """
    return text[1:] if text.startswith(GUARD) and _is_run(text) else text


def _is_run(text: str) -> bool:
    """Whether a spreadsheet may take it for a formula, whatever apostrophes and unseen characters it begins with.

    Wide, small, raised and lowered forms count as what they stand for: some spreadsheets take them for that. A control
    character at the start may make one drop what is before it, or begin a new cell.
    """
    bare = text.lstrip(GUARD)
    for character in bare:
        if unicodedata.category(character) not in _UNSEEN:
            return unicodedata.normalize("NFKC", character).startswith(_STARTERS)
        if character in "\t\r\n\v\f":
            return True
    return False
