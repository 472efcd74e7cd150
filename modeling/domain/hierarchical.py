"""The hierarchical model in PyMC, twice: climbers integrated out (what runs at night) and plain (its reference).

    quality_ut = (mu0 + a_u + level_u(t)) + sum_k (beta_k + b_uk) x_utk + eps,   eps ~ N(0, sigma²)

The first reads whitened columns, so a drifting level is already in them (:mod:`modeling.domain.drift`); the plain one
reads them as they are and has the level session by session, as latent variables. Parameters
are sampled in units of their priors: natural units differ by three orders of magnitude (hours and milligrams).
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from threading import Lock
from typing import Any

import numpy as np
import pytensor
import pytensor.tensor as pt
from numba import njit
from numpy.typing import NDArray

from modeling.domain.diagnostics import Diagnostics, diagnose
from modeling.domain.drift import Drift
from modeling.domain.kernel import PackedStatistics, pack
from modeling.domain.marginal_op import marginal_likelihood
from modeling.domain.mode import PopulationMode, natural_units, ordered, population_mode
from modeling.domain.population import PopulationDraws
from modeling.domain.posterior import covariance_root
from modeling.domain.priors import HierarchicalPriors
from modeling.domain.second_try import FREE_DEPTH
from modeling.domain.statistics import GroupedData, SufficientStatistics

with warnings.catch_warnings():
    # arviz announces its next major version whenever it is imported
    warnings.simplefilter("ignore", FutureWarning)
    import arviz as az
    import nutpie
    import pymc as pm
    from nutpie.compiled_pyfunc import from_pyfunc

# numba has its own linear algebra: spare PyTensor the search for a BLAS to link against, and its complaint
pytensor.config.blas__ldflags = ""

Floats = NDArray[np.float64]
# Added to tau² before its logarithm is taken: a chain may pass through zero.
TINY_TAU2 = 1e-12
# Chains start this far (in the mode's own coordinates) from the mode: apart enough for R-hat to mean something.
START_SPREAD = 0.5
_COMPILING = Lock()
# Stored per draw; their natural units are computed afterwards.
UNITS = ["beta_unit", "tau_signed", "sigma_unit"]


@dataclass(frozen=True, slots=True)
class SamplerSettings:
    """How long and how carefully to sample.

    ``low_rank`` adapts to correlated parameters, which halves the steps to an independent draw.

    ``max_depth`` 2 ends a trajectory after three steps. The adapted posterior is close to a standard normal, of which
    three steps see a quarter of the way round: draws are then nearly independent in place and in square. Seven steps go
    half the way round, to the point opposite: means would be known better than from independent draws, but variances,
    tails and R-hat half as well, at twice the price. Where the posterior is not like that the diagnostics say so, and
    the second try has trajectories as long as they like to be (`FREE_DEPTH`).
    """

    draws: int = 900
    tune: int = 300
    chains: int = 4
    cores: int | None = None
    seed: int = 20260101
    target_accept: float = 0.65
    max_depth: int = 2
    low_rank: bool = True
    progress_bar: bool = False


@dataclass(frozen=True, slots=True)
class SampledPopulation:
    """Draws of the population parameters with their diagnostics."""

    draws: PopulationDraws
    diagnostics: Diagnostics


def marginal_model(*, packed: PackedStatistics, priors: HierarchicalPriors) -> pm.Model:
    """The model with every climber's effects integrated out exactly.

    ``packed`` has its columns in the kernel's order (:func:`modeling.domain.mode.ordered`). Sessions and priors are
    ``pm.Data``, so that a compiled model takes new ones without being compiled again.

    A spread is the absolute value of a normal, which is the half-normal: where the data leave it near zero, a chain
    walks through instead of down the endless slope that its logarithm has there.
    """
    order, q = priors.order, priors.n_random
    given = _data(packed=packed, priors=priors)
    with pm.Model(
        coords={"column": np.arange(order.size), "varying": np.arange(q)}, check_bounds=False
    ) as model:
        sessions, mean, sd, individual_sd, noise = (pm.Data(name, value) for name, value in given.items())

        beta_unit = pm.Normal("beta_unit", 0.0, 1.0, dims="column")
        tau_signed = pm.Normal("tau_signed", 0.0, 1.0, dims="varying")
        sigma_unit = pm.HalfNormal("sigma_unit", 1.0)
        beta = pm.Deterministic("beta", mean + sd * beta_unit, dims="column")
        tau = pm.Deterministic("tau", individual_sd * pt.sqrt(tau_signed**2 + TINY_TAU2), dims="varying")
        sigma = pm.Deterministic("sigma", pt.sqrt(noise[0] ** 2 + (noise[1] * sigma_unit) ** 2))
        log_likelihood, *_ = marginal_likelihood(beta, pt.log(tau), pt.log(sigma), sessions)
        pm.Potential("log_likelihood", log_likelihood)
    return model


def _data(*, packed: PackedStatistics, priors: HierarchicalPriors) -> dict[str, Floats]:
    """What the marginal model is given, by name, in the kernel's order."""
    order, q = priors.order, priors.n_random
    return {
        "sessions": packed.buffer(),
        "prior_mean": priors.mean[order],
        "prior_sd": priors.sd[order],
        "prior_individual_sd": priors.individual_sd[order[:q]],
        "noise_floor_and_sd": np.array([priors.noise_floor, priors.noise_sd]),
    }


