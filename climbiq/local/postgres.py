"""A private PostgreSQL cluster in a folder: on a Unix socket only, started with us, gone with us."""

from __future__ import annotations

import logging
import os
import secrets
import shutil
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import Literal, TypedDict
from urllib.parse import quote

from climbiq.local.errors import CannotRun
from climbiq.local.places import (
    exclusive,
    fingerprint,
    is_reachable,
    make_folder,
    server_account,
    shared_folder,
    socket_folder,
)
from climbiq.local.postgres_binaries import find_bin_dir, major_version
from climbiq.local.processes import (
    HAS_PROC,
    command_line,
    dies_with_us,
    is_running,
    last_lines,
    open_log,
    wait_until,
)

logger = logging.getLogger(__name__)

SUPERUSER = "postgres"
SOCKET_NAME = ".s.PGSQL.5432"
START_SECONDS = 60.0
STOP_SECONDS = 10.0
FIRST_WITH_BUILTIN_LOCALE = 17
STOP_SIGNALS = {"smart": signal.SIGTERM, "fast": signal.SIGINT, "immediate": signal.SIGQUIT}
# What the server says while the leftovers of a killed one still hold its memory or its lock.
PASSING_TROUBLE = ("pre-existing shared memory block", "lock file")
NOT_DURABLE = (
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "wal_level=minimal",
    "max_wal_senders=0",
)


class PostgresFailed(CannotRun):
    """The embedded server did not start; the message carries what it said."""


class Identity(TypedDict, total=False):
    """How the server's programs run: from where, with what environment (nothing of ours), as whom."""

    cwd: str
    env: dict[str, str]
    user: int
    group: int
    extra_groups: list[int]


