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
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

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

    def start(self) -> None:
        """`make run` in a process group of its own, as a terminal gives it; `-o venv`: nothing is installed."""
        with (self.folder / "said").open("wb") as said:
            self.run = subprocess.Popen(
                ["make", "-o", "venv", "run", f"PORT={self.port}"],
                cwd=self.folder,
                env=plain_environment(),
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


@pytest.fixture(scope="module")
def checkout() -> Iterator[Checkout]:
    folder = Path(tempfile.mkdtemp(prefix="climbiq make run ", dir="/tmp"))
    folder.chmod(0o711)  # whoever runs PostgreSQL for root has to get in
    shutil.copytree(ROOT, folder, ignore=NOT_COPIED, dirs_exist_ok=True)
    (folder / ".venv").symlink_to(sys.prefix)
    made = Checkout(folder, free_port())
    yield made
    if made.run is not None and made.run.poll() is None:
        made.press_ctrl_c()
    shutil.rmtree(folder)


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
