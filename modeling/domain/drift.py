"""The drifting personal level: a scalar Kalman filter that whitens outcome and design with the same gains."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg.lapack import dpttrf, dtbtrs

Floats = NDArray[np.float64]


class InvalidDrift(ValueError):
    """The drift's rate or half-life is not a finite, sensible number."""


class UnorderedDays(ValueError):
    """Days run backwards: a filter can only walk forwards in time."""


@dataclass(frozen=True, slots=True)
class Drift:
    """How a climber's own level wanders between sessions.

    The level is an Ornstein-Uhlenbeck process around the climber's intercept, or a random walk when the
    half-life is infinite (it then starts at zero on the first session: the intercept is the starting level):

        level(t + d) = phi level(t) + w,  phi = 2^(-d / half_life)
        Var w = sigma² rate (1 - phi²) / (1 - phi_1²)

    with phi_1 the one-day decay; for the random walk Var w = sigma² rate d.

    Parameters
    ----------
    rate_per_day
        Variance added in one day, in units of the session noise's variance sigma². 0: no drift.
    half_life_days
        Days until half of a departure has faded; infinite for a random walk.
    """

    rate_per_day: float
    half_life_days: float = math.inf

    def __post_init__(self) -> None:
        if not (math.isfinite(self.rate_per_day) and self.rate_per_day >= 0.0):
            raise InvalidDrift(f"rate_per_day must be finite and not negative, got {self.rate_per_day}")
        if not self.half_life_days > 0.0:
            raise InvalidDrift(f"half_life_days must be positive, got {self.half_life_days}")

    @property
    def is_random_walk(self) -> bool:
        return math.isinf(self.half_life_days)

    @property
    def stationary_variance(self) -> float:
        """Long-run variance of the level over sigma²; the variance it starts with (0 for the random walk)."""
        if self.is_random_walk or self.rate_per_day == 0.0:
            return 0.0
        return self.rate_per_day / -math.expm1(-2.0 * math.log(2.0) / self.half_life_days)

    def decay(self, *, days: float) -> float:
        """Share of a departure that is left after ``days``."""
        return 1.0 if self.is_random_walk else 2.0 ** (-days / self.half_life_days)

    def added_variance(self, *, days: float) -> float:
        """Variance over sigma² that ``days`` add to the level.

        >>> Drift(rate_per_day=0.02).added_variance(days=7)
        0.14
        """
        if self.is_random_walk:
            return self.rate_per_day * days
        return self.stationary_variance * -math.expm1(-2.0 * math.log(2.0) * days / self.half_life_days)


# Before sessions have said how fast levels drift: a few per cent of the noise's variance a day, faded by half in a
# month. The centre of what a run starts from, and what serves until a first run is published.
PRIOR_DRIFT = Drift(rate_per_day=0.03, half_life_days=30.0)


@dataclass(frozen=True, slots=True)
class Whitened:
    """Columns of one climber after the filter: rows are independent with variance sigma².

    Attributes
    ----------
    columns
        (n, c) innovations of every column over the square root of the innovation variance.
    innovation
        (n,) innovation variances over sigma²; their logs sum to log|R|, R the covariance of level plus noise.
    last_level
        (c,) filtered level that each column alone would give after the last row.
    level_variance
        Variance over sigma² of the level after the last row, given the coefficients.
    """

    columns: Floats
    innovation: Floats
    last_level: Floats
    level_variance: float


