"""What the gate measured, beside what it wanted, in words: for the operator's page and the command."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from modeling.domain.diagnostics import Diagnostics
from modeling.domain.gate_limits import HIGHEST_RHAT, LEAST_ESS, LEAST_INSIDE

STATUS_WORDS: Final[Mapping[str, str]] = {
    "running": "It is running.",
    "sampled": "It was sampled and not yet judged.",
    "published": "Published: recommendations use it from now on.",
    "held": "Held back: what was published before goes on serving.",
    "failed": "It failed: what was published before goes on serving.",
    "nothing_to_do": "There was nothing to do.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that the gate looks at.

    Attributes
    ----------
    passed
        None where it was not measured.
    """

    what: str
    measured: str
    wanted: str
    passed: bool | None
    meaning: str


def diagnostics_as_json(*, diagnostics: Diagnostics) -> dict[str, Any]:
    """For a JSON column, which has no infinity: null stands for it.

    >>> diagnostics_as_json(diagnostics=Diagnostics(math.inf, 0.0, 0.0, 3, 4000))["max_rhat"] is None
    True
    """
    return {k: v if math.isfinite(v) else None for k, v in asdict(diagnostics).items()}


def diagnostics_from_json(*, stored: Mapping[str, Any]) -> Diagnostics:
    """Read them back.

    >>> diagnostics_from_json(stored=diagnostics_as_json(diagnostics=Diagnostics(math.inf, 1.0, 2.0, 3, 4)))
    Diagnostics(max_rhat=inf, min_bulk_ess=1.0, min_tail_ess=2.0, divergences=3, n_draws=4)
    """
    numbers = {k: math.inf if stored[k] is None else float(stored[k]) for k in _DECIMALS}
    return Diagnostics(**numbers, divergences=int(stored["divergences"]), n_draws=int(stored["n_draws"]))


def checks(
    *,
    diagnostics: Mapping[str, Any] | None,
    held_out: Mapping[str, Any] | None,
) -> tuple[Check, ...]:
    """Everything that the gate looks at, from a run's record.

    Parameters
    ----------
    diagnostics
        Of :func:`diagnostics_as_json`; with `prior_inside`, the share of the prior predictive within 0.5–10.5.
    held_out
        `model_crps`, `person_mean_crps` and `n_sessions`; None where nothing was held out.

    Examples
    --------
    >>> found = checks(diagnostics={"max_rhat": 1.002, "min_bulk_ess": 900.0, "min_tail_ess": 380.0, "divergences": 0,
    ...                             "n_draws": 4000, "prior_inside": 0.93}, held_out=None)
    >>> {check.what: check.passed for check in found if not check.passed}
    {'Independent draws': False, 'Forecasts': None}
    """
    if diagnostics is None:
        return ()
    inside = diagnostics.get("prior_inside")
    rhat = diagnostics["max_rhat"]
    ess = min(diagnostics[k] or 0.0 for k in ("min_bulk_ess", "min_tail_ess"))
    return (
        Check(
            what="Chains agree",
            measured="no number" if rhat is None else f"R-hat {rhat:.3f}",
            wanted=f"at most {HIGHEST_RHAT}",
            passed=rhat is not None and rhat <= HIGHEST_RHAT,
            meaning="several walks through the possible populations, begun apart, found the same",
        ),
        Check(
            what="Independent draws",
            measured=f"{ess:,.0f} of {diagnostics['n_draws']:,}",
            wanted=f"at least {LEAST_ESS:.0f}",
            passed=ess >= LEAST_ESS,
            meaning="draws follow one another; this many independent ones would say as much",
        ),
        Check(
            what="Divergences",
            measured=str(diagnostics["divergences"]),
            wanted="none",
            passed=diagnostics["divergences"] == 0,
            meaning="places where the sampler lost its way, and whose surroundings it may have missed",
        ),
        Check(
            what="Priors are sane",
            measured="not measured" if inside is None else f"{inside:.0%}",
            wanted=f"at least {LEAST_INSIDE:.0%}",
            passed=None if inside is None else inside >= LEAST_INSIDE,
            meaning="share of the sessions that the priors alone imagine which round to 1–10",
        ),
        _forecasts(held_out),
    )


def _forecasts(held_out: Mapping[str, Any] | None) -> Check:
    meaning = "CRPS (lower is better) on each climber's last fifth of sessions, which did not train"
    if held_out is None:
        return Check(
            what="Forecasts",
            measured="not measured",
            wanted="ahead of the climber's own mean",
            passed=None,
            meaning=meaning,
        )
    ours, theirs = held_out["model_crps"], held_out["person_mean_crps"]
    return Check(
        what="Forecasts",
        measured=f"{ours:.3f} on {held_out['n_sessions']:,} sessions",
        wanted=f"ahead of the climber's own mean ({theirs:.3f})",
        passed=ours < theirs,
        meaning=meaning,
    )


_DECIMALS: Final = ("max_rhat", "min_bulk_ess", "min_tail_ess")
