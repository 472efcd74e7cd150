"""May this run be published? Pure verdicts; the old posterior serves until one says yes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from modeling.domain.baselines import Split, baselines
from modeling.domain.diagnostics import Diagnostics
from modeling.domain.drift_rate import subset
from modeling.domain.evaluation import chronological_split, long_enough, one_step_ahead, rows_of
from modeling.domain.gate_limits import HIGHEST_RHAT, LEAST_ESS, LEAST_INSIDE
from modeling.domain.posterior import HIGHEST_QUALITY, LOWEST_QUALITY
from modeling.domain.predictive import Predictive, score
from modeling.domain.priors import HierarchicalPriors
from modeling.domain.shares import independent_cases
from modeling.domain.simulate import draw_parameters
from modeling.domain.statistics import GroupedData
from modeling.domain.training import fit

Floats = NDArray[np.float64]

HELD_OUT_SHARE = 0.8
FEWEST_HELD_OUT_SESSIONS = 5
MOST_HELD_OUT_CLIMBERS = 300  # thousands of sessions: their mean CRPS is known to less than 0.01
PRIOR_DRAWS = 400
DESIGN_ROWS = 200


@dataclass(frozen=True, slots=True)
class HeldOut:
    """CRPS, averaged over climbers, of the model and of the person mean on the last fifth of their sessions.

    ``coverage`` says how many outcomes lay in the central intervals at 50, 80, 90 and 95 %, ``independent`` how many
    independent sessions would leave as much to chance.
    """

    model_crps: float
    person_mean_crps: float
    n_sessions: int
    coverage: Mapping[str, float] = field(default_factory=dict)
    independent: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether to publish, and every reason not to."""

    publish: bool
    reasons: tuple[str, ...]

    @property
    def status(self) -> str:
        """``"published"`` or ``"held"``."""
        return "published" if self.publish else "held"


def judge(*, diagnostics: Diagnostics, inside: float, held_out: HeldOut | None) -> Verdict:
    """Publish only a run that converged, from sane priors, and that predicts better than the person's mean.

    Parameters
    ----------
    diagnostics
        Convergence of the sampler.
    inside
        Share of the prior predictive within 0.5–10.5: what rounds to a rating.
    held_out
        CRPS on held-out sessions; None when there were too few to hold any out.

    Examples
    --------
    >>> good = Diagnostics(max_rhat=1.002, min_bulk_ess=900.0, min_tail_ess=800.0, divergences=0, n_draws=4000)
    >>> judge(diagnostics=good, inside=0.9, held_out=HeldOut(0.5, 0.7, 300))
    Verdict(publish=True, reasons=())
    >>> judge(diagnostics=good, inside=0.9, held_out=HeldOut(0.8, 0.7, 300)).reasons
    ('held-out CRPS 0.800 is not ahead of the person mean (0.700)',)
    """
    reasons = []
    if not diagnostics.max_rhat <= HIGHEST_RHAT:
        reasons.append(f"R-hat {diagnostics.max_rhat:.3f} is above {HIGHEST_RHAT}")
    ess = min(diagnostics.min_bulk_ess, diagnostics.min_tail_ess)
    if not ess >= LEAST_ESS:
        reasons.append(f"effective sample size {ess:.0f} is below {LEAST_ESS:.0f}")
    if diagnostics.divergences:
        reasons.append(f"{diagnostics.divergences} divergent transitions")
    if not inside >= LEAST_INSIDE:
        reasons.append(f"only {inside:.0%} of the prior predictive rounds to 1–10 (0.5–10.5)")
    if held_out is None:
        reasons.append("too few sessions to hold some out and test the forecasts")
    elif not held_out.model_crps < held_out.person_mean_crps:
        reasons.append(
            f"held-out CRPS {held_out.model_crps:.3f} is not ahead of the person mean"
            f" ({held_out.person_mean_crps:.3f})"
        )
    return Verdict(publish=not reasons, reasons=tuple(reasons))


