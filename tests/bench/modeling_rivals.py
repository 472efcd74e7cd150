"""Modelling: the engine beside the same model unmarginalised, the specification's form, lme4 and GPBoost.

Same data, same run; sampled posteriors are compared by the time to an effective sample size of 400, point estimates
by their time. What is not installed is left out. Run as `python -m tests.bench.modeling_rivals` (`--no-large` leaves a
million sessions out).
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from time import perf_counter

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from climbiq.domain.literature import LITERATURE_PRIORS
from modeling.domain.diagnostics import Diagnostics, diagnose
from modeling.domain.diary import CLIMBER, DATE, QUALITY, Diary, read_diary
from modeling.domain.drift import Drift
from modeling.domain.hierarchical import SamplerSettings, nutpie, plain_model, pm, sample_population
from modeling.domain.mode import population_mode
from modeling.domain.simulate import simulate_diary
from modeling.domain.statistics import GroupedData, sufficient_statistics

Row = tuple[str, float, str]

SAMPLED_BY_ALL = ((50, 40), (200, 40))  # climbers × sessions
SAMPLED_BY_US = ((1_000, 60), (10_000, 100))
ENOUGH = 400.0  # effective sample size
PATIENCE_SECONDS = 600.0  # with a rival
# What the specification's model learns from.
TREATMENTS = (
    "sleep_hours",
    "sleep_quality",
    "stress_level",
    "energy_level",
    "caffeine_mg",
    "days_since_hard_session",
)
LME4 = """
suppressMessages(library(lme4))
d <- read.csv("{file}")
spent <- system.time(lmer(y ~ {fixed} + (1 + {fixed} || climber), d, REML = FALSE,
                          control = lmerControl(calc.derivs = FALSE)))
cat(spent[["elapsed"]])
"""

GPBOOST = """
import sys
from time import perf_counter
import gpboost, pandas as pd
d = pd.read_csv(sys.argv[1])
effects = [c for c in d.columns if c not in ("y", "climber")]
model = gpboost.GPModel(group_data=d["climber"], group_rand_coef_data=d[effects],
                        ind_effect_group_rand_coef=[1] * len(effects))
fixed = d[effects].assign(intercept=1.0)
started = perf_counter()
model.fit(y=d["y"], X=fixed)
print()
print(perf_counter() - started)
"""


def run(*, large: bool = True) -> Iterator[Row]:
    """Measure; yields (what, how much, unit), the rivals with their ratios.

    Small populations are sampled by every model. From 1,000 climbers on the others would take hours: there lme4's and
    GPBoost's point estimates stand beside our whole posterior.
    """
    _engine(
        read_diary(frame=_diary(50, 40)), SamplerSettings(draws=50, tune=50)
    )  # compiled before anything is timed
    for n_climbers, n_sessions in SAMPLED_BY_ALL:
        yield from _sampled_by_all(n_climbers, n_sessions)
    for n_climbers, n_sessions in SAMPLED_BY_US if large else SAMPLED_BY_US[:1]:
        yield from _sampled_by_us(n_climbers, n_sessions)


def _sampled_by_all(n_climbers: int, n_sessions: int) -> Iterator[Row]:
    frame = _diary(n_climbers, n_sessions)
    diary = read_diary(frame=frame)
    ours, seconds = _engine(diary, SamplerSettings())
    needed = seconds / _ess(ours) * ENOUGH
    yield f"{n_climbers:,} × {n_sessions}: the engine, sampled", seconds, "s"
    yield "… to ESS 400", needed, "s"
    yield "… its R-hat", ours.max_rhat, ""
    yield "… its effective sample size", _ess(ours), ""
    yield "… its divergences", float(ours.divergences), ""
    yield from _compared("unmarginalised, repaired", *_plain(diary), needed)
    yield from _compared("the specification's form", *_specification(frame), needed)
    yield from _point_estimates(diary, seconds)


def _sampled_by_us(n_climbers: int, n_sessions: int) -> Iterator[Row]:
    diary = read_diary(frame=_diary(n_climbers, n_sessions))
    ours, seconds = _engine(diary, SamplerSettings())
    yield f"{n_climbers:,} × {n_sessions}: the engine, sampled", seconds, "s"
    yield "… its R-hat", ours.max_rhat, ""
    yield "… its effective sample size", _ess(ours), ""
    yield from _point_estimates(diary, seconds)


def _point_estimates(diary: Diary, sampled: float) -> Iterator[Row]:
    """Ours, lme4's and GPBoost's most likely values; the last two beside our draws as well."""
    started = perf_counter()
    population_mode(statistics=sufficient_statistics(data=diary.data), priors=diary.priors)
    point = perf_counter() - started
    yield "… its point estimates", point, "s"
    for name, spent in (("lme4", _lme4(diary)), ("GPBoost", _gpboost(diary))):
        if spent is not None:
            at_least = "" if spent < PATIENCE_SECONDS else ", given up"
            yield f"{name}, point estimates{at_least}", spent, "s"
            yield f"… over the engine's point estimates: {name}", spent / point, "×"
            yield f"… over the engine's draws: {name}", spent / sampled, "×"


def _diary(n_climbers: int, n_sessions: int) -> pd.DataFrame:
    """Raw values, some of them blank: each model makes of them what its own formula says."""
    made = simulate_diary(
        n_climbers=n_climbers, n_sessions=n_sessions, seed=3, drift=Drift(0.0), deviation_share=0.0
    )
    return made.frame[[CLIMBER, DATE, QUALITY, *TREATMENTS]]


def _ess(diagnostics: Diagnostics) -> float:
    return max(min(diagnostics.min_bulk_ess, diagnostics.min_tail_ess), 1.0)


def _compared(name: str, found: Diagnostics, seconds: float, ours: float) -> Iterator[Row]:
    needed = seconds / _ess(found) * ENOUGH
    yield f"{name}, to ESS 400", needed, "s"
    yield f"… its R-hat: {name}", found.max_rhat, ""
    yield f"… its divergences: {name}", float(found.divergences), ""
    yield f"… over the engine's time: {name}", needed / ours, "×"


def _engine(diary: Diary, settings: SamplerSettings) -> tuple[Diagnostics, float]:
    started = perf_counter()
    statistics = sufficient_statistics(data=diary.data)
    sampled = sample_population(statistics=statistics, priors=diary.priors, settings=settings)
    return sampled.diagnostics, perf_counter() - started


def _diagnosed(trace: pm.backends.base.MultiTrace, names: list[str]) -> Diagnostics:
    chains = np.concatenate(
        [trace.posterior[n].to_numpy().reshape(*trace.posterior[n].shape[:2], -1) for n in names], axis=2
    )
    return diagnose(chains=chains, divergences=int(trace.sample_stats["diverging"].sum()))


def _plain(diary: Diary) -> tuple[Diagnostics, float]:
    data = diary.data
    model = plain_model(outcome=data.outcome, design=data.design, climber=_climber(data), priors=diary.priors)
    return _timed(model, ["beta", "tau", "sigma"], draws=500, tune=500)


def _climber(data: GroupedData) -> NDArray[np.int64]:
    return np.repeat(np.arange(data.n_groups), np.diff(data.start))


def _timed(model: pm.Model, names: list[str], *, draws: int, tune: int) -> tuple[Diagnostics, float]:
    """Sampling alone: compiling is nobody's business here, ours is not timed either."""
    compiled = nutpie.compile_pymc_model(model, var_names=names)
    started = perf_counter()
    trace = nutpie.sample(compiled, draws=draws, tune=tune, chains=4, seed=1, progress_bar=False)
    return _diagnosed(trace, names), perf_counter() - started


