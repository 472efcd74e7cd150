"""Where a server's files may live: reachable folders, sockets whose path fits, one owner at a time."""

from __future__ import annotations

import fcntl
import hashlib
import os
import pwd
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from climbiq.local.errors import CannotRun

# The kernel's sockaddr_un holds 108 bytes with the closing NUL.
SOCKET_PATH_MAX_BYTES = 107
# Both keep their content over a reboot; the first is never swept by age.
SHARED_PARENTS = (Path("/var/lib"), Path("/var/tmp"))  # noqa: S108  owner is checked


class NoServerAccount(CannotRun):
    """We are root, PostgreSQL refuses to run as root, and there is no account to give it."""


class NoSharedFolder(CannotRun):
    """Ours is below a private folder, and there is no other place that the server's account could reach."""


class UntrustedFolder(CannotRun):
    """A folder under a well-known name in a shared place belongs to somebody else."""


class AlreadyLocked(RuntimeError):
    """Another process holds the lock."""


@dataclass(frozen=True, slots=True)
class Account:
    """The unprivileged account that runs a server started by root."""

    name: str
    uid: int
    gid: int


def server_account() -> Account | None:
    """Return the account to drop to, or None when we are an ordinary user and servers run as ourselves."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(name, entry.pw_uid, entry.pw_gid)
    raise NoServerAccount("PostgreSQL does not run as root, and neither 'postgres' nor 'nobody' exists here")


def is_reachable(path: Path) -> bool:
    """Tell whether any account may enter this folder, or its nearest existing parent."""
    return all(
        not folder.exists() or folder.stat().st_mode & stat.S_IXOTH for folder in (path, *path.parents)
    )


def fingerprint(path: Path) -> str:
    """Return a short name for a path, the same in every process."""
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:10]


def make_folder(path: Path, *, mode: int, account: Account | None = None) -> Path:
    """Create the folder if it is missing, whatever the umask, and see that it is ours or the account's."""
    if not path.parent.is_dir():
        make_folder(path.parent, mode=0o711 if os.geteuid() == 0 else 0o700)
    ours = {os.geteuid(), account.uid if account else os.geteuid()}
    try:
        path.mkdir()
    except FileExistsError:
        owner = path.lstat().st_uid
        if path.is_symlink() or owner not in ours:
            raise UntrustedFolder(
                f"{path} belongs to another account: remove it or choose another place"
            ) from None
        if owner != os.geteuid():  # given to the account earlier
            return path
    path.chmod(mode)
    if account:
        os.chown(path, account.uid, account.gid)
    return path


def shared_folder(name: str) -> Path:
    """Return a folder of that name, owned by us, which every account can enter."""
    usable = [parent / name for parent in SHARED_PARENTS if os.access(parent, os.W_OK | os.X_OK)]
    if not usable:
        raise NoSharedFolder(
            f"neither {' nor '.join(map(str, SHARED_PARENTS))} can be written: "
            "set CLIMBIQ_DATA_DIR to a folder that every account can enter"
        )
    return make_folder(next((path for path in usable if path.exists()), usable[0]), mode=0o711)


def fits_socket(folder: Path, socket_name: str) -> bool:
    """Tell whether a Unix socket can be bound there and named in a URL (a comma separates hosts)."""
    return len(os.fsencode(folder / socket_name)) <= SOCKET_PATH_MAX_BYTES and "," not in str(folder)


def socket_folder(wanted: Path, *, socket_name: str, account: Account | None = None) -> Path:
    """Make the folder for a socket: the wanted one, or a short one below /tmp when its path is too long."""
    if not fits_socket(wanted, socket_name):
        wanted = Path("/tmp") / f"climbiq-{os.geteuid()}-{fingerprint(wanted)}"  # noqa: S108  owner is checked
    return make_folder(wanted, mode=0o700, account=account)


@contextmanager
def exclusive(path: Path, *, wait: bool = True) -> Iterator[None]:
    """Hold a lock file. The kernel drops the lock with the process, so it is never stale.

    Raises
    ------
    AlreadyLocked
        With `wait=False`, when another process holds it.
    """
    with path.open("a") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyLocked(str(path)) from None
        yield