def prior_predictive_inside(*, priors: HierarchicalPriors, design: Floats, seed: int = 1) -> float:
    """Share of qualities within 0.5–10.5 (they round to a rating), parameters and climbers drawn from the priors.

    Parameters
    ----------
    priors
        Priors in the design's column order.
    design
        (n, p) rows as they occur; at most 200 of them are used.
    """
    rng = np.random.default_rng(seed)
    rows = design[rng.permutation(design.shape[0])[:DESIGN_ROWS]]
    inside = []
    for _ in range(PRIOR_DRAWS):
        beta, tau, sigma = draw_parameters(priors=priors, rng=rng)
        theta = beta + tau * rng.normal(size=rows.shape)
        quality = (rows * theta).sum(axis=1) + sigma * rng.normal(size=rows.shape[0])
        inside.append(((quality >= LOWEST_QUALITY - 0.5) & (quality <= HIGHEST_QUALITY + 0.5)).mean())
    return float(np.mean(inside))


def held_out_crps(*, data: GroupedData, priors: HierarchicalPriors) -> HeldOut | None:
    """Train on the first four fifths of each climber's sessions and score the rest beside the person mean.

    ``data`` are sessions as they were known on their day (:func:`known_then.data_as_known_then`): a gap that is filled
    from all of a climber's sessions would tell the model of the held-out ones.
    The Laplace approximation stands in for the sampler: the gate asks whether the model predicts, not how exactly it
    was integrated; and it asks 300 climbers at most, spread over all. Each of them counts once, however many sessions
    they have: one whose thousand ratings are all the same must not carry a model that is worse for everybody else.
    None when fewer than two climbers have five sessions.
    """
    counts = np.diff(data.start)
    if (counts >= FEWEST_HELD_OUT_SESSIONS).sum() < 2:
        return None
    kept = subset(data=long_enough(data=data, n_sessions=FEWEST_HELD_OUT_SESSIONS), n=MOST_HELD_OUT_CLIMBERS)
    split: Split = chronological_split(data=kept, share=HELD_OUT_SHARE)
    trained = fit(data=rows_of(data=kept, rows=split.train), priors=priors).population
    ours = one_step_ahead(data=kept, trained=trained, rows=split.test)
    theirs = baselines(data=kept, split=split)["person_mean"]
    outcome = kept.outcome[split.test]
    owner = np.repeat(np.arange(kept.n_groups), np.diff(kept.start))[split.test]
    return compared(model=ours, person_mean=theirs, outcome=outcome, owner=owner)


def compared(
    *, model: Predictive, person_mean: Predictive, outcome: Floats, owner: NDArray[np.intp]
) -> HeldOut:
    """Score two forecasts of the same n sessions; ``owner`` (n,) says whose each is.

    Where the model knows in which steps people rate, so does the person mean: rounding alone is no merit.
    """
    alike = person_mean.in_steps(rating_step=model.rating_step)
    coverage = score(predictive=model, outcome=outcome).coverage
    return HeldOut(
        model_crps=_per_climber(model.crps(outcome=outcome), owner),
        person_mean_crps=_per_climber(alike.crps(outcome=outcome), owner),
        n_sessions=int(outcome.size),
        coverage=coverage,
        independent={
            level: independent_cases(
                inside=model.covered(outcome=outcome, level=float(level) / 100), owner=owner
            )
            for level in coverage
        },
    )


def climbers_asked(*, counts: NDArray[np.int64]) -> NDArray[np.intp]:
    """Places of the climbers that :func:`held_out_crps` asks, from everybody's numbers of sessions.

    >>> climbers_asked(counts=np.array([4, 5, 60])).tolist()
    [1, 2]
    """
    enough = np.flatnonzero(counts >= FEWEST_HELD_OUT_SESSIONS)
    if enough.size <= MOST_HELD_OUT_CLIMBERS:
        return enough
    return enough[np.linspace(0, enough.size - 1, MOST_HELD_OUT_CLIMBERS).round().astype(np.intp)]


def _per_climber(scores: Floats, owner: NDArray[np.intp]) -> float:
    """Mean over climbers of their mean score."""
    counts = np.bincount(owner)
    return float((np.bincount(owner, weights=scores)[counts > 0] / counts[counts > 0]).mean())
