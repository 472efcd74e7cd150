from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from modeling.domain.scorecard import read_scorecard
from modeling.domain.simulate import simulate_diary

ROOT = Path(__file__).parents[3]
RIVALS = {"ewma", "ridge_own_ewma", "person_mean", "last_value", "global_mean", "ridge", "static_mixed"}


def written(
    path: Path, *, n_climbers: int = 3, n_days: int = 40, columns: tuple[str, ...] = (), **changes
) -> Path:
    frame = simulate_diary(n_climbers=n_climbers, n_sessions=n_days, seed=5).frame.assign(**changes)
    frame[["climber", "session_date", "session_quality", *columns]].to_csv(path, index=False)
    return path


def run(*arguments: object, **options: object) -> str:
    out = io.StringIO()
    call_command("evaluate", *map(str, arguments), stdout=out, stderr=io.StringIO(), **options)
    return out.getvalue()


def scored(*arguments: object) -> dict:
    return json.loads(run("--json", *arguments))


def refused(*arguments: object) -> CommandError:
    with pytest.raises(CommandError) as caught:
        run(*arguments)
    return caught.value


def test_one_json_object_with_every_model(tmp_path: Path) -> None:
    found = scored("--diary", written(tmp_path / "d.csv", columns=("sleep_hours", "stress_level")))
    assert set(found["models"]) >= {"climbiq", "climbiq_as_shown", *RIVALS}
    for scores in found["models"].values():
        assert set(scores) >= {"mae", "rmse", "crps", "coverage", "n"}
        assert set(scores["coverage"]) == set(scores["width"]) == {"50", "80", "90", "95"}
        assert scores["n"] == 3 * 16
    assert read_scorecard(found).as_dict() == found


def test_the_split_is_the_share_that_trains(tmp_path: Path) -> None:
    path = written(tmp_path / "d.csv")
    found = scored("--diary", path, "--split", "0.8")
    assert (found["n_training"], found["n_test"]) == (3 * 32, 3 * 8)


def test_people_with_less_than_thirty_days_are_left_out(tmp_path: Path) -> None:
    path = written(tmp_path / "d.csv")
    lines = path.read_text().splitlines()
    path.write_text("\n".join([*lines, *(f"short,2025-03-{day:02d},7" for day in range(1, 30))]))
    found = scored("--diary", path)
    assert found["n_climbers"] == 3
    assert "1 climbers with fewer than 30 sessions left out" in found["notes"]


def test_of_two_people_nobody_can_be_left_out_and_all_else_is_told(tmp_path: Path) -> None:
    path = written(tmp_path / "d.csv", n_climbers=2)
    for found in (scored("--diary", path, "--cold-start"), scored("--simulate", "2,60", "--cold-start")):
        assert found["n_climbers"] == 2
        assert found["cold_start"] == []
        assert set(found["models"]) >= RIVALS
        note = "no cold-start curve: of 2 climbers one left out leaves fewer than 2 to train on"
        assert found["notes"].count(note) == 1
        assert read_scorecard(found).as_dict() == found
    assert note in run("--diary", path, "--cold-start")
    assert note not in run("--diary", path)


def test_of_three_people_one_can_be_left_out(tmp_path: Path) -> None:
    found = scored("--diary", written(tmp_path / "d.csv"), "--cold-start")
    assert [point["n_own"] for point in found["cold_start"]] == [0, 1, 3, 5, 10]
    assert not any("cold-start" in note for note in found["notes"])


