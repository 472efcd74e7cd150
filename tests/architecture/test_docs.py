"""What the documentation says is so: paths, links, commands, decisions, names of the specification, states of jobs."""

from __future__ import annotations

import re
import urllib.parse
from collections.abc import Callable
from pathlib import Path
from typing import get_args

import pytest
from django.apps import apps
from django.core.management import get_commands
from django.urls import Resolver404, resolve
from django.utils.module_loading import import_string

from climbiq.jobs import registry
from climbiq.jobs.registry import Queue
from climbiq.jobs.schedule import SENSORS
from climbiq.local.plan import PROGRAMS
from tests.architecture.sources import PACKAGES, ROOT, files, texts

SPECIFICATION = ROOT.parent / "shared" / "spec" / "architecture.md"
DOCS = dict(texts(".md"))
ARCHITECTURE = DOCS["docs/architecture.md"]
MAP = DOCS["docs/specification-map.md"]
ADR = ROOT / "docs" / "adr"
# Rooms that every app may have: named once, by the sentence on the order inside an app.
COMMON_ROOMS = {"admin", "api", "domain", "forms", "management", "models", "services", "views"}
FURNITURE = {"migrations", "static", "templatetags", "__pycache__"}
CODE = re.compile(r"`([^`\n]+)`")


def rows(document: str, heading: str) -> list[list[str]]:
    """The cells of a section's first table, without its head."""
    section = re.split(r"^## ", document.split(f"## {heading}\n", 1)[1], maxsplit=1, flags=re.MULTILINE)[0]
    table = re.search(r"(?:^\|.*\n)+", section, re.MULTILINE)
    assert table, heading
    lines = table.group().splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def name_in(cell: str) -> str:
    found = CODE.search(cell)
    assert found, cell
    return found.group(1)


# --- Paths and rooms ------------------------------------------------------------------------------------------


def paths_named(document: str) -> list[str]:
    """Code spans that are paths of ours: below a package, docs or tests."""
    tops = "|".join((*PACKAGES, "docs", "tests", "templates"))
    return [span for span in CODE.findall(document) if re.fullmatch(rf"(?:{tops})(?:/[\w.-]+)+/?", span)]


@pytest.mark.parametrize("page", sorted(DOCS))
def test_paths_exist(page):
    assert [path for path in paths_named(DOCS[page]) if not (ROOT / path).exists()] == []


def rooms() -> set[str]:
    """Packages below the top level that are not the same in every app."""
    folders = {p.parent for p in files() if p.suffix == ".py" and p.parts[0] in PACKAGES}
    below = {Path(*folder.parts[:2]) for folder in folders if len(folder.parts) > 1}
    return {
        room.as_posix()
        for room in below
        if room.name not in FURNITURE and not (room.parts[0] != "climbiq" and room.name in COMMON_ROOMS)
    }


def test_every_room_is_named():
    named = {span.rstrip("/") for span in CODE.findall(ARCHITECTURE)}
    assert (rooms() | set(PACKAGES)) - {"climbiq"} - named == set()
    assert {"climbiq/jobs", "recommendations/streaming"} <= rooms()


def test_every_dotted_name_can_be_imported():
    ours = re.compile(rf"(?:{'|'.join(PACKAGES)})(?:\.\w+)+")
    endings = (".py", ".md", ".html", ".css", ".svg", ".csv")
    wrong = [
        f"{page}: {span}"
        for page, text in DOCS.items()
        for span in CODE.findall(text)
        if ours.fullmatch(span) and not span.endswith(endings) and not exists(span)
    ]
    assert wrong == []


def exists(dotted: str) -> bool:
    """Whether a module, or an attribute of one however deep, has this name."""
    parts = dotted.split(".")
    for cut in range(len(parts), 0, -1):
        try:
            found: object = import_string(".".join(parts[:cut])) if cut > 1 else __import__(parts[0])
        except ImportError:
            path = ROOT.joinpath(*parts[:cut])
            if cut == len(parts) and (path.is_dir() or path.with_suffix(".py").is_file()):
                return True
            continue
        for attribute in parts[cut:]:
            if not hasattr(found, attribute):
                return False
            found = getattr(found, attribute)
        return True
    return False


