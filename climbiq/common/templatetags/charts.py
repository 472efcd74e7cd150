"""Charts as inline SVG: drawn on the server, coloured by the page, readable without seeing them.

Each has a title, a description, and its numbers as a table. Intervals are given as pairs (low, high); a value may
be anything that `float` takes. Rows are those of `climbiq.common.chart_data`. On a page::

    {% load charts %}
    {% prediction_chart prediction own_forecast %}      {# a recommendation's `prediction` event #}
    {% interval_bar expected predictive mean own %}
    {% session_outcome prediction rating %}
    {% interval_plot estimates "Your effects" "points per hour" %}
    {% gain_bars estimates "What would help" %}
    {% quality_trend moments "Your last 40 sessions" %}
    {% belief_shift before before_interval after after_interval "Caffeine" "points per mg" %}
    {% calibration_plot points "Coaches" %}
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from django import template
from django.utils.formats import date_format

from climbiq.common.chart_data import Calibration, Estimate, Moment, one, signed
from climbiq.domain.chart_geometry import (
    WIDTH,
    Axis,
    band_path,
    bell_path,
    covering_axis,
    line_path,
)
from climbiq.domain.normal import Z_95

register = template.Library()

Context = dict[str, Any]
Interval = Sequence[Any]

_LEFT: Final = 14.0
_RIGHT: Final = WIDTH - 14.0


@register.inclusion_tag("charts/interval_bar.html")
def interval_bar(
    expected: Any,
    predictive: Interval,
    mean: Interval | None = None,
    own: Any = None,
    title: str = "",
    *,
    is_guess: bool = True,
) -> Context:
    """Expected quality on 1–10, the interval of such sessions' mean, and that of the session itself.

    The climber's own number is their guess before the session, or else their rating after it.
    """
    axis = Axis(1, 10, _LEFT, _RIGHT)
    own_value = None if own in (None, "") else float(own)
    low, high = map(float, predictive)
    rows = [("Expected", one(expected)), ("The session itself, 19 times in 20", f"{one(low)} to {one(high)}")]
    if mean:
        rows.append(("The mean of such sessions, 95 %", f"{one(mean[0])} to {one(mean[1])}"))
    if own_value is not None:
        rows.append(("Your own guess" if is_guess else "How it was", f"{own_value:g}"))
    return {
        "title": title or "Expected quality of the session",
        "description": "; ".join(f"{name}: {value}" for name, value in rows)
        + ". The scale runs from 1 to 10.",
        "width": WIDTH,
        "height": 98 if own_value is None else 112,
        "floor": 66 if own_value is None else 80,
        "ticks": [(axis.at(n), n) for n in range(1, 11)],
        "axis": axis,
        "expected": (axis.at(float(expected)), one(expected)),
        "predictive": axis.span(low, high),
        "own_word": "you" if is_guess else "it was",
        "own_meaning": "your guess" if is_guess else "how it was",
        "mean": axis.span(float(mean[0]), float(mean[1])) if mean else None,
        "own": None
        if own_value is None
        else (axis.at(own_value), f"{own_value:g}", axis.at(own_value) > WIDTH * 0.7),
        "header": ("", "Quality"),
        "rows": rows,
    }


@register.inclusion_tag("charts/interval_bar.html")
def prediction_chart(prediction: Mapping[str, Any], own_forecast: Any = None) -> Context:
    """The interval bar of a recommendation's `prediction` event."""
    return interval_bar(
        prediction["expected_quality"],
        prediction["predictive_interval_95"],
        prediction.get("mean_interval_95"),
        own_forecast,
    )


@register.inclusion_tag("charts/interval_bar.html")
def session_outcome(prediction: Any, rating: Any) -> Context:
    """The interval bar of a prediction, and how the session was."""
    return interval_bar(
        prediction.expected_quality,
        prediction.predictive_interval_95,
        prediction.mean_interval_95,
        rating,
        "What was expected, and how it was",
        is_guess=False,
    )


