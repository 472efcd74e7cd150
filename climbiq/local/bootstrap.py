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
# Older ones hold each file of an index against a thousand tags one by one: half a minute for these requirements.
QUICK_PIP = "pip>=24,<27"
NEVER_IMPORTED = r"site-packages/.+/tests/"  # the packages' own tests: a fifth of their modules


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
    pip_install = [str(python), "-m", "pip", "install", "--disable-pip-version-check", "--no-compile"]
    subprocess.run([*pip_install, "--quiet", QUICK_PIP], stderr=subprocess.DEVNULL, check=False)
    wanted = [argument for name in names for argument in ("-r", str(base_dir / name))]
    command = [*pip_install, *wanted]
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
    _compile(python, folder / "lib")
    for stamp, digest in stamps.items():
        stamp.write_text(digest)
    return True


def _compile(python: Path, modules: Path) -> None:
    """Compile what was installed on every core, where pip takes one; what cannot be compiled is left as it is."""
    command = [str(python), "-m", "compileall", "-qq", "-j", "0", "-x", NEVER_IMPORTED, str(modules)]
    print("  compiling", flush=True)
    subprocess.run(command, check=False)


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
