"""Programs of an earlier run that was killed: waited for, then killed, before a new run starts."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from climbiq.local.processes import command_line, wait_until

# On Linux the kernel has already told them to stop (see `dies_with_us`); this is their time to do so.
GRACE_SECONDS = 5.0


def note_running(note: Path, pids: Iterable[int]) -> None:
    """Write down which processes we started, and as what, so that a later run knows them."""
    note.write_text(json.dumps([[pid, command_line(pid)] for pid in pids]))


def clear_leftovers(note: Path) -> list[int]:
    """End what still runs of the processes written down; returns those that had to be killed.

    A process counts as ours only if it still has the command line that we noted: numbers are recycled.
    """
    try:
        noted = [(int(pid), [str(part) for part in parts]) for pid, parts in json.loads(note.read_text())]
    except (FileNotFoundError, ValueError, TypeError):
        return []

    def left() -> list[int]:
        return [pid for pid, parts in noted if parts and command_line(pid) == parts]

    wait_until(lambda: not left(), seconds=GRACE_SECONDS)
    killed = left()
    for pid in killed:
        with suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)
    note.unlink()
    return killed
