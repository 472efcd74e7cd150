"""The kinds of background work. Apps register theirs in `<app>/tasks.py`, where heavy imports stay inside."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from django.conf import settings
from django.utils.module_loading import autodiscover_modules

if TYPE_CHECKING:
    from climbiq.jobs.running import RunningJob

Outcome = Mapping[str, Any] | None
Work = Callable[["RunningJob"], Outcome]
Queue = Literal["default", "training"]

LONGEST_SECONDS: Final[int] = settings.JOB_LONGEST_SECONDS
SOFT_SHARE: Final = 0.9


class UnknownKind(LookupError):
    """No handler is registered for this kind of job."""


class DuplicateHandler(ValueError):
    """Two handlers claim the same kind of job."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Handler:
    """How one kind of job is done.

    Attributes
    ----------
    hard_limit_seconds : int
        After this long the process is killed; a little earlier the work gets SoftTimeLimitExceeded.
    is_default : bool
        It stands in until an app registers its own.
    """

    kind: str
    work: Work
    max_attempts: int
    hard_limit_seconds: int
    queue: Queue
    is_default: bool

    @property
    def soft_limit_seconds(self) -> int:
        """When the work is asked to stop."""
        return max(1, int(self.hard_limit_seconds * SOFT_SHARE))


_handlers: dict[str, Handler] = {}


def job_handler(
    kind: str,
    *,
    max_attempts: int = 3,
    hard_limit: int = 600,
    queue: Queue = "default",
    is_default: bool = False,
) -> Callable[[Work], Work]:
    """Register a function as the way to do jobs of `kind`.

    It gets a `RunningJob` and returns what the job's row keeps as its result. It may be run again after a crash, so
    what it writes belongs into `with job.finishing():`, which commits at most once for each job.

    Raises
    ------
    DuplicateHandler
        When another handler, no stand-in, has this kind.
    """
    if not 1 <= hard_limit <= LONGEST_SECONDS:
        raise ValueError(f"hard_limit must be between 1 and {LONGEST_SECONDS} seconds")

    def register(work: Work) -> Work:
        known = _handlers.get(kind)
        if known is not None and not (known.is_default or is_default):
            raise DuplicateHandler(f"two handlers for jobs of kind {kind!r}")
        if known is None or known.is_default:
            _handlers[kind] = Handler(
                kind=kind,
                work=work,
                max_attempts=max_attempts,
                hard_limit_seconds=hard_limit,
                queue=queue,
                is_default=is_default,
            )
        return work

    return register


def handler_of(kind: str) -> Handler:
    """Find the handler of a kind; UnknownKind when no app has one."""
    _discover()
    try:
        return _handlers[kind]
    except KeyError:
        raise UnknownKind(f"no handler for jobs of kind {kind!r}") from None


@functools.cache
def _discover() -> None:
    """Import every app's `tasks` once, at the first use: not while Django is still loading models."""
    autodiscover_modules("tasks")
