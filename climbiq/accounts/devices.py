"""What a browser or an app calls itself, in two words: enough to know one's own phone by, too little to trace it."""

from __future__ import annotations

import re
from typing import Final

MAX_CHARS: Final = 60
# The first that is found: later ones also name those before them.
_BROWSERS: Final = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"),
    ("CriOS", "Chrome"),
    ("Chrom", "Chrome"),
    ("Safari", "Safari"),
)
_SYSTEMS: Final = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Macintosh", "Mac"),
    ("Linux", "Linux"),
)
_PROGRAM: Final = re.compile(r"[A-Za-z][\w .+-]{0,40}(?:/[\w.]{1,16})?")


def device_of(user_agent: str) -> str:
    """Name browser and system, or the program that is none; blank where nothing can be told.

    >>> device_of("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")
    'Firefox on Linux'
    >>> device_of("ClimbIQ-Android/2.1 (Pixel 9)")
    'ClimbIQ-Android/2.1'
    """
    browser = _first(_BROWSERS, user_agent)
    system = _first(_SYSTEMS, user_agent)
    if browser and system:
        return f"{browser} on {system}"
    if user_agent.startswith("Mozilla/"):
        return browser or system
    program = _PROGRAM.match(user_agent)
    return program.group().strip()[:MAX_CHARS] if program else ""


def _first(names: tuple[tuple[str, str], ...], text: str) -> str:
    return next((name for mark, name in names if mark in text), "")