def test_the_table_is_for_people(tmp_path: Path) -> None:
    text = run("--diary", written(tmp_path / "d.csv"), "--cold-start")
    assert text.startswith("48 sessions of 3 climbers predicted")
    assert "EWMA (0.2)" in text
    assert "PIT" in text
    assert "Cold start" in text
    assert max(map(len, text.splitlines())) <= 120


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"session_quality": 7}, id="every-rating-the-same"),
        pytest.param({"sleep_hours": 8.0, "stress_level": 3}, id="constant-conditions"),
        pytest.param({"sleep_hours": None}, id="a-column-without-values"),
        pytest.param({"session_date": "2026-05-04"}, id="everything-on-one-day"),
        pytest.param({"session_quality": np.tile(np.linspace(1, 10, 40), 3)}, id="decimals"),
        pytest.param({"session_quality": np.tile([1, 10], 60)}, id="extremes"),
        pytest.param({"caffeine_mg": 1e12}, id="absurd-doses"),
    ],
)
def test_odd_diaries_are_scored(tmp_path: Path, changes: dict) -> None:
    columns = ("sleep_hours", "stress_level", "caffeine_mg")
    found = scored("--diary", written(tmp_path / "d.csv", columns=columns, **changes))
    for scores in found["models"].values():
        assert np.isfinite([scores["mae"], scores["rmse"], scores["crps"]]).all()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param("", "line 1: There is no column climber", id="empty-file"),
        pytest.param("climber,session_date\na,2026-01-01\n", "no column session_quality", id="no-quality"),
        pytest.param(
            "climber,session_date,session_quality\na,2026-01-01,fine\n", "line 2, session_quality", id="words"
        ),
        pytest.param("climber,session_date,session_quality\n", "no row has", id="only-a-header"),
        pytest.param(
            "climber,session_date,session_quality\na,2026-01-01,6\n", "0 of 1 climbers", id="one-row"
        ),
    ],
)
def test_unusable_files_end_with_two(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "d.csv"
    path.write_text(text)
    error = refused("--diary", path)
    assert words in str(error)
    assert error.returncode == 2


def test_one_climber_is_no_population(tmp_path: Path) -> None:
    error = refused("--diary", written(tmp_path / "d.csv", n_climbers=1))
    assert "1 of 1 climbers has 30 sessions or more; at least 2 are needed" in str(error)
    assert error.returncode == 2


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    assert "No such file" in str(refused("--diary", tmp_path / "none.csv"))
    assert "directory" in str(refused("--diary", tmp_path))


def test_bad_rows_can_be_left_out(tmp_path: Path) -> None:
    path = written(tmp_path / "d.csv")
    path.write_text(path.read_text() + "a,yesterday,7\n" * 30)
    error = refused("--diary", path)
    assert str(error).startswith("line 122, session_date: yesterday is no date")
    assert "… and" in str(error)
    assert "--skip-bad to leave out 30 of its rows" in str(error)
    found = scored("--diary", path, "--skip-bad")
    assert "30 rows that could not be read left out" in found["notes"]


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["--split", "1"], id="all-of-it"),
        pytest.param(["--split", "half"], id="a-word"),
        pytest.param(["--simulate", "3"], id="one-number"),
        pytest.param(["--simulate", "0,40"], id="nobody"),
        pytest.param(["--simulate", "100000,100000"], id="too-many"),
        pytest.param(["--seed", "-1"], id="seed"),
        pytest.param(["--simulate", "3,40", "--missing", "1"], id="nothing-said"),
        pytest.param(["--simulate", "3,40", "--missing", "many"], id="missing-a-word"),
        pytest.param(["--diary", "a.csv", "--simulate", "3,40"], id="both"),
    ],
)
def test_options_are_checked(arguments: list[str]) -> None:
    with pytest.raises(CommandError):
        run(*arguments)


def test_the_same_seed_the_same_scores() -> None:
    first, second, other = (scored("--simulate", "3,40", "--seed", seed) for seed in (3, 3, 4))
    assert first == second
    assert first["models"] != other["models"]


@pytest.mark.parametrize(
    "option",
    [
        pytest.param(["--own-rhythms"], id="own-rhythms"),
        pytest.param(["--kinds"], id="kinds"),
        pytest.param(["--missing", "0.4"], id="missing"),
        pytest.param(["--missing", "0"], id="nothing-missing"),
        pytest.param(["--unrounded"], id="unrounded"),
    ],
)
def test_what_is_simulated_can_be_chosen(option: list[str], tmp_path: Path) -> None:
    simulated = ("--simulate", "4,40", "--seed", "3")
    usual, found = scored(*simulated), scored(*simulated, *option)
    assert found["n_test"] == usual["n_test"]
    assert found["models"]["climbiq"] != usual["models"]["climbiq"]
    error = refused("--diary", written(tmp_path / "d.csv"), *option)
    assert error.returncode == 2
    assert str(error) == f"{option[0]}: only with --simulate."


# --- Without a database, settings or anything else ------------------------------------------------------------


def manage(*arguments: str, cwd: Path = ROOT, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), "evaluate", *arguments],
        env={"PATH": os.environ["PATH"], "CLIMBIQ_DATA_DIR": "/nonexistent", **environment},
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


@pytest.mark.parametrize(
    "environment",
    [
        pytest.param({}, id="fresh-clone"),
        pytest.param({"DATABASE_URL": "postgresql://x@nowhere.invalid/x"}, id="unreachable"),
        pytest.param({"DATABASE_URL": "nowhere", "REDIS_URL": "unix:///nonexistent"}, id="nonsense"),
    ],
)
def test_a_file_needs_no_database(tmp_path: Path, environment: dict[str, str]) -> None:
    path = written(tmp_path / "d.csv")
    finished = manage("--diary", str(path), "--json", cwd=tmp_path, **environment)
    assert finished.returncode == 0, finished.stderr[-2000:]
    assert set(json.loads(finished.stdout)["models"]) >= {"climbiq", *RIVALS}
    assert "predicting" in finished.stderr


def test_exit_codes_and_streams(tmp_path: Path) -> None:
    path = tmp_path / "d.csv"
    path.write_text("climber,session_date,session_quality\na,2026-01-01,fine\n")
    finished = manage("--diary", str(path), "--json")
    assert finished.returncode == 2
    assert finished.stdout == ""
    assert "line 2, session_quality: fine is no number" in finished.stderr
    assert "Traceback" not in finished.stderr


def test_without_a_database_the_platform_says_what_can_be_done() -> None:
    settings = {
        "DATABASE_URL": "postgresql://nobody@/none?host=/nonexistent",
        "DJANGO_SECRET_KEY": "k" * 60,
        "CLIMBIQ_RLS_KEY": "ab" * 32,
        "CLIMBIQ_TOKEN_PEPPER": "p" * 30,
    }
    finished = manage("--json", **settings)
    assert finished.returncode == 1
    assert "--diary" in finished.stderr
    assert "Traceback" not in finished.stderr
