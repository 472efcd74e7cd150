"""What the page of a training run draws: the population's coefficients beside their priors, and calibration."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from climbiq.common.chart_data import Calibration, Estimate
from climbiq.domain.written_numbers import signed_fixed
from modeling.domain.learnt import Believed, Learnt, UnreadableLearnt, learnt_from_json
from modeling.domain.learnt_rhythms import LearntRhythm, rhythms_from_json
from modeling.domain.shares import share_interval


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the table: what the pictures show, in numbers."""

    label: str
    per: str
    before: str
    after: str
    half: str
    most: str
    spread_before: str
    spread_after: str


def calibration(*, held_out: Mapping[str, Any] | None) -> list[Calibration]:
    """How many of the held-out sessions lay within the central intervals, with what chance allows.

    >>> point = calibration(held_out={"n_sessions": 400, "coverage": {"50": 0.5}, "independent": {"50": 100}})[0]
    >>> point.said, point.seen, round(point.low, 3), round(point.high, 3), point.n
    (0.5, 0.5, 0.404, 0.596, 400)
    """
    n = int((held_out or {}).get("n_sessions", 0))
    independent = (held_out or {}).get("independent") or {}
    points = []
    for level, seen in sorted(((held_out or {}).get("coverage") or {}).items()):
        low, high = share_interval(share=seen, n=independent.get(level, n))
        points.append(Calibration(said=float(level) / 100, seen=seen, low=low, high=high, n=n))
    return points


def learnt_population(
    *, learnt: Mapping[str, Any] | None, priors: Mapping[str, Any] | None
) -> dict[str, Any]:
    """What was learnt of climbers in general, ready to be drawn; nothing where the run did not come that far."""
    if learnt is None or priors is None:
        return {}
    try:
        usual, *effects, noise = learnt_from_json(stored=learnt, priors=priors)
    except UnreadableLearnt:
        return {"learnt_is_of_another_version": True}
    conditions = [row for row in effects if not row.is_kind]
    kinds = [row for row in effects if row.is_kind]
    return {
        "learnt": {
            "usual": usual,
            "conditions": conditions,
            "estimates": [_estimate(row) for row in conditions],
            "lines": [
                _line(usual, _plain),
                *(_line(row, _signed) for row in conditions),
                _line(noise, _plain),
            ],
            "kinds": kinds,
            "kind_estimates": [_estimate(row) for row in kinds],
            "kind_lines": [_line(row, _signed) for row in kinds],
        }
    }


def learnt_rhythms(*, learnt: Mapping[str, Any] | None) -> dict[str, Any]:
    """What was learnt of time, in words and ready to be drawn; nothing where the run did not come that far.

    >>> drift = {"rate_per_day": 0.03, "half_life_days": 60.0}
    >>> told = learnt_rhythms(learnt={"time": {"drift": drift, "rhythms": [drift | {"noise_scale": 0.7, "weight": 1}]}})
    >>> told["rhythms"]["profiled"]
    '3.0 % of the noise’s variance a day, faded by half in 60 days'
    >>> told["rhythms"]["shares"]
    [('3.0 % a day, half in 60 days; noise × 0.7', 1.0)]
    """
    found = rhythms_from_json(stored=learnt)
    if found is None:
        return {}
    profiled = found.profiled
    fades = (
        "which stays" if profiled.is_random_walk else f"faded by half in {profiled.half_life_days:.0f} days"
    )
    return {
        "rhythms": {
            "profiled": f"{100 * profiled.rate_per_day:.1f} % of the noise’s variance a day, {fades}",
            "shares": [(_rhythm(r), r.weight) for r in found.rhythms],
        }
    }


def _rhythm(rhythm: LearntRhythm) -> str:
    drift = rhythm.drift
    if drift.rate_per_day == 0.0:
        pace = "no drift"
    elif drift.is_random_walk:
        pace = f"{100 * drift.rate_per_day:.1f} % a day, which stays"
    else:
        pace = f"{100 * drift.rate_per_day:.1f} % a day, half in {drift.half_life_days:.0f} days"
    return f"{pace}; noise × {rhythm.noise_scale:g}"


def _estimate(row: Learnt) -> Estimate:
    return Estimate(
        label=f"{row.label}, {row.per}",
        value=row.after.mean,
        low=row.after.most[0],
        high=row.after.most[1],
        half_low=row.after.half[0],
        half_high=row.after.half[1],
        reference=row.before.mean,
        reference_low=row.before.most[0],
        reference_high=row.before.most[1],
    )


def _line(row: Learnt, written: Callable[[float], str]) -> Line:
    return Line(
        label=row.label,
        per=row.per,
        before=f"{written(row.before.mean)} ({_between(row.before.most, written)})",
        after=written(row.after.mean),
        half=_between(row.after.half, written),
        most=_between(row.after.most, written),
        spread_before=_spread(row.spread_before),
        spread_after=_spread(row.spread_after),
    )


def _spread(spread: Believed | None) -> str:
    return "" if spread is None else f"{_plain(spread.mean)} ({_between(spread.most, _plain)})"


def _between(ends: tuple[float, float], written: Callable[[float], str]) -> str:
    return f"{written(ends[0])} to {written(ends[1])}"


def _signed(value: float) -> str:
    return signed_fixed(value, decimals=2)


def _plain(value: float) -> str:
    return f"{value:.2f}"
