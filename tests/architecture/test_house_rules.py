"""Rules of the house that no linter has: each with an example that breaks it."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Callable, Iterator

import pytest
from django.conf import settings
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from climbiq import VERSION
from tests.architecture.sources import ROOT, is_ours, modules, texts

Rule = Callable[[str, str], list[str]]
LONGEST_MODULE = 500
# Tables of cases, where more lines are more cases.
LONGER = {"tests/unit/experts/domain/rules/test_rule_grammar.py": 600}
CLOCKS = {
    "datetime": {"now", "today", "utcnow"},
    "date": {"today"},
    "time": {"time", "time_ns", "monotonic", "perf_counter"},
    "timezone": {"now", "localdate", "localtime"},
}
READ_BODIES_THEMSELVES = {
    "climbiq/common/parsers.py",  # body_of
    "climbiq/common/idempotency.py",  # a digest of it
    "sessions_app/api/diary.py",  # a file, which must be there
}
# Written so that this file does not find itself.
UNFINISHED = re.compile(r"\b(?:T[O]DO|F[I]XME|X[X]X|H[A]CK)\b")
ABSOLUTE_FOLDERS = re.compile(r"(?<![\w.~$}])/(?:work|home|root|Users)/")
REGISTRIES = re.compile(r"https?://[\w.:-]*(?:pypi|nexus|artifactory|registry)", re.IGNORECASE)


def says_what_it_is(path: str, text: str) -> list[str]:
    """A module has a docstring; where it is nothing but classes, theirs will do (or a command's `help`)."""
    if path.startswith("tests/unit/") or path.endswith(("/__init__.py", "/apps.py")):
        return []  # names say it: of the tests, of the package
    tree = ast.parse(text)
    if not tree.body or ast.get_docstring(tree):
        return []
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef)]
    silent = [c.name for c in classes if not (ast.get_docstring(c) or _help(c))]
    return [f"{path}: no docstring"] if silent or not classes else []


def _help(node: ast.ClassDef) -> bool:
    return any(
        isinstance(line, ast.Assign) and any(isinstance(t, ast.Name) and t.id == "help" for t in line.targets)
        for line in node.body
    )


def postpones_annotations(path: str, text: str) -> list[str]:
    """`from __future__ import annotations` in every module that has code."""
    tree = ast.parse(text)
    code = tree.body[1:] if ast.get_docstring(tree) else tree.body
    if not code or "from __future__ import annotations\n" in text:
        return []
    return [f"{path}: no `from __future__ import annotations`"]


def is_short(path: str, text: str) -> list[str]:
    """No module that one cannot keep in one's head."""
    lines = text.count("\n")
    return [f"{path}: {lines} lines"] if lines > LONGER.get(path, LONGEST_MODULE) else []


def lists_its_fields(path: str, text: str) -> list[str]:
    """Forms and serializers name their fields: a new column must not become writable by itself."""
    return [
        f"{path}:{node.lineno}: every field"
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Assign)
        and any(isinstance(t, ast.Name) and t.id == "fields" for t in node.targets)
        and isinstance(node.value, ast.Constant)
        and node.value.value == "__all__"
    ]


def asks_no_clock(path: str, text: str) -> list[str]:
    """A domain is told the time: `now` and `today` are arguments."""
    if not is_ours(path) or "/domain/" not in path:
        return []
    return [
        f"{path}:{node.lineno}: {node.func.value.id}.{node.func.attr}()"
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.attr in CLOCKS.get(node.func.value.id, set())
    ]


def reads_bodies_that_are_there(path: str, text: str) -> list[str]:
    """Views read JSON by `body_of`: without a body DRF says `{}`, which is a sound form in which nothing is said."""
    if not is_ours(path) or path in READ_BODIES_THEMSELVES:
        return []
    return [f"{path}:{n}" for n, line in _lines(text) if "request.data" in line]


def is_finished(path: str, text: str) -> list[str]:
    """No promise to do it later."""
    return [f"{path}:{n}" for n, line in _lines(text) if UNFINISHED.search(line)]


def names_no_workplace(path: str, text: str) -> list[str]:
    """Nothing that is true on one machine only."""
    return [
        f"{path}:{n}: {line.strip()[:80]}"
        for n, line in _lines(text)
        if ABSOLUTE_FOLDERS.search(line) or REGISTRIES.search(line)
    ]


def _lines(text: str) -> Iterator[tuple[int, str]]:
    return enumerate(text.splitlines(), start=1)