def test_a_name_that_is_not_there_is_found():
    assert exists("experts.services.rule_engine.RuleEngine.check_rules")
    assert exists("climbiq.domain.variables")
    assert not exists("experts.services.rule_engine.RuleMachine")
    assert not exists("experts.services.rule_engine.RuleEngine.check")


# --- Links, commands, decisions -------------------------------------------------------------------------------


def anchors(document: str) -> set[str]:
    """The anchors of a page's headings, as a forge makes them."""
    titles = re.findall(r"^#+ (.+)$", document, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def broken_links(page: str, text: str) -> list[str]:
    """Relative links and pictures of a page that lead nowhere."""
    found = []
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        target, _, anchor = urllib.parse.unquote(link).partition("#")
        if re.match(r"[a-z]+:", target):
            continue
        path = ROOT / page if not target else (ROOT / page).parent / target
        if not path.exists() or (anchor and anchor not in anchors(path.read_text(encoding="utf-8"))):
            found.append(link)
    return found


@pytest.mark.parametrize("page", sorted(DOCS))
def test_links_lead_somewhere(page):
    assert broken_links(page, DOCS[page]) == []


def test_a_broken_link_is_found():
    text = "[a](docs/adr/README.md) [b](nowhere.md) [c](README.md#nothing)"
    assert broken_links("README.md", text) == ["nowhere.md", "README.md#nothing"]


def unknown_commands(text: str) -> set[str]:
    """Commands of `manage.py` and targets of make that are mentioned and do not exist."""
    targets = set(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    code = "\n".join([*re.findall(r"`([^`]+)`", text), *re.findall(r"^ {4,}(.+)$", text, re.MULTILINE)])
    commands = set(re.findall(r"manage\.py ([a-z]\w+)", code)) - set(get_commands())
    made = {
        word
        for line in re.findall(r"^make((?: +[a-z][a-z-]*)+)", code, re.MULTILINE)
        for word in line.split()
    }
    return commands | (made - targets)


def test_commands_exist():
    assert {page: found for page, text in DOCS.items() if (found := unknown_commands(text))} == {}


def test_an_unknown_command_is_found():
    text = "`manage.py make_coffee`, `make check tea`\n\n    make run PORT=1\n    python manage.py migrate\n"
    assert unknown_commands(text) == {"make_coffee", "tea"}


def test_every_decision_is_listed():
    listed = re.findall(r"\[([^\]]+)\]\((\d{4}-[\w-]+\.md)\)", DOCS["docs/adr/README.md"])
    records = sorted(path.name for path in ADR.glob("[0-9]*.md"))
    assert [file for _, file in listed] == records
    for title, file in listed:
        number = int(file[:4])
        assert DOCS[f"docs/adr/{file}"].startswith(f"# {number}. {title}\n"), file


def test_tests_that_are_named_exist():
    missing = [
        name
        for text in DOCS.values()
        for path, name in re.findall(r"`(tests/[\w/.]+\.py)::(\w+)`", text)
        if not re.search(rf"^\s*(?:async )?def {name}\(", (ROOT / path).read_text(), re.MULTILINE)
    ]
    assert missing == []
    assert len(re.findall(r"`tests/[\w/.]+::", DOCS["docs/asvs.md"])) > 30


def settings_read(code: str) -> set[str]:
    """Names of environment variables that code reads."""
    read = r'(?:text|flag|whole|_secret|environ\.get|given\.get)\(\s*f?"([A-Z{][A-Za-z_{}.()]+)"'
    names = set(re.findall(read, code))
    roles = {name for name in names if "{" in name}
    return (names - roles) | {f"CLIMBIQ_{role}_PASSWORD" for role in ("OWNER", "APP", "SERVICE") if roles}


def test_every_setting_is_told():
    code = "\n".join(text for path, text in texts(".py") if path.startswith("climbiq/"))
    assert settings_read(code) == set(re.findall(r"`([A-Z][A-Z_]+)`", DOCS["docs/settings.md"]))
    assert settings_read('env.text(\n    "CLIMBIQ_TEA")') == {"CLIMBIQ_TEA"}


def test_the_programs_of_a_server_are_those_of_make_run():
    filled = {"host": "HOST", "port": "PORT", "data_dir": "CLIMBIQ_DATA_DIR"}
    run = [(p.name, p.role, " ".join(p.command).format(**filled)) for p in PROGRAMS]
    told = rows(DOCS["docs/settings.md"], "A server of one's own")
    assert [(name, name_in(role), name_in(command)) for name, role, command in told] == run


def test_every_queue_is_taken_by_a_program():
    taken = {p.command[p.command.index("-Q") + 1] for p in PROGRAMS if "-Q" in p.command}
    assert taken == set(get_args(Queue))


# --- The night ------------------------------------------------------------------------------------------------


def test_the_table_of_the_night_is_the_schedule():
    told = {name_in(row[0]): (row[1], name_in(row[2])) for row in rows(ARCHITECTURE, "One night")}
    times = {
        s.name: (f"{s.hour:02}:{s.minute:02}" if s.hour is not None else "every hour", s.kind)
        for s in SENSORS
    }
    assert told == times


def test_what_has_nothing_to_do_says_so():
    for _, _, kind, today in rows(ARCHITECTURE, "One night"):
        assert registry.handler_of(name_in(kind)).is_default == ("nothing to do" in today), kind


# --- Names of the specification -------------------------------------------------------------------------------

NOT_YET = "not yet: arrives with "


def entries(heading: str) -> list[tuple[str, str]]:
    """Name of the specification, and what the map says of it."""
    return [(name_in(first), second) for first, second in rows(MAP, heading)]


def test_tables_are_those_of_the_models():
    for table, ours in entries("Tables"):
        model = import_string(name_in(ours))
        assert model._meta.db_table == table
    assert {table for table, _ in entries("Tables")} <= {m._meta.db_table for m in apps.get_models()}


@pytest.mark.parametrize(("endpoint", "ours"), entries("Endpoints"))
def test_endpoints_answer_or_are_said_to_be_missing(endpoint, ours):
    method, path = endpoint.split()
    if ours.startswith(NOT_YET):
        with pytest.raises(Resolver404):
            resolve(path)
        return
    view = getattr(resolve(path).func, "cls", None)
    assert view is import_string(name_in(ours))
    assert hasattr(view, method.lower())


@pytest.mark.parametrize(
    "heading", ["Classes and functions", "Assets", "Configuration", "Statistics and payloads", "Files"]
)
def test_names_are_mapped_or_said_to_be_missing(heading):
    for name, ours in entries(heading):
        dotted = [span for span in CODE.findall(ours) if "." in span]
        assert dotted or ours.startswith(NOT_YET), name
        assert [span for span in dotted if not exists(span)] == []


def defined(code: str) -> set[str]:
    """Names of functions, classes and constants that code defines, at whatever depth."""
    named = re.findall(r"^ *(?:(?:async )?def|class) (\w+)", code, re.MULTILINE)
    return {*named, *re.findall(r"^([A-Z][A-Z_]+)(?:: [^=\n]+)? = ", code, re.MULTILINE)}


def arrived(told: list[tuple[str, str]], names: set[str]) -> list[str]:
    """Names that a page calls missing although they are there."""
    return [name for name, ours in told if "not yet" in ours and name in names]


def test_what_is_said_to_be_missing_is_missing():
    names = defined("\n".join(text for path, text in texts(".py") if Path(path).parts[0] in PACKAGES))
    assert {"trained_model", "RuleEngine", "LITERATURE_PRIORS"} <= names
    for heading in ("Classes and functions", "Assets", "Configuration"):
        assert arrived(entries(heading), names) == [], heading


def test_what_has_arrived_is_found():
    names = defined("class Brew:\n    async def make_tea(self): ...\n\nCUPS: Final = 3\n")
    assert names == {"Brew", "make_tea", "CUPS"}
    told = [
        ("make_tea", f"`a.b`; itself {NOT_YET}water"),
        ("make_coffee", f"{NOT_YET}beans"),
        ("CUPS", "`a.c`"),
    ]
    assert arrived(told, names) == ["make_tea"]


def test_confidence_weights_are_the_specifications():
    from climbiq.domain.literature import CONFIDENCE_WEIGHTS

    assert CONFIDENCE_WEIGHTS == {"high": 1.0, "medium": 0.7, "low": 0.4}


def test_sensors_are_on_the_schedule():
    by_name = {sensor.name: sensor.kind for sensor in SENSORS}
    for name, ours in entries("Sensors and jobs"):
        kind = name_in(ours)
        assert by_name.get(name, kind) == kind
        assert kind in by_name.values()
        assert name in by_name or name == f"{kind}_job"


def test_events_are_ours():
    sent = (ROOT / "recommendations/domain/events.py").read_text() + (
        ROOT / "recommendations/streaming/producer.py"
    ).read_text()
    for name, ours in entries("Events"):
        assert name_in(ours) == name
        assert f'"{name}"' in sent


def routers(specification: str) -> list[str]:
    """The files of Part 2.1's tree, with their folders."""
    tree = specification.split("### 2.1", 1)[1].split("### 2.2", 1)[0]
    found, folder = [], ""
    for name in re.findall(r"(?:├──|└──) (\S+)", tree):
        if name.endswith("/"):
            folder = name
        elif name != "__init__.py":
            found.append(f"app/api/v1/{folder}{name}")
    return found


def names_of(specification: str) -> set[str]:
    """Tables, endpoints, functions, classes, constants and events that the specification's text defines or calls."""
    blocks = "\n".join(re.findall(r"```python\n(.*?)```", specification, re.DOTALL))
    part_six = specification.index("## Part 6")
    defined: list[Callable[[], list[str]]] = [
        lambda: re.findall(r"^CREATE TABLE (\w+)", specification, re.MULTILINE),
        lambda: re.findall(r"^ *(?:async )?def ((?!__)\w+)\(", blocks, re.MULTILINE),
        lambda: re.findall(r"self\.(_\w+)\(", blocks),
        lambda: re.findall(r'context\[f?"([^"]+)"\] = ', blocks),
        lambda: re.findall(r'"(\w+)": (?!\{\})', "".join(re.findall(r"sse_event\([^)]*\)", blocks))),
        lambda: re.findall(r'"model_version": "(\w+)"', blocks),
        lambda: re.findall(r"^# ((?:app|dagster)/\S+\.py)", blocks, re.MULTILINE),
        lambda: routers(specification),
        lambda: re.findall(r"^class (\w+)", blocks, re.MULTILINE),
        lambda: re.findall(r"^([A-Z][A-Z_]+) = ", blocks, re.MULTILINE),
        lambda: re.findall(r'sse_event\("(\w+)"', blocks),
        lambda: re.findall(r"@sensor\(job=(\w+)", blocks),
        lambda: re.findall(r"^- \[ \] `((?:GET|POST) /api[^`]+)`", specification[:part_six], re.MULTILINE),
    ]
    return {name for find in defined for name in find()}


@pytest.mark.shared
def test_every_name_of_the_specification_is_on_the_map():
    if not SPECIFICATION.exists():
        pytest.skip("the specification does not lie beside this checkout")
    wanted = names_of(SPECIFICATION.read_text(encoding="utf-8"))
    assert {"RuleEngine", "nlg_chunk", "trained_model", "expert_rules", "nightly_training_job"} <= wanted
    assert {"_determine_confidence", "_build_message", "personal_caffeine", "{variable}_population"} <= wanted
    assert {"confidence_interval", "app/api/v1/expert_capture/scenarios.py", "hierarchical_v1"} <= wanted
    headings = re.findall(r"^## (.+)$", MAP, re.MULTILINE)
    mapped = {name for heading in headings for name, _ in entries(heading)}
    mapped |= {re.sub(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", "{id}", name) for name in mapped}
    assert wanted - mapped == set()
