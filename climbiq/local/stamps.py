"""Remembers what a step was last run on, so that it is skipped while that is unchanged."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def if_changed(stamp: Path, base_dir: Path, patterns: Sequence[str]) -> Iterator[bool]:
    """Yield whether the files matching the patterns changed since the block last succeeded."""
    now = _digest(base_dir, patterns)
    changed = not (stamp.exists() and stamp.read_text() == now)
    yield changed
    if changed:
        stamp.parent.mkdir(exist_ok=True)
        stamp.write_text(now)


def _digest(base_dir: Path, patterns: Sequence[str]) -> str:
    """Return a digest of the files' names, sizes and times."""
    files = sorted({path for pattern in patterns for path in base_dir.glob(pattern) if path.is_file()})
    states = [(str(path.relative_to(base_dir)), path.stat()) for path in files]
    listing = "\n".join(f"{name} {state.st_size} {state.st_mtime_ns}" for name, state in states)
    return hashlib.sha256(listing.encode(errors="surrogateescape")).hexdigest()
