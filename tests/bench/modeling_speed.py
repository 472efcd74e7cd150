"""Modelling: one likelihood, one climber's posterior, and whole nights of 1,000 × 60 and 10,000 × 100.

Run as `python -m tests.bench.modeling_speed` (`--no-large` leaves the million sessions out).
"""

from __future__ import annotations

import resource
import sys
from collections.abc import Callable
from statistics import median
from time import perf_counter, process_time

import climbiq  # noqa: F401  it says how many threads NumPy may have, before NumPy is loaded

import numpy as np  # isort: skip

from climbiq.domain.vocabularies import INTENSITIES, SESSION_TYPES
from modeling.domain.design_matrix import DesignMatrix, design_matrix
from modeling.domain.drift import Drift
from modeling.domain.hierarchical import SamplerSettings
from modeling.domain.kernel import marginal_likelihood, pack
from modeling.domain.personal import TrainedPopulation, personal_posterior
from modeling.domain.population import PopulationDraws
from modeling.domain.posterior import GaussianPrior, condition
from modeling.domain.priors import HierarchicalPriors
from modeling.domain.rhythm import Rhythm, RhythmPrior
from modeling.domain.session_kind import kind_names, kind_priors, with_kinds
from modeling.domain.simulate import draw_parameters, simulate_grouped
from modeling.domain.statistics import GroupedData, sufficient_statistics
from modeling.domain.training import fit, stored_points
from modeling.domain.training_data import hierarchical_priors
from tests.factories.recommendation_context import past_sessions

Row = tuple[str, float, str]

P = 10
NAMES = ("intercept", *(f"x{k}" for k in range(1, P)))
PRIORS = HierarchicalPriors(
    NAMES,
    np.array([6.0] + [0.2] * (P - 1)),
    np.array([1.0] + [0.15] * (P - 1)),
    np.array([1.0] + [0.2] * (P - 1)),
)
DRIFT = Drift(0.03, 45.0)
NIGHTS = [(1_000, 60, 600), (10_000, 100, 350)]  # climbers, sessions, draws a chain


def run(*, large: bool = True) -> list[Row]:
    """Measure; returns (what, how much, unit)."""
    rows = [*_conditioning(), *_serving(), *_evaluations()]
    for n_climbers, n_sessions, draws in NIGHTS[: None if large else 1]:
        rows += _night(n_climbers, n_sessions, draws)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0
    return [*rows, ("peak memory of this process", peak, "MB")]


def _simulated(n_climbers: int, n_sessions: int) -> GroupedData:
    rng = np.random.default_rng(7)
    data, _ = simulate_grouped(
        priors=PRIORS, n_climbers=n_climbers, n_sessions=n_sessions, drift=DRIFT, rng=rng
    )
    return data


def _median_ms(act: Callable[[], object], rounds: int) -> float:
    """CPU time, which other processes of the machine hardly touch."""
    act()
    spent = []
    for _ in range(rounds):
        started = process_time()
        act()
        spent.append((process_time() - started) * 1e3)
    return median(spent)


def _conditioning() -> list[Row]:
    data = _simulated(1, 500)
    prior = GaussianPrior(NAMES, PRIORS.mean, np.diag(PRIORS.sd**2 + PRIORS.individual_sd**2), 1.0)

    def conditioned(drift: Drift | None) -> Callable[[], object]:
        return lambda: condition(
            prior=prior, design=data.design, outcome=data.outcome, day=data.day, drift=drift
        )

    def served(trained: TrainedPopulation) -> Callable[[], object]:
        return lambda: personal_posterior(
            trained=trained, design=data.design, outcome=data.outcome, day=data.day
        )

    # Of few climbers with few sessions many rhythms stay possible: the most that anybody waits for.
    fits = {
        f"{n_climbers} × {n_sessions}": fit(data=_simulated(n_climbers, n_sessions), priors=PRIORS).population
        for n_climbers, n_sessions in ((60, 40), (3, 12))
    }

    return [
        ("condition on 500 sessions, static", _median_ms(conditioned(None), 200), "ms"),
        ("condition on 500 sessions, drifting", _median_ms(conditioned(DRIFT), 200), "ms"),
        *(
            (
                f"… as fitted to {of}: {len(trained.rhythms.rhythms)} rhythms, {trained.draws.sigma.size} points",
                _median_ms(served(trained), 100),
                "ms",
            )
            for of, trained in fits.items()
        ),
    ]


