"""The layers of the code: kept by what is there, and red as soon as one import goes the wrong way."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("climbiq", "experts", "sessions_app", "modeling", "recommendations")
CONTRACTS = tuple(
    contract["name"]
    for contract in tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
)
# One wrong import for each contract: what, in which module, and what the linter then names.
WRONG = {
    "rooms": ("sessions_app.domain.weeks", "import modeling.domain.gate"),
    "every room of climbiq has its place": ("climbiq.common.sql", "import climbiq.accounts.rls"),
    "inside an app": ("sessions_app.models.gym", "import sessions_app.selectors"),
    "inside accounts": ("climbiq.accounts.models.user", "import climbiq.accounts.tokens"),
    "inside jobs": ("climbiq.jobs.claims", "import climbiq.jobs.services"),
    "a domain is plain Python: no Django, no database, no network": (
        "climbiq.domain.units",
        "import django.utils.timezone",
    ),
    "the local servers are started without Django": ("climbiq.local.places", "import django.conf"),
    "the sampler is imported in one place, and only by training": ("modeling.domain.gate", "import pymc"),
    "what serves requests needs no sampler and no compiler": (
        "recommendations.domain.tips",
        "import modeling.domain.kernel",
    ),
    "Claude is spoken to in one place": ("recommendations.narration.base", "import anthropic"),
    "Celery is spoken to in one place": ("experts.services.rules", "import celery"),
    "rows of sessions stay in their app": (
        "modeling.services.population_statistics",
        "import sessions_app.models",
    ),
    "rows of experts stay in their app": ("modeling.priors", "import experts.models"),
    "rows of the model stay in their app": ("recommendations.selectors", "import modeling.models"),
}


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    linter = Path(sys.executable).with_name("lint-imports")
    return subprocess.run(
        [linter, "--no-cache"], cwd=folder, capture_output=True, text=True, timeout=120, check=False
    )


def broken(output: str) -> dict[str, str]:
    """What the linter says of each broken contract."""
    _, _, explanations = output.partition("Broken contracts")
    parts = re.split(r"^(.+)\n-{3,}\n", explanations.split("\n", 2)[-1], flags=re.MULTILINE)
    return {name.strip(): text for name, text in zip(parts[1::2], parts[2::2], strict=True)}


def test_layers_are_kept():
    result = lint(ROOT)
    assert result.returncode == 0, result.stdout


@pytest.fixture(scope="module")
def spoilt(tmp_path_factory) -> dict[str, str]:
    """A copy of the code with one wrong import for each contract, linted."""
    folder = tmp_path_factory.mktemp("spoilt")
    shutil.copy(ROOT / "pyproject.toml", folder)
    for package in PACKAGES:
        shutil.copytree(
            ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__", "static", "sql")
        )
    for module, line in WRONG.values():
        path = folder / f"{module.replace('.', '/')}.py"
        path.write_text(f"{path.read_text()}\n{line}\n")
    (folder / "climbiq" / "attic.py").touch()
    (folder / "experts" / "cellar.py").touch()
    result = lint(folder)
    assert result.returncode == 1, result.stdout
    return broken(result.stdout)


def test_every_contract_has_its_example():
    assert set(WRONG) == set(CONTRACTS)


@pytest.mark.parametrize("contract", WRONG)
def test_a_wrong_import_breaks_its_contract(spoilt, contract):
    module, line = WRONG[contract]
    explanation = " ".join(spoilt[contract].split())
    assert module in explanation
    assert line.removeprefix("import ").split(".")[0] in explanation


def test_a_room_without_a_place_is_noticed(spoilt):
    assert "attic" in spoilt["every room of climbiq has its place"]
    assert "cellar" in spoilt["inside an app"]


def test_the_web_process_loads_neither_sampler_nor_compiler_nor_all_of_scipy():
    """Each of these is a second or half of one at every start of every process, for nothing that serves."""
    heavy = (
        *("pymc", "pytensor", "arviz", "nutpie", "numba", "matplotlib", "pandas"),
        *("scipy.stats", "scipy.optimize", "scipy.sparse", "scipy.spatial"),
    )
    code = f"import climbiq.asgi, sys; print(*(n for n in {heavy!r} if n in sys.modules))"
    loaded = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    assert loaded.returncode == 0, loaded.stderr
    assert loaded.stdout.split() == []