@register.inclusion_tag("charts/interval_plot.html")
def interval_plot(
    estimates: Sequence[Estimate],
    title: str,
    unit: str = "",
    reference_label: str = "Climbers",
    own_label: str = "Yours",
) -> Context:
    """Quantities with their intervals about nought, each above what it is compared with."""
    values = [
        v
        for e in estimates
        for v in (e.low, e.high, e.reference_low, e.reference_high, e.reference)
        if v is not None
    ]
    axis = covering_axis(values, start=_LEFT, end=_RIGHT, also=0.0)
    drawn = [
        {
            "label": e.label,
            "y": 20 + 52 * n,
            "point": axis.at(e.value),
            "span": axis.span(e.low, e.high),
            "half": None if e.half_low is None or e.half_high is None else axis.span(e.half_low, e.half_high),
            "reference": None if e.reference is None else axis.at(e.reference),
            "reference_span": None
            if e.reference_low is None or e.reference_high is None
            else axis.span(e.reference_low, e.reference_high),
        }
        for n, e in enumerate(estimates)
    ]
    has_reference = any(e.reference is not None for e in estimates)
    return {
        **_frame(title, [_spoken(e, reference_label) for e in estimates], axis, bottom=20 + 52 * len(drawn)),
        "drawn": drawn,
        "unit": unit,
        "own_label": own_label,
        "has_halves": any(row["half"] for row in drawn),
        "reference_label": reference_label if has_reference else "",
        "header": (
            "",
            f"{own_label}{f', {unit}' if unit else ''}",
            *((reference_label,) if has_reference else ()),
        ),
        "rows": [
            (
                e.label,
                f"{signed(e.value)} ({signed(e.low)} to {signed(e.high)})",
                *(("" if e.reference is None else signed(e.reference),) if has_reference else ()),
            )
            for e in estimates
        ],
    }


@register.inclusion_tag("charts/gain_bars.html")
def gain_bars(estimates: Sequence[Estimate], title: str) -> Context:
    """What changes are worth, as bars from nought with their intervals."""
    axis = covering_axis([v for e in estimates for v in (e.low, e.high)], start=_LEFT, end=_RIGHT, also=0.0)
    return {
        **_frame(title, [_spoken(e, "") for e in estimates], axis, bottom=20 + 52 * len(estimates)),
        "drawn": [
            {
                "label": e.label,
                "value": signed(e.value),
                "y": 20 + 52 * n,
                "bar": axis.span(0.0, e.value),
                "span": axis.span(e.low, e.high),
            }
            for n, e in enumerate(estimates)
        ],
        "header": ("", "Gain", "95 % interval"),
        "rows": [(e.label, signed(e.value), f"{signed(e.low)} to {signed(e.high)}") for e in estimates],
    }


@register.inclusion_tag("charts/share_bars.html")
def share_bars(shares: Sequence[tuple[str, float]], title: str) -> Context:
    """How a whole is divided: one bar for each part, its label and its share, 0–1."""
    axis = Axis(0.0, 1.0, _LEFT, _RIGHT)
    told = [(label, f"{share:.0%}".replace("%", " %")) for label, share in shares]
    return {
        **_frame(title, [f"{label}: {value}" for label, value in told], axis, bottom=20 + 40 * len(told)),
        "drawn": [
            {"label": label, "value": value, "y": 20 + 40 * n, "bar": axis.span(0.0, share)}
            for n, ((label, value), (_, share)) in enumerate(zip(told, shares, strict=True))
        ],
        "header": ("", "Share"),
        "rows": told,
    }


@register.inclusion_tag("charts/quality_trend.html")
def quality_trend(moments: Sequence[Moment], title: str) -> Context:
    """Quality session by session, with what was expected and its band."""
    days = [m.day.toordinal() for m in moments] or [0]
    x = Axis(min(days), max(days) if max(days) > min(days) else min(days) + 1, 28.0, _RIGHT)
    y = Axis(1, 10, 170.0, 12.0)
    banded = [
        (x.at(m.day.toordinal()), y.at(m.low), y.at(m.high))
        for m in moments
        if m.low is not None and m.high is not None
    ]
    observed = [m for m in moments if m.observed is not None]
    first_and_last = [m.day for m in (moments[:1] if len(moments) < 2 else (moments[0], moments[-1]))]
    return {
        "title": title,
        "description": _trend_words(observed),
        "width": WIDTH,
        "height": 200,
        "left": x.start,
        "right": x.end,
        "y_ticks": [(y.at(n), n) for n in (1, 4, 7, 10)],
        "x_ticks": [(x.at(day.toordinal()), date_format(day, "j M Y"), anchor)
                    for day, anchor in zip(first_and_last, ("start", "end"), strict=False)],
        "band": band_path(banded),
        "line": line_path([(x.at(m.day.toordinal()), y.at(m.expected)) for m in moments if m.expected is not None]),
        "points": [(x.at(m.day.toordinal()), y.at(m.observed)) for m in observed if m.observed is not None],
        "header": ("Day", "Quality", "Expected"),
        "rows": [
            (
                date_format(m.day, "j M Y"),
                "" if m.observed is None else f"{m.observed:g}",
                "" if m.expected is None else _with_interval(m),
            )
            for m in moments
        ],
    }  # fmt: skip


