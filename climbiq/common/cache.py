"""A cache that may be down: then it is empty, and nothing fails because of it."""

from __future__ import annotations

import logging
from typing import Any

from django.core.cache import cache
from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError

log = logging.getLogger(__name__)


class ForgivingRedisCache(RedisCache):
    """Django's Redis cache, but a missing server reads as a miss and drops writes.

    Nothing that must be right lives in the cache: sessions have their row, rules and priors their version.
    """

    def get(self, key: Any, default: Any = None, version: int | None = None) -> Any:
        try:
            return super().get(key, default, version)
        except (RedisError, OSError) as error:
            return self._missed(error, default)

    def set(self, *args: Any, **kwargs: Any) -> None:
        try:
            super().set(*args, **kwargs)
        except (RedisError, OSError) as error:
            self._missed(error, None)

    def add(self, *args: Any, **kwargs: Any) -> bool:
        try:
            return bool(super().add(*args, **kwargs))
        except (RedisError, OSError) as error:
            self._missed(error, None)
            return True

    def delete(self, *args: Any, **kwargs: Any) -> bool:
        try:
            return bool(super().delete(*args, **kwargs))
        except (RedisError, OSError) as error:
            self._missed(error, None)
            return False

    def touch(self, *args: Any, **kwargs: Any) -> bool:
        try:
            return bool(super().touch(*args, **kwargs))
        except (RedisError, OSError) as error:
            self._missed(error, None)
            return False

    def incr(self, key: Any, delta: int = 1, version: int | None = None) -> int:
        try:
            return int(super().incr(key, delta, version))
        except (RedisError, OSError) as error:
            self._missed(error, None)
            return delta

    def get_many(self, *args: Any, **kwargs: Any) -> dict[Any, Any]:
        try:
            return dict(super().get_many(*args, **kwargs))
        except (RedisError, OSError) as error:
            self._missed(error, None)
            return {}

    @staticmethod
    def _missed(error: Exception, answer: Any) -> Any:
        log.warning("cache unavailable: %s", type(error).__name__)
        return answer


def cache_answers() -> bool:
    """Whether what is written can be read back right now."""
    cache.set("readyz", 1, 5)
    return bool(cache.get("readyz") == 1)
