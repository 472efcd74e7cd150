"""What the install tells of itself (which package pip is at, of how many), and what it compiles."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from climbiq.local import bootstrap

FIRST = "# made\namqp==5.4.2\n    # via kombu\ndjango-allauth[headless,mfa]==65.21.1\nPyYAML==6.0\n"
SECOND = "amqp==5.4.2\npytest==9.2.0\n"


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_packages_are_counted_once(tmp_path):
    files = [tmp_path / "requirements.txt", tmp_path / "requirements-dev.txt"]
    for file, text in zip(files, (FIRST, SECOND), strict=True):
        file.write_text(text)
    assert bootstrap._packages(files[:1]) == 3
    assert bootstrap._packages(files) == 4


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("Collecting amqp==5.4.2 (from -r /a b/requirements.txt (line 7))", "amqp==5.4.2"),
        ("Processing /a/wheels/pytz-1-py3.whl (from -r requirements.txt (line 8))", "pytz-1-py3.whl"),
        ("Requirement already satisfied: six in ./.venv/lib (from -r r.txt (line 1))", "six"),
        ("Collecting vine (from kombu==5->-r requirements.txt (line 1))", None),
        ("  Downloading amqp-5.4.2-py3-none-any.whl (51 kB)", None),
    ],
    ids=["download", "on disk", "there", "of another", "wheel"],
)
def test_only_what_a_file_names_counts(line, name):
    found = bootstrap.FETCHED.match(line)
    assert (found and found[1]) == name


SAID = [
    "Collecting amqp==5.4.2 (from -r r.txt (line 1))\n",
    "  Downloading amqp.whl\n",
    "Collecting six==1 (from -r r.txt (line 2))\n",
    "Installing collected packages: amqp, six\n",
]


def test_elsewhere_lines_come_now_and_then(monkeypatch):
    for seconds, told in (
        (3600.0, ["  all there; unpacking them"]),
        (-1.0, ["  1 of 2: amqp==5.4.2", "  2 of 2: six==1"]),
    ):
        out = io.StringIO()
        monkeypatch.setattr(sys, "stdout", out)
        monkeypatch.setattr(bootstrap, "TELL_SECONDS", seconds)
        bootstrap._tell_progress(SAID, total=2)
        assert out.getvalue().splitlines()[: len(told)] == told


def test_on_a_terminal_one_line_changes_and_is_cleared(monkeypatch):
    out = Terminal()
    monkeypatch.setattr(sys, "stdout", out)
    bootstrap._tell_progress(SAID, total=2)
    shown = out.getvalue().split("\r")
    assert [text.strip() for text in shown] == [
        "",
        "1 of 2: amqp==5.4.2",
        "2 of 2: six==1",
        "all there; unpacking them",
        "",
        "",
    ]
    assert "\n" not in out.getvalue()


def test_what_is_imported_is_compiled(tmp_path, monkeypatch):
    """Also where Python is told to write no bytecode; a module that cannot be compiled stops nothing."""
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    modules = tmp_path / "tests" / ".venv" / "lib"  # a checkout's own folders decide nothing
    packages = modules / "python3.11" / "site-packages"
    for name, text in (("good", "a = 1"), ("bad", "print 'of old'"), ("some/tests/test_good", "a = 1")):
        file = packages / f"{name}.py"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    bootstrap._compile(Path(sys.executable), modules)
    assert [file.name.split(".")[0] for file in packages.rglob("*.pyc")] == ["good"]
