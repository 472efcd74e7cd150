"""Predictive distributions of many sessions at once, and the proper scores that judge them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from modeling.domain.posterior import HIGHEST_QUALITY, LOWEST_QUALITY

Floats = NDArray[np.float64]

STEPS = np.arange(LOWEST_QUALITY, HIGHEST_QUALITY) + 0.5  # between the ten ratings: 1.5 … 9.5
BISECTIONS = 60
MOST_MISSING = 1e-5  # of a row's weights
ROUNDING_VARIANCE = 1.0 / 12.0  # of a number rounded to the nearest whole one, quality points squared


class InvalidPredictive(ValueError):
    """Means, SDs and weights that describe no distribution."""


@dataclass(frozen=True, slots=True)
class Predictive:
    """Mixtures of normals, one for each of n sessions.

    Attributes
    ----------
    mean, sd, weight
        (n, k) components; the weights of a row sum to one. They are of what is recorded: of the rating, if it is one.
    whole_numbers
        Whether qualities are recorded as whole numbers 1–10. A component's rating is then a normal rounded to the
        nearest whole number on the scale, P(rating ≤ j) = F(j + ½) for j < 10, and that normal is narrower than the
        component, whose variance has rounding in it (:func:`before_rounding`).
    """

    mean: Floats
    sd: Floats
    weight: Floats
    whole_numbers: bool

    def __post_init__(self) -> None:
        if not (self.mean.ndim == 2 and self.mean.shape == self.sd.shape == self.weight.shape):
            raise InvalidPredictive(f"shapes {self.mean.shape}, {self.sd.shape}, {self.weight.shape}")
        if not (np.isfinite(self.mean).all() and np.isfinite(self.sd).all() and (self.sd > 0.0).all()):
            raise InvalidPredictive("means must be finite and SDs positive")
        if (self.weight < 0.0).any() or (np.abs(self.weight.sum(axis=1) - 1.0) > MOST_MISSING).any():
            raise InvalidPredictive("weights must be non-negative and sum to one")

    def expected(self) -> Floats:
        """(n,) expectations, clipped to the scale."""
        return np.asarray(np.clip((self.weight * self.mean).sum(axis=1), LOWEST_QUALITY, HIGHEST_QUALITY))

    def predictive_mean(self) -> Floats:
        """(n,) the point forecast that the squared error asks for: of the rating where ratings are whole."""
        if self.whole_numbers:
            return np.asarray(HIGHEST_QUALITY - self._steps().sum(axis=1))
        return self.expected()

    def as_one_normal(self) -> Predictive:
        """One normal with the mixture's mean and variance, unrounded: the form in which pages show a forecast.

        >>> p = Predictive(np.array([[5.0, 7.0]]), np.ones((1, 2)), np.array([[0.5, 0.5]]), whole_numbers=True)
        >>> one = p.as_one_normal()
        >>> float(one.mean[0, 0]), round(float(one.sd[0, 0] ** 2), 9), one.whole_numbers
        (6.0, 2.0, False)
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
        """(n,) the point forecast that the absolute error asks for, a rating where ratings are whole."""
        if self.whole_numbers:
            return np.asarray(LOWEST_QUALITY + (self._steps() < 0.5).sum(axis=1))
        return np.clip(self.quantile(p=0.5), LOWEST_QUALITY, HIGHEST_QUALITY)

    def crps(self, *, outcome: Floats) -> Floats:
        """(n,) continuous ranked probability score, quality points; of the rounded rating where ratings are whole.

        Whole ratings: sum_j (P(rating ≤ j) - 1[y ≤ j])². Otherwise the closed form for a normal mixture.

        Examples
        --------
        >>> p = Predictive(np.zeros((1, 1)), np.ones((1, 1)), np.ones((1, 1)), whole_numbers=False)
        >>> round(float(p.crps(outcome=np.zeros(1))[0]), 9)
        0.233694977

        Source: Gneiting & Raftery (2007); Grimit et al. (2006) for mixtures.
        """
        if self.whole_numbers:
            reached = outcome[:, None] < STEPS
            return np.asarray(((self._steps() - reached) ** 2).sum(axis=1))
        score = (self.weight * _spread(outcome[:, None] - self.mean, self.sd)).sum(axis=1)
        for i in range(self.mean.shape[1]):
            gap = self.mean - self.mean[:, i : i + 1]
            both = np.hypot(self.sd, self.sd[:, i : i + 1])
            score -= 0.5 * self.weight[:, i] * (self.weight * _spread(gap, both)).sum(axis=1)
        return np.asarray(score)

    def covered(self, *, outcome: Floats, level: float) -> NDArray[np.bool_]:
        """(n,) whether the central interval of the unrounded quality holds the outcome."""
        below = self.cdf(at=outcome)
        return (below >= (1.0 - level) / 2.0) & (below <= (1.0 + level) / 2.0)

    def width(self, *, level: float) -> Floats:
        """(n,) width of the central interval."""
        return self.quantile(p=(1.0 + level) / 2.0) - self.quantile(p=(1.0 - level) / 2.0)

    def pit(self, *, outcome: Floats, rng: np.random.Generator) -> Floats:
        """(n,) probability integral transforms, uniform if calibrated; randomised where ratings are whole."""
        if not self.whole_numbers:
            return self.cdf(at=outcome)
        steps = np.concatenate(
            [np.zeros((outcome.size, 1)), self._steps(), np.ones((outcome.size, 1))], axis=1
        )
        rating = np.clip(outcome.round(), LOWEST_QUALITY, HIGHEST_QUALITY).astype(np.intp)
        rows = np.arange(outcome.size)
        low, high = steps[rows, rating - 1], steps[rows, rating]
        return np.asarray(low + rng.uniform(size=outcome.size) * (high - low))

    def component_log_score(self, *, outcome: Floats) -> Floats:
        """(n, k) log density of the outcome under each component: :func:`log_scores`."""
        return log_scores(outcome=outcome, mean=self.mean, sd=self.sd, whole_numbers=self.whole_numbers)

    def _steps(self) -> Floats:
        """(n, 9) probabilities that the rating is at most 1 … 9."""
        sd = before_rounding(sd=self.sd)
        total = np.zeros((self.mean.shape[0], STEPS.size))
        for k in range(self.mean.shape[1]):
            total += self.weight[:, k, None] * ndtr((STEPS - self.mean[:, k, None]) / sd[:, k, None])
        return total


