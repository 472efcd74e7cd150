"""What the person's environment asks for, and the environment our programs get."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from climbiq.local.errors import CannotRun
from climbiq.local.given_servers import without_account
from climbiq.local.plan import Role

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  what we say instead when listening everywhere


class BadAddress(CannotRun):
    """HOST or PORT cannot be listened on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What the environment asks of `make run`; blank counts as unset."""

    base_dir: Path
    data_dir: Path
    host: str
    port: int
    database_url: str
    redis_url: str

    @property
    def reachable_host(self) -> str:
        """The host under which a browser on this machine finds us."""
        return EVERYWHERE.get(self.host, self.host)

    @property
    def address(self) -> str:
        """The address to open."""
        host = self.reachable_host
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}"


def read_wishes(base_dir: Path, environ: Mapping[str, str]) -> Wishes:
    """Read HOST, PORT, CLIMBIQ_DATA_DIR, DATABASE_URL and REDIS_URL."""
    given = {name: value.strip() for name, value in environ.items()}
    port = given.get("PORT") or "8000"
    if not (port.isdecimal() and 0 < int(port) < 65536):
        raise BadAddress(f"PORT must be a number from 1 to 65535, not {port!r}")
    return Wishes(
        base_dir=base_dir,
        data_dir=(base_dir / (given.get("CLIMBIQ_DATA_DIR") or ".data")).resolve(),
        host=given.get("HOST") or "127.0.0.1",
        port=int(port),
        database_url=given.get("DATABASE_URL", ""),
        redis_url=given.get("REDIS_URL", ""),
    )


def check_address_is_free(wishes: Wishes) -> None:
    """Raise, saying what to do, unless HOST and PORT can be listened on."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            wishes.host, wishes.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
            listener.listen()
    except OSError as error:
        raise BadAddress(
            f"cannot listen on {wishes.host} port {wishes.port} ({error.strerror}). "
            f"Choose another port, for example: make run PORT={wishes.port % 65535 + 1}"
        ) from error


def common_environment(
    wishes: Wishes, *, secrets: Mapping[str, str], servers: Mapping[str, str], is_demo: bool
) -> dict[str, str]:
    """Return what every program gets: our own (blanks left out), secrets, and the servers' addresses."""
    given = {name: value for name, value in os.environ.items() if value.strip()}
    environment = {**secrets, **given, **servers, "PYTHONUNBUFFERED": "1"}
    environment["CLIMBIQ_STATIC_ROOT"] = str(wishes.data_dir / "staticfiles")
    compiled = str(wishes.data_dir / "compiled")
    if "," not in compiled:  # which would end the setting
        environment.setdefault("PYTENSOR_FLAGS", f"base_compiledir={compiled}")
    if wishes.host not in LOOPBACK:
        ours = (*sorted(LOOPBACK - {"::1"}), "[::1]", wishes.host, socket.gethostname())
        environment.setdefault("CLIMBIQ_HOSTS", ",".join(ours))
    else:
        # Nothing but this machine's browser gets here, and uvicorn speaks plain http: no redirect to https.
        environment.setdefault("CLIMBIQ_TLS", "0")
    if is_demo:
        environment["CLIMBIQ_DEMO"] = "1"
    if os.geteuid() == 0:
        # On a machine of one's own it is as meant, and said twice at each start.
        environment.setdefault("PYTHONWARNINGS", "ignore:You're running the worker with superuser privileges")
    return environment


def for_role(common: Mapping[str, str], role: Role) -> dict[str, str]:
    """Return the environment of one program: only the superuser's carries the superuser's password."""
    if role == "superuser":
        return {**common, "CLIMBIQ_DB_ROLE": "owner"}
    return {**common, "CLIMBIQ_DB_ROLE": role, "DATABASE_URL": without_account(common["DATABASE_URL"])}
