"""A cache that may be down: then it is empty, and nothing fails because of it."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable
from typing import Any, Final

from django.core.cache import cache
from django.core.cache.backends.redis import RedisCache, RedisCacheClient
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError

log = logging.getLogger(__name__)

# After a server did not answer it is not asked again for this long: one that swallows packets would otherwise
# hold up every call for a whole time-out.
SILENCE_SECONDS: Final = 10.0
_NO_ANSWER: Final = (RedisConnectionError, RedisTimeoutError, OSError)
# By server and options: Django makes a cache object for every request, and would connect anew for each.
_clients: Final[dict[str, Any]] = {}
_silent_until: dict[str, float] = {}  # by server


class _OneClient(RedisCacheClient):
    """Django's own client, which makes a client of redis-py for every call; they are safe to share."""

    def __init__(self, server: str, **options: Any) -> None:
        super().__init__([server], **options)
        self._shared = super().get_client(write=True)

    def get_client(self, key: Any = None, *, write: bool = False) -> Any:
        del key, write
        return self._shared


class ForgivingRedisCache(RedisCache):
    """Django's Redis cache, but a missing server reads as a miss and drops writes.

    Nothing that must be right lives in the cache: sessions are rows, rules and priors have their version.
    """

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self._place = server
        self._settings = params.get("OPTIONS", {})

    @property
    def _cache(self) -> Any:
        """This process' client: its connections serve all threads."""
        key = f"{self._place} {self._settings}"
        if key not in _clients:
            _clients[key] = _OneClient(self._place, **self._settings)
        return _clients[key]

    def get(self, key: Any, default: Any = None, version: int | None = None) -> Any:
        return self._ask(default, super().get, key, default, version)

    def set(self, *args: Any, **kwargs: Any) -> None:
        self._ask(None, super().set, *args, **kwargs)

    def add(self, *args: Any, **kwargs: Any) -> bool:
        return bool(self._ask(True, super().add, *args, **kwargs))

    def delete(self, *args: Any, **kwargs: Any) -> bool:
        return bool(self._ask(False, super().delete, *args, **kwargs))

    def touch(self, *args: Any, **kwargs: Any) -> bool:
        return bool(self._ask(False, super().touch, *args, **kwargs))

    def has_key(self, *args: Any, **kwargs: Any) -> bool:
        return bool(self._ask(False, super().has_key, *args, **kwargs))

    def __contains__(self, key: Any) -> bool:
        return self.has_key(key)

    def incr(self, key: Any, delta: int = 1, version: int | None = None) -> int:
        return int(self._ask(delta, super().incr, key, delta, version))

    def get_many(self, *args: Any, **kwargs: Any) -> dict[Any, Any]:
        return dict(self._ask({}, super().get_many, *args, **kwargs))

    def set_many(self, data: dict[Any, Any], *args: Any, **kwargs: Any) -> list[Any]:
        return list(self._ask(list(data), super().set_many, data, *args, **kwargs))

    def delete_many(self, *args: Any, **kwargs: Any) -> None:
        self._ask(None, super().delete_many, *args, **kwargs)

    def run_script(self, script: str, *, keys: Iterable[str], arguments: Iterable[Any]) -> Any:
        """Run a script on the server, as one step that nothing else comes between; None where it does not answer."""
        names = [self.make_and_validate_key(key) for key in keys]

        def run() -> Any:
            return self._cache.get_client(None).eval(script, len(names), *names, *arguments)

        return self._ask(None, run)

    def clear(self) -> None:
        self._ask(None, super().clear)

    def _ask(self, instead: Any, call: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Call the server; `instead` where it does not answer, or did not a moment ago."""
        if time.monotonic() < _silent_until.get(self._place, 0.0):
            return instead
        try:
            return call(*args, **kwargs)
        except (RedisError, OSError) as error:
            if isinstance(error, _NO_ANSWER):
                _silent_until[self._place] = time.monotonic() + SILENCE_SECONDS
            log.warning("cache unavailable: %s", type(error).__name__)
            return instead


def cache_answers() -> bool:
    """Whether what is written can be read back right now."""
    cache.set("readyz", 1, 5)
    return bool(cache.get("readyz") == 1)
