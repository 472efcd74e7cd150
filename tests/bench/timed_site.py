"""The site as it is served, and in each answer's headers what it cost: for benchmarks only."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from contextvars import ContextVar
from dataclasses import dataclass
from time import perf_counter
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

from climbiq.asgi import application as site

Scope = MutableMapping[str, Any]


@dataclass
class Spent:
    """One request's use of the database; the threads that work for the request add to it."""

    queries: int = 0
    seconds: float = 0.0


_spent: ContextVar[Spent | None] = ContextVar("spent", default=None)


async def application(
    scope: Scope, receive: Callable[[], Awaitable[Any]], send: Callable[[Any], Awaitable[None]]
) -> None:
    """Serve one request; its headers tell of everything before the first byte."""
    if scope["type"] != "http":
        await site(dict(scope), receive, send)
        return
    spent = Spent()
    _spent.set(spent)
    began = perf_counter()

    async def told(message: Any) -> None:
        if message["type"] == "http.response.start":
            told_of = {
                "x-queries": spent.queries,
                "x-database-ms": spent.seconds * 1e3,
                "x-server-ms": (perf_counter() - began) * 1e3,
            }
            headers = [(name.encode(), str(value).encode()) for name, value in told_of.items()]
            message = {**message, "headers": [*message["headers"], *headers]}
        await send(message)

    await site(dict(scope), receive, told)


def _watch(connection: BaseDatabaseWrapper, **_: Any) -> None:
    """Time every statement of a new connection object, and the end of its transactions."""
    if _query not in connection.execute_wrappers:
        connection.execute_wrappers.append(_query)
        connection._commit = _timed(connection._commit)


def _query(execute: Any, sql: Any, params: Any, many: Any, context: Any) -> Any:
    spent = _spent.get()
    if spent is not None:
        spent.queries += 1
    return _timed(execute)(sql, params, many, context)


def _timed(work: Callable[..., Any]) -> Callable[..., Any]:
    def timed(*args: Any) -> Any:
        start = perf_counter()
        try:
            return work(*args)
        finally:
            spent = _spent.get()
            if spent is not None:
                spent.seconds += perf_counter() - start

    return timed


# Borrowing from the pool counts too: it may ask the server whether the connection lives.
BaseDatabaseWrapper.connect = _timed(BaseDatabaseWrapper.connect)
connection_created.connect(_watch)
