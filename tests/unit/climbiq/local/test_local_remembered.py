from __future__ import annotations

import stat

from climbiq.local.remembered import FILE_NAME, forget, recall, remember

ENVIRONMENT = {
    "DATABASE_URL": "postgresql://postgres:secret@/climbiq?host=/run/pg",
    "DJANGO_SECRET_KEY": "k",
    "CLIMBIQ_SERVICE_PASSWORD": "p",
    "ANTHROPIC_API_KEY": "not for a file",
    "PATH": "/bin",
}


def test_a_command_finds_the_running_servers(tmp_path):
    (tmp_path / ".data").mkdir()
    remember(tmp_path / ".data", ENVIRONMENT)
    environ: dict[str, str] = {}
    recall(tmp_path, command="import_diary", environ=environ)
    assert environ["CLIMBIQ_DB_ROLE"] == "service"
    assert environ["DJANGO_SECRET_KEY"] == "k"
    assert "secret" not in environ["DATABASE_URL"]
    assert "PATH" not in environ
    assert "ANTHROPIC_API_KEY" not in environ


def test_only_we_can_read_it(tmp_path):
    remember(tmp_path, ENVIRONMENT)
    assert stat.S_IMODE((tmp_path / FILE_NAME).stat().st_mode) == 0o600


def test_it_goes_when_nothing_runs_any_more(tmp_path):
    remember(tmp_path, ENVIRONMENT)
    forget(tmp_path)
    forget(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_what_is_given_wins(tmp_path):
    (tmp_path / ".data").mkdir()
    remember(tmp_path / ".data", ENVIRONMENT)
    environ = {"DATABASE_URL": "postgresql://mine/db", "CLIMBIQ_DB_ROLE": "app"}
    recall(tmp_path, command="migrate", environ=environ)
    assert environ == {"DATABASE_URL": "postgresql://mine/db", "CLIMBIQ_DB_ROLE": "app"}


def test_migrations_need_the_owner(tmp_path):
    environ: dict[str, str] = {}
    recall(tmp_path, command="migrate", environ=environ)
    assert environ == {"CLIMBIQ_DB_ROLE": "owner"}
