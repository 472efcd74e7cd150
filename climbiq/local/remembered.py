"""What `make run` told its programs, kept for `manage.py` in another terminal while it runs."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping, MutableMapping
from pathlib import Path
from typing import Final

from climbiq.local.given_servers import without_account

FILE_NAME: Final = "manage.json"
OURS: Final = ("CLIMBIQ_", "DJANGO_", "DATABASE_URL", "REDIS_URL", "CELERY_BROKER_URL")
# Commands that change the schema or an account's rights; everything else is background work.
OWNER_COMMANDS: Final = frozenset(
    {"migrate", "createsuperuser", "changepassword", "makemigrations", "dbshell", "encrypt_second_factors"}
)


def remember(data_dir: Path, environment: Mapping[str, str]) -> None:
    """Write what `manage.py` needs to a file that only we can read, without the superuser's account."""
    kept = {name: value for name, value in environment.items() if name.startswith(OURS)}
    kept["DATABASE_URL"] = without_account(environment["DATABASE_URL"])
    descriptor, unfinished = tempfile.mkstemp(dir=data_dir)  # mode 0600
    with os.fdopen(descriptor, "w") as file:
        json.dump(kept, file)
    Path(unfinished).replace(data_dir / FILE_NAME)


def forget(data_dir: Path) -> None:
    """Remove the file: nothing runs any more that its secrets would open."""
    (data_dir / FILE_NAME).unlink(missing_ok=True)


def recall(base_dir: Path, *, command: str, environ: MutableMapping[str, str]) -> None:
    """Complete `environ` from the file, unless it says already which database to use.

    Without a role a command gets the one it needs: the owner's to migrate, else the background role's.
    """
    file = base_dir / (environ.get("CLIMBIQ_DATA_DIR", "").strip() or ".data") / FILE_NAME
    if not environ.get("DATABASE_URL", "").strip() and file.is_file():
        for name, value in json.loads(file.read_text()).items():
            environ.setdefault(name, value)
    environ.setdefault("CLIMBIQ_DB_ROLE", "owner" if command in OWNER_COMMANDS else "service")
