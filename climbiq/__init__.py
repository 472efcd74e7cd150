"""ClimbIQ. Every process comes through here before NumPy, which reads how many threads it may have when it is loaded:
several for one small matrix wait for each other longer than they calculate.
"""

from __future__ import annotations

import os
from typing import Final

VERSION: Final = "0.1.0"  # as in pyproject.toml: what was never installed has no metadata to read

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")
