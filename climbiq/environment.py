"""Reads the environment once, for settings: blank counts as unset, and a bad value is named."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any, Final, Literal
from urllib.parse import parse_qs, parse_qsl, unquote, urlencode, urlsplit

DatabaseRole = Literal["owner", "app", "service"]
ROLES: Final[tuple[DatabaseRole, ...]] = ("owner", "app", "service")
# On the connections that serve people. Their role carries them; one login for all roles is told when it connects.
APP_LIMITS: Final = {
    "lock_timeout": "4s",
    "statement_timeout": "15s",
    "idle_in_transaction_session_timeout": "60s",
}


class BadEnvironment(ValueError):
    """An environment variable has a value that cannot be used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseAddress:
    """The parts of a DATABASE_URL that Django and psycopg need."""

    name: str
    host: str
    port: str
    user: str
    password: str
    options: dict[str, str]


def text(name: str, default: str = "") -> str:
    """The variable's text, or the default when it is unset or blank."""
    return os.environ.get(name, "").strip() or default


def flag(name: str, *, default: bool = False) -> bool:
    """A yes/no variable."""
    value = text(name).lower()
    if value in {"", "0", "no", "false", "off"}:
        return default if value == "" else False
    if value in {"1", "yes", "true", "on"}:
        return True
    raise BadEnvironment(f"{name} must be 1 or 0, not {value!r}")


def whole(name: str, default: int) -> int:
    """A whole number."""
    value = text(name, str(default))
    try:
        return int(value)
    except ValueError:
        raise BadEnvironment(f"{name} must be a whole number, not {value!r}") from None


def database_role() -> DatabaseRole:
    """Which of the three database roles this process plays: app unless told otherwise."""
    role = text("CLIMBIQ_DB_ROLE", "app")
    if role not in ROLES:
        raise BadEnvironment(f"CLIMBIQ_DB_ROLE must be one of {', '.join(ROLES)}, not {role!r}")
    return role


def parse_database_url(url: str) -> DatabaseAddress:
    """Split a libpq URL; the host may be a socket folder, percent-encoded or in `?host=`.

    >>> parse_database_url("postgresql://u:p%40@/db?host=/run/pg").host
    '/run/pg'
    """
    parts = urlsplit(url)
    if parts.scheme not in {"postgres", "postgresql"}:
        raise BadEnvironment(f"DATABASE_URL must start with postgresql://, not {parts.scheme!r}")
    query = {key: values[-1] for key, values in parse_qs(parts.query).items()}
    return DatabaseAddress(
        name=unquote(parts.path.lstrip("/")) or query.pop("dbname", "climbiq"),
        host=query.pop("host", "") or unquote(parts.hostname or ""),
        port=query.pop("port", "") or str(parts.port or ""),
        user=unquote(parts.username or "") or query.pop("user", ""),
        password=unquote(parts.password or "") or query.pop("password", ""),
        options=query,
    )


def broker_url(redis_url: str) -> str:
    """Write a Redis URL as Celery wants it: for a Unix socket it has its own way.

    >>> broker_url("unix:///run/valkey.sock?db=1"), broker_url("unix://u:p@/run/my%20valkey.sock?db=2&timeout=3")
    ('redis+socket:///run/valkey.sock?virtual_host=1', 'redis+socket://u:p@/run/my%20valkey.sock?virtual_host=2&timeout=3')
    >>> broker_url("redis://cache:6379/0"), broker_url("redis+socket:///run/valkey.sock?virtual_host=1")
    ('redis://cache:6379/0', 'redis+socket:///run/valkey.sock?virtual_host=1')
    """
    parts = urlsplit(redis_url)
    if parts.scheme != "unix":
        return redis_url
    query = {"virtual_host" if name == "db" else name: value for name, value in parse_qsl(parts.query)}
    # Not `urlunsplit`: it loses the slashes where there is no host.
    return f"redis+socket://{parts.netloc}{parts.path}?{urlencode({'virtual_host': '0'} | query)}"


def django_database(*, url: str, role: DatabaseRole) -> dict[str, Any]:
    """Django's description of the connection for one role.

    Each role logs in under its own name when its password is given; otherwise the URL's own account is used.
    """
    address = parse_database_url(url)
    password = text(f"CLIMBIQ_{role.upper()}_PASSWORD")
    options: dict[str, Any] = {**address.options, "application_name": f"climbiq-{role}"}
    if role != "owner":
        # One statement a call: an injected second statement is refused by the protocol itself.
        options["server_side_binding"] = True
    if role == "app":
        if not password:
            limits = " ".join(f"-c {name}={limit}" for name, limit in APP_LIMITS.items())
            options["options"] = f"{limits} {address.options.get('options', '')}".strip()
        options["pool"] = {"min_size": 1, "max_size": whole("CLIMBIQ_DB_POOL", 8), "timeout": 10}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": address.name,
        "HOST": address.host,
        "PORT": address.port,
        "USER": f"climbiq_{role}" if password else address.user,
        "PASSWORD": password or address.password,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": options,
    }
