"""The secrets file: private, made once, whole, the same for everybody who asks at the same time."""

from __future__ import annotations

import multiprocessing
import os
import stat

import pytest

from climbiq.local.secrets import NAMES, BadSecretsFile, load_or_create_secrets

pytestmark = pytest.mark.faults


def test_it_is_made_once_and_kept(tmp_path):
    path = tmp_path / "secrets.env"
    made = load_or_create_secrets(path)
    assert tuple(made) == NAMES
    assert load_or_create_secrets(path) == made
    assert [entry.name for entry in tmp_path.iterdir()] == ["secrets.env"]


def test_only_we_can_read_it_whatever_the_umask(tmp_path):
    earlier = os.umask(0)
    try:
        load_or_create_secrets(tmp_path / "secrets.env")
    finally:
        os.umask(earlier)
    assert stat.S_IMODE((tmp_path / "secrets.env").stat().st_mode) == 0o600


def test_every_secret_is_long_random_and_its_own(tmp_path):
    first, second = (load_or_create_secrets(tmp_path / name) for name in ("a", "b"))
    values = [*first.values(), *second.values()]
    assert len(set(values)) == len(values)
    assert min(map(len, values)) >= 32
    assert len(bytes.fromhex(first["CLIMBIQ_RLS_KEY"])) == 32
    assert len(first["DJANGO_SECRET_KEY"]) >= 50


def _make(path, barrier, results):
    barrier.wait()
    results.put(load_or_create_secrets(path))


def test_processes_that_ask_at_once_get_the_same(tmp_path):
    context = multiprocessing.get_context("fork")
    count = 8
    barrier, results = context.Barrier(count), context.Queue()
    asking = [context.Process(target=_make, args=(tmp_path / "s", barrier, results)) for _ in range(count)]
    for process in asking:
        process.start()
    got = [results.get(timeout=10) for _ in asking]
    for process in asking:
        process.join()
    assert all(one == got[0] for one in got)
    assert load_or_create_secrets(tmp_path / "s") == got[0]
    assert [entry.name for entry in tmp_path.iterdir()] == ["s"]


@pytest.mark.parametrize(
    "content", ["", "DJANGO_SECRET_KEY=\n", "nonsense"], ids=["empty", "blank", "nonsense"]
)
def test_a_damaged_file_is_named_and_never_replaced(tmp_path, content):
    path = tmp_path / "secrets.env"
    path.write_text(content)
    with pytest.raises(BadSecretsFile, match="lacks DJANGO_SECRET_KEY"):
        load_or_create_secrets(path)
    assert path.read_text() == content
