"""Reads server-sent events as a client does."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Received:
    """One event."""

    id: str
    event: str
    data: Any

    @property
    def seq(self) -> int:
        return int(self.id.rsplit(":", 1)[1])


def parse_events(lines: Iterable[str]) -> Iterator[Received]:
    """Events from a stream's lines; comments and `retry` are skipped."""
    fields: dict[str, str] = {}
    for line in lines:
        if not line:
            if "event" in fields:
                yield Received(fields.get("id", ""), fields["event"], json.loads(fields["data"]))
            fields = {}
        elif not line.startswith(":"):
            name, _, value = line.partition(": ")
            fields[name] = value
