"""How numbers stand in sentences and tables: a real minus, no needless digits, points and waiting times in words.

What a number is rounded to is decided where it is computed; here it is only written.
"""

from __future__ import annotations

import math

__all__ = ["fixed_points", "plain", "points", "signed", "signed_fixed", "waiting_time"]

_MINUS = "\N{MINUS SIGN}"
_HOUR_SECONDS = 3600
_DAY_SECONDS = 86_400


def plain(value: float) -> str:
    """A number as sentences write it.

    >>> plain(100.0), plain(0.3), plain(-0.58)
    ('100', '0.3', '−0.58')
    """
    text = f"{value:.10f}".rstrip("0").rstrip(".")
    return text.replace("-", _MINUS)


def signed(value: float, *, significant: int | None = None) -> str:
    """A difference with its sign, to so many digits that count where that is given.

    >>> signed(0.3), signed(-0.25), signed(0.0), signed(-0.0144, significant=2)
    ('+0.3', '−0.25', '0', '−0.014')
    """
    number = float(value if significant is None else f"{float(value):.{significant}g}")
    return f"{number:+g}".replace("-", _MINUS) if number else "0"


def signed_fixed(value: float, *, decimals: int = 2) -> str:
    """A difference with its sign and always so many decimals, so that what stands beside others like it
    compares.

    >>> signed_fixed(0.5), signed_fixed(-0.014), signed_fixed(-0.001), signed_fixed(2.0, decimals=1)
    ('+0.50', '−0.01', '0.00', '+2.0')
    """
    number = round(value, decimals) + 0.0
    return f"{number:+.{decimals}f}".replace("-", _MINUS) if number else f"{0:.{decimals}f}"


def points(value: float) -> str:
    """A number of quality points.

    >>> points(1.0), points(0.3)
    ('1 point', '0.3 points')
    """
    return f"{plain(value)} point{'' if abs(value) == 1 else 's'}"


def fixed_points(value: float) -> str:
    """An average of points, to be compared with another.

    >>> fixed_points(1.0)
    '1.0 points'
    """
    return f"{value:.1f} points"


def waiting_time(seconds: float) -> str:
    """How long to wait, never less than it is.

    >>> waiting_time(2495), waiting_time(0.2), waiting_time(90), waiting_time(9000), waiting_time(180_000)
    ('42 minutes', '1 second', '90 seconds', '3 hours', '3 days')
    """
    units = ((_DAY_SECONDS, "day"), (_HOUR_SECONDS, "hour"), (60, "minute"))
    size, name = next(((size, name) for size, name in units if seconds > 2 * size), (1, "second"))
    n = max(1, math.ceil(seconds / size))
    return f"{n} {name}{'' if n == 1 else 's'}"
