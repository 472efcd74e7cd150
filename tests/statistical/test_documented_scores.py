"""The scores that docs/methods/evaluation.md prints are those that the command computes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

pytestmark = [pytest.mark.shared, pytest.mark.slow]

ROOT = Path(__file__).parents[2]
DIARY = ROOT.parent / "shared" / "data" / "soccermon_team_a.csv"
DOCUMENTED = (ROOT / "docs" / "methods" / "evaluation.md").read_text()
MODELS = {
    "climbiq": "climbiq",
    "climbiq, unrounded": "climbiq_unrounded",
    "… as one normal, as pages show": "climbiq_as_shown",
    "one rhythm for all": "climbiq_one_rhythm",
    "static mixed model": "static_mixed",
    "ridge on own-EWMA deviations": "ridge_own_ewma",
    "EWMA (0.2)": "ewma",
    "last value": "last_value",
    "person mean": "person_mean",
    "ridge": "ridge",
    "global mean": "global_mean",
}


@pytest.fixture(scope="module")
def computed() -> Mapping[str, Any]:
    if not DIARY.exists():
        pytest.skip("the diary does not lie beside this checkout")
    out = StringIO()
    call_command("evaluate", "--diary", str(DIARY), "--cold-start", "--json", stdout=out, stderr=StringIO())
    found: dict[str, Any] = json.loads(out.getvalue())
    return found


def table(head: str) -> Iterator[list[str]]:
    """The cells of the rows below the table's head."""
    assert DOCUMENTED.count(f"\n{head}\n") == 1, head
    below = DOCUMENTED.split(f"\n{head}\n", 1)[1].splitlines()[1:]
    for line in below:
        if not line.startswith("|"):
            return
        yield [cell.strip() for cell in line.strip("|").split("|")]


def is_told(told: str, value: float) -> bool:
    """Whether it is the value as printed, give or take one in the last digit."""
    digits = len(told.partition(".")[2])
    return abs(round(value, digits) - float(told)) < 1.5 * 10.0**-digits


def test_one_in_the_last_digit_is_forgiven_and_two_are_not() -> None:
    assert is_told("0.406", 0.4074)
    assert not is_told("0.406", 0.4076)
    assert is_told("0.93", 0.921)
    assert not is_told("0.93", 0.914)


def test_the_main_table(computed: Mapping[str, Any]) -> None:
    rows = {
        name: cells for name, *cells in table("| model | MAE | RMSE | CRPS | 50 % | 80 % | 90 % | 95 % |")
    }
    assert {MODELS[name] for name in rows} == set(computed["models"])
    wrong = []
    for name, cells in rows.items():
        of = computed["models"][MODELS[name]]
        values = [of["mae"], of["rmse"], of["crps"], *(of["coverage"][k] for k in ("50", "80", "90", "95"))]
        wrong += [(name, t, v) for t, v in zip(cells, values, strict=True) if not is_told(t, v)]
    assert wrong == []
    assert f"{computed['n_test']:,} test days" in DOCUMENTED


def test_the_rounded_rivals(computed: Mapping[str, Any]) -> None:
    said = re.search(
        r"ridge on own-EWMA deviations become ([\d.]+) /\s([\d.]+) with it, of EWMA \(0\.2\) ([\d.]+) / ([\d.]+)\.",
        DOCUMENTED,
    )
    assert said is not None
    values = [
        computed["rounded"][name][score] for name in ("ridge_own_ewma", "ewma") for score in ("mae", "crps")
    ]
    wrong = [(t, v) for t, v in zip(said.groups(), values, strict=True) if not is_told(t.rstrip("."), v)]
    assert wrong == []


def test_the_cold_start(computed: Mapping[str, Any]) -> None:
    rows = list(table("| own days | MAE | shrunken mean | CRPS | shrunken mean |"))
    points = {str(point["n_own"]): point for point in computed["cold_start"]}
    assert [days for days, *_ in rows] == list(points)
    scores = ("mae", "shrunken_mean_mae", "crps", "shrunken_mean_crps")
    wrong = [
        (days, score, told, points[days][score])
        for days, *cells in rows
        for score, told in zip(scores, cells, strict=True)
        if not is_told(told, points[days][score])
    ]
    assert wrong == []
