"""Accounts in a database that real servers use: written past them, with a token to knock with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid4

import psycopg
from django.utils import timezone

from climbiq.accounts.tokens import PREFIX, SHOWN_CHARS, digest_of
from tests.fixtures.database import superuser_url


@dataclass(frozen=True)
class Served:
    """An account and what opens it."""

    id: UUID
    email: str
    token: str

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


def add_account(database: str, *, email: str, is_staff: bool = False, scope: str = "write") -> Served:
    """Insert an account and a token that lasts a day."""
    token = PREFIX + (uuid4().hex + uuid4().hex)[:43]
    with psycopg.connect(superuser_url(database), autocommit=True) as connection:
        row = connection.execute(
            "INSERT INTO users (email, password, display_name, is_staff, is_superuser) "
            "VALUES (%s, '!', %s, %s, false) RETURNING id",
            [email, email.split("@", 1)[0].title(), is_staff],
        ).fetchone()
        assert row is not None
        connection.execute(
            "INSERT INTO api_tokens (user_id, name, prefix, digest, scope, expires_at) "
            "VALUES (%s, 'test', %s, %s, %s, %s)",
            [row[0], token[:SHOWN_CHARS], digest_of(token), scope, timezone.now() + timedelta(days=1)],
        )
    return Served(id=row[0], email=email, token=token)
