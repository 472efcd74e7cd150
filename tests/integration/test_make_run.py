"""`make run` from the first start to the second, as somebody meets it who has just cloned: minutes, so `slow`."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psycopg
import pytest
import redis
from psycopg import sql

from climbiq.local import testing
from tests.fixtures.browser import add_person
from tests.fixtures.database import PASSWORDS, run_on_server, superuser_url
from tests.fixtures.servers import ROOT, free_port
from tests.fixtures.visitors import visiting

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="looks for what is left in /proc"),
    pytest.mark.skipif(shutil.which("make") is None, reason="make is missing"),
]

FIRST_START_SECONDS = 180.0
TRAINING_SECONDS = 600.0
# A few seconds on a machine that has nothing else to do.
SECOND_START_SECONDS = 60.0
STOP_SECONDS = 15.0
MIRA = "mira@climbiq.test"
GIVEN = "climbiq_given"
GIVEN_REDIS = 5  # a database of the tests' Valkey that nobody else uses
NOT_COPIED = shutil.ignore_patterns(
    ".git", ".venv", ".data", ".*_cache", "__pycache__", "screenshots", "build"
)


@dataclass
class Checkout:
    """A copy of the checkout with the environment that is already installed."""

    folder: Path
    port: int
    run: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self, **environment: str) -> None:
        """`make run` in a process group of its own, as a terminal gives it; `-o venv`: nothing is installed."""
        with (self.folder / "said").open("wb") as said:
            self.run = subprocess.Popen(
                ["make", "-o", "venv", "run", f"PORT={self.port}"],
                cwd=self.folder,
                env=plain_environment() | environment,
                stdout=said,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )

    def said(self) -> str:
        return (self.folder / "said").read_text(errors="replace")

    def await_words(self, words: str, *, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while words not in self.said():
            assert self.run is not None
            assert self.run.poll() is None, self.said()
            assert time.monotonic() < deadline, self.said()
            time.sleep(0.2)

    def press_ctrl_c(self) -> None:
        """Interrupt the whole group, as a terminal does, and wait for the end."""
        assert self.run is not None
        os.killpg(self.run.pid, signal.SIGINT)
        self.run.wait(STOP_SECONDS)

    def manage(self, *arguments: str) -> str:
        """Run a command as the README says: with nothing but the folder."""
        done = subprocess.run(
            [".venv/bin/python", "manage.py", *arguments],
            cwd=self.folder,
            env=plain_environment(),
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.strip()

    def started(self) -> set[str]:
        """The names of all programs below `make run`, however deep."""
        assert self.run is not None
        parents, names = {}, {}
        for process in Path("/proc").glob("[0-9]*"):
            try:
                name, rest = (process / "stat").read_text().partition("(")[2].rsplit(")", 1)
            except OSError:
                continue
            names[int(process.name)], parents[int(process.name)] = name, int(rest.split()[1])
        below = {self.run.pid}
        while more := {pid for pid, parent in parents.items() if parent in below} - below:
            below |= more
        return {names[pid] for pid in below}

    def left(self) -> list[str]:
        """Every process that was started from here, or for here."""
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            try:
                line = (
                    (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
                )
                is_ours = str(self.folder) in line or (process / "cwd").resolve().is_relative_to(self.folder)
            except OSError:
                continue
            if is_ours and line:
                found.append(line)
        return found


def plain_environment() -> dict[str, str]:
    """The environment without what the test run has put into it."""
    ours = (
        "CLIMBIQ_",
        "DJANGO_",
        "DATABASE_URL",
        "REDIS_URL",
        "CELERY_",
        "ANTHROPIC_",
        "PYTEST",
        "COV_",
        "PORT",
        "HOST",
    )
    # make's own: it would count this one among its children.
    return {
        name: value for name, value in os.environ.items() if not name.startswith((*ours, "MAKE", "MFLAGS"))
    }


@contextmanager
def copied() -> Iterator[Checkout]:
    folder = Path(tempfile.mkdtemp(prefix="climbiq make run ", dir="/tmp"))
    folder.chmod(0o711)  # whoever runs PostgreSQL for root has to get in
    shutil.copytree(ROOT, folder, ignore=NOT_COPIED, dirs_exist_ok=True)
    (folder / ".venv").symlink_to(sys.prefix)
    made = Checkout(folder, free_port())
    try:
        yield made
    finally:
        if made.run is not None and made.run.poll() is None:
            made.press_ctrl_c()
        shutil.rmtree(folder)


@pytest.fixture(scope="module")
def checkout() -> Iterator[Checkout]:
    with copied() as made:
        yield made


@pytest.fixture
def given_servers() -> Iterator[dict[str, str]]:
    """The tests' own servers as somebody's who has some already; the database does not exist yet."""
    yield {"DATABASE_URL": superuser_url(GIVEN), "REDIS_URL": testing.test_valkey().url(GIVEN_REDIS)}
    run_on_server("DROP DATABASE IF EXISTS {} WITH (FORCE)", GIVEN)
    given_redis().flushdb()
    # The roles belong to the whole cluster, and `make run` gave them the checkout's passwords.
    with psycopg.connect(superuser_url("postgres"), autocommit=True) as server:
        for role, password in PASSWORDS.items():
            statement = sql.SQL("ALTER ROLE {} PASSWORD {}")
            server.execute(statement.format(sql.Identifier(f"climbiq_{role}"), sql.Literal(password)))


def given_redis() -> redis.Redis:
    return redis.Redis.from_url(testing.test_valkey().url(GIVEN_REDIS))


def test_from_the_first_start_to_the_second(checkout: Checkout) -> None:
    checkout.start()
    checkout.await_words("Ctrl-C stops everything", seconds=FIRST_START_SECONDS)
    logins = checkout.said()
    password = re.search(r"password (\S+) as", logins)
    assert password
    assert MIRA in logins
    with visiting(checkout.address, MIRA, password[1]) as mira:
        assert mira.get("/").status_code == 200  # the site is there before its model is
        version = await_published_model(checkout)
        page = mira.get("/model/").text
        assert "Learned from everybody’s sessions" in page
        assert version in page
    assert "(nightly_training): sampling" in checkout.said()

    token = checkout.manage("issue_token", MIRA)
    with httpx.Client(
        base_url=checkout.address, headers={"Authorization": f"Bearer {token}"}, timeout=30
    ) as client:
        advice = client.post(
            "/api/v1/recommendations/pre-session",
            json={"current_conditions": {"sleep_hours": 5.5, "stress_level": 4}},
            headers={"Accept": "application/json"},
        )
        assert advice.status_code == 201, advice.text
        assert advice.json()["meta"]["model_version"] == version
        assert 1 <= advice.json()["prediction"]["expected_quality"] <= 10
        diary = client.get("/api/v1/sessions/").json()["results"]
    assert len(diary) > 10
    checkout.press_ctrl_c()
    assert checkout.left() == []

    begun = time.monotonic()
    checkout.start()
    checkout.await_words("Ctrl-C stops everything", seconds=SECOND_START_SECONDS)
    assert time.monotonic() - begun < SECOND_START_SECONDS
    assert "no demo was written" in checkout.said()
    assert "is being trained" not in checkout.said()
    with httpx.Client(
        base_url=checkout.address, headers={"Authorization": f"Bearer {token}"}, timeout=30
    ) as client:
        kept = client.get(f"/api/v1/recommendations/{advice.json()['id']}")
        assert kept.json()["prediction"] == advice.json()["prediction"]
        assert client.get("/api/v1/sessions/").json()["results"] == diary
    checkout.press_ctrl_c()
    assert checkout.left() == []


def await_published_model(checkout: Checkout) -> str:
    """Wait for the demo's first model; its version."""
    deadline = time.monotonic() + TRAINING_SECONDS
    while True:
        asked = "from modeling.models import PopulationPosterior as P; print(*P.objects.values_list('model_version', flat=True))"
        version = checkout.manage("shell", "--no-imports", "--command", asked)
        if version:
            return version
        assert time.monotonic() < deadline, checkout.said()
        time.sleep(3)


