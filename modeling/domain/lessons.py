"""What the last session taught: the posterior before and after it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modeling.domain.posterior import InvalidObservations, PersonalPosterior, predict

Floats = NDArray[np.float64]

SURPRISING_SDS = 1.0
SMALL_STEP = 0.1  # of a coefficient's own SD: less is not worth telling


@dataclass(frozen=True, slots=True)
class CoefficientLesson:
    """One coefficient before and after the session, with its SD."""

    name: str
    before: float
    after: float
    sd_before: float
    sd_after: float

    @property
    def steps(self) -> float:
        """How far it moved, in its own earlier SDs."""
        return abs(self.after - self.before) / self.sd_before if self.sd_before > 0.0 else 0.0


@dataclass(frozen=True, slots=True)
class Lesson:
    """What one session changed.

    Attributes
    ----------
    expected, observed
        Quality expected before the session, and what the climber gave.
    surprise
        (observed - expected) over the predictive SD.
    level_before, level_after
        The drifting level.
    coefficients
        Every coefficient, the one that moved most (in its own SDs) first.
    why
        ``"as_expected"``, ``"learnt"``, or ``"noise"``: a surprise the model puts down to chance.
    """

    expected: float
    observed: float
    surprise: float
    level_before: float
    level_after: float
    coefficients: tuple[CoefficientLesson, ...]
    why: str


def what_was_taught(
    *,
    before: PersonalPosterior,
    after: PersonalPosterior,
    design_row: Floats | Sequence[float],
    observed: float,
) -> Lesson:
    """Compare the posterior before a session with the one after it.

    Parameters
    ----------
    before, after
        The climber's posteriors on the day of the session, over the same coefficients.
    design_row
        (p,) the session's design row.
    observed
        The quality the climber gave.

    Examples
    --------
    >>> from modeling.domain.posterior import GaussianPrior, condition
    >>> prior = GaussianPrior(("intercept",), np.array([5.0]), np.array([[1.0]]), 1.0)
    >>> none = condition(prior=prior, design=np.ones((0, 1)), outcome=np.zeros(0))
    >>> one = condition(prior=prior, design=np.ones((1, 1)), outcome=np.array([8.0]))
    >>> got = what_was_taught(before=none, after=one, design_row=[1.0], observed=8.0)
    >>> got.why, got.coefficients[0].before, got.coefficients[0].after
    ('learnt', 5.0, 6.5)
    """
    if before.names != after.names:
        raise InvalidObservations("the two posteriors are over different coefficients")
    predicted = predict(posterior=before, design_row=design_row)
    surprise = (observed - predicted.expected_quality) / predicted.predictive_sd
    sd_before, sd_after = np.sqrt(np.diag(before.covariance)), np.sqrt(np.diag(after.covariance))
    changes = [
        CoefficientLesson(
            name, float(before.mean[k]), float(after.mean[k]), float(sd_before[k]), float(sd_after[k])
        )
        for k, name in enumerate(before.names)
    ]
    changes.sort(key=lambda c: -c.steps)
    level_moved = abs(after.level_mean - before.level_mean)
    moved = changes[0].steps >= SMALL_STEP or level_moved >= SMALL_STEP * predicted.predictive_sd
    why = "as_expected" if abs(surprise) < SURPRISING_SDS else "learnt" if moved else "noise"
    return Lesson(
        expected=predicted.expected_quality,
        observed=observed,
        surprise=float(surprise),
        level_before=before.level_mean,
        level_after=after.level_mean,
        coefficients=tuple(changes),
        why=why,
    )
