"""What the tables of libraries hold about people: those that carry accounts, logins and the admin."""

from __future__ import annotations

from allauth.account.models import EmailAddress, EmailConfirmation
from allauth.mfa.models import Authenticator
from django.contrib.admin.models import LogEntry
from django.db.models import Q

from climbiq.accounts.models import User
from climbiq.common.personal_data import PersonalData, describe


def describe_libraries() -> None:
    """Say it, once every app is loaded."""
    describe(EmailAddress, PersonalData(what="your email addresses", people=("user_id",), fate="erased"))
    describe(
        EmailConfirmation,
        PersonalData(
            what="emails that asked you to confirm an address",
            rows_of=lambda person: Q(email_address__user=person),
            fate="erased",
            withheld={"key": "whoever has it can confirm the address"},
        ),
    )
    describe(
        Authenticator,
        PersonalData(
            what="your second step when logging in",
            people=("user_id",),
            fate="erased",
            withheld={"data": "the secret from which your codes are made"},
        ),
    )
    describe(User.groups.through, PersonalData(what="your groups", people=("user_id",), fate="erased"))
    describe(
        User.user_permissions.through,
        PersonalData(
            what="permissions in the admin that were given to you alone", people=("user_id",), fate="erased"
        ),
    )
    describe(
        LogEntry,
        PersonalData(
            what="changes that you made in the admin",
            people=("user_id",),
            fate="kept",
            why="who changed what must stay known; it names you only by the key of your account",
        ),
    )
