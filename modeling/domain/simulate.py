"""Climbers whose truth is known: for calibration, recovery, the demo and benchmarks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from climbiq.domain.variables import MODEL_VARIABLES, VARIABLES
from modeling.domain.diary import CLIMBER, DATE, QUALITY, literature_hierarchical_priors
from modeling.domain.drift import Drift
from modeling.domain.posterior import HIGHEST_QUALITY, LOWEST_QUALITY
from modeling.domain.priors import HierarchicalPriors
from modeling.domain.session_kind import FAMILIES, MODERATORS, KindLayout, kind_names, kind_priors, with_kinds
from modeling.domain.statistics import GroupedData, group_data

Floats = NDArray[np.float64]

FIRST_DAY = pd.Timestamp("2025-01-01")
DEVIATING = {"caffeine_mg": "caffeine_mg", "warmup_duration_min": "warmup_min"}
HABIT_SHARE = 0.5  # of a condition's variance lies between climbers' habits
MEMORY = 0.5  # conditions of one day resemble those of the last
_FIRST_KIND = 1 + len(MODEL_VARIABLES)


class InvalidSimulation(ValueError):
    """No climbers, no sessions, or shares outside 0–1."""


@dataclass(frozen=True, slots=True)
class Truth:
    """What the simulated sessions were made from.

    Attributes
    ----------
    beta, tau
        (p,) population effects and climbers' SDs.
    sigma
        SD of the session noise; a climber's own is `noise_scale` times that.
    theta
        (climbers, p) each climber's coefficients.
    level
        (n,) each session's drifting level, ordered as the data.
    drifts
        How each climber's level moved.
    noise_scale
        (climbers,) each climber's own noise over sigma.
    names
        The p columns' names, where they have any.
    """

    beta: Floats
    tau: Floats
    sigma: float
    theta: Floats
    level: Floats
    drifts: tuple[Drift, ...]
    noise_scale: Floats
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SimulatedDiary:
    """A diary frame (as treated, planned and actual beside it) and its truth in the frame's row order."""

    frame: pd.DataFrame
    truth: Truth


def draw_parameters(*, priors: HierarchicalPriors, rng: np.random.Generator) -> tuple[Floats, Floats, float]:
    """Population effects, climbers' SDs and noise drawn from the priors."""
    beta = priors.mean + priors.sd * rng.normal(size=priors.mean.size)
    tau = priors.individual_sd * np.abs(rng.normal(size=priors.mean.size))
    return beta, tau, float(np.hypot(priors.noise_floor, priors.noise_sd * abs(rng.normal())))


def simulate_outcome(
    *,
    design: Floats,
    climber: NDArray[np.int64],
    day: Floats,
    beta: Floats,
    tau: Floats,
    sigma: float,
    drift: Drift | Sequence[Drift],
    rng: np.random.Generator,
    noise_scale: Floats | None = None,
) -> tuple[Floats, Truth]:
    """Draw coefficients, levels and noise exactly as the hierarchical model says; rows ordered by climber and day.

    y = X_u theta_u + level_u(t) + eps,  theta_u ~ N(beta, diag tau²),  eps ~ N(0, sigma_u²),  sigma_u = scale_u sigma

    Drift (its rate is relative to sigma_u²) and ``noise_scale`` are one for all climbers, or each climber's.
    """
    n_climbers = int(climber.max()) + 1
    drifts = (drift,) * n_climbers if isinstance(drift, Drift) else tuple(drift)
    scale = np.ones(n_climbers) if noise_scale is None else noise_scale
    if not (len(drifts) == scale.size == n_climbers):
        raise InvalidSimulation(f"{n_climbers} climbers, {len(drifts)} drifts, {scale.size} noise scales")
    theta = beta + tau * rng.normal(size=(n_climbers, beta.size))
    level = np.empty(day.size)
    noise = sigma * scale[climber]
    for t in range(day.size):
        own = drifts[climber[t]]
        if t == 0 or climber[t] != climber[t - 1]:
            level[t] = noise[t] * np.sqrt(own.stationary_variance) * rng.normal()
        else:
            days = float(day[t] - day[t - 1])
            sd = noise[t] * np.sqrt(own.added_variance(days=days))
            level[t] = own.decay(days=days) * level[t - 1] + sd * rng.normal()
    outcome = (design * theta[climber]).sum(axis=1) + level + noise * rng.normal(size=day.size)
    return outcome, Truth(beta, tau, sigma, theta, level, drifts, scale)


def simulate_grouped(
    *,
    priors: HierarchicalPriors,
    n_climbers: int,
    n_sessions: int,
    drift: Drift,
    rng: np.random.Generator,
    spread: Floats | None = None,
) -> tuple[GroupedData, Truth]:
    """Sessions with parameters drawn from the priors and standard normal conditions times ``spread``."""
    if n_climbers < 1 or n_sessions < 1:
        raise InvalidSimulation(f"{n_climbers} climbers with {n_sessions} sessions")
    n, p = n_climbers * n_sessions, priors.mean.size
    climber = np.repeat(np.arange(n_climbers), n_sessions)
    day = rng.integers(1, 5, size=(n_climbers, n_sessions)).cumsum(axis=1).ravel().astype(np.float64)
    design = np.column_stack(
        [np.ones(n), rng.normal(size=(n, p - 1)) * (1.0 if spread is None else spread[1:])]
    )
    beta, tau, sigma = draw_parameters(priors=priors, rng=rng)
    outcome, truth = simulate_outcome(
        design=design, climber=climber, day=day, beta=beta, tau=tau, sigma=sigma, drift=drift, rng=rng
    )
    return group_data(outcome=outcome, design=design, group=climber, day=day), truth


