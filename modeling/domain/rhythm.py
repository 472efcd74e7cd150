"""A climber's own rhythm: how noisy their sessions are and how fast their level drifts.

Climbers differ in both. A rhythm is one point of a small grid; the grid's weights are learnt from everyone, a
climber's weights from their own one-step-ahead predictions, and predictions are averaged over them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modeling.domain.drift import Drift

Floats = NDArray[np.float64]

DRIFTS = (
    Drift(0.0),
    Drift(0.01, 60.0),
    Drift(0.03, 60.0),
    Drift(0.1, 60.0),
    Drift(0.1, 7.0),
    Drift(0.4, 7.0),
)
NOISE_SCALES = (0.3, 0.5, 0.7, 1.0, 1.5)
# Weights sink back to everyone's by this factor a session: rhythms change, and the last fifty sessions tell most.
MEMORY = 0.95
LEAST_WEIGHT = 0.02
# Of a few climbers no rhythm is learnt to be rare: seventeen were kept. The commonest eight foresee as well, and every
# climber who waits for a posterior waits for each of them.
MOST_RHYTHMS = 8
# A rhythm this unlikely for a climber at the moment is not computed for them: serving and evaluation alike.
NEGLIGIBLE_WEIGHT = 0.01
EM_STEPS = 30
# Repeated sessions of one climber are not independent evidence of their rhythm; half of it is believed.
TEMPERATURE = 0.5


class InvalidRhythms(ValueError):
    """Weights that are no probabilities, or that do not fit the rhythms."""


@dataclass(frozen=True, slots=True)
class Rhythm:
    """A drift, and the climber's noise over the population's sigma."""

    drift: Drift
    noise_scale: float


@dataclass(frozen=True, slots=True)
class RhythmPrior:
    """Rhythms and how common each is (k,)."""

    rhythms: tuple[Rhythm, ...]
    weight: Floats

    def __post_init__(self) -> None:
        if self.weight.shape != (len(self.rhythms),) or not self.rhythms:
            raise InvalidRhythms(f"{len(self.rhythms)} rhythms, weights {self.weight.shape}")
        if not ((self.weight > 0.0).all() and np.isclose(self.weight.sum(), 1.0)):
            raise InvalidRhythms("weights must be positive and sum to one")


def rhythm_grid() -> RhythmPrior:
    """Every combination of drift and noise, equally likely: where learning starts.

    >>> len(rhythm_grid().rhythms)
    30
    """
    rhythms = tuple(Rhythm(drift, scale) for drift in DRIFTS for scale in NOISE_SCALES)
    return RhythmPrior(rhythms, np.full(len(rhythms), 1.0 / len(rhythms)))


def learn_weights(*, rhythms: tuple[Rhythm, ...], log_likelihood: Floats) -> RhythmPrior:
    """How common is each rhythm? Expectation-maximisation over climbers; what is rare is dropped.

    That is a rhythm of fewer than 2 %, and all but the commonest eight.

    Parameters
    ----------
    rhythms
        k rhythms.
    log_likelihood
        (climbers, k) log probability of each climber's sessions, one step ahead, under each rhythm.

    Examples
    --------
    >>> slow, fast = Rhythm(Drift(0.01), 1.0), Rhythm(Drift(0.4), 1.0)
    >>> learn_weights(rhythms=(slow, fast), log_likelihood=np.array([[0.0, -90.0]] * 40)).rhythms == (slow,)
    True
    """
    k = len(rhythms)
    weight = np.full(k, 1.0 / k)
    # One climber's worth of evidence, spread evenly, keeps every rhythm possible for those who come later.
    for _ in range(EM_STEPS):
        total = np.full(k, 1.0 / k)
        logits = TEMPERATURE * log_likelihood + np.log(weight)
        share = np.exp(logits - logits.max(axis=1, keepdims=True))
        total += (share / share.sum(axis=1, keepdims=True)).sum(axis=0)
        weight = total / total.sum()
    keep = weight >= min(LEAST_WEIGHT, float(weight.max()))
    keep[np.argsort(-weight, kind="stable")[MOST_RHYTHMS:]] = False
    kept = tuple(r for r, stays in zip(rhythms, keep, strict=True) if stays)
    return RhythmPrior(kept, weight[keep] / weight[keep].sum())


def without_negligible(*, weight: Floats) -> Floats:
    """(..., k) weights with those below 1 % taken away, and the rest scaled up.

    >>> without_negligible(weight=np.array([0.009, 0.391, 0.6])).round(4).tolist()
    [0.0, 0.3946, 0.6054]
    """
    kept = np.where(weight < NEGLIGIBLE_WEIGHT, 0.0, weight)
    return np.asarray(kept / kept.sum(axis=-1, keepdims=True))


def weights_now(*, prior: RhythmPrior, log_likelihood: Floats) -> Floats:
    """(k,) weights after n sessions, from their (n, k) log scores: the last row of :func:`remembered`.

    >>> two = RhythmPrior((Rhythm(Drift(0.01), 1.0), Rhythm(Drift(0.4), 1.0)), np.array([0.5, 0.5]))
    >>> weights_now(prior=two, log_likelihood=np.log([[0.2, 0.4]])).round(4).tolist()
    [0.3333, 0.6667]
    """
    age = np.arange(log_likelihood.shape[0])[::-1]
    logits = np.log(prior.weight) + MEMORY**age @ log_likelihood
    unnormalised = np.exp(logits - logits.max())
    return np.asarray(unnormalised / unnormalised.sum())


def remembered(*, prior: RhythmPrior, log_likelihood: Floats) -> Floats:
    """(n + 1, k) weights before each of n sessions and after the last, each from the sessions before it.

        log w_{t+1} = memory (log w_t - log w_0) + log w_0 + log p_t,  normalised

    Source: Raftery, Kárný & Ettler (2010), dynamic model averaging.
    """
    n = log_likelihood.shape[0]
    base = np.log(prior.weight)
    weights = np.empty((n + 1, base.size))
    evidence = np.zeros(base.size)
    for t in range(n + 1):
        logits = base + evidence
        unnormalised = np.exp(logits - logits.max())
        weights[t] = unnormalised / unnormalised.sum()
        if t < n:
            evidence = MEMORY * evidence + log_likelihood[t]
    return weights
