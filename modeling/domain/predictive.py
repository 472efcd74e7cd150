"""Predictive distributions of many sessions at once, and the proper scores that judge them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from modeling.domain.posterior import HIGHEST_QUALITY, LOWEST_QUALITY
from modeling.domain.rating_scale import NO_STEP, RATING_STEPS, rating_points

Floats = NDArray[np.float64]

BISECTIONS = 60
MOST_MISSING = 1e-5  # of a row's weights
ROUNDING_VARIANCE = 1.0 / 12.0  # of a number rounded to the nearest step, in squares of the step


class InvalidPredictive(ValueError):
    """Means, SDs and weights that describe no distribution."""


@dataclass(frozen=True, slots=True)
class Predictive:
    """Mixtures of normals, one for each of n sessions.

    Attributes
    ----------
    mean, sd, weight
        (n, k) components; the weights of a row sum to one. They are of what is recorded: of the rating, if it is one.
    rating_step
        (n,) the step in which each quality is recorded: 1 for whole numbers 1–10, ½, or 0 for a quality that is not
        rounded. A component's rating is a normal rounded to the nearest rating r on the scale,
        P(rating ≤ r) = F(r + step / 2) for r < 10, and that normal is narrower than the component, whose variance has
        rounding in it (:func:`before_rounding`).
    """

    mean: Floats
    sd: Floats
    weight: Floats
    rating_step: Floats

    def __post_init__(self) -> None:
        if not (self.mean.ndim == 2 and self.mean.shape == self.sd.shape == self.weight.shape):
            raise InvalidPredictive(f"shapes {self.mean.shape}, {self.sd.shape}, {self.weight.shape}")
        if not (np.isfinite(self.mean).all() and np.isfinite(self.sd).all() and (self.sd > 0.0).all()):
            raise InvalidPredictive("means must be finite and SDs positive")
        if (self.weight < 0.0).any() or (np.abs(self.weight.sum(axis=1) - 1.0) > MOST_MISSING).any():
            raise InvalidPredictive("weights must be non-negative and sum to one")
        if self.rating_step.shape != self.mean.shape[:1]:
            raise InvalidPredictive(f"{self.mean.shape[0]} sessions, rating steps {self.rating_step.shape}")
        if not np.isin(self.rating_step, (NO_STEP, *RATING_STEPS)).all():
            raise InvalidPredictive("rating steps must be 1, ½ or 0")

    def of(self, *, rows: NDArray[np.bool_] | NDArray[np.intp]) -> Predictive:
        """The chosen sessions alone."""
        return Predictive(self.mean[rows], self.sd[rows], self.weight[rows], self.rating_step[rows])

    def in_steps(self, *, rating_step: Floats | float) -> Predictive:
        """The same mixtures, recorded in other steps (n,), or in one for all."""
        return replace(
            self, rating_step=np.broadcast_to(rating_step, self.rating_step.shape).astype(np.float64)
        )

    def expected(self) -> Floats:
        """(n,) expectations, clipped to the scale."""
        return np.asarray(np.clip((self.weight * self.mean).sum(axis=1), LOWEST_QUALITY, HIGHEST_QUALITY))

    def predictive_mean(self) -> Floats:
        """(n,) the point forecast that the squared error asks for: of the rating where there are steps."""
        mean = self.expected()
        for rows, part, step in self._by_step():
            if step:
                mean[rows] = HIGHEST_QUALITY - step * _at_most(part, step).sum(axis=1)
        return mean

    def as_one_normal(self) -> Predictive:
        """One normal with the mixture's mean and variance, unrounded: the form in which pages show a forecast.

        >>> p = Predictive(np.array([[5.0, 7.0]]), np.ones((1, 2)), np.array([[0.5, 0.5]]), rating_step=np.ones(1))
        >>> one = p.as_one_normal()
        >>> float(one.mean[0, 0]), round(float(one.sd[0, 0] ** 2), 9), one.rating_step.tolist()
        (6.0, 2.0, [0.0])
        """
        mean = (self.weight * self.mean).sum(axis=1)
        variance = (self.weight * (self.sd**2 + (self.mean - mean[:, None]) ** 2)).sum(axis=1)
        return normal_predictive(mean=mean, sd=np.sqrt(variance))

    def cdf(self, *, at: Floats) -> Floats:
        """(n,) probability that the unrounded quality is at most ``at`` (n,)."""
        return np.asarray((self.weight * ndtr((at[:, None] - self.mean) / self.sd)).sum(axis=1))

    def quantile(self, *, p: float) -> Floats:
        """(n,) quantiles of the unrounded quality, by bisection."""
        low = (self.mean - 12.0 * self.sd).min(axis=1)
        high = (self.mean + 12.0 * self.sd).max(axis=1)
        for _ in range(BISECTIONS):
            middle = (low + high) / 2.0
            below = self.cdf(at=middle) < p
            low, high = np.where(below, middle, low), np.where(below, high, middle)
        return np.asarray((low + high) / 2.0)

    def median(self) -> Floats:
        """(n,) the point forecast that the absolute error asks for: a rating where there are steps."""
        median = np.empty(self.mean.shape[0])
        for rows, part, step in self._by_step():
            if step:
                median[rows] = LOWEST_QUALITY + step * (_at_most(part, step) < 0.5).sum(axis=1)
            else:
                median[rows] = np.clip(part.quantile(p=0.5), LOWEST_QUALITY, HIGHEST_QUALITY)
        return median

    def crps(self, *, outcome: Floats) -> Floats:
        """(n,) continuous ranked probability score, quality points; of the rounded rating where there are steps.

            ∫ (P(rating ≤ x) - 1[y ≤ x])² dx

        exactly, of outcomes between two ratings and beyond the scale, too: with steps the integral of a step function
        (for an outcome on a step sum_r (P(rating ≤ r) - 1[y ≤ r])² step), else the closed form for a normal mixture.

        Examples
        --------
        >>> p = Predictive(np.zeros((1, 1)), np.ones((1, 1)), np.ones((1, 1)), rating_step=np.zeros(1))
        >>> round(float(p.crps(outcome=np.zeros(1))[0]), 9)
        0.233694977

        Source: Gneiting & Raftery (2007); Grimit et al. (2006) for mixtures.
        """
        score = np.empty(outcome.size)
        for rows, part, step in self._by_step():
            score[rows] = (
                _rated_crps(part, outcome[rows], step) if step else _mixture_crps(part, outcome[rows])
            )
        return score

    def covered(self, *, outcome: Floats, level: float) -> NDArray[np.bool_]:
        """(n,) whether the central interval of the unrounded quality holds the outcome."""
        below = self.cdf(at=outcome)
        return (below >= (1.0 - level) / 2.0) & (below <= (1.0 + level) / 2.0)

    def width(self, *, level: float) -> Floats:
        """(n,) width of the central interval."""
        return self.quantile(p=(1.0 + level) / 2.0) - self.quantile(p=(1.0 - level) / 2.0)

    def pit(self, *, outcome: Floats, rng: np.random.Generator) -> Floats:
        """(n,) probability integral transforms, uniform if calibrated; randomised where there are steps.

        Between P(rating < y) and P(rating ≤ y), which are the same for an outcome between two ratings.
        """
        transform = np.empty(outcome.size)
        chance = rng.uniform(size=outcome.size)
        for rows, part, step in self._by_step():
            if not step:
                transform[rows] = part.cdf(at=outcome[rows])
                continue
            at_most, points = _at_most(part, step), rating_points(step=step)
            ends = np.ones((at_most.shape[0], 1))
            steps = np.concatenate([0.0 * ends, at_most, ends], axis=1)
            each = np.arange(at_most.shape[0])
            low = steps[each, np.searchsorted(points, outcome[rows], side="left")]
            high = steps[each, np.searchsorted(points, outcome[rows], side="right")]
            transform[rows] = low + chance[rows] * (high - low)
        return transform

    def component_log_score(self, *, outcome: Floats) -> Floats:
        """(n, k) log density of the outcome under each component: :func:`log_scores`."""
        score = np.empty(self.mean.shape)
        for rows, part, step in self._by_step():
            score[rows] = log_scores(outcome=outcome[rows], mean=part.mean, sd=part.sd, rating_step=step)
        return score

    def _by_step(self) -> Iterator[tuple[NDArray[np.intp] | slice, Predictive, float]]:
        """The rows that are recorded in the same step, and their mixtures."""
        steps = np.unique(self.rating_step).tolist()
        if len(steps) == 1:
            yield slice(None), self, steps[0]
            return
        for step in steps:
            rows = np.flatnonzero(self.rating_step == step)
            yield rows, self.of(rows=rows), step


def log_scores(*, outcome: Floats, mean: Floats, sd: Floats, rating_step: float) -> Floats:
    """(n, k) log density of the n outcomes under each of k normals: what weighs them.

    Where there are steps it is the log of the normal's probability within half a step of the outcome, at its full
    width: a density can be endless where a climber's ratings never change, and this cannot.

    >>> log_scores(outcome=np.zeros(1), mean=np.zeros((1, 1)), sd=np.ones((1, 1)), rating_step=0.0).round(6).item()
    -0.918939
    """
    y, half = outcome[:, None], rating_step / 2.0
    if not rating_step:
        z = (y - mean) / sd
        return np.asarray(-0.5 * z**2 - np.log(sd) - 0.5 * math.log(2.0 * math.pi))
    high = np.where(y >= HIGHEST_QUALITY, 1.0, ndtr((y + half - mean) / sd))
    low = np.where(y <= LOWEST_QUALITY, 0.0, ndtr((y - half - mean) / sd))
    return np.asarray(np.log(np.maximum(high - low, 1e-12)))


def before_rounding(*, sd: Floats, step: float = 1.0) -> Floats:
    """SD of the quality whose rounding to the nearest step gives ratings with this SD.

        s² = max(sd² - step²/12, min(sd², step²/12))

    A quality q = m + s Z is rated r = q + e. If m may lie anywhere between two ratings, the rounding e is uniform on
    ± half a step and independent of Z, so Var(r - m) = s² + step²/12, exactly. A model that was fitted to ratings
    therefore has step²/12 in its variance already, and rounding its forecasts at full width would count it twice.
    Smaller variances are of somebody who hardly moves, whose m does not lie just anywhere, and rounding a normal that
    is narrower than step²/12 moves its mean, by up to exp(-2 pi² s²) / pi steps (0.06 at 1/12). So no less is left of
    a variance than step²/12, or than it was.

    Examples
    --------
    >>> before_rounding(sd=np.sqrt([1.0 + 1 / 12, 0.12, 0.04])).round(6).tolist()
    [1.0, 0.288675, 0.2]
    >>> before_rounding(sd=np.sqrt([1.0 + 1 / 48]), step=0.5).round(6).tolist()
    [1.0]

    Source: Sheppard (1898), corrections of moments; Schuchman (1964), dither.
    """
    variance, of_rounding = sd**2, ROUNDING_VARIANCE * step**2
    return np.asarray(np.sqrt(np.maximum(variance - of_rounding, np.minimum(variance, of_rounding))))


def normal_predictive(*, mean: Floats, sd: Floats, rating_step: Floats | float = NO_STEP) -> Predictive:
    """One normal for each session, recorded in steps (n,), or in one for all."""
    steps = np.broadcast_to(rating_step, mean.shape).astype(np.float64)
    return Predictive(mean[:, None], sd[:, None], np.ones((mean.size, 1)), steps)


@dataclass(frozen=True, slots=True)
class Scores:
    """Scores over n sessions.

    ``mae`` judges the predictive median and ``rmse`` the predictive mean: what either error asks of a forecaster.
    ``mae_of_mean`` judges the expectation that pages show.
    """

    mae: float
    mae_of_mean: float
    rmse: float
    crps: float
    coverage: dict[str, float]
    width: dict[str, float]
    n: int

    def as_dict(self) -> dict[str, object]:
        """For JSON."""
        return {
            "mae": self.mae,
            "mae_of_mean": self.mae_of_mean,
            "rmse": self.rmse,
            "crps": self.crps,
            "coverage": self.coverage,
            "width": self.width,
            "n": self.n,
        }


def score(*, predictive: Predictive, outcome: Floats) -> Scores:
    """MAE, RMSE, CRPS, coverage and width of the central intervals at 50, 80, 90 and 95 %."""
    levels = {"50": 0.50, "80": 0.80, "90": 0.90, "95": 0.95}
    return Scores(
        mae=float(np.abs(outcome - predictive.median()).mean()),
        mae_of_mean=float(np.abs(outcome - predictive.expected()).mean()),
        rmse=float(np.sqrt(((outcome - predictive.predictive_mean()) ** 2).mean())),
        crps=float(predictive.crps(outcome=outcome).mean()),
        coverage={k: float(predictive.covered(outcome=outcome, level=v).mean()) for k, v in levels.items()},
        width={k: float(predictive.width(level=v).mean()) for k, v in levels.items()},
        n=int(outcome.size),
    )


def _at_most(p: Predictive, step: float) -> Floats:
    """(n, r - 1) probabilities that the rating is at most each of the r ratings but the last, which is certain."""
    sd = before_rounding(sd=p.sd, step=step)
    between = rating_points(step=step)[:-1] + step / 2.0
    total = np.zeros((p.mean.shape[0], between.size))
    for k in range(p.mean.shape[1]):
        total += p.weight[:, k, None] * ndtr((between - p.mean[:, k, None]) / sd[:, k, None])
    return total


def _rated_crps(p: Predictive, outcome: Floats, step: float) -> Floats:
    at_most, y = _at_most(p, step), outcome[:, None]
    below = np.clip(
        y - rating_points(step=step)[:-1], 0.0, step
    )  # how much of each step lies below the outcome
    beyond = outcome - np.clip(outcome, LOWEST_QUALITY, HIGHEST_QUALITY)
    return np.asarray(
        (at_most**2 * below + (1.0 - at_most) ** 2 * (step - below)).sum(axis=1) + np.abs(beyond)
    )


def _mixture_crps(p: Predictive, outcome: Floats) -> Floats:
    score = (p.weight * _spread(outcome[:, None] - p.mean, p.sd)).sum(axis=1)
    for i in range(p.mean.shape[1]):
        gap = p.mean - p.mean[:, i : i + 1]
        both = np.hypot(p.sd, p.sd[:, i : i + 1])
        score -= 0.5 * p.weight[:, i] * (p.weight * _spread(gap, both)).sum(axis=1)
    return np.asarray(score)


def _spread(gap: Floats, sd: Floats) -> Floats:
    """E|gap + sd Z| for a standard normal Z."""
    z = gap / sd
    return np.asarray(gap * (2.0 * ndtr(z) - 1.0) + sd * np.sqrt(2.0 / np.pi) * np.exp(-0.5 * z**2))
