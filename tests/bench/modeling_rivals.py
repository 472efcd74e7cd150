"""Modelling: the engine beside the same model unmarginalised, the specification's form, lme4 and GPBoost.

Same data, same run; sampled posteriors are compared by the time to an effective sample size of 400, point estimates
by their time. What is not installed is left out. Run as `python -m tests.bench.modeling_rivals`.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from importlib.util import find_spec
from pathlib import Path
from time import perf_counter

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from modeling.domain.diagnostics import Diagnostics, diagnose
from modeling.domain.drift import Drift
from modeling.domain.hierarchical import SamplerSettings, nutpie, plain_model, pm, sample_population
from modeling.domain.mode import population_mode
from modeling.domain.priors import HierarchicalPriors
from modeling.domain.simulate import simulate_grouped
from modeling.domain.statistics import GroupedData, sufficient_statistics

Row = tuple[str, float, str]

P, CLIMBERS, SESSIONS, ENOUGH = 7, 200, 40, 400.0
NAMES = ("intercept", *(f"x{k}" for k in range(1, P)))
PRIORS = HierarchicalPriors(
    NAMES,
    np.array([6.0] + [0.2] * (P - 1)),
    np.array([1.0] + [0.15] * (P - 1)),
    np.array([1.0] + [0.2] * (P - 1)),
)
LME4 = """
suppressMessages(library(lme4))
d <- read.csv("{file}")
spent <- system.time(lmer(y ~ {fixed} + (1 + {fixed} || climber), d, REML = FALSE,
                          control = lmerControl(calc.derivs = FALSE)))
cat(spent[["elapsed"]])
"""


def run() -> list[Row]:
    """Measure; returns (what, how much, unit), the rivals with their ratios."""
    data, _ = simulate_grouped(
        priors=PRIORS,
        n_climbers=CLIMBERS,
        n_sessions=SESSIONS,
        drift=Drift(0.0),
        rng=np.random.default_rng(3),
    )
    _engine(data, SamplerSettings(draws=50, tune=50))  # compiled before anything is timed
    ours, seconds = _engine(data, SamplerSettings())
    needed = seconds / _ess(ours) * ENOUGH
    rows = [
        (f"{CLIMBERS} × {SESSIONS}: the engine, to ESS 400", needed, "s"),
        ("… its R-hat", ours.max_rhat, ""),
    ]
    plain, seconds = _plain(data)
    rows += _compared("unmarginalised, repaired", plain, seconds, needed)
    spec, seconds = _specification(data)
    rows += _compared("the specification's form", spec, seconds, needed)

    statistics = sufficient_statistics(data=data)
    started = perf_counter()
    population_mode(statistics=statistics, priors=PRIORS)
    point = perf_counter() - started
    rows.append(("the engine, point estimates", point, "s"))
    for name, spent in (("lme4", _lme4(data)), ("GPBoost", _gpboost(data))):
        if spent is not None:
            rows += [
                (f"{name}, point estimates", spent, "s"),
                (f"… over the engine's: {name}", spent / point, "×"),
            ]
    return rows


def _ess(diagnostics: Diagnostics) -> float:
    return max(min(diagnostics.min_bulk_ess, diagnostics.min_tail_ess), 1.0)


def _compared(name: str, found: Diagnostics, seconds: float, ours: float) -> list[Row]:
    needed = seconds / _ess(found) * ENOUGH
    return [
        (f"{name}, to ESS 400", needed, "s"),
        (f"… its R-hat: {name}", found.max_rhat, ""),
        (f"… its divergences: {name}", float(found.divergences), ""),
        (f"… over the engine's time: {name}", needed / ours, "×"),
    ]


def _engine(data: GroupedData, settings: SamplerSettings) -> tuple[Diagnostics, float]:
    started = perf_counter()
    sampled = sample_population(statistics=sufficient_statistics(data=data), priors=PRIORS, settings=settings)
    return sampled.diagnostics, perf_counter() - started


def _diagnosed(trace: pm.backends.base.MultiTrace, names: list[str]) -> Diagnostics:
    chains = np.concatenate(
        [trace.posterior[n].to_numpy().reshape(*trace.posterior[n].shape[:2], -1) for n in names], axis=2
    )
    return diagnose(chains=chains, divergences=int(trace.sample_stats["diverging"].sum()))


def _plain(data: GroupedData) -> tuple[Diagnostics, float]:
    model = plain_model(outcome=data.outcome, design=data.design, climber=_climber(data), priors=PRIORS)
    return _timed(model, ["beta", "tau", "sigma"], draws=500, tune=500)


def _climber(data: GroupedData) -> NDArray[np.int64]:
    return np.repeat(np.arange(data.n_groups), np.diff(data.start))


def _timed(model: pm.Model, names: list[str], *, draws: int, tune: int) -> tuple[Diagnostics, float]:
    """Sampling alone: compiling is nobody's business here, ours is not timed either."""
    compiled = nutpie.compile_pymc_model(model, var_names=names)
    started = perf_counter()
    trace = nutpie.sample(compiled, draws=draws, tune=tune, chains=4, seed=1, progress_bar=False)
    return _diagnosed(trace, names), perf_counter() - started


def _specification(data: GroupedData) -> tuple[Diagnostics, float]:
    """Raw covariates far from zero, no personal intercept, centred effects: short chains, it does not converge."""
    climber = _climber(data)
    raw = data.design[:, 1:] + 5.0
    with pm.Model() as model:
        beta = pm.Normal("beta", PRIORS.mean[1:], PRIORS.sd[1:])
        spread = pm.HalfNormal("spread", PRIORS.individual_sd[1:])
        offset = pm.Normal("offset", 0.0, spread, shape=(data.n_groups, P - 1))
        intercept = pm.Normal("intercept", 5.0, 1.0)
        sigma = pm.HalfNormal("sigma", 1.0)
        expected = intercept + ((beta + offset[climber]) * raw).sum(axis=1)
        pm.Normal("quality", expected, sigma, observed=data.outcome)
    return _timed(model, ["beta", "spread", "intercept", "sigma"], draws=150, tune=150)


def _table(data: GroupedData) -> pd.DataFrame:
    table = pd.DataFrame(data.design[:, 1:], columns=list(NAMES[1:]))
    table["y"] = data.outcome
    table["climber"] = _climber(data)
    return table


def _lme4(data: GroupedData) -> float | None:
    if shutil.which("Rscript") is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "sessions.csv"
        _table(data).to_csv(file, index=False)
        script = LME4.format(file=file, fixed=" + ".join(NAMES[1:]))
        done = subprocess.run(["Rscript", "-e", script], capture_output=True, text=True, check=False)
    return float(done.stdout) if done.returncode == 0 else None


def _gpboost(data: GroupedData) -> float | None:
    if find_spec("gpboost") is None:
        return None
    import gpboost  # type: ignore[import-not-found]

    table = _table(data)
    model = gpboost.GPModel(
        group_data=table["climber"],
        group_rand_coef_data=table[list(NAMES[1:])],
        ind_effect_group_rand_coef=[1] * (P - 1),
    )
    started = perf_counter()
    model.fit(y=table["y"], X=data.design)
    return perf_counter() - started


if __name__ == "__main__":
    for what, amount, unit in run():
        print(f"{what:55} {amount:10.3f} {unit}")  # noqa: T201
