"""`make run` with small programs in place of ours: who stops when, what is said, and that nothing is left."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from climbiq.local import testing
from climbiq.local.leftovers import clear_leftovers, note_running
from climbiq.local.processes import is_running, wait_until

pytestmark = pytest.mark.faults
REPOSITORY = Path(testing.__file__).parents[2]

# Every small program writes its name, pid and what matters of its environment into the journal.
JOURNAL = """
    import json, os, sys
    def note(event, **more):
        seen = {k: v for k, v in os.environ.items() if k.startswith(("CLIMBIQ_", "DATABASE", "REDIS", "CELERY"))}
        with open("journal", "a") as journal:
            journal.write(json.dumps({"event": event, "pid": os.getpid(), "env": seen, **more}) + "\\n")
"""
MANAGE = """
    import sys
    from journal import note
    note("step", command=sys.argv[1:])
    if sys.argv[1] == "fails":
        sys.exit("no such table")
    if sys.argv[1] == "demo_logins":
        print("coach@example.org / crimp-and-sloper")
"""
WEB = """
    import http.server, signal, sys
    from journal import note
    class Alive(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200 if self.path == "/livez" else 404)
            self.end_headers()
        def log_message(self, *_):
            pass
    server = http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Alive)
    signal.signal(signal.SIGTERM, lambda *_: (note("web stops"), sys.exit(0)))
    note("web")
    server.serve_forever()
"""
SLEEPER = """
    import signal, sys, time
    from journal import note
    name = sys.argv[1]
    signal.signal(signal.SIGTERM, lambda *_: (note(name + " stops"), sys.exit(0)))
    note(name)
    print("I am", name)
    time.sleep(60)
"""
SLOW_SECONDS = 2.0
SLOW = f"""
    import signal, sys, time
    from journal import note
    name = sys.argv[1]
    signal.signal(signal.SIGTERM, lambda *_: (time.sleep({SLOW_SECONDS}), note(name + " stops"), sys.exit(0)))
    note(name)
    time.sleep(60)
"""
DIES = """
    import sys, time
    for n in range(30):
        print("line", n)
    time.sleep(0.3)
    sys.exit("out of chalk")
"""
STUBBORN = """
    import signal, subprocess, sys, time
    from journal import note
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    note("stubborn", child=child.pid)
    time.sleep(60)
"""
DRIVER = """
    import json, os, sys
    from pathlib import Path
    from climbiq.local import run, supervisor
    from climbiq.local.plan import LongRunning, Step
    from climbiq.local.surroundings import read_wishes
    plan = json.loads(sys.argv[1])
    supervisor.STOP_SECONDS = plan["stop_seconds"]
    steps = [Step(tuple(command), role, demo, tuple(inputs)) for command, role, demo, *inputs in plan["steps"]]
    programs = [LongRunning(name, tuple(command), role) for name, command, role in plan["programs"]]
    sys.exit(run.run(read_wishes(Path(os.getcwd()), os.environ), steps=steps, programs=programs))