def _specification(frame: pd.DataFrame) -> tuple[Diagnostics, float]:
    """Its own formula, on the same raw data: 0 for a blank, no personal intercept, centred effects.

    Short chains: it does not converge.
    """
    stated = [LITERATURE_PRIORS[name] for name in TREATMENTS]
    mean, sd, individual = (
        np.array([prior[part] for prior in stated])
        for part in ("population_mean", "population_std", "individual_variance")
    )
    treatments = frame[list(TREATMENTS)].fillna(0).to_numpy(dtype=np.float64)
    user, users = pd.factorize(frame[CLIMBER])
    with pm.Model() as model:
        beta_pop = pm.Normal("beta_pop", mean, sd)
        sigma_user = pm.HalfNormal("sigma_user", individual)
        user_offset = pm.Normal("user_offset", 0.0, sigma_user, shape=(users.size, len(TREATMENTS)))
        intercept = pm.Normal("intercept", 5.0, 1.0)
        expected = intercept + ((beta_pop + user_offset[user]) * treatments).sum(axis=1)
        sigma_obs = pm.HalfNormal("sigma_obs", 1.0)
        pm.Normal("y", expected, sigma_obs, observed=frame[QUALITY].to_numpy(dtype=np.float64))
    return _timed(model, ["beta_pop", "sigma_user", "intercept", "sigma_obs"], draws=150, tune=150)


def _table(diary: Diary) -> pd.DataFrame:
    table = pd.DataFrame(diary.data.design[:, 1:], columns=list(diary.names[1:]))
    table["y"] = diary.data.outcome
    table["climber"] = _climber(diary.data)
    return table


def _told(diary: Diary, command: Callable[[Path], list[str]]) -> subprocess.CompletedProcess[str] | None:
    """What a rival in a process of its own makes of the sessions in a file; None where it was given up."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "sessions.csv"
        _table(diary).to_csv(file, index=False)
        try:
            return subprocess.run(
                command(file), capture_output=True, text=True, check=False, timeout=PATIENCE_SECONDS
            )
        except subprocess.TimeoutExpired:
            return None


def _lme4(diary: Diary) -> float | None:
    if shutil.which("Rscript") is None:
        return None
    fixed = " + ".join(diary.names[1:])
    done = _told(diary, lambda file: ["Rscript", "-e", LME4.format(file=file, fixed=fixed)])
    if done is None:
        return PATIENCE_SECONDS
    return float(done.stdout) if done.returncode == 0 else None


def _gpboost(diary: Diary) -> float | None:
    """Its defaults; what its optimiser complains of is passed on."""
    if find_spec("gpboost") is None:
        return None
    done = _told(diary, lambda file: [sys.executable, "-c", GPBOOST, str(file)])
    if done is None:
        return PATIENCE_SECONDS
    for line in (done.stdout + done.stderr).splitlines():
        if "[Warning]" in line or (done.returncode and line.strip()):
            sys.stderr.write(f"GPBoost: {line}\n")
    return float(done.stdout.splitlines()[-1]) if done.returncode == 0 else None


if __name__ == "__main__":
    for what, amount, unit in run(large="--no-large" not in sys.argv):
        print(f"{what:58} {amount:10.3f} {unit}", flush=True)  # noqa: T201