class EmbeddedPostgres:
    """One cluster kept below `root`, run by us or, when we are root, by an unprivileged account.

    With `durable=False` a crash of the machine may lose the cluster: for tests.
    """

    def __init__(self, root: Path, *, durable: bool = True) -> None:
        self.durable = durable
        self._account = server_account()
        self._bin_dir = find_bin_dir(self._account)
        self.home = self._choose_home(root.resolve())
        self.data_dir = self.home / "data"
        self.log_path = self.home / "server.log"
        self.socket_dir = socket_folder(self.home / "run", socket_name=SOCKET_NAME, account=self._account)
        self.password_path = self.home / "superuser-password"
        self._process: subprocess.Popen[bytes] | None = None

    def copy_from(self, folder: Path) -> None:
        """Begin with another cluster's files, its superuser's password among them; its server must be stopped."""
        for name in (self.data_dir.name, self.password_path.name):
            subprocess.run(["cp", "-a", str(folder / name), str(self.home)], check=True)

    def start(self) -> EmbeddedPostgres:
        """Create the cluster if there is none, then run its server, or join the one already running."""
        with exclusive(self.home / "lock"):
            if not (self.data_dir / "PG_VERSION").exists():
                self._create_cluster()
            self._check_version()
            self._bring_up()
        return self

    def stop(self, mode: Literal["smart", "fast", "immediate"] = "fast") -> None:
        """Stop the server, whoever started it; harder, and recovering at the next start, if it will not."""
        for signum in (STOP_SIGNALS[mode], signal.SIGQUIT, signal.SIGKILL):
            pid = self._server_pid()
            if pid is None:
                break
            with suppress(ProcessLookupError):
                os.kill(pid, signum)
            if wait_until(lambda: self._server_pid() is None, seconds=STOP_SECONDS):
                break
        self._end_own_process()

    def ready(self) -> bool:
        """Tell whether the server answers on its socket."""
        asked = [str(self._bin_dir / "pg_isready"), "-q", "-t", "3", "-h", str(self.socket_dir), "-p", "5432"]
        return subprocess.run(asked, check=False).returncode == 0

    def alive(self) -> bool:
        """Tell whether the server's process runs."""
        return self._server_pid() is not None

    def superuser_url(self, database: str = "postgres") -> str:
        """Return a libpq URL of the cluster's superuser."""
        return (
            f"postgresql://{SUPERUSER}:{quote(self._password(), safe='')}@/{quote(database, safe='')}"
            f"?host={quote(str(self.socket_dir), safe='')}"
        )

    def create_database(self, name: str) -> None:
        """Create the database if it does not exist."""
        import psycopg
        from psycopg import sql

        with psycopg.connect(self.superuser_url(), autocommit=True) as connection:
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))

    def _choose_home(self, root: Path) -> Path:
        if self._account is None:
            return make_folder(root / "postgres", mode=0o700)
        if not is_reachable(root):
            home = shared_folder(f"climbiq-{fingerprint(root)}")
            logger.warning(
                "%s is below a private folder, which account '%s' cannot enter: the database is kept in %s",
                root,
                self._account.name,
                home,
            )
            return home
        return make_folder(root / "postgres", mode=0o711)

    def _password(self) -> str:
        return self.password_path.read_text().strip()

    def _create_cluster(self) -> None:
        """Run initdb beside the final place and rename: a killed start leaves no half cluster."""
        password = secrets.token_urlsafe(24)
        unfinished, password_file = self.home / "unfinished", self.home / "initdb-password"
        shutil.rmtree(unfinished, ignore_errors=True)
        make_folder(unfinished, mode=0o700, account=self._account)
        for path in (self.password_path, password_file):
            path.unlink(missing_ok=True)
            path.touch(mode=0o600)
            path.write_text(password)
        if self._account:
            os.chown(password_file, self._account.uid, self._account.gid)
        builtin = ("--locale-provider=builtin", "--builtin-locale=C.UTF-8")
        try:
            done = self._run_as_server(
                "initdb",
                *("-D", str(unfinished), "-U", SUPERUSER, "--encoding=UTF8", "--locale=C.UTF-8"),
                *(builtin if major_version(self._bin_dir) >= FIRST_WITH_BUILTIN_LOCALE else ()),
                *("--auth-local=scram-sha-256", "--auth-host=reject", f"--pwfile={password_file}"),
                *(() if self.durable else ("--no-sync",)),
            )
        finally:
            password_file.unlink()
        if done.returncode:
            raise PostgresFailed(f"initdb failed: {done.stderr.strip() or done.stdout.strip()}")
        unfinished.rename(self.data_dir)

    def _check_version(self) -> None:
        made_by, here = int((self.data_dir / "PG_VERSION").read_text()), major_version(self._bin_dir)
        if made_by != here:
            raise PostgresFailed(
                f"{self.data_dir} was made by PostgreSQL {made_by}, but the one found here is {here}: "
                f"set CLIMBIQ_PG_BIN to a PostgreSQL {made_by}, or dump and reload"
            )

    def _bring_up(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self._server_pid() is None:
                if self._launch():
                    return
            elif self.ready():
                return
            time.sleep(0.1)  # a server that is stopping, recovering, or just killed
        raise PostgresFailed(f"PostgreSQL of {self.data_dir} does not answer; see its log {self.log_path}")

    def _launch(self) -> bool:
        """Start the server and wait for it; False when leftovers of a killed one are still in the way."""
        self._end_own_process()
        # Whoever has the number in these files is not our server (see `_server_pid`): it was recycled.
        for lock in (self.data_dir / "postmaster.pid", self.socket_dir / f"{SOCKET_NAME}.lock"):
            lock.unlink(missing_ok=True)
        with open_log(self.log_path) as log:
            said_before = log.tell()
            self._process = process = subprocess.Popen(
                [str(self._bin_dir / "postgres"), "-D", str(self.data_dir), *self._settings()],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C in the terminal is for us; we stop the server last
                preexec_fn=dies_with_us(signal.SIGINT if self.durable else signal.SIGQUIT),  # noqa: PLW1509
                **self._identity(),
            )
        wait_until(lambda: process.poll() is not None or self.ready(), seconds=START_SECONDS)
        if process.poll() is None:
            return self.ready()
        said = last_lines(self.log_path, since=said_before)
        if any(trouble in said for trouble in PASSING_TROUBLE):
            return False
        raise PostgresFailed(f"PostgreSQL did not start; its log {self.log_path} says:\n{said}")

    def _settings(self) -> list[str]:
        quoted_socket_dir = str(self.socket_dir).replace('"', '""')
        settings = (
            "listen_addresses=",
            f'unix_socket_directories="{quoted_socket_dir}"',
            "unix_socket_permissions=0700",
            "port=5432",
            "max_connections=100",
            "timezone=UTC",
            "log_timezone=UTC",
            *(() if self.durable else NOT_DURABLE),
        )
        return [argument for setting in settings for argument in ("-c", setting)]

    def _server_pid(self) -> int | None:
        """Return our running server's pid; that some process has the number in its file is not enough."""
        try:
            pid = int((self.data_dir / "postmaster.pid").read_text().split()[0])
        except (FileNotFoundError, ValueError, IndexError):
            return None
        if not is_running(pid):
            return None
        if not HAS_PROC or str(self.data_dir) in command_line(pid):
            return pid
        try:
            return pid if Path(f"/proc/{pid}/cwd").samefile(self.data_dir) else None
        except OSError:
            return None

    def _end_own_process(self) -> None:
        """Reap the process we started; end it, should it run on without its pid file."""
        process, self._process = self._process, None
        if process is not None:
            process.send_signal(signal.SIGQUIT)
            process.wait()

    def _run_as_server(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(self._bin_dir / program), *arguments],
            capture_output=True,
            text=True,
            check=False,
            timeout=START_SECONDS,
            **self._identity(),
        )

    def _identity(self) -> Identity:
        identity: Identity = {"cwd": "/", "env": {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}}
        if self._account:
            identity |= {"user": self._account.uid, "group": self._account.gid, "extra_groups": []}
        return identity
