"""How often one person, or one address without a login, may ask."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Final

from django.core.cache import cache
from django.http import HttpRequest
from rest_framework.request import Request
from rest_framework.settings import api_settings
from rest_framework.throttling import BaseThrottle

if TYPE_CHECKING:
    from rest_framework.views import APIView  # DRF imports this module from its own settings

_SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


class PerUserThrottle(BaseThrottle):
    """One allowance for each account, a smaller one for each address that is not logged in.

    A view with a `throttle_scope` has one of its own besides. All is counted in one step of the cache, so that
    requests at once cannot share a place; when the cache is away, nobody is held back.
    """

    THROTTLE_RATES: Mapping[str, str] = api_settings.DEFAULT_THROTTLE_RATES  # type: ignore[assignment]

    def __init__(self) -> None:
        self._wait: float | None = None

    def allow_request(self, request: Request | HttpRequest, view: APIView) -> bool:
        """Count by account, else by address."""
        general = "user" if request.user.is_authenticated else "anon"
        special = getattr(view, "throttle_scope", "")
        return self.count(request, scopes=[general, special] if special else [general])

    def count(self, request: Request | HttpRequest, *, scopes: Iterable[str]) -> bool:
        """Take one from each of these allowances; False where one of them was used up."""
        who = str(request.user.pk) if request.user.is_authenticated else self.get_ident(request)  # type: ignore[arg-type]
        rates = {f"rate_{scope}_{who}": _parsed(self.THROTTLE_RATES[scope]) for scope in scopes}
        waits = _take(rates, now=time.time())
        self._wait = max((wait for wait in waits if wait > 0), default=None)
        return self._wait is None

    def wait(self) -> float | None:
        """Seconds until there is room again."""
        return self._wait


# Of each key the moments that count, oldest first. Takes one where there is room: 0; else the seconds until there is.
_TAKE: Final = """
local now, nonce, waits = tonumber(ARGV[1]), ARGV[2], {}
for i, key in ipairs(KEYS) do
    local most, seconds = tonumber(ARGV[2 * i + 1]), tonumber(ARGV[2 * i + 2])
    redis.call('ZREMRANGEBYSCORE', key, '-inf', now - seconds)
    local taken = redis.call('ZCARD', key)
    if taken < most then
        redis.call('ZADD', key, ARGV[1], ARGV[1] .. nonce)
        redis.call('PEXPIRE', key, seconds * 1000)
        waits[i] = '0'
    else
        local oldest = redis.call('ZRANGE', key, taken - most, taken - most, 'WITHSCORES')
        waits[i] = string.format('%.3f', tonumber(oldest[2]) + seconds - now)
    end
end
return waits
"""
_one_at_a_time: Final = threading.Lock()


def _take(rates: Mapping[str, tuple[int, int]], *, now: float) -> list[float]:
    """Take one of each allowance that has one left; for each the seconds until it has again, 0 where it had."""
    if hasattr(cache, "run_script"):
        limits = [number for rate in rates.values() for number in rate]
        found = cache.run_script(
            _TAKE, keys=rates, arguments=[repr(now), f" {secrets.token_hex(6)}", *limits]
        )
        return [float(wait) for wait in found or ()]
    with _one_at_a_time:  # a cache of this process alone
        return _take_here(rates, now=now)


def _take_here(rates: Mapping[str, tuple[int, int]], *, now: float) -> list[float]:
    seen, noted, waits = cache.get_many(rates), {}, []
    for key, (most, seconds) in rates.items():
        recent = [moment for moment in seen.get(key, ()) if moment > now - seconds]  # latest first
        if len(recent) < most:
            noted[key] = [now, *recent]
            waits.append(0.0)
        else:
            waits.append(recent[most - 1] + seconds - now)
    if noted:
        cache.set_many(noted, timeout=max(seconds for _, seconds in rates.values()))
    return waits


def _parsed(rate: str) -> tuple[int, int]:
    """How many, in how many seconds.

    >>> _parsed("120/hour"), _parsed("600/min")
    ((120, 3600), (600, 60))
    """
    most, _, period = rate.partition("/")
    return int(most), _SECONDS[period[0]]


def seconds_to_wait(request: HttpRequest, *, scope: str) -> float | None:
    """Count a request of a page against the allowance that the API calls `scope`; None when it is within."""
    throttle = PerUserThrottle()
    return None if throttle.count(request, scopes=[scope]) else throttle.wait()
