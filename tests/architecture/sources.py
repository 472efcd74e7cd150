"""The project's own files, as git knows them; without git, all that is not generated."""

from __future__ import annotations

import functools
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("climbiq", "experts", "sessions_app", "modeling", "recommendations")
GENERATED = {".git", ".venv", ".data", "__pycache__", "staticfiles", "build", "node_modules"}


@functools.cache
def files() -> tuple[Path, ...]:
    """Every file, relative to the project's folder."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    names = listed.stdout.split("\0") if listed.returncode == 0 else []
    paths = [Path(name) for name in names if name] or [p.relative_to(ROOT) for p in ROOT.rglob("*")]
    return tuple(sorted(p for p in paths if (ROOT / p).is_file() and not GENERATED & {*p.parts}))


def texts(*suffixes: str) -> list[tuple[str, str]]:
    """Path and text of every file with one of these endings; of every readable file without any."""
    found = []
    for path in files():
        if suffixes and path.suffix not in suffixes:
            continue
        try:
            found.append((path.as_posix(), (ROOT / path).read_text(encoding="utf-8")))
        except UnicodeDecodeError:
            continue  # a picture
    return found


def modules() -> list[tuple[str, str]]:
    """Path and text of every Python module that is not a migration."""
    return [(path, text) for path, text in texts(".py") if "/migrations/" not in path]


def is_ours(path: str) -> bool:
    """Code that runs in production, not in tests."""
    return path.startswith(PACKAGES) or path == "manage.py"