def test_on_servers_that_are_there_already(given_servers: dict[str, str]) -> None:
    with copied() as checkout:
        checkout.start(**given_servers)
        checkout.await_words("Ctrl-C stops everything", seconds=FIRST_START_SECONDS)
        assert "createsuperuser" in checkout.said()
        assert "starting PostgreSQL" not in checkout.said()
        assert "starting Valkey" not in checkout.said()
        assert "seed_demo" not in checkout.said()  # nobody's diary is invented in somebody's database
        await_workers(checkout)
        assert "python" in checkout.started()
        assert not {"postgres", "valkey-server", "redis-server"} & checkout.started()

        email = "alice@example.org"
        add_person(GIVEN, email)
        with visiting(checkout.address, email) as alice:
            assert alice.get("/").status_code == 200
        headers = {
            "Authorization": f"Bearer {checkout.manage('issue_token', email)}",
            "Accept": "application/json",
        }
        with httpx.Client(base_url=checkout.address, headers=headers, timeout=30) as client:
            advice = client.post(
                "/api/v1/recommendations/pre-session", json={"current_conditions": {"sleep_hours": 5.5}}
            )
        assert advice.status_code == 201, advice.text
        assert advice.json()["prediction"]["phase"] == "cold_start"

        with psycopg.connect(superuser_url(GIVEN)) as database:
            owner = "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = %s"
            assert database.execute(owner, [GIVEN]).fetchall() == [("climbiq_owner",)]
            stored = database.execute("SELECT id::text, is_done FROM recommendations").fetchall()
            assert stored == [(advice.json()["id"], True)]
            logins = (
                "SELECT DISTINCT usename FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()"
            )
            found = {login for (login,) in database.execute(logins, [GIVEN])}
            assert "climbiq_app" in found
            assert found <= {"climbiq_app", "climbiq_service"}
        assert given_redis().dbsize() > 0

        assert (checkout.folder / ".data" / "secrets.env").is_file()
        assert not (checkout.folder / ".data" / "postgres").exists()
        assert not (checkout.folder / ".data" / "valkey").exists()
        checkout.press_ctrl_c()
        assert checkout.left() == []
        with psycopg.connect(superuser_url(GIVEN)) as database:  # what was given goes on
            assert database.execute("SELECT count(*) FROM recommendations").fetchone() == (1,)
        assert given_redis().ping()


def await_workers(checkout: Checkout) -> None:
    """Wait until both workers answer, through the broker that was given."""
    asked = (
        "from climbiq.celery_app import app; "
        "print(*sorted(name.split('@')[0] for reply in app.control.ping(timeout=3) for name in reply))"
    )
    deadline = time.monotonic() + FIRST_START_SECONDS
    while checkout.manage("shell", "--no-imports", "--command", asked) != "default training":
        assert time.monotonic() < deadline, checkout.said()
