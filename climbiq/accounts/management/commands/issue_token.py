from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from climbiq.accounts.models import User
from climbiq.accounts.tokens import BadExpiry, TooManyTokens, create_token


class Command(BaseCommand):
    help = "Make a personal API token for an account and print it, once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", help="the account's e-mail address")
        parser.add_argument("--name", default="Made by a command", help="what its owner will know it by")
        parser.add_argument("--scope", choices=["read", "write"], default="write")
        parser.add_argument("--days", type=int, default=90, help="how long it lasts; 0: until it is revoked")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.defer("password").filter(email__iexact=options["email"], is_active=True).first()
        if user is None:
            raise CommandError(f"there is no open account with the address {options['email']}")
        if options["days"] < 0:
            raise CommandError("--days must not be negative")
        expires_at = timezone.now() + timedelta(days=options["days"]) if options["days"] else None
        try:
            _, token = create_token(
                user=user, name=options["name"], scope=options["scope"], expires_at=expires_at
            )
        except (TooManyTokens, BadExpiry) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(token)
