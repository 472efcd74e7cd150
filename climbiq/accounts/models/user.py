from __future__ import annotations

from typing import Any, ClassVar, Literal

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models.functions import Lower

from climbiq.common.fields import readable_times, time_stamp, uuid_key
from climbiq.common.personal_data import PersonalData

AccessRole = Literal["climber", "coach", "facilitator", "operator"]


class UserManager(BaseUserManager["User"]):
    """Creates accounts by e-mail address."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        """Make a climber, or a coach with `is_staff=True`."""
        if not email:
            raise ValueError("an account needs an e-mail address")
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        """Make an operator."""
        return self.create_user(email, password, **{**fields, "is_staff": True, "is_superuser": True})

    def get_by_natural_key(self, username: str | None) -> User:
        """Find by e-mail address, whatever its case."""
        return self.get(email__iexact=username)


class User(AbstractBaseUser, PermissionsMixin):
    """A person: a climber, a coach (`is_staff`), or an operator (`is_superuser`).

    The key is the pseudonym that audit logs keep; erasing an account empties this row and leaves the key.
    """

    id = uuid_key()
    email = models.EmailField("e-mail address", max_length=254)
    display_name = models.CharField("name", max_length=80, blank=True, default="")
    time_zone = models.CharField(max_length=64, default="UTC", db_default="UTC")
    is_active = models.BooleanField(default=True, db_default=True)
    is_staff = models.BooleanField("coach", default=False, db_default=False)
    is_facilitator = models.BooleanField(default=False, db_default=False)
    shares_for_calibration = models.BooleanField(
        "share anonymous sessions to check coaches' judgment", default=False, db_default=False
    )
    sends_notes_to_claude = models.BooleanField(
        "let explanations use what I write", default=False, db_default=False
    )
    date_joined = time_stamp()
    # From then on a job erases the account; until then its owner may think better of it.
    erasure_due_at = time_stamp(db_default=False)
    erased_at = time_stamp(db_default=False)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    personal_data = PersonalData(
        what="your account",
        people=("id",),
        fate="emptied",
        withheld={"password": "only a hash of it is kept, and from a hash a password can be guessed"},
    )

    class Meta:
        db_table = "users"
        constraints = [
            models.UniqueConstraint(Lower("email"), name="users_email_unique"),
            *readable_times("last_login", "date_joined", "erasure_due_at", "erased_at", table="users"),
            models.CheckConstraint(
                condition=models.Q(time_zone__regex=r"^[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*$"),
                name="users_time_zone_check",
                violation_error_message="Choose a time zone from the list.",
            ),
        ]

    def __str__(self) -> str:
        if self.erased_at:
            return f"erased {str(self.pk)[:8]}"
        return self.display_name or self.email

    @property
    def access_role(self) -> AccessRole:
        """The role that the database's policies see."""
        if self.is_superuser:
            return "operator"
        if self.is_staff:
            return "facilitator" if self.is_facilitator else "coach"
        return "climber"
