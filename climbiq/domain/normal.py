"""The one number of the normal distribution that is said all over the place."""

from __future__ import annotations

from typing import Final

Z_95: Final = 1.959963984540054  # 95 % of a normal lies within so many standard deviations
