"""What could not be tried on this machine is named at the end of a run."""

from __future__ import annotations

import io

import pytest
from _pytest.terminal import TerminalReporter

from tests.fixtures.browser import NOT_TRIED
from tests.fixtures.left_out import pytest_terminal_summary

BESIDE = "the specification does not lie beside this checkout"


def report(file: str, reason: str, *markers: str, outcome: str = "skipped") -> pytest.TestReport:
    said = (file, 1, f"Skipped: {reason}") if outcome == "skipped" else None
    return pytest.TestReport(
        f"tests/{file}::test_it", (file, 1, "it"), dict.fromkeys(markers, 1), outcome, said, "setup"
    )


@pytest.fixture
def said(request):
    def tell(*reports: pytest.TestReport) -> list[str]:
        terminal = TerminalReporter(request.config, io.StringIO())
        for one in reports:
            terminal.stats.setdefault(one.outcome, []).append(one)
        pytest_terminal_summary(terminal)
        return [line.strip() for line in terminal._tw._file.getvalue().splitlines() if line.strip()]

    return tell


def test_nothing_is_said_where_all_was_tried(said):
    assert said(report("unit/test_a.py", "", "shared", outcome="passed")) == []


def test_each_file_is_named_with_its_count_and_reason(said):
    lines = said(
        report("architecture/test_b.py", BESIDE, "shared"),
        report("architecture/test_b.py", BESIDE, "shared"),
        report("unit/test_a.py", "no reason that concerns anybody"),
        report("statistical/test_c.py", "the reference files do not lie beside this checkout", "shared"),
        report("browser/test_d.py", NOT_TRIED, "browser"),
    )
    assert "1 browser test left out" in lines[0]
    assert NOT_TRIED in lines[1]
    assert lines[2] == "1 in tests/browser/test_d.py"
    assert "3 reference tests left out" in lines[3]
    assert lines[4].startswith("They read files of ")
    assert lines[5:] == [
        f"2 in tests/architecture/test_b.py: {BESIDE}",
        "1 in tests/statistical/test_c.py: the reference files do not lie beside this checkout",
    ]
