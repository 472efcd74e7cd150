"""A circuit breaker: after failures in quick succession, stop asking for a while."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable


class CircuitBreaker:
    """Opens for `open_seconds` after `failures` within `window_seconds`; then lets one attempt through at a time.

    The attempt after an open spell is a probe: until it succeeds nobody else is let through, but a probe that
    never reports back (its reader left) only costs another spell, it cannot keep the circuit open for good.

    >>> now = 0.0
    >>> breaker = CircuitBreaker(failures=2, window_seconds=60, open_seconds=60, clock=lambda: now)
    >>> breaker.record_failure(); breaker.record_failure(); breaker.allows()
    False
    >>> now = 61.0
    >>> breaker.allows(), breaker.allows()
    (True, False)
    >>> breaker.record_success(); breaker.allows()
    True
    """

    def __init__(
        self,
        *,
        failures: int = 5,
        window_seconds: float = 60.0,
        open_seconds: float = 60.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._failures_to_open = failures
        self._window_seconds = window_seconds
        self._open_seconds = open_seconds
        self._clock = clock
        self._recent: deque[float] = deque(maxlen=failures)
        self._next_try_at: float | None = None

    @property
    def is_open(self) -> bool:
        return self._next_try_at is not None

    def allows(self) -> bool:
        """Whether to try now. A True during an open spell hands out its probe."""
        if self._next_try_at is None:
            return True
        now = self._clock()
        if now < self._next_try_at:
            return False
        self._next_try_at = now + self._open_seconds
        return True

    def record_success(self) -> None:
        self._next_try_at = None
        self._recent.clear()

    def record_failure(self) -> None:
        now = self._clock()
        self._recent.append(now)
        is_burst = (
            len(self._recent) == self._failures_to_open and now - self._recent[0] <= self._window_seconds
        )
        if self.is_open or is_burst:
            self._next_try_at = now + self._open_seconds