"""
STEPS = [
    [["setup"], "superuser", False],
    [["migrate"], "owner", False],
    [["seed", "--if-empty"], "service", True],
]
WEB_PROGRAM = ["web", ["fake_web", "{port}"], "app"]
WORKER_PROGRAM = ["worker", ["fake_sleeper", "worker"], "service"]
BEAT_PROGRAM = ["beat", ["fake_sleeper", "beat"], "service"]
PROGRAMS = [WEB_PROGRAM, WORKER_PROGRAM, BEAT_PROGRAM]


@dataclass
class Run:
    """A `make run` in a folder of its own."""

    folder: Path
    process: subprocess.Popen[str]

    def journal(self) -> list[dict]:
        path = self.folder / "journal"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def events(self) -> list[str]:
        return [entry["event"] for entry in self.journal()]

    def said(self) -> str:
        return (self.folder / "output").read_text()

    def await_words(self, words: str) -> None:
        found = wait_until(lambda: words in self.said() or self.process.poll() is not None, seconds=20)
        assert found, self.said()
        assert words in self.said(), self.said()

    def await_programs(self, *names: str) -> None:
        assert wait_until(lambda: sorted(self.running()) == sorted(names), seconds=10), self.running()

    def end(self, signum: int | None = None, *, seconds: float = 15) -> int:
        if signum is not None:
            self.process.send_signal(signum)
        return self.process.wait(seconds)

    def running(self) -> list[str]:
        return [entry["event"] for entry in self.journal() if is_running(entry["pid"])]


@pytest.fixture
def folder():
    path = Path(tempfile.mkdtemp(prefix="climbiq run ", dir="/tmp"))
    path.chmod(0o711)
    for name, text in {
        "journal.py": JOURNAL,
        "manage.py": MANAGE,
        "fake_web.py": WEB,
        "fake_sleeper.py": SLEEPER,
        "fake_slow.py": SLOW,
        "fake_dies.py": DIES,
        "fake_stubborn.py": STUBBORN,
        "driver.py": DRIVER,
    }.items():
        (path / name).write_text(textwrap.dedent(text))
    yield path
    shutil.rmtree(path)


@pytest.fixture
def port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def start(folder, port):
    """Start `make run`'s process; given servers spare the second that new ones take."""
    runs = []

    def start(*, programs=PROGRAMS, steps=STEPS, own_servers=False, stop_seconds=5.0, **environ) -> Run:
        plan = {"programs": programs, "steps": steps, "stop_seconds": stop_seconds}
        given = {
            "DATABASE_URL": "" if own_servers else testing.test_cluster().superuser_url(),
            "REDIS_URL": "  " if own_servers else testing.test_valkey().url(),
        }
        kept = {name: value for name, value in os.environ.items() if not name.startswith("CLIMBIQ_")}
        with (folder / "output").open("w") as output:
            process = subprocess.Popen(
                [sys.executable, "driver.py", json.dumps(plan)],
                cwd=folder,
                env=kept | given | {"PORT": str(port), "HOST": "", "PYTHONPATH": str(REPOSITORY)} | environ,
                stdout=output,
                stderr=subprocess.STDOUT,
                text=True,
            )
        runs.append(Run(folder, process))
        return runs[-1]

    yield start
    for run in runs:
        if run.process.poll() is None:
            run.process.terminate()
            run.process.wait(20)
    assert not any(run.running() for run in runs)


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_everything(start, signum):
    run = start()
    run.await_words("ClimbIQ is ready: http://127.0.0.1:")
    run.await_programs("web", "worker", "beat")
    begun = time.monotonic()
    assert run.end(signum) == 0
    assert time.monotonic() - begun < 8
    assert sorted(run.events()[-3:]) == ["beat stops", "web stops", "worker stops"]
    assert run.running() == []


def test_each_program_gets_its_role_and_only_set_up_the_superusers_password(start):
    run = start(CLIMBIQ_TOKEN_PEPPER="  ", CLIMBIQ_APP_PASSWORD="mine")
    run.await_words("ready")
    run.end(signal.SIGINT)
    journal = {entry.get("command", [entry["event"]])[0]: entry["env"] for entry in run.journal()}
    assert {name: env["CLIMBIQ_DB_ROLE"] for name, env in journal.items() if " " not in name} == {
        "setup": "owner",
        "migrate": "owner",
        "web": "app",
        "worker": "service",
        "beat": "service",
    }
    server = testing.test_cluster()
    assert journal["setup"]["DATABASE_URL"] == server.superuser_url()
    bare = re.sub("//.*@", "//", server.superuser_url())
    assert {journal[name]["DATABASE_URL"] for name in ("migrate", "web", "worker", "beat")} == {bare}
    assert journal["web"]["CELERY_BROKER_URL"].startswith("redis+socket:///")
    assert journal["web"]["CLIMBIQ_APP_PASSWORD"] == "mine"
    assert len(journal["web"]["CLIMBIQ_TOKEN_PEPPER"]) > 20
    assert "CLIMBIQ_DEMO" not in journal["web"]


def test_a_given_database_is_never_seeded_and_no_server_is_started(start, folder):
    run = start()
    run.await_words("ready")
    run.end(signal.SIGINT)
    assert [entry["command"] for entry in run.journal() if entry["event"] == "step"] == [
        ["setup"],
        ["migrate"],
    ]
    assert "createsuperuser" in run.said()
    assert "Letters, as to confirm an address, are printed here" in run.said()
    assert not (folder / ".data" / "postgres").exists()
    assert not (folder / ".data" / "valkey").exists()


def test_lines_carry_the_name_of_who_printed_them(start):
    run = start()
    run.await_words("beat    | I am beat")
    run.await_words("worker  | I am worker")


