"""Streams hold nothing scarce because one module builds them all; nothing else may."""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("climbiq", "experts", "sessions_app", "modeling", "recommendations")

# A name, and the modules that may use it.
RESERVED = {
    "StreamingHttpResponse": {"climbiq/common/streams.py"},
    "send_event": set(),  # publishes before the commit, and raises when Redis is away: use climbiq.live.services
    "channel_permission_changed": set(),
}


def names_used(path: Path) -> set[str]:
    """Every name and attribute that a module mentions outside of its texts."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found: set[str] = set()
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.alias(name=name):
                found.add(name)
    return found


def modules() -> list[Path]:
    return [p for package in PACKAGES for p in (ROOT / package).rglob("*.py")]


def test_reserved_names_are_used_where_they_may_be() -> None:
    elsewhere = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in modules()
        for name in names_used(path) & RESERVED.keys()
        if str(path.relative_to(ROOT)) not in RESERVED[name]
    ]
    assert not elsewhere


def test_the_one_place_is_found() -> None:
    """The test above would pass over an empty list."""
    assert "StreamingHttpResponse" in names_used(ROOT / "climbiq/common/streams.py")
    assert len(modules()) > 50
