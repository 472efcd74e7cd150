"""Whether the web's login at the database is one that row-level security holds."""

from __future__ import annotations

from typing import Final

from django.conf import settings
from django.db import connection

# Who may take the owner's role may switch the policies off.
_RIGHTS: Final = """
SELECT rolname, rolsuper, rolbypassrls,
       coalesce(pg_has_role(oid, (SELECT relowner FROM pg_class WHERE oid = to_regclass('sessions')), 'MEMBER'), false)
FROM pg_roles WHERE rolname = session_user
"""


def why_policies_do_not_hold() -> str:
    """Say what is wrong with the account that the web logs in with; blank when nothing is.

    Only the web is asked for it, and not where it takes another role in every transaction.
    """
    if settings.DATABASE_ROLE != "app" or settings.RLS_SET_ROLE:
        return ""
    with connection.cursor() as cursor:
        cursor.execute(_RIGHTS)
        name, is_superuser, bypasses, is_owner = cursor.fetchone()
    if is_superuser:
        fault = "is a superuser"
    elif bypasses:
        fault = "bypasses row-level security"
    elif is_owner:
        fault = "owns the tables"
    else:
        return ""
    return (
        f"The database account {name} {fault}, so that no policy would keep one person's rows from another. "
        "Set CLIMBIQ_APP_PASSWORD, or CLIMBIQ_RLS_SET_ROLE=climbiq_app."
    )
