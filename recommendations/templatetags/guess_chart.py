"""The climber's guesses and ours as inline SVG: drawn like the charts of `climbiq.common.templatetags.charts`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from django import template
from django.utils.formats import date_format

from climbiq.common.chart_data import one, signed
from climbiq.domain.chart_geometry import WIDTH, Axis
from recommendations.domain.guesses import Guess

register = template.Library()

TOP: Final = 14.0
BOTTOM: Final = 174.0
LEFT: Final = 40.0
LEAST_SCALE: Final = 2.0  # points up and down: a small error is not drawn large


@register.inclusion_tag("recommendations/charts/guess_errors.html")
def guess_errors(guesses: Sequence[Guess], title: str) -> dict[str, Any]:
    """How far both were off, session by session; the sessions stand evenly, not to scale."""
    largest = max((abs(e) for g in guesses for e in (g.own_error, g.our_error)), default=0.0)
    reach = max(largest, LEAST_SCALE)
    x = Axis(0, max(len(guesses) - 1, 1), LEFT + 10.0, WIDTH - 20.0)
    y = Axis(-reach, reach, BOTTOM, TOP)
    ends = guesses[:1] if len(guesses) < 2 else (guesses[0], guesses[-1])
    said = "; ".join(
        f"{date_format(g.day, 'j M Y')}: you {signed(g.own_error)}, ClimbIQ {signed(g.our_error)}"
        for g in guesses
    )
    return {
        "title": title,
        "description": f"{said}. 0 is exactly as it came." if said else "Nothing to show yet.",
        "width": WIDTH,
        "height": 206,
        "left": LEFT,
        "right": WIDTH - 10.0,
        "zero": y.at(0.0),
        "y_ticks": [(y.at(tick), signed(tick)) for tick in y.ticks() if tick],
        "x_ticks": [
            (place, date_format(g.day, "j M Y"), anchor)
            for place, g, anchor in zip((LEFT, WIDTH - 10.0), ends, ("start", "end"), strict=False)
        ],
        "points": [(x.at(k), y.at(g.own_error), y.at(g.our_error)) for k, g in enumerate(guesses)],
        "header": ("Day", "Your guess", "Ours", "It was"),
        "rows": [
            (date_format(g.day, "j M Y"), f"{g.own:g}", one(g.ours), f"{g.observed:g}") for g in guesses
        ],
    }
