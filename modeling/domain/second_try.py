"""Whether a run's draws are enough, and how to sample again where they are not."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from modeling.domain.diagnostics import Diagnostics
from modeling.domain.gate_limits import HIGHEST_RHAT, LEAST_ESS

if TYPE_CHECKING:
    from modeling.domain.hierarchical import SamplerSettings

FREE_DEPTH: Final = 10  # of trajectories: as far as they go without turning round
LONGER: Final = 3  # times as many draws where the first ones were too few
# Acceptance to aim for after divergences: shorter steps see what longer ones jumped over.
CAREFUL: Final = 0.95


def second_try(*, diagnostics: Diagnostics, settings: SamplerSettings) -> tuple[SamplerSettings, str] | None:
    """Settings to sample with again, and why; None where the first draws are enough.

    Always with another seed and with trajectories of any length: the same walk would meet the same trouble. Longer
    where the draws were too few, with shorter steps where some diverged.

    Examples
    --------
    >>> from modeling.domain.hierarchical import SamplerSettings
    >>> few = Diagnostics(max_rhat=1.02, min_bulk_ess=300.0, min_tail_ess=350.0, divergences=0, n_draws=2400)
    >>> longer, why = second_try(diagnostics=few, settings=SamplerSettings(draws=600, tune=300))
    >>> longer.draws, longer.tune, longer.seed - SamplerSettings().seed
    (1800, 600, 1)
    >>> why
    '2400 draws were too few (R-hat 1.020, effective sample size 300): sampled again, 3 times as long'
    """
    ess = min(diagnostics.min_bulk_ess, diagnostics.min_tail_ess)
    is_enough = diagnostics.max_rhat <= HIGHEST_RHAT and ess >= LEAST_ESS
    if is_enough and not diagnostics.divergences:
        return None
    again = replace(settings, tune=2 * settings.tune, seed=settings.seed + 1, max_depth=FREE_DEPTH)
    why, how = [], []
    if not is_enough:
        again = replace(again, draws=LONGER * settings.draws)
        why.append(
            f"{diagnostics.n_draws} draws were too few (R-hat {diagnostics.max_rhat:.3f},"
            f" effective sample size {ess:.0f})"
        )
        how.append(f"{LONGER} times as long")
    if diagnostics.divergences:
        again = replace(again, target_accept=max(CAREFUL, settings.target_accept))
        why.append(f"{diagnostics.divergences} of {diagnostics.n_draws} draws diverged")
        how.append("with shorter steps")
    return again, f"{' and '.join(why)}: sampled again, {' and '.join(how)}"
