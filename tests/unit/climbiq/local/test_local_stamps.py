"""A step is skipped only while what it reads is what it last succeeded on."""

from __future__ import annotations

import pytest

from climbiq.local.stamps import if_changed

PATTERNS = ("[!.]*/static/**/*", "pins.txt")


@pytest.fixture
def tree(tmp_path):
    for name in ("app/static/app/site.css", ".data/static/old.css", "pins.txt", "app/views.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("one")
    with changed(tmp_path) as was:
        assert was
    return tmp_path


def changed(tree):
    return if_changed(tree / "stamps" / "collect", tree, PATTERNS)


def test_it_stays_unchanged_until_an_input_changes(tree):
    with changed(tree) as was:
        assert not was


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("app/static/app/site.css", True),
        ("pins.txt", True),
        (".data/static/old.css", False),
        ("app/views.py", False),
    ],
)
def test_only_inputs_count(tree, name, expected):
    (tree / name).write_text("another")
    with changed(tree) as was:
        assert was is expected


def test_a_new_a_renamed_and_a_removed_input_count(tree):
    static = tree / "app" / "static"
    (static / "new.css").touch()
    with changed(tree) as was:
        assert was
    (static / "new.css").rename(static / "newer.css")
    with changed(tree) as was:
        assert was
    (static / "newer.css").unlink()
    with changed(tree) as was:
        assert was


def test_a_failure_is_not_remembered(tree):
    (tree / "pins.txt").write_text("another")
    with pytest.raises(ZeroDivisionError), changed(tree):
        raise ZeroDivisionError
    with changed(tree) as was:
        assert was
