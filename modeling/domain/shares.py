"""How sure a share is that was seen in sessions of several climbers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from climbiq.domain.normal import Z_95


def share_interval(*, share: float, n: float) -> tuple[float, float]:
    """95 % interval of a share seen in n independent cases.

    Source: Wilson (1927).

    >>> [round(end, 3) for end in share_interval(share=0.5, n=100)]
    [0.404, 0.596]
    """
    centre = (share + Z_95**2 / (2 * n)) / (1 + Z_95**2 / n)
    half = Z_95 / (1 + Z_95**2 / n) * float(np.sqrt(share * (1 - share) / n + Z_95**2 / (4 * n**2)))
    return max(centre - half, 0.0), min(centre + half, 1.0)


def independent_cases(*, inside: NDArray[np.bool_], owner: NDArray[np.intp]) -> float:
    """How many independent sessions would leave as much to chance as these, which go together by climber.

        n* = q (1 - q) / SE²,    SE² = G / (G - 1) Σ_u (h_u - n_u q)² / n²,    at most n

    with q the share inside, h_u of climber u's n_u sessions inside, G climbers: the linearised variance of a ratio
    from clusters.

    Parameters
    ----------
    inside
        (n,) whether each session's outcome lay inside its interval.
    owner
        (n,) index of its climber.

    Examples
    --------
    >>> together = np.repeat([True, False, True, False], 25)
    >>> independent_cases(inside=together, owner=np.repeat(np.arange(4), 25))
    3.0
    >>> independent_cases(inside=np.tile([True, False], 50), owner=np.repeat(np.arange(4), 25)) == 100
    True

    Source: Cochran (1977), Sampling Techniques, §9A; Kish (1965), design effect.
    """
    n, share = inside.size, float(inside.mean())
    sessions = np.bincount(owner)
    held = np.bincount(owner, weights=inside)[sessions > 0]
    sessions = sessions[sessions > 0]
    if sessions.size < 2:
        return 1.0
    squared_error = sessions.size / (sessions.size - 1) * float(((held - sessions * share) ** 2).sum()) / n**2
    return min(share * (1.0 - share) / squared_error, float(n)) if squared_error > 0.0 else float(n)
