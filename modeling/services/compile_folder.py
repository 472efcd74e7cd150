"""Where PyTensor keeps what it compiles: a worker may run as somebody without a home."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from pathlib import Path
from typing import Final

_FLAGS: Final = "PYTENSOR_FLAGS"
_SETTING: Final = "base_compiledir="


def ensure_compile_folder() -> None:
    """Give PyTensor a folder that can be written, before it is imported: it refuses to be imported without one.

    The one that `PYTENSOR_FLAGS` names is left alone, and so is the home folder where it can be written. Else it is a
    new, private folder that goes with the process: code is run from it, so nobody else may know its name before.
    """
    flags = os.environ.get(_FLAGS, "")
    if _SETTING in flags or _is_writable(Path.home() / ".pytensor"):
        return
    folder = tempfile.mkdtemp(prefix="climbiq-compiled-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    os.environ[_FLAGS] = ",".join(filter(None, [flags, f"{_SETTING}{folder}"]))


def _is_writable(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    return os.access(folder, os.W_OK | os.X_OK)
