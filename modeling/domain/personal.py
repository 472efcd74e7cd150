"""Serving: a climber's posterior this second, from the trained population and their own sessions.

Plain numpy and scipy, because a climber waits for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.linalg.lapack import dpotrf, dtrtrs

from modeling.domain.drift import Drift, Whitened, whiten_under
from modeling.domain.population import (
    ClimberPosterior,
    PopulationDraws,
    WhitenedSessions,
    whitened_posteriors,
)
from modeling.domain.posterior import (
    GaussianPrior,
    NonFiniteInput,
    PersonalPosterior,
    checked_observations,
    covariance_root,
    predict_moments,
)
from modeling.domain.predictive import Predictive, log_scores
from modeling.domain.rating_scale import checked_step, own_step, own_steps
from modeling.domain.rhythm import Rhythm, RhythmPrior, remembered, weights_now, without_negligible

Floats = NDArray[np.float64]

# Weights forget: 0.95^100 is half a per cent, so older sessions need not be replayed one by one.
REPLAYED_SESSIONS = 100


@dataclass(frozen=True, slots=True)
class TrainedPopulation:
    """What a run publishes and serving conditions on.

    Attributes
    ----------
    draws
        Draws of the population parameters (thinned).
    rhythms
        The climbers' rhythms and how common they are.
    rating_step
        The step of most ratings: 1 where they are whole numbers 1–10, ½, or 0 where there is none.
    """

    draws: PopulationDraws
    rhythms: RhythmPrior
    rating_step: float

    def __post_init__(self) -> None:
        checked_step(self.rating_step)

    @property
    def names(self) -> tuple[str, ...]:
        return self.draws.names


@dataclass(frozen=True, slots=True)
class RhythmicPosterior:
    """A climber's posterior under each rhythm, the rhythms' weights (k,), and the step in which the climber rates."""

    parts: tuple[ClimberPosterior, ...]
    weight: Floats
    rating_step: float

    @property
    def n_sessions(self) -> int:
        return self.parts[0].posterior.n_sessions

    def summary(self, *, days_since_last: float = 0.0) -> ClimberPosterior:
        """One normal with the mixture's means and covariances, ``days_since_last`` days after the last session.

            level(d) = Σ_k w_k phi_k(d) l_k
            Var level(d) = Σ_k w_k (phi_k² P_k + sigma_k² added_k(d)) + Var_k phi_k l_k
            reliability  = Σ_k w_k reliability_k - Var_k m_k / tau²

        Levels are carried on before they are mixed, as each rhythm lets them fade at its own pace. So the summary has
        a drift only where all rhythms share one; otherwise a later day needs another summary.
        """
        w = self.weight
        posteriors = [part.posterior.after(days=days_since_last) for part in self.parts]
        joint_means, joint_covariances = _joint_moments(posteriors)
        mean = w @ joint_means
        centred = joint_means - mean
        joint = (w @ joint_covariances.reshape(w.size, -1)).reshape(mean.size, mean.size)
        joint += (centred * w[:, None]).T @ centred
        drifts = {p.drift for p in posteriors}
        merged = PersonalPosterior(
            names=posteriors[0].names,
            mean=mean[:-1],
            covariance=joint[:-1, :-1],
            sigma=float(np.sqrt(w @ np.array([p.sigma**2 for p in posteriors]))),
            n_sessions=self.n_sessions,
            level_mean=float(mean[-1]),
            level_variance=float(joint[-1, -1]),
            level_covariance=joint[:-1, -1],
            drift=drifts.pop() if len(drifts) == 1 else None,
        )
        individual = self.parts[0].individual_variance
        # The population's coefficients are the same under every rhythm: how far the means differ is the climber's own.
        between = w @ centred[:, :-1] ** 2
        lost = np.divide(between, individual, out=np.zeros_like(between), where=individual > 0.0)
        reliability = np.maximum(w @ np.array([part.reliability for part in self.parts]) - lost, 0.0)
        return ClimberPosterior(merged, reliability, individual)

    def predictive(self, *, design_row: Floats | Sequence[float], days_since_last: float = 0.0) -> Predictive:
        """Predictive distribution of one session (noise included)."""
        moments = [
            predict_moments(posterior=part.posterior, design_row=design_row, days_since_last=days_since_last)
            for part in self.parts
        ]
        mean = np.array([[m for m, _ in moments]])
        sd = np.sqrt([[v + p.posterior.sigma**2 for (_, v), p in zip(moments, self.parts, strict=True)]])
        return Predictive(mean, sd, self.weight[None, :], np.full(1, self.rating_step))


def personal_posterior(
    *, trained: TrainedPopulation, design: Floats, outcome: Floats, day: Floats
) -> RhythmicPosterior:
    """Condition the trained population on a climber's sessions, under every rhythm.

    Parameters
    ----------
    trained
        What was published.
    design, outcome, day
        (n, p), (n,) and (n,): the climber's sessions, in any order; n may be 0.

    Examples
    --------
    >>> from modeling.domain.drift import Drift
    >>> from modeling.domain.rhythm import Rhythm
    >>> draws = PopulationDraws(("intercept",), np.array([[5.0]]), np.array([[1.0]]), np.ones(1))
    >>> rhythms = RhythmPrior((Rhythm(Drift(0.0), 1.0),), np.ones(1))
    >>> got = personal_posterior(trained=TrainedPopulation(draws, rhythms, 0.0), design=np.ones((3, 1)),
    ...                          outcome=np.array([7.0, 7.0, 7.0]), day=np.arange(3.0))
    >>> float(got.summary().posterior.mean[0])
    6.5
    """
    ordered = _ordered(trained, design, outcome, day)
    rhythms = trained.rhythms.rhythms
    weight = trained.rhythms.weight
    if len(rhythms) > 1:
        if ordered.outcome.size:
            mean, sd = _recent(trained, ordered)
            scores = log_scores(
                outcome=ordered.outcome[-sd.shape[0] :], mean=mean, sd=sd, rating_step=trained.rating_step
            )
            weight = weights_now(prior=trained.rhythms, log_likelihood=scores)
            if not np.isfinite(weight).all():
                raise NonFiniteInput("the sessions' numbers are too large to be weighed")
        weight = without_negligible(weight=weight)
    kept = tuple(rhythm for rhythm, share in zip(rhythms, weight.tolist(), strict=True) if share > 0.0)
    parts = whitened_posteriors(population=trained.draws, rhythms=ordered.under(kept))
    step = own_step(outcome=ordered.outcome, common=trained.rating_step)
    return RhythmicPosterior(parts, weight[weight > 0.0], step)


@dataclass(frozen=True, slots=True)
class Replay:
    """A climber's last m ≤ 100 sessions and what was expected of each from the sessions before it."""

    day: Floats
    outcome: Floats
    predictive: Predictive


