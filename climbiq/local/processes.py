"""Child processes that never outlive us."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

PR_SET_PDEATHSIG = 1
HAS_PROC = Path("/proc/self/stat").exists()


def dies_with_us(signum: signal.Signals) -> Callable[[], None] | None:
    """Return a `preexec_fn` that asks the kernel to send `signum` to the child when we die, even by kill -9.

    Linux only; elsewhere None. The kernel means the thread that started the child: start children
    from a thread that lives as long as they should.
    """
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None).prctl
    parent_pid = os.getpid()

    def ask_kernel() -> None:
        prctl(PR_SET_PDEATHSIG, int(signum))
        if os.getppid() != parent_pid:  # we died before the kernel was asked
            os._exit(1)

    return ask_kernel


def is_running(pid: int) -> bool:
    """Tell whether the process exists and is more than a zombie."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return not HAS_PROC  # without /proc the signal's answer stands
    return state not in {"Z", "X"}


def command_line(pid: int) -> list[str]:
    """Return a process's arguments, empty when it is gone, a zombie or the system does not say."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="surrogateescape").split("\0")[:-1]
    except OSError:
        return []


def wait_until(condition: Callable[[], bool], *, seconds: float, pause_seconds: float = 0.02) -> bool:
    """Poll until the condition holds; False when the time is over."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() >= deadline:
            return False
        time.sleep(pause_seconds)
    return True


def open_log(path: Path) -> BinaryIO:
    """Open a log for appending; only we can read it, since a server's log quotes what it was asked."""
    return open(path, "ab", opener=lambda name, flags: os.open(name, flags, 0o600))


def last_lines(log: Path, count: int = 20, *, since: int = 0) -> str:
    """Return the last lines of a log, none from before its first `since` bytes."""
    with log.open("rb") as handle:
        handle.seek(max(since, handle.seek(0, os.SEEK_END) - 16_384))
        return "\n".join(handle.read().decode(errors="replace").splitlines()[-count:])
