"""Days as diary files write them: 2026-05-04, and 04.05.2026, whose dots say that the day comes first."""

from __future__ import annotations

from datetime import date
from typing import Final

# Nothing with slashes: 04/05/2026 is in May here and in April there.
WRITTEN_DAY: Final = r"(\d{4}-\d\d-\d\d|\d{1,2}\.\d{1,2}\.\d{4})"
HOW_TO_WRITE: Final = "2026-05-04 or 04.05.2026"


def written_day(text: str) -> date:
    """The day that a text of the form `WRITTEN_DAY` means.

    Raises
    ------
    ValueError
        There is no such day.

    >>> written_day("2026-05-04") == written_day("04.05.2026") == written_day("4.5.2026")
    True
    """
    if "." not in text:
        return date.fromisoformat(text)
    day, month, year = map(int, text.split("."))
    return date(year, month, day)