def plain_model(
    *,
    outcome: Floats,
    design: Floats,
    climber: NDArray[np.int64],
    priors: HierarchicalPriors,
    level_root: Floats | None = None,
) -> pm.Model:
    """The specification's model, repaired: centred covariates, a personal intercept, non-centred effects.

    One parameter per climber and coefficient is sampled, and one per session where the level drifts (``level_root``, of
    :func:`level_root`); the reference that the marginal model is held against.
    """
    order, q = priors.order, priors.n_random
    columns = design[:, order]
    n_climbers = int(climber.max()) + 1
    coords = {"column": np.arange(order.size), "varying": np.arange(q), "climber": np.arange(n_climbers)}
    with pm.Model(coords=coords) as model:
        beta_unit = pm.Normal("beta_unit", 0.0, 1.0, dims="column")
        tau_unit = pm.HalfNormal("tau_unit", 1.0, dims="varying")
        sigma_unit = pm.HalfNormal("sigma_unit", 1.0)
        beta = pm.Deterministic("beta", priors.mean[order] + priors.sd[order] * beta_unit, dims="column")
        tau = pm.Deterministic("tau", priors.individual_sd[order[:q]] * tau_unit, dims="varying")
        sigma = pm.Deterministic(
            "sigma", pt.sqrt(priors.noise_floor**2 + (priors.noise_sd * sigma_unit) ** 2)
        )
        offset = pm.Normal("offset", 0.0, 1.0, dims=("climber", "varying"))
        effect = pm.Deterministic("effect", offset * tau, dims=("climber", "varying"))
        expected = pt.dot(columns, beta) + (columns[:, :q] * effect[climber]).sum(axis=1)
        if level_root is not None:
            wander = pm.Normal("wander", 0.0, 1.0, shape=outcome.size)
            expected = expected + sigma * (level_root * wander).sum(axis=1)
        pm.Normal("quality", expected, sigma, observed=outcome)
    return model


def sample_population(
    *,
    statistics: SufficientStatistics,
    priors: HierarchicalPriors,
    settings: SamplerSettings | None = None,
    mode: PopulationMode | None = None,
) -> SampledPopulation:
    """Sample the marginal model with nutpie, every chain started near the mode.

    Parameters
    ----------
    statistics
        Sufficient statistics in the design's column order.
    priors
        Priors in the same order.
    settings
        Draws, chains, seed.
    mode
        Where to start; found when not given.
    """
    settings = settings if settings is not None else SamplerSettings()
    mode = mode if mode is not None else population_mode(statistics=statistics, priors=priors)
    packed = pack(statistics=ordered(statistics=statistics, priors=priors), n_varying=priors.n_random)
    density = compiled_for(priors=priors)
    given = _data(packed=packed, priors=priors)
    start = _near(mode.unconstrained, varying=slice(priors.mean.size, -1))
    trace = _sample(_for_nutpie(density, given, n_columns=priors.mean.size, start=start), settings)
    return SampledPopulation(_population_draws(trace, priors), _diagnostics(trace, UNITS))


def level_root(*, data: GroupedData, drift: Drift) -> Floats | None:
    """(n, n) root of the levels' covariance over sigma², from its definition and no filter; None without drift.

    Cov(level_s, level_t) = v 2^(-|s - t| / half-life) of one climber; for a random walk rate · min(s, t)
    """
    if drift.rate_per_day == 0.0:
        return None
    covariance = np.zeros((data.day.size, data.day.size))
    for u in range(data.n_groups):
        rows = data.rows(group=u)
        day = data.day[rows] - data.day[rows][0]
        covariance[rows, rows] = (
            drift.rate_per_day * np.minimum.outer(day, day)
            if drift.is_random_walk
            else drift.stationary_variance
            * np.exp2(-np.abs(np.subtract.outer(day, day)) / drift.half_life_days)
        )
    return covariance_root(covariance)


def sample_plain(
    *, data: GroupedData, priors: HierarchicalPriors, settings: SamplerSettings, drift: Drift | None = None
) -> az.InferenceData:
    """Sample the unmarginalised model with nutpie: slow, for comparison."""
    climber = np.repeat(np.arange(data.n_groups), np.diff(data.start))
    root = level_root(data=data, drift=drift or Drift(0.0))
    model = plain_model(
        outcome=data.outcome, design=data.design, climber=climber, priors=priors, level_root=root
    )
    far = replace(settings, target_accept=max(settings.target_accept, 0.8), max_depth=FREE_DEPTH)
    return _sample(nutpie.compile_pymc_model(model, var_names=["beta", "tau", "sigma", "effect"]), far)


@dataclass(frozen=True, slots=True)
class Density:
    """The marginal model's log density and gradient, as machine code: (point, data…) → value, gradient.

    ``data`` are the model's data in the order in which it wants them, of which sessions and priors only hold a place
    (the rest are numbers of columns); ``n`` is the length of a point.
    """

    function: Callable[..., tuple[Floats, Floats]]
    data: dict[str, Any]
    n: int


