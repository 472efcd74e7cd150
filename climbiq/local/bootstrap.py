"""Makes `.venv` and installs pinned requirements into it, once: a stamp says what is already there.

Run by the system's Python before anything is installed, so only the standard library is used:
`python3 -m climbiq.local.bootstrap requirements.txt requirements-dev.txt`.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import subprocess
import sys
import venv
from collections.abc import Sequence
from pathlib import Path


def install(base_dir: Path, names: Sequence[str]) -> bool:
    """Install the requirement files that changed since they were installed; True when there was work."""
    descriptor = os.open(base_dir, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)  # two makes in one new checkout take turns
        return _install(base_dir, names)
    finally:
        os.close(descriptor)


def _install(base_dir: Path, names: Sequence[str]) -> bool:
    folder = base_dir / ".venv"
    python = folder / "bin" / "python"
    if not _works(python):
        print("creating .venv", flush=True)
        venv.create(folder, clear=True, with_pip=True)
    stamps = {folder / f"{name}.sha256": _digest(base_dir / name) for name in names}
    if all(stamp.exists() and stamp.read_text() == digest for stamp, digest in stamps.items()):
        return False
    print(f"installing {' and '.join(names)} into .venv: once, a few minutes", flush=True)
    wanted = [argument for name in names for argument in ("-r", str(base_dir / name))]
    subprocess.run(
        [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *wanted],
        env=os.environ | {"PIP_USE_PEP517": "1"},  # what new pips always do; old ones lament without it
        check=True,
    )
    for stamp, digest in stamps.items():
        stamp.write_text(digest)
    return True


def _works(python: Path) -> bool:
    """Tell whether the environment's interpreter and its pip still run: a moved or upgraded one does not."""
    try:
        return subprocess.run([str(python), "-c", "import pip"], check=False).returncode == 0
    except OSError:
        return False


def _digest(requirements: Path) -> str:
    return hashlib.sha256(requirements.read_bytes()).hexdigest()


def main(names: Sequence[str]) -> int:
    """Install what the command line names."""
    try:
        install(Path.cwd(), names)
    except subprocess.CalledProcessError as error:
        return error.returncode
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
