"""Commands that compute from a file need no server, and run in a fresh clone that has no settings yet."""

from __future__ import annotations

import secrets
from collections.abc import MutableMapping, Sequence
from typing import Final

# Options of a command with which it asks no database.
SERVERLESS: Final = {"evaluate": ("--diary", "--simulate", "--help", "-h")}
NOWHERE: Final = "postgresql://nobody@/none?host=/nonexistent"


def needs_no_server(arguments: Sequence[str]) -> bool:
    """Whether this command line asks no database; abbreviated options count, as for argparse.

    >>> needs_no_server(["evaluate", "--json", "--diary=mine.csv"]), needs_no_server(["evaluate", "--json"])
    (True, False)
    """
    command, *rest = arguments or [""]
    given = {argument.split("=", 1)[0] for argument in rest}
    options = SERVERLESS.get(command, ())
    return any(
        option.startswith(name) and name not in {"-", "--"} for option in options for name in given if name
    )


def stand_in(environ: MutableMapping[str, str]) -> None:
    """Put placeholders where settings are missing; no database can be reached, whatever was said."""
    environ["DATABASE_URL"] = NOWHERE
    for name in ("DJANGO_SECRET_KEY", "CLIMBIQ_RLS_KEY", "CLIMBIQ_TOKEN_PEPPER"):
        if not environ.get(name, "").strip():
            environ[name] = secrets.token_hex(32)
