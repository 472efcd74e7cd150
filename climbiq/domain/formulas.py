"""Text that a spreadsheet would run as a formula is written with an apostrophe before it, and read without."""

from __future__ import annotations

from typing import Final

__all__ = ["with_guard", "without_guard"]

GUARD: Final = "'"
# The last four are the wide forms, which some spreadsheets take for the narrow ones.
_STARTERS: Final = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")


def with_guard(text: str) -> str:
    """Put one apostrophe before what would be run.

    >>> with_guard("=1+1"), with_guard("'=1+1"), with_guard("7a"), with_guard("'tis")
    ("'=1+1", "''=1+1", '7a', "'tis")
    """
    return GUARD + text if text.lstrip(GUARD).startswith(_STARTERS) else text


def without_guard(text: str) -> str:
    """Take that apostrophe away again, and no other.

    >>> without_guard("'=1+1"), without_guard("'tis")
    ('=1+1', "'tis")
    """
    return text[1:] if text.startswith(GUARD) and text.lstrip(GUARD).startswith(_STARTERS) else text