def log_scores(*, outcome: Floats, mean: Floats, sd: Floats, whole_numbers: bool) -> Floats:
    """(n, k) log density of the n outcomes under each of k normals: what weighs them.

    Where ratings are whole it is the log of the normal's probability within ±½ of the rating, at its full width: a
    density can be endless where a climber's ratings never change, and this cannot.

    >>> log_scores(outcome=np.zeros(1), mean=np.zeros((1, 1)), sd=np.ones((1, 1)), whole_numbers=False).round(6).item()
    -0.918939
    """
    y = outcome[:, None]
    if not whole_numbers:
        z = (y - mean) / sd
        return np.asarray(-0.5 * z**2 - np.log(sd) - 0.5 * math.log(2.0 * math.pi))
    high = np.where(y >= HIGHEST_QUALITY, 1.0, ndtr((y + 0.5 - mean) / sd))
    low = np.where(y <= LOWEST_QUALITY, 0.0, ndtr((y - 0.5 - mean) / sd))
    return np.asarray(np.log(np.maximum(high - low, 1e-12)))


def before_rounding(*, sd: Floats) -> Floats:
    """SD of the quality whose rounding gives ratings with this SD.

        s² = max(sd² - 1/12, min(sd², 1/12))

    A quality q = m + s Z is rated r = q + e. If m may lie anywhere between two ratings, the rounding e is uniform on ±½
    and independent of Z, so Var(r - m) = s² + 1/12, exactly. A model that was fitted to ratings therefore has 1/12 in
    its variance already, and rounding its forecasts at their full width would count it twice.
    Smaller variances are of somebody who hardly moves, whose m does not lie just anywhere, and rounding a normal that
    is narrower than 1/12 moves its mean, by up to exp(-2 pi² s²) / pi (0.06 points at 1/12). So no less is left of a
    variance than 1/12, or than it was.

    Examples
    --------
    >>> before_rounding(sd=np.sqrt([1.0 + 1 / 12, 0.12, 0.04])).round(6).tolist()
    [1.0, 0.288675, 0.2]

    Source: Sheppard (1898), corrections of moments; Schuchman (1964), dither.
    """
    variance = sd**2
    return np.asarray(
        np.sqrt(np.maximum(variance - ROUNDING_VARIANCE, np.minimum(variance, ROUNDING_VARIANCE)))
    )


def normal_predictive(*, mean: Floats, sd: Floats, whole_numbers: bool = False) -> Predictive:
    """One normal for each session."""
    return Predictive(mean[:, None], sd[:, None], np.ones((mean.size, 1)), whole_numbers)


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


def are_whole_numbers(*, outcome: Floats) -> bool:
    """Whether every outcome is one of the ratings 1 … 10.

    >>> are_whole_numbers(outcome=np.array([7.0, 8.0])), are_whole_numbers(outcome=np.array([7.5]))
    (True, False)
    """
    inside = (outcome >= LOWEST_QUALITY) & (outcome <= HIGHEST_QUALITY)
    return bool((inside & (outcome == outcome.round())).all())


def _spread(gap: Floats, sd: Floats) -> Floats:
    """E|gap + sd Z| for a standard normal Z."""
    z = gap / sd
    return np.asarray(gap * (2.0 * ndtr(z) - 1.0) + sd * np.sqrt(2.0 / np.pi) * np.exp(-0.5 * z**2))