def replay(*, trained: TrainedPopulation, design: Floats, outcome: Floats, day: Floats) -> Replay:
    """Predict each of the last sessions from all before it, the rhythms weighted as they were known then."""
    ordered = _ordered(trained, design, outcome, day)
    mean, sd = _recent(trained, ordered)
    m = mean.shape[0]
    last = ordered.outcome[ordered.outcome.size - m :]
    scores = log_scores(outcome=last, mean=mean, sd=sd, rating_step=trained.rating_step)
    weight = without_negligible(weight=remembered(prior=trained.rhythms, log_likelihood=scores)[:-1])
    steps = own_steps(outcome=ordered.outcome, common=trained.rating_step)[ordered.outcome.size - m : -1]
    return Replay(ordered.day[ordered.day.size - m :], last, Predictive(mean, sd, weight, steps))


@dataclass(frozen=True, slots=True)
class Filtered:
    """What is kept of sessions that were whitened for one drift; the outcome's column comes first.

    Attributes
    ----------
    recent
        The last hundred sessions, whitened.
    gram_before, gram
        (1 + p, 1 + p) cross products of the whitened columns: of the sessions before those, and of all.
    """

    recent: Whitened
    gram_before: Floats
    gram: Floats

    @staticmethod
    def of(white: Whitened) -> Filtered:
        """Multiply the whitened columns (n, 1 + p) once."""
        first = max(white.innovation.size - REPLAYED_SESSIONS, 0)
        before, last = white.columns[:first], white.columns[first:]
        gram_before = before.T @ before
        recent = replace(white, columns=last, innovation=white.innovation[first:])
        return Filtered(recent, gram_before, gram_before + last.T @ last)


@dataclass(frozen=True, slots=True)
class _Ordered:
    """Sessions ordered by day, whitened once for each drift that occurs.

    A climber knows few of all kinds of sessions: columns that are 0 in every row are left out of the work.

    Attributes
    ----------
    occurring
        (c,) which coefficients have a column here, of p.
    filtered
        The columns: the outcome, then these.
    """

    outcome: Floats
    day: Floats
    p: int
    occurring: NDArray[np.intp]
    filtered: dict[Drift, Filtered]

    def under(self, rhythms: Sequence[Rhythm]) -> list[WhitenedSessions]:
        """All sessions under each rhythm, with the columns of all coefficients again."""
        size = 1 + self.p
        kept = np.zeros(1 + self.occurring.size, dtype=np.intp)
        kept[1:] = 1 + self.occurring
        places = (kept[:, None] * size + kept).ravel()
        grams, levels = np.zeros((len(rhythms), size * size)), np.zeros((len(rhythms), size))
        made = []
        for rhythm, gram, last_level in zip(rhythms, grams, levels, strict=True):
            found = self.filtered[rhythm.drift]
            gram[places] = found.gram.ravel()
            last_level[kept] = found.recent.last_level
            made.append(
                WhitenedSessions(
                    gram=gram.reshape(size, size),
                    n_sessions=self.outcome.size,
                    last_level=last_level,
                    level_variance=found.recent.level_variance,
                    drift=rhythm.drift,
                    noise_scale=rhythm.noise_scale,
                )
            )
        return made


