"""Makes `.venv` and installs pinned requirements into it, once: a stamp says what is already there.

Run by the system's Python before anything is installed, so only the standard library is used:
`python3 -m climbiq.local.bootstrap requirements.txt requirements-dev.txt`.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import subprocess
import sys
import time
import venv
from collections.abc import Iterable, Sequence
from pathlib import Path

TELL_SECONDS = 10.0
# What pip says of each package that a requirements file names; those found on this disk are "processed".
FETCHED = re.compile(
    r"(?:Collecting|Processing|Requirement already satisfied:) (?:\S*/)?([^\s/]+)(?: .*)? \(from -r "
)
PINNED = re.compile(r"^([A-Za-z0-9][\w.-]*)(?:\[.*\])?==", re.MULTILINE)


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
    command = [str(python), "-m", "pip", "install", "--disable-pip-version-check", *wanted]
    with subprocess.Popen(
        command,
        env=os.environ | {"PIP_USE_PEP517": "1"},  # what new pips always do; old ones lament without it
        stdout=subprocess.PIPE,
        text=True,
        errors="replace",
    ) as pip:
        assert pip.stdout is not None  # noqa: S101  asked for above
        _tell_progress(pip.stdout, total=_packages(base_dir / name for name in names))
    if pip.returncode:
        raise subprocess.CalledProcessError(pip.returncode, command)
    for stamp, digest in stamps.items():
        stamp.write_text(digest)
    return True


def _tell_progress(said: Iterable[str], *, total: int) -> None:
    """Say how far pip is: on a terminal in one line that changes, elsewhere every now and then."""
    is_terminal, fetched, told_at = sys.stdout.isatty(), 0, time.monotonic()
    for line in said:
        found = FETCHED.match(line)
        if found:
            fetched += 1
            text = f"  {fetched} of {total}: {found[1]}"
        elif line.startswith("Installing collected"):
            text = "  all there; unpacking them"
        else:
            continue
        if is_terminal:
            print(f"\r{text:<60.60}", end="", flush=True)
        elif not found or time.monotonic() > told_at + TELL_SECONDS:
            print(text, flush=True)
            told_at = time.monotonic()
    if is_terminal:
        print(f"\r{'':<60}\r", end="", flush=True)


def _packages(files: Iterable[Path]) -> int:
    """Count the packages that the files pin."""
    return len({name for file in files for name in PINNED.findall(file.read_text())})


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
