"""Throw-away servers for a test run: started once a process, gone with it even after kill -9.

Import the module, not the functions, from a test: pytest would take `test_cluster` for a test.
"""

from __future__ import annotations

import atexit
import functools
import os
import shutil
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from climbiq.local.places import AlreadyLocked, exclusive, is_reachable
from climbiq.local.postgres import EmbeddedPostgres
from climbiq.local.valkey import EmbeddedValkey

PREFIX = "climbiq-test-"
# A folder this young may belong to a run that has not taken its lock yet.
GRACE_SECONDS = 30.0
# Where another process of the run makes, or has made, a cluster to begin with; set before the first is asked for.
PREPARED: Path | None = None


@functools.cache
def test_cluster() -> EmbeddedPostgres:
    """Return the run's PostgreSQL: not durable, stopped when the process ends.

    Empty at first, or a copy of the cluster in the folder PREPARED.
    """
    server = EmbeddedPostgres(run_folder(), durable=False)
    if PREPARED:
        with exclusive(PREPARED / "lock"):  # held while it is being made
            if (PREPARED / server.password_path.name).exists():
                server.copy_from(PREPARED)
    server.start()
    _until_exit().callback(server.stop, "immediate")
    return server


@functools.cache
def test_valkey() -> EmbeddedValkey:
    """Return the run's Valkey: nothing on disk, stopped when the process ends."""
    server = EmbeddedValkey(run_folder(), durable=False).start()
    _until_exit().callback(server.stop)
    return server


@functools.cache
def _until_exit() -> ExitStack:
    """Return what this process, and none forked from it, undoes in reverse order when it ends."""
    stack, owner_pid = ExitStack(), os.getpid()
    atexit.register(lambda: stack.close() if os.getpid() == owner_pid else None)
    return stack


@functools.cache
def run_folder() -> Path:
    """Make a folder that the servers' account can reach; remove those left by killed runs."""
    places = [Path(tempfile.gettempdir()), Path("/tmp"), Path("/var/tmp")]  # noqa: S108
    place = next((place for place in places if os.geteuid() or is_reachable(place)), places[0])
    for folder in place.glob(f"{PREFIX}*"):
        _remove_if_left_behind(folder)
    folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=place))
    _until_exit().callback(shutil.rmtree, folder, ignore_errors=True)
    _until_exit().enter_context(exclusive(folder / "run.lock"))
    folder.chmod(0o711)
    return folder


def _remove_if_left_behind(folder: Path) -> None:
    try:
        young = time.time() - folder.stat().st_mtime < GRACE_SECONDS
        if young or folder.stat().st_uid != os.geteuid():
            return
        with exclusive(folder / "run.lock", wait=False):
            shutil.rmtree(folder, ignore_errors=True)
    except (AlreadyLocked, FileNotFoundError):
        return
