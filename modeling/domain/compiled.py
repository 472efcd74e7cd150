"""How this package compiles its loops with numba."""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar, cast

from numba import njit

P = ParamSpec("P")
R = TypeVar("R")

# Contraction and reciprocals may change the last bit; NaN and infinity keep their meaning.
OPTIONS = {"nogil": True, "error_model": "numpy", "fastmath": {"contract", "nsz", "arcp"}}


def compiled(function: Callable[P, R]) -> Callable[P, R]:
    """Compile a loop to machine code, kept on disk beside its source where that can be written."""
    try:
        return cast("Callable[P, R]", njit(cache=True, **OPTIONS)(function))
    except RuntimeError:  # neither the source's folder nor the user's cache folder can be written
        return cast("Callable[P, R]", njit(**OPTIONS)(function))