FUTURE = "from __future__ import annotations\n"
MODULE_RULES: dict[str, tuple[Rule, tuple[str, str]]] = {
    "says what it is": (says_what_it_is, ("experts/x.py", f"{FUTURE}import os\n")),
    "postpones annotations": (postpones_annotations, ("experts/x.py", '"""X."""\nimport os\n')),
    "is short": (is_short, ("experts/x.py", "\n" * 501)),
    "lists its fields": (
        lists_its_fields,
        ("experts/x.py", "class F:\n    class Meta:\n        fields = '__all__'\n"),
    ),
    "reads bodies that are there": (
        reads_bodies_that_are_there,
        ("experts/api/x.py", f"{FUTURE}data = request.data\n"),
    ),
    "asks no clock": (asks_no_clock, ("experts/domain/x.py", "import time\nx = time.time()\n")),
}
TEXT_RULES: dict[str, tuple[Rule, tuple[str, str]]] = {
    "is finished": (is_finished, ("docs/x.md", "TO" + "DO: the rest")),
    "names no folder of one machine": (names_no_workplace, ("docs/x.md", "see /ho" + "me/anna/climbiq")),
    "names no registry": (names_no_workplace, ("x.txt", "--index-url https://py" + "pi.example.org/simple")),
}


@pytest.mark.parametrize("rule", MODULE_RULES)
def test_every_module(rule):
    check, _ = MODULE_RULES[rule]
    assert [fault for path, text in modules() for fault in check(path, text)] == []


@pytest.mark.parametrize("rule", TEXT_RULES)
def test_every_file(rule):
    check, _ = TEXT_RULES[rule]
    assert [fault for path, text in texts() for fault in check(path, text)] == []


@pytest.mark.parametrize("rule", [*MODULE_RULES, *TEXT_RULES])
def test_a_breach_is_found(rule):
    check, example = (MODULE_RULES | TEXT_RULES)[rule]
    assert len(check(*example)) == 1


# --- Dependencies ---------------------------------------------------------------------------------------------

PYPROJECT = (ROOT / "pyproject.toml").read_text()
PROJECT = tomllib.loads(PYPROJECT)["project"]
LISTS = {
    "requirements.txt": PROJECT["dependencies"],
    "requirements-dev.txt": [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["dev"]],
}
PIN = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^\s;\\]+)(?:\s*;.*)?$")


def pins(text: str) -> dict[str, str]:
    """Name and version of every line; a line that pins nothing is refused."""
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    found = [PIN.match(line) for line in lines]
    loose = [line for line, match in zip(lines, found, strict=True) if match is None]
    assert not loose, f"not pinned: {loose}"
    return {canonicalize_name(m["name"]): m["version"] for m in found if m}


def unreasoned(pyproject: str) -> list[str]:
    """Direct dependencies without a word on what they are for."""
    listed = re.findall(r"^(?:dependencies|dev) = \[\n(.*?)^\]", pyproject, re.MULTILINE | re.DOTALL)
    lines = [line.strip() for block in listed for line in block.splitlines()]
    return [line for line in lines if not re.search(r'^".+",\s+# \w.+', line)]


def test_every_dependency_has_its_reason():
    assert unreasoned(PYPROJECT) == []
    assert unreasoned('dependencies = [\n  "left-pad>=1",\n]\n') == ['"left-pad>=1",']


@pytest.mark.parametrize("name", LISTS)
def test_requirements_pin_what_the_project_asks_for(name):
    pinned = pins((ROOT / name).read_text())
    for wanted in map(Requirement, LISTS[name]):
        version = pinned.get(canonicalize_name(wanted.name))
        assert version is not None, f"{wanted.name} is missing: make requirements"
        assert wanted.specifier.contains(version, prereleases=True), f"{wanted} but {version} is pinned"


def test_both_lists_pin_the_same_versions():
    run, check = (pins((ROOT / name).read_text()) for name in LISTS)
    assert {name: version for name, version in run.items() if check.get(name) != version} == {}


def test_a_loose_requirement_is_found():
    with pytest.raises(AssertionError, match="not pinned"):
        pins("django>=5\n")


def test_there_is_one_version():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert settings.SPECTACULAR_SETTINGS["VERSION"] == VERSION == project["version"]
    changes = (ROOT / "CHANGELOG.md").read_text()
    assert re.search(rf"^## {re.escape(VERSION)}$", changes, re.MULTILINE)
