"""Every address of the site, as the resolver knows them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django.urls import URLPattern, URLResolver, reverse


def routes(
    resolver: URLResolver, prefix: str = "", space: str = ""
) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Every named route with its namespace, and every unnamed one by its pattern."""
    for pattern in resolver.url_patterns:
        path = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            inner = f"{space}{pattern.namespace}:" if pattern.namespace else space
            yield from routes(pattern, path, inner)
        elif isinstance(pattern, URLPattern):
            name = space + (pattern.name or path)
            yield name, path, dict(pattern.pattern.converters)


def address(name: str, path: str, ids: Mapping[str, Any]) -> str:
    """The route's address, with the keys it asks for."""
    wanted = {key: ids[key] for key in ids if f":{key}>" in path or f"<{key}>" in path}
    return reverse(name, kwargs=wanted)
