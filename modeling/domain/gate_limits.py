"""What the publication gate demands, apart from it: pages that show it must not import the compiler."""

from __future__ import annotations

from typing import Final

HIGHEST_RHAT: Final = 1.01
LEAST_ESS: Final = 400.0
LEAST_INSIDE: Final = 0.75  # share of the prior predictive within 0.5–10.5, what rounds to a rating
