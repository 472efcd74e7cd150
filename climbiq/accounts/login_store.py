"""Where Django keeps sessions (`SESSION_ENGINE`): in `logins`, with their owner beside them and without their key.

A row knows whose it is, so that people can end single logins and erasing an account finds them all.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import Any, Final, cast

from asgiref.sync import sync_to_async
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.utils import timezone

from climbiq.accounts.models import Login

# Names in a session's data that are columns as well.
BEGAN: Final = "login_began"
SEEN: Final = "login_seen"
DEVICE: Final = "login_device"
IS_APP: Final = "login_is_app"


def digest_of_key(key: str) -> str:
    """Return sha256 of a session's key in hex, under which its row is found.

    >>> len(digest_of_key("a" * 32))
    64
    """
    return hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()


class SessionStore(DatabaseStore):
    """Django's sessions in the database; every statement asks for the digest, never for the key."""

    @classmethod
    def get_model_class(cls) -> type[Login]:
        return Login

    @property
    def key_salt(self) -> str:
        """Sign for one row only: data copied from somebody else's row does not make this login theirs."""
        return f"{super().key_salt}:{digest_of_key(self.session_key or '')}"

    def load(self) -> dict[str, Any]:
        """Read the session; one that is unknown or over is empty, and gets a new key when it is written."""
        login = Login.objects.filter(
            session_key=digest_of_key(self.session_key or ""), expire_date__gt=timezone.now()
        ).first()
        data = {} if login is None else dict(self.decode(login.session_data))
        if login is None or not data or str(data.get(SESSION_KEY, "")) != str(login.user_id or ""):
            # What was moved here from another row is no login, and nothing is written over it.
            self._session_key = None
            return {}
        return data

    def exists(self, session_key: str) -> bool:
        return bool(super().exists(digest_of_key(session_key)))

    def create_model_instance(self, data: dict[str, Any]) -> Login:
        """Describe the row: what is in the session, and what its owner may see of it."""
        login = cast("Login", super().create_model_instance(data))
        login.session_key = digest_of_key(login.session_key)
        login.user_id = data.get(SESSION_KEY)
        login.device = data.get(DEVICE, "")
        login.is_app = bool(data.get(IS_APP))
        login.began_at = _moment(data.get(BEGAN))
        login.seen_at = _moment(data.get(SEEN))
        return login

    def delete(self, session_key: str | None = None) -> None:
        key = session_key or self.session_key
        if key:
            Login.objects.filter(session_key=digest_of_key(key)).delete()

    async def aload(self) -> dict[str, Any]:
        return await sync_to_async(self.load)()

    async def aexists(self, session_key: str) -> bool:
        return await sync_to_async(self.exists)(session_key)

    async def acreate_model_instance(self, data: dict[str, Any]) -> Login:
        return await sync_to_async(self.create_model_instance)(data)

    async def adelete(self, session_key: str | None = None) -> None:
        await sync_to_async(self.delete)(session_key)


def _moment(seconds: int | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, tz=UTC)
