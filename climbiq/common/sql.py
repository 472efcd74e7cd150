"""SQL that migrations run from files beside them, where an editor and a reviewer can read it as SQL."""

from __future__ import annotations

from pathlib import Path

from django.db import migrations


def run_file(migration_file: str, name: str) -> migrations.RunSQL:
    """`RunSQL` of `sql/<name>` beside the migration; going back means going back to an empty database."""
    script = Path(migration_file).parent / "sql" / name
    return migrations.RunSQL(script.read_text(encoding="utf-8"), migrations.RunSQL.noop)
