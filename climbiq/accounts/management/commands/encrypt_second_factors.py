from __future__ import annotations

from typing import Any

from allauth.mfa.models import Authenticator
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from climbiq.accounts.second_factor import SecondFactorUnreadable, under_first_key


class Command(BaseCommand):
    help = "Encrypt every second factor under the first of CLIMBIQ_MFA_KEYS, after which the others can go."

    def handle(self, *args: Any, **options: Any) -> None:
        kinds = [Authenticator.Type.TOTP, Authenticator.Type.RECOVERY_CODES]
        with transaction.atomic():
            rows = list(Authenticator.objects.select_for_update().filter(type__in=kinds).order_by("pk"))
            for row in rows:
                try:
                    row.data = under_first_key(row.data)
                except SecondFactorUnreadable as error:
                    raise CommandError(f"authenticator {row.pk}: {error}; nothing was changed") from error
                row.save(update_fields=["data"])
        self.stdout.write(f"{len(rows)} encrypted")
