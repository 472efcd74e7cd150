"""A diary file on a real site: the command as the service role, a kill in the middle, two loads at once."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
import time

import psycopg
import pytest

from tests.fixtures.database import role_url, server_environment, superuser_url
from tests.fixtures.servers import ROOT

SOCCERMON = ROOT.parent / "shared" / "data" / "soccermon_team_a.csv"


def count(database, table):
    with psycopg.connect(superuser_url(database)) as connection:
        return connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]


def diary_of(rows, *, climbers=3):
    lines = ["climber,session_date,session_quality,sleep_hours,notes"]
    for number in range(rows):
        day = f"{2000 + number // 336:04}-{number // 28 % 12 + 1:02}-{number % 28 + 1:02}"
        lines.append(f"climber {number % climbers},{day},{number % 10 + 1},7.5,{'x' * 200}")
    return "\n".join(lines) + "\n"


@pytest.fixture
def importing(site, tmp_path):
    """Start `import_diary` on a text; the process."""
    started = []

    def start(text, *options):
        file = tmp_path / f"diary{len(started)}.csv"
        file.write_text(text)
        process = subprocess.Popen(
            [sys.executable, "manage.py", "import_diary", str(file), *options],
            cwd=ROOT,
            env=server_environment(site.database, "service"),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        process.communicate()


@pytest.mark.shared
@pytest.mark.skipif(not SOCCERMON.exists(), reason="the reference files do not lie beside the checkout")
def test_ten_thousand_real_days_in_a_minute(site):
    start = time.monotonic()
    said = site.manage("import_diary", str(SOCCERMON))
    took = time.monotonic() - start
    assert "10,985 sessions added for 27 climbers (27 new)" in said
    assert took < 60
    assert count(site.database, "post_session_data") == 10_985
    with psycopg.connect(role_url(site.database, "service")) as connection:
        row = connection.execute(
            "SELECT p.sleep_hours, p.days_since_hard_session, p.planned_caffeine_mg, q.session_quality,"
            " q.deviated_from_plan, s.status FROM sessions s JOIN pre_session_data p ON p.session_id = s.id"
            " JOIN post_session_data q ON q.session_id = s.id JOIN users u ON u.id = s.user_id"
            " WHERE u.display_name = 'TeamA-01' AND s.session_date = '2021-06-27'"
        ).fetchone()
    assert row == (7, 14, None, 7, False, "completed")
    assert "0 sessions added for 27 climbers (0 new), 10,985 already there" in site.manage(
        "import_diary", str(SOCCERMON)
    )
    assert count(site.database, "sessions") == 10_985


@pytest.mark.faults
def test_killed_in_the_middle_it_leaves_nothing_and_runs_again(site, importing):
    text = diary_of(6000)
    process = importing(text)
    deadline = time.monotonic() + 60
    with psycopg.connect(superuser_url(site.database), autocommit=True) as watching:
        while process.poll() is None and time.monotonic() < deadline:
            busy = watching.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                " AND query LIKE 'INSERT INTO \"p%_session_data\"%'"
            ).fetchone()[0]
            if busy:
                break
            time.sleep(0.01)
        assert process.poll() is None, "it was over before it could be killed"
        process.send_signal(signal.SIGKILL)
        process.wait(10)
    assert [
        count(site.database, t) for t in ("users", "sessions", "pre_session_data", "post_session_data")
    ] == [0] * 4
    again = importing(text)
    said, complaints = again.communicate(timeout=120)
    assert again.returncode == 0, complaints
    assert "6,000 sessions added for 3 climbers" in said


@pytest.mark.faults
def test_two_loads_of_one_file_at_once(site, importing):
    processes = [importing(diary_of(800)) for _ in range(2)]
    answers = [process.communicate(timeout=120) for process in processes]
    assert [process.returncode for process in processes] == [0, 0], answers
    assert count(site.database, "sessions") == 800
    assert count(site.database, "users") == 3
    assert sorted(said.split(" ", 1)[0] for said, _ in answers) == ["0", "800"]


def test_the_service_role_may_not_read_passwords_and_need_not(site, tmp_path):
    file = tmp_path / "diary.csv"
    file.write_text("climber,session_date\nAna,2026-05-04\n")
    assert "1 session added" in site.manage("import_diary", str(file))
    with (
        psycopg.connect(role_url(site.database, "service")) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute("SELECT password FROM users")


def test_a_bad_file_says_where_and_exits_badly(site, tmp_path):
    file = tmp_path / "diary.csv"
    file.write_text("climber;session_date;stress_level\nAna;2026-05-04;6\n")
    with pytest.raises(RuntimeError, match="line 2, stress_level: Stress must be between 1 and 5"):
        site.manage("import_diary", str(file))
    assert count(site.database, "users") == 0
