"""The installation's own secrets, made once and kept in one file that only we can read."""

from __future__ import annotations

import os
import secrets
import tempfile
from pathlib import Path

from climbiq.local.errors import CannotRun

PASSWORDS = ("CLIMBIQ_OWNER_PASSWORD", "CLIMBIQ_APP_PASSWORD", "CLIMBIQ_SERVICE_PASSWORD")
NAMES = ("DJANGO_SECRET_KEY", "CLIMBIQ_RLS_KEY", "CLIMBIQ_TOKEN_PEPPER", *PASSWORDS)


class BadSecretsFile(CannotRun):
    """The file exists but does not hold what it should."""


def load_or_create_secrets(path: Path) -> dict[str, str]:
    """Return the secrets kept at `path`, made fresh if the file does not exist.

    The file appears whole or not at all, and the first of two processes wins: both return its content.
    """
    if not path.exists():
        _create(path)
    return _parse(path)


def _create(path: Path) -> None:
    descriptor, unfinished = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)  # mode 0600
    try:
        with os.fdopen(descriptor, "w") as file:
            file.writelines(f"{name}={value}\n" for name, value in _fresh().items())
            file.flush()
            os.fsync(descriptor)
        # A link, unlike a rename, does not replace what another process put there meanwhile.
        os.link(unfinished, path)
    except FileExistsError:
        pass
    finally:
        Path(unfinished).unlink()


def _fresh() -> dict[str, str]:
    return {
        "DJANGO_SECRET_KEY": secrets.token_urlsafe(64),
        "CLIMBIQ_RLS_KEY": secrets.token_hex(32),
        "CLIMBIQ_TOKEN_PEPPER": secrets.token_urlsafe(32),
        **{name: secrets.token_urlsafe(24) for name in PASSWORDS},
    }


def _parse(path: Path) -> dict[str, str]:
    kept = dict(line.split("=", 1) for line in path.read_text().splitlines() if "=" in line)
    missing = [name for name in NAMES if not kept.get(name)]
    if missing:
        raise BadSecretsFile(
            f"{path} lacks {', '.join(missing)}: restore it, or delete it to make new secrets"
        )
    return {name: kept[name] for name in NAMES}
