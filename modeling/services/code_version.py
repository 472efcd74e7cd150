"""Which code trains: a fingerprint of everything that a run's result depends on besides its data."""

from __future__ import annotations

import functools
import hashlib
from importlib.metadata import version
from pathlib import Path
from typing import Final

import climbiq.domain
import modeling.domain

_PACKAGES: Final = (climbiq.domain, modeling.domain)
_LIBRARIES: Final = ("numpy", "scipy", "numba", "pymc", "nutpie")


@functools.cache
def code_version() -> str:
    """Twelve hexadecimal digits that change with the model's sources and with the libraries that fit it."""
    told = hashlib.sha256()
    for package in _PACKAGES:
        for file in sorted(Path(package.__path__[0]).rglob("*.py")):
            told.update(file.name.encode() + b"\0" + file.read_bytes())
    for library in _LIBRARIES:
        told.update(f"{library} {version(library)}\n".encode())
    return told.hexdigest()[:12]