def whiten(*, columns: Floats, day: Floats, drift: Drift) -> Whitened:
    """Filter every column with the gains of one scalar level.

    For a level with variance P (over sigma²) before a row, the innovation variance is S = P + 1, the gain
    K = P / S, and each column z has the innovation v_t = z_t - phi m_{t-1} with m_t = phi m_{t-1} + K v_t. All S
    fall out of one tridiagonal factorisation: the differences z_t - phi_t z_{t-1} have the covariance

        diagonal  q_t + 1 + phi_t²,   beside it  -phi_t,   = L diag(S) L'  with L unit and bidiagonal

    With 1 - K = 1 / S, the levels solve the unit bidiagonal system m_t - (phi_t / S_t) m_{t-1} = K_t z_t, and
    v_t = S_t (z_t - m_t); the variance after the row is K_t.

    Parameters
    ----------
    columns
        (n, c) outcome and design columns side by side.
    day
        (n,) days, not decreasing.
    drift
        The level's rate and half-life.

    Examples
    --------
    >>> import numpy as np
    >>> w = whiten(columns=np.array([[1.0], [1.0]]), day=np.array([0.0, 1.0]), drift=Drift(rate_per_day=0.5))
    >>> w.columns.ravel().round(4).tolist(), w.innovation.tolist()
    ([1.0, 0.8165], [1.0, 1.5])

    Source: Harvey (1989), Forecasting, Structural Time Series Models and the Kalman Filter, §3.4.1.
    """
    return whiten_under(columns=columns, day=day, drifts=(drift,))[0]


def whiten_under(*, columns: Floats, day: Floats, drifts: Sequence[Drift]) -> tuple[Whitened, ...]:
    """The same under each of k drifts, one chain of rows behind the other: nothing is handed on where a new one begins.

    >>> import numpy as np
    >>> slow, fast = whiten_under(columns=np.ones((2, 1)), day=np.arange(2.0), drifts=(Drift(0.5), Drift(2.0)))
    >>> slow.innovation.tolist(), fast.innovation.tolist()
    ([1.0, 1.5], [1.0, 3.0])
    """
    (n, c), k = columns.shape, len(drifts)
    if n == 0:
        return tuple(Whitened(columns, np.zeros(0), np.zeros(c), d.stationary_variance) for d in drifts)
    gaps = day[1:] - day[:-1]
    if n > 1 and gaps.min() < 0.0:
        raise UnorderedDays("sessions must be ordered by day before they are filtered")
    decay, added = _between(gaps, drifts)
    diagonal = 1.0 + added + decay**2
    innovation = (
        np.asarray(dpttrf(diagonal.ravel(), -decay.ravel()[1:])[0]) if k * n > 1 else diagonal.ravel()
    )
    noise_share = 1.0 / innovation
    band = np.empty((2, k * n), order="F")  # its first row is read as ones
    band[1, :-1] = -(decay.ravel() * noise_share)[1:]
    # One array is all that is allocated: for hundreds of sessions, fresh memory costs more than the arithmetic.
    rows = np.empty((k * n, c), order="F")
    np.multiply(columns.T[:, None], (1.0 - noise_share).reshape(k, n), out=rows.T.reshape(c, k, n))
    rows = np.asarray(dtbtrs(band, rows, uplo="L", diag="U", overwrite_b=True)[0])
    last_level = rows[n - 1 :: n].copy()
    side_by_side = rows.T.reshape(c, k, n)
    np.subtract(columns.T[:, None], side_by_side, out=side_by_side)
    side_by_side *= np.sqrt(innovation).reshape(k, n)
    return tuple(
        Whitened(
            columns=rows[i * n : (i + 1) * n],
            innovation=innovation[i * n : (i + 1) * n],
            last_level=last_level[i],
            level_variance=1.0 - float(noise_share[(i + 1) * n - 1]),
        )
        for i in range(k)
    )


def _between(gaps: Floats, drifts: Sequence[Drift]) -> tuple[Floats, Floats]:
    """Decay of the level up to each of n rows, and what was added to its variance over sigma² (k, n).

    Nothing decays into the first row: it has the variance that the level starts with.
    """
    decay, added = np.zeros((2, len(drifts), gaps.size + 1))
    for i, drift in enumerate(drifts):
        added[i, 0] = drift.stationary_variance
        if drift.is_random_walk or drift.rate_per_day == 0.0:
            decay[i, 1:] = 1.0
            np.multiply(gaps, drift.rate_per_day, out=added[i, 1:])
        else:
            faded = np.expm1(gaps * (-math.log(2.0) / drift.half_life_days))
            np.add(faded, 1.0, out=decay[i, 1:])
            np.multiply(faded * (2.0 + faded), -drift.stationary_variance, out=added[i, 1:])
    return decay, added
