"""From grouped sessions to a trained population: the engine's one entry."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from modeling.domain.diagnostics import Diagnostics
from modeling.domain.drift import Drift
from modeling.domain.drift_rate import profile_drift, subset
from modeling.domain.mode import PopulationMode, population_mode
from modeling.domain.oddities import oddities, without_absurdities
from modeling.domain.personal import TrainedPopulation
from modeling.domain.population import PopulationDraws
from modeling.domain.priors import HierarchicalPriors, InvalidPriors
from modeling.domain.rating_scale import common_step, rating_notes
from modeling.domain.rhythm import Rhythm, RhythmPrior, learn_weights, rhythm_grid
from modeling.domain.rolling import log_likelihood_under
from modeling.domain.statistics import GroupedData, sufficient_statistics

if TYPE_CHECKING:
    from modeling.domain.hierarchical import SamplerSettings

Floats = NDArray[np.float64]

FEWEST_CLIMBERS = 2
CLIMBERS_TO_LEARN_RHYTHMS = 300
LAPLACE_DRAWS = 400
FEWEST_STORED = 32
FIT_SEED = 20260101


class NotEnoughSessions(ValueError):
    """Fewer than two climbers, or no complete session: there is no population to learn; priors go on serving."""


@dataclass(frozen=True, slots=True)
class TrainingResult:
    """A trained population and what a run's record says of it.

    Attributes
    ----------
    population
        What is served.
    all_draws
        Every draw, unthinned.
    diagnostics
        None when the Laplace approximation stood in for the sampler.
    drift
        The profiled drift of the whole population (rhythms are climbers' own).
    own_rhythm
        (climbers,) index of each climber's likeliest rhythm.
    notes
        What was odd about the data.
    """

    population: TrainedPopulation
    all_draws: PopulationDraws
    diagnostics: Diagnostics | None
    drift: Drift
    mode: PopulationMode
    own_rhythm: NDArray[np.intp]
    notes: tuple[str, ...]


def fit(
    *,
    data: GroupedData,
    priors: HierarchicalPriors,
    drift: Drift | Literal["profiled", "none"] = "profiled",
    own_rhythm: bool = True,
    sampler: SamplerSettings | None = None,
    again: Callable[[Diagnostics], SamplerSettings | None] = lambda _: None,
    on_stage: Callable[[str], None] = lambda _: None,
    seed: int = FIT_SEED,
) -> TrainingResult:
    """Train the hierarchical model on any grouped data.

    1. The population's drift is profiled by marginal likelihood (or given, or none: the static model).
    2. With ``own_rhythm`` the grid of rhythms is weighted by everyone's one-step-ahead predictions, and each
       climber's sessions are whitened with their likeliest rhythm.
    3. The population parameters are sampled by NUTS, or approximated by Laplace's method without ``sampler``.

    Parameters
    ----------
    data
        Sessions ordered by climber and day (:func:`modeling.domain.statistics.group_data`).
    priors
        Priors in the design's column order.
    drift
        ``"profiled"``, ``"none"`` or a drift.
    own_rhythm
        Whether climbers have rhythms of their own.
    sampler
        Draws and chains; None for the Laplace approximation.
    again
        Asked once, with the diagnostics of the first draws: settings to sample with again, or None where they will do.
    on_stage
        Told the name of each stage as it begins.

    Raises
    ------
    NotEnoughSessions
        Fewer than two climbers.
    """
    _refuse(data, priors)
    data, ignored = without_absurdities(data=data, priors=priors)
    step = common_step(outcome=data.outcome)
    on_stage("drift")
    if drift == "profiled":
        profile = profile_drift(data=data, priors=priors)
        common, mode = profile.drift, profile.mode
    else:
        common = Drift(0.0) if isinstance(drift, str) else drift
        mode = population_mode(statistics=sufficient_statistics(data=data, drift=common), priors=priors)
    rhythms = RhythmPrior((Rhythm(common, 1.0),), np.ones(1))
    own = np.zeros(data.n_groups, dtype=np.intp)
    if own_rhythm:
        on_stage("rhythms")
        rhythms, own = _learn_rhythms(data, priors, mode, seed, step)
    on_stage("statistics")
    statistics = sufficient_statistics(
        data=data,
        drift=[rhythms.rhythms[k].drift for k in own],
        noise_scale=np.array([rhythms.rhythms[k].noise_scale for k in own]),
    )
    mode = population_mode(statistics=statistics, priors=priors, start=mode.unconstrained)
    diagnostics: Diagnostics | None = None
    if sampler is None:
        on_stage("sampling")
        draws = mode.draws(priors=priors, n=LAPLACE_DRAWS, seed=seed)
    else:
        on_stage("loading the sampler")
        from modeling.domain.hierarchical import compiled_for, sample_population

        compiled_for(priors=priors)
        on_stage("sampling")
        sampled = sample_population(statistics=statistics, priors=priors, settings=sampler, mode=mode)
        if (second := again(sampled.diagnostics)) is not None:
            on_stage("sampling again")
            sampled = sample_population(statistics=statistics, priors=priors, settings=second, mode=mode)
        draws, diagnostics = sampled.draws, sampled.diagnostics
    return TrainingResult(
        population=TrainedPopulation(
            draws.representative(n=stored_points(n_columns=len(draws.names))), rhythms, step
        ),
        all_draws=draws,
        diagnostics=diagnostics,
        drift=common,
        mode=mode,
        own_rhythm=own,
        notes=(
            *ignored,
            *oddities(data=data, names=priors.names),
            *rating_notes(outcome=data.outcome, start=data.start, common=step),
        ),
    )


def stored_points(*, n_columns: int) -> int:
    """How many points stand for all draws: enough that they can have the mean and covariance of all.

    >>> stored_points(n_columns=10), stored_points(n_columns=34)
    (32, 36)
    """
    return max(FEWEST_STORED, n_columns + 2)


def _refuse(data: GroupedData, priors: HierarchicalPriors) -> None:
    if data.n_groups < FEWEST_CLIMBERS or data.outcome.size == 0:
        raise NotEnoughSessions(f"{data.outcome.size} complete sessions of {data.n_groups} climbers")
    if data.design.shape[1] != len(priors.names):
        raise InvalidPriors(f"{data.design.shape[1]} columns, but priors for {len(priors.names)}")


def _learn_rhythms(
    data: GroupedData, priors: HierarchicalPriors, mode: PopulationMode, seed: int, step: float
) -> tuple[RhythmPrior, NDArray[np.intp]]:
    """The rhythms' weights from some climbers, and every climber's likeliest rhythm."""
    prior = mode.draws(priors=priors, n=LAPLACE_DRAWS, seed=seed).as_prior()
    # The mode's own scale, not the draws' mean square: rhythms multiply it.
    prior = replace(prior, sigma=mode.sigma)
    grid = rhythm_grid().rhythms
    some = subset(data=data, n=CLIMBERS_TO_LEARN_RHYTHMS)
    likelihood = log_likelihood_under(data=some, prior=prior, rhythms=grid, rating_step=step)
    learnt = learn_weights(rhythms=grid, log_likelihood=likelihood)
    everyone = log_likelihood_under(data=data, prior=prior, rhythms=learnt.rhythms, rating_step=step)
    return learnt, np.argmax(everyone + np.log(learnt.weight), axis=1)
