"""Runs several programs as one: their lines prefixed, one's end ends all, none outlives us."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import NoReturn

from climbiq.local.errors import CannotRun
from climbiq.local.processes import dies_with_us, last_lines, wait_until

STOP_SECONDS = 5.0
POLL_SECONDS = 0.1
SERVER_POLL_SECONDS = 1.0
ONE_REQUEST_SECONDS = 0.5
KEPT_LINES = 20
PREFIX_WIDTH = 8
STOPPING_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

_printing = threading.Lock()


class Stopped(Exception):
    """We were asked to stop."""


class ProgramEnded(CannotRun):
    """A program that should have gone on, or succeeded, did not."""


@dataclass(frozen=True, slots=True)
class Program:
    """One of our children, with the last lines it printed."""

    name: str
    process: subprocess.Popen[bytes]
    reader: threading.Thread
    tail: deque[str]


@dataclass(frozen=True, slots=True)
class Server:
    """A server started by its own launcher: we only look whether it is alive."""

    name: str
    alive: Callable[[], bool]
    log_path: Path


@dataclass(slots=True)
class Supervisor:
    """Starts programs in order, watches them, stops them together."""

    cwd: Path
    programs: list[Program] = field(default_factory=list)
    servers: list[Server] = field(default_factory=list)
    _stopping: bool = False
    _hurried: bool = False
    _asked_at: float = 0.0

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Note Ctrl-C and friends instead of dying of them; `check` tells."""
        earlier = {signum: signal.signal(signum, self._note_signal) for signum in STOPPING_SIGNALS}
        try:
            yield
        finally:
            for signum, handler in earlier.items():
                signal.signal(signum, handler)

    def check(self) -> None:
        """Raise `Stopped` if we were asked to stop."""
        if self._stopping:
            raise Stopped

    def start(
        self, name: str, command: Sequence[str], environment: Mapping[str, str], *, label: str = ""
    ) -> Program:
        """Start a program that is to run until we stop it; its lines carry the label, else its name."""
        program = self._spawn(name, command, environment, label or name)
        self.programs.append(program)
        return program

    def run_to_end(self, name: str, command: Sequence[str], environment: Mapping[str, str]) -> None:
        """Run a program that has to succeed before we go on.

        Raises
        ------
        ProgramEnded
            When its exit code is not 0.
        Stopped
            When we were asked to stop.
        """
        program = self.start(name, command, environment, label="setup")
        while program.process.poll() is None:
            self._pause()
        self.programs.remove(program)
        _finish(program)
        if program.process.returncode:
            raise ProgramEnded(_obituary(program))

    def watch(self, *, is_ready: Callable[[], bool], when_ready: Callable[[], None]) -> NoReturn:
        """Watch everything until something ends or somebody stops us; say once when all is ready.

        Raises
        ------
        ProgramEnded
            When a program or a server ended by itself.
        Stopped
            When we were asked to stop.
        """
        announced, next_look_at_servers = False, 0.0
        while True:
            for program in self.programs:
                if program.process.poll() is not None:
                    _finish(program)
                    raise ProgramEnded(_obituary(program))
            if time.monotonic() >= next_look_at_servers:
                next_look_at_servers = time.monotonic() + SERVER_POLL_SECONDS
                self._look_at_servers()
            if not announced and is_ready():
                announced = True
                when_ready()
            self._pause()

    def _look_at_servers(self) -> None:
        for server in self.servers:
            if not server.alive():
                said = last_lines(server.log_path, KEPT_LINES)
                raise ProgramEnded(f"{server.name} ended; its last lines:\n{said}")

    def stop_all(self) -> None:
        """Stop the programs, all at once; kill those that dawdle, and all on a second Ctrl-C."""
        for program in reversed(self.programs):
            program.process.terminate()
        wait_until(self._ended_or_hurried, seconds=STOP_SECONDS)
        while self.programs:
            _finish(self.programs.pop())

    def _spawn(
        self, name: str, command: Sequence[str], environment: Mapping[str, str], label: str
    ) -> Program:
        process = subprocess.Popen(
            list(command),
            cwd=self.cwd,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C in the terminal reaches us alone: we stop in order
            preexec_fn=dies_with_us(signal.SIGTERM),  # noqa: PLW1509
        )
        tail: deque[str] = deque(maxlen=KEPT_LINES)
        reader = threading.Thread(target=_relay, args=(label, process, tail), daemon=True)
        reader.start()
        return Program(name, process, reader, tail)

    def _note_signal(self, signum: int, frame: FrameType | None) -> None:  # noqa: ARG002
        now = time.monotonic()
        # One Ctrl-C may reach us twice, from the terminal and through make.
        self._hurried = self._stopping and now > self._asked_at + ONE_REQUEST_SECONDS
        if not self._stopping:
            self._stopping, self._asked_at = True, now

    def _ended_or_hurried(self) -> bool:
        return self._hurried or all(program.process.poll() is not None for program in self.programs)

    def _pause(self) -> None:
        self.check()
        time.sleep(POLL_SECONDS)


def say(text: str, *, label: str = "climbiq") -> None:
    """Print lines under a label."""
    with _printing, suppress(BrokenPipeError):
        for line in text.splitlines():
            sys.stdout.write(f"{label:<{PREFIX_WIDTH}}| {line}\n")
        sys.stdout.flush()


def _relay(label: str, process: subprocess.Popen[bytes], tail: deque[str]) -> None:
    assert process.stdout is not None  # noqa: S101  asked for above
    with process.stdout as lines:
        for raw in lines:
            line = raw.decode(errors="replace").rstrip()
            tail.append(line)
            say(line or " ", label=label)


def _finish(program: Program) -> None:
    """Kill what is left of the program's group and read what it still had to say."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(program.process.pid, signal.SIGKILL)
    program.process.wait()
    program.reader.join(timeout=1)


def _obituary(program: Program) -> str:
    code = program.process.returncode
    how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
    said = "\n".join(program.tail) or "(it printed nothing)"
    return f"{program.name} {how}; its last lines:\n{said}"
