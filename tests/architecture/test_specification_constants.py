"""The specification's own tables of numbers, read from its code blocks, against ours."""

from __future__ import annotations

import ast
import copy
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from climbiq.domain.edge_cases import EDGE_CASE_DIMENSIONS
from climbiq.domain.literature import CONFIDENCE_WEIGHTS, LITERATURE_PRIORS

SPECIFICATION = Path(__file__).resolve().parents[3] / "shared" / "spec" / "architecture.md"

OURS: dict[str, Any] = {
    "LITERATURE_PRIORS": LITERATURE_PRIORS,
    "EDGE_CASE_DIMENSIONS": EDGE_CASE_DIMENSIONS,
    "confidence weights": CONFIDENCE_WEIGHTS,
}
# What differs from the specification's letter, as `differences` tells it, and the decision that says why. None does.
DEPARTURES: dict[str, str] = {}


@pytest.fixture(scope="module")
def specified() -> dict[str, Any]:
    if not SPECIFICATION.exists():
        pytest.skip("the specification does not lie beside this checkout")
    return tables_of(SPECIFICATION.read_text(encoding="utf-8"))


def tables_of(document: str) -> dict[str, Any]:
    """Every literal that a Python block of Part 4 gives a name, and the weights that the checklist demands."""
    part_four = document[document.index("## Part 4") : document.index("## Part 5")]
    tables = {
        target.id: ast.literal_eval(statement.value)
        for block in re.findall(r"```python\n(.*?)```", part_four, re.DOTALL)
        for statement in ast.parse(block).body
        if isinstance(statement, ast.Assign)
        for target in statement.targets
        if isinstance(target, ast.Name)
    }
    weights = re.search(r"^- \[ \] Confidence weights defined: `(.*)`$", document, re.MULTILINE)
    assert weights, "the checklist names the weights"
    return {**tables, "confidence weights": ast.literal_eval(weights[1])}


def differences(specified: Any, ours: Any, path: str) -> Iterator[str]:
    """What is missing, more, or another value, name by name and number by number."""
    match specified, ours:
        case dict(), dict():
            for name in {**specified, **ours}:
                if name not in ours:
                    yield f"{path}.{name} is missing"
                elif name not in specified:
                    yield f"{path}.{name} is not specified"
                else:
                    yield from differences(specified[name], ours[name], f"{path}.{name}")
        case list(), list() if len(specified) == len(ours):
            for number, (wanted, have) in enumerate(zip(specified, ours, strict=True)):
                yield from differences(wanted, have, f"{path}[{number}]")
        case _ if specified != ours:
            yield f"{path}: specified {specified!r}, is {ours!r}"


@pytest.mark.shared
def test_the_tables_are_the_specified_ones(specified):
    assert list(specified) == list(OURS)
    assert len(specified["LITERATURE_PRIORS"]) == 8
    assert sum(map(len, specified["EDGE_CASE_DIMENSIONS"].values())) == 18
    found = [d for name in OURS for d in differences(specified[name], OURS[name], name)]
    assert sorted(found) == sorted(DEPARTURES)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda t: t.pop("sleep_hours"), "T.sleep_hours is missing"),
        (lambda t: t.update(grip=1), "T.grip is not specified"),
        (lambda t: t["caffeine_mg"].pop("optimal_range"), "T.caffeine_mg.optimal_range is missing"),
        (
            lambda t: t["stress_level"].update(population_mean=0.35),
            "T.stress_level.population_mean: specified -0.35, is 0.35",
        ),
        (
            lambda t: t["caffeine_mg"]["optimal_range"].reverse(),
            "T.caffeine_mg.optimal_range[0]: specified 100, is 300",
        ),
        (
            lambda t: t["sleep_hours"]["sources"].append("Hearsay"),
            "T.sleep_hours.sources: specified ['Walker 2017', 'Simpson 2017'], is ['Walker 2017', 'Simpson 2017', 'Hearsay']",
        ),
    ],
    ids=["missing name", "name too many", "missing field", "sign", "order", "list too long"],
)
def test_a_difference_would_be_found(change, told):
    spoiled: dict[str, Any] = copy.deepcopy(dict(LITERATURE_PRIORS))
    change(spoiled)
    assert next(differences(LITERATURE_PRIORS, spoiled, "T")) == told


def test_the_last_of_the_edge_cases_counts_too():
    spoiled = copy.deepcopy(EDGE_CASE_DIMENSIONS)
    spoiled["time_constraints"][1]["planned_warmup_min"] = 24
    (told,) = differences(EDGE_CASE_DIMENSIONS, spoiled, "E")
    assert told == "E.time_constraints[1].planned_warmup_min: specified 25, is 24"
