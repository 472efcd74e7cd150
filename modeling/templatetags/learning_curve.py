"""How soon a climber is known, as inline SVG: drawn like the charts of `climbiq.common.templatetags.charts`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from django import template

from climbiq.domain.chart_geometry import WIDTH, Axis, line_path
from modeling.domain.scorecard import ColdStart

register = template.Library()

TOP: Final = 16.0
BOTTOM: Final = 176.0
LEFT: Final = 40.0


@register.inclusion_tag("modeling/charts/learning_curve.html")
def learning_curve(points: Sequence[ColdStart], title: str) -> dict[str, Any]:
    """Mean error after so many own sessions, beside the shrunken mean's; the steps stand evenly, not to scale."""
    highest = max((value for p in points for value in (p.mae, p.shrunken_mean_mae)), default=1.0)
    x = Axis(0, max(len(points) - 1, 1), LEFT + 6.0, WIDTH - 20.0)
    y = Axis(0, 1.1 * max(highest, 0.1), BOTTOM, TOP)
    ours = [(x.at(k), y.at(p.mae)) for k, p in enumerate(points)]
    theirs = [(x.at(k), y.at(p.shrunken_mean_mae)) for k, p in enumerate(points)]
    said = "; ".join(
        f"after {p.n_own} own sessions {p.mae:.2f}, the shrunken mean {p.shrunken_mean_mae:.2f}"
        for p in points
    )
    return {
        "title": title,
        "description": f"{said}." if said else "Nothing to show yet.",
        "width": WIDTH,
        "height": 224,
        "left": LEFT,
        "right": WIDTH - 14.0,
        "bottom": BOTTOM,
        "x_ticks": [(x.at(k), p.n_own) for k, p in enumerate(points)],
        "y_ticks": [(y.at(tick), f"{tick:g}") for tick in y.ticks()],
        "ours": line_path(ours),
        "theirs": line_path(theirs),
        "our_points": ours,
        "their_points": theirs,
        "header": ("Own sessions", "ClimbIQ", "Shrunken mean", "Climbers"),
        "rows": [
            (str(p.n_own), f"{p.mae:.3f}", f"{p.shrunken_mean_mae:.3f}", str(p.n_climbers)) for p in points
        ],
    }