def _serving() -> list[Row]:
    """What a climber of 500 sessions waits for: their rows, then their posterior under three rhythms."""
    sessions = past_sessions(500)
    every_kind = [{"session_type": kind} for kind in SESSION_TYPES] + [
        {"session_intensity": kind} for kind in INTENSITIES
    ]
    rhythms = tuple(Rhythm(Drift(rate, days), 1.0) for rate, days in ((0.01, 60.0), (0.1, 60.0), (0.1, 7.0)))
    rows: list[Row] = []
    for names in ((), kind_names(conditions=every_kind)):
        priors = with_kinds(priors=hierarchical_priors(priors={}), kinds=kind_priors(names=names))
        rng = np.random.default_rng(2)
        beta, tau, sigma = zip(
            *(
                draw_parameters(priors=priors, rng=rng)
                for _ in range(stored_points(n_columns=len(priors.names)))
            ),
            strict=True,
        )
        draws = PopulationDraws(priors.names, np.array(beta), np.array(tau), np.array(sigma))
        trained = TrainedPopulation(draws, RhythmPrior(rhythms, np.full(3, 1 / 3)), rating_step=0.0)
        made = design_matrix(sessions=sessions, columns=priors.names)

        def matrix(columns: tuple[str, ...] = priors.names) -> object:
            return design_matrix(sessions=sessions, columns=columns)

        def served(trained: TrainedPopulation = trained, made: DesignMatrix = made) -> object:
            return personal_posterior(
                trained=trained, design=made.design, outcome=made.outcome, day=made.day
            ).summary()

        what = f"500 sessions, {len(priors.names)} columns"
        rows += [
            (f"{what}: the rows", _median_ms(matrix, 100), "ms"),
            (f"{what}: the posterior, 3 rhythms", _median_ms(served, 100), "ms"),
        ]
    return rows


def _evaluations() -> list[Row]:
    """Flat in sessions; linear in climbers, and slower again where they outgrow the cache: times, and their ratios."""
    rows: list[Row] = []
    spent_on: dict[tuple[int, int], float] = {}
    for n_climbers, n_sessions in ((1_000, 20), (1_000, 200), (10_000, 20)):
        statistics = sufficient_statistics(data=_simulated(n_climbers, n_sessions), drift=DRIFT)
        packed = pack(statistics=statistics, n_varying=P)
        at = (PRIORS.mean, np.log(PRIORS.individual_sd), 0.0)
        spent = _median_ms(lambda k=packed, at=at: marginal_likelihood(*at, k.cross, k.moment, k.totals), 30)
        spent_on[n_climbers, n_sessions] = spent
        rows.append((f"likelihood and gradient, {n_climbers:,} × {n_sessions}", spent, "ms"))
    least = spent_on[1_000, 20]
    rows += [
        ("ten times the sessions, 1,000 × 200 : 1,000 × 20", spent_on[1_000, 200] / least, "times"),
        ("ten times the climbers, 10,000 × 20 : 1,000 × 20", spent_on[10_000, 20] / least, "times"),
    ]
    return rows


def _night(n_climbers: int, n_sessions: int, draws: int) -> list[Row]:
    """Profile the drift, learn rhythms, sample, and compute every climber's posterior."""
    data = _simulated(n_climbers, n_sessions)
    night = f"{n_climbers:,} × {n_sessions}"
    stages: list[tuple[str, float]] = []
    started = perf_counter()
    result = fit(
        data=data,
        priors=PRIORS,
        sampler=SamplerSettings(draws=draws, tune=300),
        on_stage=lambda stage: stages.append((stage, perf_counter())),
    )
    fitted = perf_counter()
    for u in range(n_climbers):
        rows = data.rows(group=u)
        personal_posterior(
            trained=result.population,
            design=data.design[rows],
            outcome=data.outcome[rows],
            day=data.day[rows],
        ).summary()
    finished = perf_counter()
    ends = [at for _, at in stages[1:]] + [fitted]
    diagnostics = result.diagnostics
    found: list[Row] = [
        (f"{night}: {stage}", end - at, "s") for (stage, at), end in zip(stages, ends, strict=True)
    ]
    found.append((f"{night}: every climber's posterior", finished - fitted, "s"))
    found.append((f"{night}: the whole night", finished - started, "s"))
    if diagnostics is not None:
        found.append((f"{night}: R-hat", diagnostics.max_rhat, ""))
        found.append((f"{night}: smallest ESS", min(diagnostics.min_bulk_ess, diagnostics.min_tail_ess), ""))
        found.append((f"{night}: divergences", float(diagnostics.divergences), ""))
    return found


if __name__ == "__main__":
    for what, amount, unit in run(large="--no-large" not in sys.argv):
        print(f"{what:50} {amount:10.3f} {unit}")  # noqa: T201
