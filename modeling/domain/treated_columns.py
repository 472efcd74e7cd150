"""Everybody's finished sessions as columns: what is read from the database in one go."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Words = Sequence[str | None]

# Two years of climbing every day. What lies before says little about today, and nobody's thousands of rows may set
# what is believed of everybody. Training and serving look equally far back.
SESSIONS_KEPT = 730


@dataclass(frozen=True, slots=True, kw_only=True)
class TreatedColumns:
    """Finished sessions of many climbers, as treated, grouped by climber and in order of time.

    Attributes
    ----------
    climbers
        The g climbers' keys.
    start
        (g + 1,) climber u owns the rows start[u] to start[u + 1], at least one.
    day, quality
        (n,) days from any origin, and session quality.
    values
        (n, k) values in natural units, in the order of `MODEL_VARIABLES`; NaN: not said.
    kinds
        `session_type` and `session_intensity` → n words of the vocabularies, None where not said.
    """

    climbers: tuple[str, ...]
    start: NDArray[np.int64]
    day: Floats
    quality: Floats
    values: Floats
    kinds: Mapping[str, Words]

    @property
    def n_climbers(self) -> int:
        return len(self.climbers)

    @property
    def n_sessions(self) -> int:
        return int(self.quality.size)

    def latest(self, *, n: int = SESSIONS_KEPT) -> TreatedColumns:
        """Each climber's last n sessions.

        >>> three = TreatedColumns(climbers=("a", "b"), start=np.array([0, 2, 3]), day=np.array([0.0, 1.0, 0.0]),
        ...                        quality=np.array([5.0, 6.0, 7.0]), values=np.zeros((3, 9)),
        ...                        kinds={"session_type": ["power", None, "volume"]})
        >>> got = three.latest(n=1)
        >>> got.start.tolist(), got.quality.tolist(), got.kinds["session_type"]
        ([0, 1, 2], [6.0, 7.0], [None, 'volume'])
        """
        counts = np.diff(self.start)
        if counts.size == 0 or counts.max() <= n:
            return self
        from_the_end = np.repeat(self.start[1:], counts) - np.arange(self.quality.size)
        kept = np.flatnonzero(from_the_end <= n)
        return TreatedColumns(
            climbers=self.climbers,
            start=np.concatenate([[0], np.cumsum(np.minimum(counts, n))]),
            day=self.day[kept],
            quality=self.quality[kept],
            values=self.values[kept],
            kinds={name: [words[row] for row in kept.tolist()] for name, words in self.kinds.items()},
        )

    def of_climbers(self, *, which: NDArray[np.intp]) -> TreatedColumns:
        """The sessions of the climbers at these places, ascending.

        >>> three = TreatedColumns(climbers=("a", "b"), start=np.array([0, 2, 3]), day=np.array([0.0, 1.0, 0.0]),
        ...                        quality=np.array([5.0, 6.0, 7.0]), values=np.zeros((3, 9)),
        ...                        kinds={"session_type": ["power", None, "volume"]})
        >>> got = three.of_climbers(which=np.array([1]))
        >>> got.climbers, got.start.tolist(), got.quality.tolist(), got.kinds["session_type"]
        (('b',), [0, 1], [7.0], ['volume'])
        """
        counts = np.diff(self.start)
        chosen = np.zeros(counts.size, dtype=np.bool_)
        chosen[which] = True
        kept = np.flatnonzero(np.repeat(chosen, counts))
        return TreatedColumns(
            climbers=tuple(self.climbers[u] for u in np.flatnonzero(chosen).tolist()),
            start=np.concatenate([[0], np.cumsum(counts[chosen])]).astype(np.int64),
            day=self.day[kept],
            quality=self.quality[kept],
            values=self.values[kept],
            kinds={name: [words[row] for row in kept.tolist()] for name, words in self.kinds.items()},
        )

    def fingerprint(self) -> str:
        """SHA-256 of everything that is in them: the same sessions, the same fingerprint.

        >>> one = TreatedColumns(climbers=("a",), start=np.array([0, 1]), day=np.zeros(1), quality=np.ones(1),
        ...                      values=np.full((1, 9), np.nan), kinds={"session_type": ["power"]})
        >>> other = TreatedColumns(climbers=("a",), start=np.array([0, 1]), day=np.zeros(1), quality=np.ones(1),
        ...                        values=np.zeros((1, 9)), kinds={"session_type": ["power"]})
        >>> one.fingerprint() == one.fingerprint(), one.fingerprint() == other.fingerprint()
        (True, False)
        """
        told = hashlib.sha256("\n".join(self.climbers).encode())
        for numbers in (self.start, self.day, self.quality, self.values):
            told.update(str((numbers.shape, numbers.dtype.str)).encode())
            told.update(np.ascontiguousarray(numbers).tobytes())
        for variable, words in self.kinds.items():
            told.update(f"\n{variable}\n".encode())
            told.update("\n".join(word or "" for word in words).encode())
        return told.hexdigest()