def test_one_programs_death_stops_all_and_is_explained(start):
    run = start(programs=[WEB_PROGRAM, ["worker", ["fake_dies"], "service"], BEAT_PROGRAM])
    assert run.end() == 1
    report = run.said().partition("worker ended with exit code 1; its last lines:")[2]
    assert [
        line for line in report.splitlines() if line.endswith(("line 10", "line 11", "line 29", "chalk"))
    ] == [
        "climbiq | line 11",
        "climbiq | line 29",
        "climbiq | out of chalk",
    ]
    assert sorted(run.events()[-2:]) == ["beat stops", "web stops"]


def test_a_killed_program_is_named_with_its_signal(start):
    run = start()
    run.await_words("ready")
    os.kill(next(entry["pid"] for entry in run.journal() if entry["event"] == "worker"), signal.SIGKILL)
    assert run.end() == 1
    assert "worker was killed by SIGKILL" in run.said()


def test_a_program_that_will_not_stop_is_killed_with_its_children(start):
    run = start(programs=[WEB_PROGRAM, ["worker", ["fake_stubborn"], "service"]], stop_seconds=0.3)
    run.await_words("ready")
    assert wait_until(lambda: "stubborn" in run.events(), seconds=5)
    assert run.end(signal.SIGINT, seconds=5) == 0
    stubborn = next(entry for entry in run.journal() if entry["event"] == "stubborn")
    assert wait_until(lambda: not (is_running(stubborn["pid"]) or is_running(stubborn["child"])), seconds=2)
    assert run.events()[-1] == "web stops"


def test_slow_programs_stop_side_by_side(start):
    slow = [[name, ["fake_slow", name], "service"] for name in ("worker", "trainer", "beat")]
    run = start(programs=[WEB_PROGRAM, *slow])
    run.await_words("ready")
    run.await_programs("web", "worker", "trainer", "beat")
    begun = time.monotonic()
    assert run.end(signal.SIGINT) == 0
    assert time.monotonic() - begun < 2 * SLOW_SECONDS
    assert sorted(run.events()[-4:]) == ["beat stops", "trainer stops", "web stops", "worker stops"]


def test_a_second_ctrl_c_does_not_wait(start):
    run = start(programs=[["worker", ["fake_stubborn"], "service"]], stop_seconds=30.0)
    assert wait_until(lambda: "stubborn" in run.events(), seconds=10)
    run.process.send_signal(signal.SIGINT)
    time.sleep(0.8)
    assert run.process.poll() is None
    assert run.end(signal.SIGINT, seconds=5) == 0


def test_a_failing_step_ends_the_run_before_any_program_starts(start):
    run = start(steps=[[["setup"], "superuser", False], [["fails"], "owner", False]])
    assert run.end() == 1
    assert "manage.py fails ended with exit code 1; its last lines:\nclimbiq | no such table" in run.said()
    assert run.events() == ["step", "step"]


def test_a_busy_port_is_named_before_anything_is_started(start, port, folder):
    with socket.create_server(("127.0.0.1", port)):
        run = start(own_servers=True)
        assert run.end() == 1
    assert f"cannot listen on 127.0.0.1 port {port} (Address already in use)" in run.said()
    assert f"make run PORT={port + 1}" in run.said()
    assert run.events() == []
    assert [path.name for path in (folder / ".data").iterdir()] == ["run.lock"]