def _ordered(trained: TrainedPopulation, design: Floats, outcome: Floats, day: Floats) -> _Ordered:
    rhythms, p = trained.rhythms.rhythms, len(trained.names)
    design, outcome, in_order = checked_observations(
        p=p, design=design, outcome=outcome, day=day, drift=rhythms[0].drift
    )
    days = np.asarray(in_order)
    occurring = np.flatnonzero(design.any(axis=0))
    # Column by column in memory: the filter walks down each of them.
    columns = np.empty((outcome.size, 1 + occurring.size), order="F")
    columns[:, 0] = outcome
    columns[:, 1:] = design if occurring.size == p else design[:, occurring]
    drifts = tuple(dict.fromkeys(rhythm.drift for rhythm in rhythms))
    whitened = whiten_under(columns=columns, day=days, drifts=drifts)
    filtered = {drift: Filtered.of(white) for drift, white in zip(drifts, whitened, strict=True)}
    return _Ordered(outcome, days, p, occurring, filtered)


@lru_cache(maxsize=4)
def _new_climber(draws: PopulationDraws) -> GaussianPrior:
    """A new climber's prior, once for all climbers."""
    return draws.as_prior()


def _recent(trained: TrainedPopulation, ordered: _Ordered) -> tuple[Floats, Floats]:
    """The last sessions one step ahead under every rhythm: means and SDs (m, k)."""
    prior, occurring = _new_climber(trained.draws), ordered.occurring
    mean, root = prior.mean[occurring], _root(prior.covariance[occurring[:, None], occurring])
    rhythms = trained.rhythms.rhythms
    expected, sd = np.empty((2, min(ordered.outcome.size, REPLAYED_SESSIONS), len(rhythms)))
    for i, rhythm in enumerate(rhythms):
        expected[:, i], sd[:, i] = recent_forecasts(
            mean=mean,
            root=root,
            filtered=ordered.filtered[rhythm.drift],
            outcome=ordered.outcome,
            sigma=prior.sigma * rhythm.noise_scale,
        )
    return expected, sd


def recent_forecasts(
    *, mean: Floats, root: Floats, filtered: Filtered, outcome: Floats, sigma: float
) -> tuple[Floats, Floats]:
    """Means and SDs (m,) with which each of the last m ≤ 100 sessions was expected from all before it.

    Older sessions enter in closed form, through a root R of the prior's covariance: with A A' = I + R' G R / sigma²
    the covariance given them is C = H'H, H = A^-1 R'. The recent whitened rows have covariance
    S = I + X~ C X~' / sigma²; its Cholesky factor L has every one-step-ahead SD on its diagonal, and every standardised
    error is in L^-1 (y~ - X~ m): one factorisation, no loop over sessions.
    """
    n = outcome.size
    recent = filtered.recent.columns / sigma
    m = recent.shape[0]
    gram = filtered.gram_before / sigma**2  # (1 + c, 1 + c), the outcome first
    inner = root.T @ gram[1:, 1:] @ root
    inner.reshape(-1)[:: inner.shape[0] + 1] += 1.0
    half, _ = dtrtrs(_sturdy_cholesky(inner), root.T, lower=1)
    mean = mean + half.T @ (half @ (gram[1:, 0] - gram[1:, 1:] @ mean))
    x_new = recent[:, 1:]
    spread = half @ x_new.T
    covariance = spread.T @ spread
    covariance.reshape(-1)[:: m + 1] += 1.0
    factor = _sturdy_cholesky(covariance)
    error, _ = dtrtrs(factor, recent[:, 0] - x_new @ mean, lower=1)
    sd = sigma * factor.diagonal() * np.sqrt(filtered.recent.innovation)
    return outcome[n - m :] - error * sd, sd


def _root(covariance: Floats) -> Floats:
    """A matrix L with L L' = covariance; where it is regular, in a tenth of the time of :func:`covariance_root`."""
    factor, trouble = dpotrf(covariance, lower=1)
    return covariance_root(covariance) if trouble else np.asarray(factor)


def _sturdy_cholesky(matrix: Floats) -> Floats:
    """Cholesky factor, lower triangle; rounding in hopelessly scaled rows is met with a little more diagonal."""
    for jitter in (0.0, 1e-12, 1e-9):
        sturdier = matrix + jitter * matrix.max() * np.eye(matrix.shape[0]) if jitter else matrix
        factor, trouble = dpotrf(sturdier.T, lower=1, clean=0)  # the transpose, as LAPACK reads by columns
        if not trouble:
            return np.asarray(factor)
    return np.asarray(np.diag(np.sqrt(np.diag(matrix))))


def _joint_moments(posteriors: Sequence[PersonalPosterior]) -> tuple[Floats, Floats]:
    """Means (k, p + 1) and covariances (k, p + 1, p + 1) of coefficients and level together."""
    k, p = len(posteriors), posteriors[0].mean.size
    means, covariances = np.empty((k, p + 1)), np.empty((k, p + 1, p + 1))
    for posterior, mean, covariance in zip(posteriors, means, covariances, strict=True):
        mean[:p], mean[p] = posterior.mean, posterior.level_mean
        covariance[:p, :p] = posterior.covariance
        covariance[p, :p] = covariance[:p, p] = posterior.level_covariance
        covariance[p, p] = posterior.level_variance
    return means, covariances
