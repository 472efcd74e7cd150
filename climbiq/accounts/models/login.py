from __future__ import annotations

from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models

from climbiq.common.fields import readable_times, reference, time_stamp
from climbiq.common.personal_data import PersonalData


class Login(AbstractBaseSession):
    """A session of a browser or an app. Django's table with what its owner wants to know: whose, on what, since when.

    Only a digest of the key is kept, as of tokens: who reads the table, or an old copy of it, is not logged in.
    """

    session_key = models.CharField(max_length=64, primary_key=True)
    user = reference(settings.AUTH_USER_MODEL, column="user_id", null=True, related_name="+")
    device = models.TextField(default="", db_default="")
    is_app = models.BooleanField(default=False, db_default=False)
    began_at = time_stamp(db_default=False)
    seen_at = time_stamp(db_default=False)

    personal_data = PersonalData(
        what="where you are logged in",
        people=("user_id",),
        fate="erased",
        withheld={
            "session_key": "whoever has it is logged in as you",
            "session_data": "what the program remembers from page to page, signed; all of it stands elsewhere",
        },
    )

    class Meta:
        db_table = "logins"
        constraints = [
            *readable_times("began_at", "seen_at", "expire_date", table="logins"),
        ]
        indexes = [models.Index(fields=["user"], name="logins_user")]

    def __str__(self) -> str:
        return self.device or "a login"

    @classmethod
    def get_session_store_class(cls) -> type[SessionBase]:
        """The store whose rows these are."""
        from climbiq.accounts.login_store import SessionStore

        return SessionStore