def simulate_diary(
    *,
    n_climbers: int,
    n_sessions: int,
    seed: int,
    drift: Drift | Sequence[Drift] | None = None,
    noise_scales: Sequence[float] = (1.0,),
    kinds: bool = False,
    missing_share: float = 0.05,
    deviation_share: float = 0.2,
    whole_numbers: bool = True,
) -> SimulatedDiary:
    """A believable diary of climbers who differ in habits and in how they respond.

    Conditions follow each climber's habits from day to day and keep the registry's steps and ranges. Some plans are
    not kept (then the actual dose made the session), some answers are blank.

    Parameters
    ----------
    n_climbers, n_sessions
        How many climbers, and sessions each.
    seed
        Same seed, same diary.
    drift
        How levels move; 0.02 a day with a half-life of 45 days when not given. Of several each climber has one, by
        chance.
    noise_scales
        Sessions' noise, of one point; of several each climber has one, by chance.
    kinds
        Whether sessions have a type and an intensity, with effects and interactions drawn from their priors.
    missing_share
        Share of blank conditions, absent at random.
    deviation_share
        Share of sessions that departed from the plan.
    whole_numbers
        Ratings 1–10, as people give them; else the unrounded, unclipped quality.
    """
    if n_climbers < 1 or n_sessions < 1 or not (0.0 <= missing_share < 1.0 and 0.0 <= deviation_share <= 1.0):
        raise InvalidSimulation(
            f"{n_climbers} × {n_sessions}, {missing_share} missing, {deviation_share} deviating"
        )
    rng = np.random.default_rng(seed)
    extras = np.random.default_rng(
        [seed, 1]
    )  # all other numbers are the same with and without kinds and rhythms
    climber = np.repeat(np.arange(n_climbers), n_sessions)
    day = rng.integers(1, 5, size=(n_climbers, n_sessions)).cumsum(axis=1).ravel().astype(np.float64)
    frame = pd.DataFrame(
        {CLIMBER: [f"climber-{u:05d}" for u in climber], DATE: FIRST_DAY + pd.to_timedelta(day, unit="D")}
    )
    for name in MODEL_VARIABLES:
        frame[name] = _habitual(name, n_climbers, n_sessions, rng)
    deviated = rng.uniform(size=day.size) < deviation_share
    frame["deviated_from_plan"] = deviated
    for name, column in DEVIATING.items():
        planned = frame[name].to_numpy().copy()
        frame[name] = np.where(deviated, rng.permutation(planned), planned)
        frame[f"planned_{column}"] = planned
        frame[f"actual_{column}"] = np.where(deviated, frame[name], np.nan)
    families = tuple(FAMILIES) if kinds else ()
    for variable in families:
        words = np.array(list(FAMILIES[variable].vocabulary), dtype=object)
        frame[variable] = extras.choice(words, size=day.size)
    design, priors = _true_design(frame, families)
    beta = np.append(6.0, priors.mean[1:])
    beta[_FIRST_KIND:] += priors.sd[_FIRST_KIND:] * extras.normal(size=beta.size - _FIRST_KIND)
    drifts = (drift,) if isinstance(drift, Drift) else tuple(drift or (Drift(0.02, 45.0),))
    outcome, truth = simulate_outcome(
        design=design,
        climber=climber,
        day=day,
        beta=beta,
        tau=0.6 * priors.individual_sd,
        sigma=1.0,
        drift=[drifts[k] for k in extras.integers(len(drifts), size=n_climbers)],
        rng=rng,
        noise_scale=extras.choice(np.array(noise_scales), size=n_climbers),
    )
    frame[QUALITY] = np.clip(outcome.round(), LOWEST_QUALITY, HIGHEST_QUALITY) if whole_numbers else outcome
    for name in MODEL_VARIABLES:
        frame.loc[rng.uniform(size=day.size) < missing_share, name] = np.nan
    for variable in families:
        frame.loc[extras.uniform(size=day.size) < missing_share, variable] = None
    return SimulatedDiary(frame, replace(truth, names=priors.names))


def _true_design(frame: pd.DataFrame, families: Sequence[str]) -> tuple[Floats, HierarchicalPriors]:
    """The design of sessions of which everything is known, and the literature's priors of its columns."""
    doses = {n: np.array([VARIABLES[n].centred_dose(v) for v in frame[n]]) for n in MODEL_VARIABLES}
    priors = literature_hierarchical_priors(names=("intercept", *MODEL_VARIABLES))
    design = np.column_stack([np.ones(len(frame)), *doses.values()])
    if not families:
        return design, priors
    names = kind_names(conditions=[{v: kind} for v in families for kind in frame[v].unique()])
    columns = np.zeros((len(frame), len(names)))
    said = {v: frame[v].tolist() for v in families}
    KindLayout.of(names).fill(columns, said=said, doses={name: doses[name] for name in MODERATORS})
    return np.column_stack([design, columns]), with_kinds(priors=priors, kinds=kind_priors(names=names))


def _habitual(name: str, n_climbers: int, n_sessions: int, rng: np.random.Generator) -> Floats:
    """One condition: habit plus a first-order autoregression, on the registry's steps and inside its range."""
    v = VARIABLES[name]
    habit = v.reference + v.spread * np.sqrt(HABIT_SHARE) * rng.normal(size=(n_climbers, 1))
    shocks = v.spread * np.sqrt(1.0 - HABIT_SHARE) * rng.normal(size=(n_climbers, n_sessions))
    swing = np.empty_like(shocks)
    swing[:, 0] = shocks[:, 0]
    for t in range(1, n_sessions):
        swing[:, t] = MEMORY * swing[:, t - 1] + np.sqrt(1.0 - MEMORY**2) * shocks[:, t]
    stepped = np.round((habit + swing) / v.step) * v.step
    return np.asarray(np.clip(stepped, v.low, v.high).ravel())
