"""All measurements in one run, side by side: `make bench`, or `make bench ARGS="rules"` for some of them.

A million sessions are among them and take minutes: `make bench ARGS="--no-large"` leaves them out.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import climbiq  # noqa: F401  it says how many threads NumPy may have, to what is started here as well


def main() -> int:
    """Run each module of this package in a process of its own, one after another."""
    found = sorted(p.stem for p in Path(__file__).parent.glob("*.py") if not p.stem.startswith("_"))
    flags = [argument for argument in sys.argv[1:] if argument.startswith("--")]
    wanted = [argument for argument in sys.argv[1:] if not argument.startswith("--")] or [
        name for name in found if "def run(" in (Path(__file__).parent / f"{name}.py").read_text()
    ]
    failed = 0
    for name in wanted:
        known = [flag for flag in flags if flag in (Path(__file__).parent / f"{name}.py").read_text()]
        sys.stdout.write(f"\n{name.replace('_', ' ')}\n{'-' * len(name)}\n")
        sys.stdout.flush()
        failed |= subprocess.run(
            [sys.executable, "-m", f"tests.bench.{name}", *known], check=False
        ).returncode
    return failed


if __name__ == "__main__":
    sys.exit(main())
