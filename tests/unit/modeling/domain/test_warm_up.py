"""After the stage that compiles nothing is left to compile."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[4]
# In a process of its own: here everything has run already.
SCRIPT = """
from modeling.domain import baselines, evaluation, kernel, rolling, statistics
from modeling.domain.diary import read_diary
from modeling.domain.simulate import simulate_diary
from modeling.domain.warm_up import compile_loops

def versions():
    return {
        f"{module.__name__}.{name}": len(found.signatures)
        for module in (baselines, kernel, rolling, statistics)
        for name, found in vars(module).items()
        if hasattr(found, "signatures")
    }

compile_loops()
before = versions()
diary = read_diary(frame=simulate_diary(n_climbers=3, n_sessions=32, seed=1).frame)
evaluation.evaluate(data=diary.data, priors=diary.priors)
assert before == versions(), (before, versions())
print(sum(before.values()))
"""


def test_an_evaluation_finds_everything_compiled() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], cwd=ROOT, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) >= 5