@register.inclusion_tag("charts/belief_shift.html")
def belief_shift(
    before: Any,
    before_interval: Interval,
    after: Any,
    after_interval: Interval,
    title: str,
    unit: str = "",
    *,
    is_effect: bool = True,
    has_key: bool = True,
) -> Context:
    """What was believed of an effect, and what is believed now: two bells over one axis.

    An effect has a sign, and nought is on its axis; anything else is a plain quality. Where many stand side by side
    the page has the key once, and they have none.
    """
    beliefs = [
        (float(m), (float(i[1]) - float(i[0])) / (2 * Z_95) or 1e-3, i)
        for m, i in ((before, before_interval), (after, after_interval))
    ]
    axis = covering_axis(
        [m + k * sd for m, sd, _ in beliefs for k in (-3, 3)],
        start=_LEFT,
        end=_RIGHT,
        also=0.0 if is_effect else None,
        margin=0,
    )
    written = signed if is_effect else one
    narrowest = min(sd for _, sd, _ in beliefs)
    bells = [
        bell_path(mean=m, sd=sd, axis=axis, baseline=104.0, height=84.0 * narrowest / sd)
        for m, sd, _ in beliefs
    ]
    words = [f"{written(m)} ({written(i[0])} to {written(i[1])})" for m, _, i in beliefs]
    return {
        **_frame(title, [f"Before: {words[0]}", f"Now: {words[1]}"], axis, bottom=104),
        "ticks": [(axis.at(tick), written(tick)) for tick in axis.ticks()],
        "bells": bells,
        "means": [(axis.at(m), round(104 - 84 * narrowest / sd, 1)) for m, sd, _ in beliefs],
        "unit": unit,
        "has_key": has_key,
        "header": ("", f"{'Effect' if is_effect else title}{f', {unit}' if unit else ''}"),
        "rows": [("Before", words[0]), ("Now", words[1])],
    }


@register.inclusion_tag("charts/calibration_plot.html")
def calibration_plot(points: Sequence[Calibration], title: str) -> Context:
    """How often things came true that were said to be so likely: on the diagonal, as often as said."""
    x, y = Axis(0, 1, 44.0, 316.0), Axis(0, 1, 288.0, 16.0)
    shares = (0.0, 0.25, 0.5, 0.75, 1.0)
    return {
        "title": title,
        "description": _sentence(f"said {_percent(p.said)}, seen {_percent(p.seen)} (n {p.n})" for p in points),
        "width": WIDTH,
        "height": 330,
        "x_ticks": [(x.at(share), _percent(share)) for share in shares],
        "y_ticks": [(y.at(share), _percent(share)) for share in shares],
        "left": x.start, "right": x.end, "top": y.end, "bottom": y.start,
        "points": [(x.at(p.said), y.at(p.seen), y.at(p.low), y.at(p.high)) for p in points],
        "header": ("Said", "Came true", "95 % interval", "n"),
        "rows": [
            (_percent(p.said), _percent(p.seen), f"{_percent(p.low)} to {_percent(p.high)}", str(p.n))
            for p in points
        ],
    }  # fmt: skip


def _frame(title: str, sentences: Sequence[str], axis: Axis, *, bottom: float) -> Context:
    """What the charts above a numbered horizontal axis have in common."""
    return {
        "title": title,
        "description": _sentence(sentences),
        "width": WIDTH,
        "height": bottom + 30,
        "bottom": bottom,
        "zero": axis.at(0.0) if axis.holds(0.0) else None,
        "left": axis.start,
        "right": axis.end,
        "ticks": [(axis.at(tick), signed(tick)) for tick in axis.ticks()],
    }


def _sentence(parts: Iterable[str]) -> str:
    text = "; ".join(parts)
    return f"{text}." if text else "Nothing to show yet."


def _spoken(estimate: Estimate, reference_label: str) -> str:
    words = f"{estimate.label}: {signed(estimate.value)}, between {signed(estimate.low)} and {signed(estimate.high)}"
    if estimate.reference is None:
        return words
    return f"{words}; {reference_label.lower()} {signed(estimate.reference)}"


def _trend_words(observed: Sequence[Moment]) -> str:
    if not observed:
        return "No session yet."
    values = [m.observed for m in observed if m.observed is not None]
    return (
        f"{len(values)} sessions, from {min(values):g} to {max(values):g} of 10; the latest {values[-1]:g}."
    )


def _with_interval(moment: Moment) -> str:
    words = one(moment.expected)
    return (
        words
        if moment.low is None or moment.high is None
        else f"{words} ({one(moment.low)} to {one(moment.high)})"
    )


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"