def compiled_for(*, priors: HierarchicalPriors) -> Density:
    """The marginal model, compiled for as many columns: eight seconds once on a machine, one in later processes.

    Whoever asks while another thread compiles it waits for that one: PyTensor is not made for two at once.
    """
    with _COMPILING:
        return _compiled(priors.mean.size, priors.n_random)


@lru_cache(maxsize=4)
def _compiled(p: int, q: int) -> Density:
    """Compile the log density of p columns, q of which vary; sessions and priors come with every call.

    PyTensor keeps what it compiled on disk. `nutpie.compile_pymc_model` would compile its own wrapper around it in
    every process, six seconds for nothing: nutpie calls the density through Python, which costs microseconds.
    """
    empty = SufficientStatistics(
        np.zeros((1, p, p)), np.zeros((1, p)), np.zeros(1), np.zeros(1, dtype=np.int64), np.zeros(1),
        np.zeros((1, p + 1)), np.zeros(1),
    )  # fmt: skip
    names = ("intercept", *(f"x{k}" for k in range(1, p)))
    priors = HierarchicalPriors(names, np.zeros(p), np.ones(p), np.repeat([1.0, 0.0], [q, p - q]))
    model = marginal_model(packed=pack(statistics=empty, n_varying=q), priors=priors)
    point = model.initial_point()
    outputs, joined = pm.pytensorf.join_nonshared_inputs(
        point=point, outputs=[model.logp(), model.dlogp()], inputs=model.value_vars
    )
    function = pm.compile([joined], outputs, mode="NUMBA")
    density = function.vm.jit_fn

    @njit(nogil=True)  # chains run side by side
    def without_lock(point, *data):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN002, ANN202
        return density(point, *data)

    data = {variable.name: variable.get_value() for variable in function.get_shared()}
    without_lock(np.zeros(p + q + 1), *data.values())
    return Density(without_lock, data, p + q + 1)


def _for_nutpie(
    density: Density, given: dict[str, Floats], *, n_columns: int, start: Callable[[Any], Floats]
) -> Any:
    """The model as nutpie samples it: a density, what is stored of a point, and where to start."""
    data = tuple((density.data | given).values())

    def log_density(point: Floats) -> tuple[float, Floats]:
        value, gradient = density.function(point, *data)
        return float(value), gradient

    def stored(point: Floats) -> dict[str, Floats]:
        return dict(zip(UNITS, (point[:n_columns], point[n_columns:-1], np.exp(point[-1:])), strict=True))

    return from_pyfunc(
        ndim=density.n,
        make_logp_fn=lambda: log_density,
        make_expand_fn=lambda *_: stored,
        expanded_dtypes=[np.dtype(np.float64)] * len(UNITS),
        expanded_shapes=[(n_columns,), (density.n - n_columns - 1,), (1,)],
        expanded_names=UNITS,
        make_initial_point_fn=start,
    )


def _sample(compiled: Any, settings: SamplerSettings) -> az.InferenceData:
    return nutpie.sample(
        compiled,
        draws=settings.draws,
        tune=settings.tune,
        chains=settings.chains,
        cores=settings.cores,
        seed=settings.seed,
        target_accept=settings.target_accept,
        maxdepth=settings.max_depth,
        low_rank_modified_mass_matrix=settings.low_rank,
        save_warmup=False,
        progress_bar=settings.progress_bar,
    )


def _near(mode: Floats, *, varying: slice) -> Callable[[Any], Floats]:
    """Points around the mode, whose coordinates for the spreads are their logarithms."""

    def start(seed: Any) -> Floats:
        point = mode + START_SPREAD * np.random.default_rng(seed).uniform(-1.0, 1.0, mode.size)
        point[varying] = np.exp(point[varying])
        return np.asarray(point)

    return start


def _population_draws(trace: az.InferenceData, priors: HierarchicalPriors) -> PopulationDraws:
    beta, signed, sigma = (_flat(trace, name) for name in UNITS)
    log_tau = 0.5 * np.log(signed**2 + TINY_TAU2)
    unconstrained = np.column_stack([beta, log_tau, np.log(sigma)])
    return natural_units(unconstrained=unconstrained, priors=priors)


def _flat(trace: az.InferenceData, name: str) -> Floats:
    values = trace.posterior[name].to_numpy()
    # every length by its number: with no effect that varies there is nothing to infer one from
    return np.asarray(values.reshape(values.shape[0] * values.shape[1], *values.shape[2:]))


def _diagnostics(trace: az.InferenceData, names: list[str]) -> Diagnostics:
    """Of what the parameters mean: a spread's sign means nothing."""
    parts = []
    for name in names:
        chains = trace.posterior[name].to_numpy()
        parts.append(np.abs(chains) if name == "tau_signed" else chains)
    divergences = int(trace.sample_stats["diverging"].sum())
    return diagnose(chains=np.concatenate(parts, axis=2), divergences=divergences)