@pytest.mark.parametrize("wrong", ["http", "0", "65536", "-1"])
def test_a_wrong_port_is_named(wrong):
    done = subprocess.run(
        [sys.executable, "-m", "climbiq.local.run"],
        cwd=REPOSITORY,
        env=os.environ | {"PORT": wrong},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (1, "")
    assert f"PORT must be a number from 1 to 65535, not '{wrong}'" in done.stdout


def test_two_runs_in_one_folder_are_refused_in_words(start, port):
    first = start()
    first.await_words("ready")
    said = first.said()
    second = start(PORT=str(port + 1))
    assert second.end() == 1
    assert "ClimbIQ already runs from" in second.said()
    assert "ready" in said
    assert first.process.poll() is None


def test_after_kill_9_nothing_is_left_and_the_next_run_starts(start):
    first = start()
    first.await_words("ready")
    first.end(signal.SIGKILL)
    second = start()
    second.await_words("ready")
    second.await_programs("web", "worker", "beat")
    assert second.end(signal.SIGINT) == 0


def test_own_servers_are_started_once_seeded_and_kept(start, folder):
    steps = [*STEPS, [["collect"], "app", False, "*.py"]]
    first = start(own_servers=True, steps=steps)
    first.await_words("coach@example.org / crimp-and-sloper")
    journal = first.journal()
    assert [entry["command"] for entry in journal if entry["event"] == "step"] == [
        ["setup"],
        ["migrate"],
        ["seed", "--if-empty"],
        ["collect"],
        ["demo_logins"],
    ]
    environment = journal[0]["env"]
    assert environment["CLIMBIQ_DEMO"] == "1"
    with psycopg.connect(environment["DATABASE_URL"]) as connection:
        assert connection.info.dbname == "climbiq"
        connection.execute("CREATE TABLE kept ()")
    assert first.end(signal.SIGINT) == 0

    begun = time.monotonic()
    second = start(own_servers=True, steps=steps)
    second.await_words("ready")
    assert time.monotonic() - begun < 15
    assert [entry.get("command") for entry in second.journal()].count(["collect"]) == 1
    with psycopg.connect(environment["DATABASE_URL"]) as connection:
        assert connection.execute("SELECT to_regclass('kept')").fetchone() == ("kept",)
    pid = int((folder / ".data" / "postgres" / "data" / "postmaster.pid").read_text().split()[0])
    os.kill(pid, signal.SIGKILL)
    assert second.end() == 1
    assert "PostgreSQL ended" in second.said()
    assert second.running() == []


def test_a_given_server_that_does_not_answer_is_named_without_its_password(start):
    run = start(DATABASE_URL="postgresql://me:s3cret@127.0.0.1:1/climbiq")
    assert run.end() == 1
    assert "DATABASE_URL names a PostgreSQL that cannot be used" in run.said()
    assert "s3cret" not in run.said()
    run = start(REDIS_URL="redis://127.0.0.1:1/0")
    assert run.end() == 1
    assert "REDIS_URL names a Redis that cannot be used" in run.said()


def fake_server(answer: Callable[[bytes], bytes]) -> int:
    """Listen on a free port and give each message of one visitor its answer."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with listener, listener.accept()[0] as visitor:
            while message := visitor.recv(10_000):
                visitor.sendall(answer(message))

    threading.Thread(target=serve, daemon=True).start()
    return listener.getsockname()[1]


def test_a_postgres_that_is_too_old_is_refused(start):
    version = b"server_version\x0014.9\x00"
    parameter = b"S" + (len(version) + 4).to_bytes(4, "big") + version
    let_in = b"R\x00\x00\x00\x08\x00\x00\x00\x00" + parameter + b"Z\x00\x00\x00\x05I"
    port = fake_server(lambda message: b"" if message[:1] == b"X" else let_in)
    run = start(DATABASE_URL=f"postgresql://me@127.0.0.1:{port}/c?sslmode=disable&gssencmode=disable")
    assert run.end() == 1
    assert "DATABASE_URL names PostgreSQL 14; 15 or newer is needed" in run.said()


def test_a_redis_that_is_too_old_is_refused(start):
    info = b"redis_version:6.2.14\r\n"
    told = b"$%d\r\n%s\r\n" % (len(info), info)
    port = fake_server(lambda message: told if b"INFO\r\n$6" in message else b"+OK\r\n" * message.count(b"*"))
    run = start(REDIS_URL=f"redis://127.0.0.1:{port}/0?protocol=2")
    assert run.end() == 1
    assert "REDIS_URL names Redis 6.2.14; 7 or newer" in run.said()


def test_leftovers_are_killed_and_strangers_with_their_number_are_not(tmp_path, monkeypatch):
    monkeypatch.setattr("climbiq.local.leftovers.GRACE_SECONDS", 0.2)
    note = tmp_path / "running.json"
    left = subprocess.Popen(["sleep", "61"], start_new_session=True)
    stranger = subprocess.Popen(["sleep", "62"], start_new_session=True)
    assert wait_until(lambda: Path(f"/proc/{stranger.pid}/comm").read_text() == "sleep\n", seconds=5)
    note_running(note, [left.pid, stranger.pid])
    note.write_text(note.read_text().replace('"62"', '"63"'))
    assert clear_leftovers(note) == [left.pid]
    assert left.wait(5) == -signal.SIGKILL
    assert stranger.poll() is None
    assert not note.exists()
    assert clear_leftovers(note) == []
    stranger.kill()
    stranger.wait()
