"""Checks of the servers that the environment names, before anything is started on them."""

from __future__ import annotations

from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from climbiq.local.errors import CannotRun

OLDEST_POSTGRES = 15
OLDEST_REDIS = 7
CONNECT_SECONDS = 5
MAINTENANCE = "postgres"  # the database that every server has


class UnusableServer(CannotRun):
    """The server cannot be reached or is too old."""


def check_postgres(url: str) -> None:
    """Raise unless DATABASE_URL names a PostgreSQL that answers and is new enough.

    The database itself may be missing: it is made later. The server is then asked through its `postgres`.
    """
    import psycopg

    try:
        try:
            major = _major_version(url)
        except psycopg.OperationalError:
            # What failed is only known as a text in the server's language, so the server is looked at instead.
            if not _lacks_database(url):
                raise
            major = _major_version(_with_database(url, MAINTENANCE))
    except psycopg.Error as error:
        raise UnusableServer(f"DATABASE_URL names a PostgreSQL that cannot be used: {error}") from error
    if major < OLDEST_POSTGRES:
        raise UnusableServer(f"DATABASE_URL names PostgreSQL {major}; {OLDEST_POSTGRES} or newer is needed")


def _major_version(url: str) -> int:
    import psycopg

    with psycopg.connect(url, connect_timeout=CONNECT_SECONDS) as connection:
        return connection.info.server_version // 10_000


def _lacks_database(url: str) -> bool:
    """Tell whether the server answers and has no database of that name."""
    import psycopg
    from psycopg.conninfo import conninfo_to_dict

    name = conninfo_to_dict(url).get("dbname")
    try:
        with psycopg.connect(_with_database(url, MAINTENANCE), connect_timeout=CONNECT_SECONDS) as server:
            return server.execute("SELECT FROM pg_database WHERE datname = %s", [name]).fetchone() is None
    except psycopg.OperationalError:
        return False


def _with_database(url: str, name: str) -> str:
    """Return the URL with another database.

    >>> _with_database("postgresql://me@/climbiq?host=%2Frun%2Fpg&dbname=climbiq", "postgres")
    'postgresql://me@/postgres?host=%2Frun%2Fpg'
    """
    parts = urlsplit(url)
    kept = [(key, value) for key, value in parse_qsl(parts.query) if key != "dbname"]
    return _joined(parts.scheme, parts.netloc, f"/{name}", kept)


def check_redis(url: str) -> None:
    """Raise unless REDIS_URL names a Redis or Valkey that answers and is new enough."""
    import redis

    try:
        with redis.Redis.from_url(
            url, socket_connect_timeout=CONNECT_SECONDS, socket_timeout=CONNECT_SECONDS
        ) as client:
            version = str(client.info("server")["redis_version"])
    except (redis.RedisError, ValueError, OSError) as error:
        raise UnusableServer(f"REDIS_URL names a Redis that cannot be used: {error}") from error
    if int(version.split(".", maxsplit=1)[0]) < OLDEST_REDIS:
        raise UnusableServer(
            f"REDIS_URL names Redis {version}; {OLDEST_REDIS} or newer (or Valkey) is needed"
        )


def without_account(url: str) -> str:
    """Return a database URL without its user and password: our roles log in under their own names.

    >>> without_account("postgresql://admin:secret@db.example:5432/climbiq?sslmode=require&user=admin")
    'postgresql://db.example:5432/climbiq?sslmode=require'
    >>> without_account("postgresql://postgres:secret@/climbiq?host=%2Frun%2Fpg")
    'postgresql:///climbiq?host=%2Frun%2Fpg'
    """
    parts = urlsplit(url)
    kept = [(key, value) for key, value in parse_qsl(parts.query) if key not in {"user", "password"}]
    return _joined(parts.scheme, parts.netloc.rpartition("@")[2], parts.path, kept)


def _joined(scheme: str, netloc: str, path: str, query: list[tuple[str, str]]) -> str:
    """Join a URL's parts; `urlunsplit` loses the slashes where there is no host, as with a socket."""
    return f"{scheme}://{netloc}{path}" + ("?" + urlencode(query, quote_via=quote, safe="") if query else "")
