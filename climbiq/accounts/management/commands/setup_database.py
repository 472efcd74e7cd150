from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

import psycopg
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from climbiq import environment as env
from climbiq.accounts.database import UnsuitableServer, add_rls_key, retire_old_keys, setup_database


class Command(BaseCommand):
    help = "Create the three database roles and the database named in DATABASE_URL. Safe to repeat."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--retire-old-keys",
            action="store_true",
            help="accept claims of the present CLIMBIQ_RLS_KEY alone: once every process has it",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        url = env.text("DATABASE_URL")
        passwords: dict[str, str] = {}
        for role in env.ROLES:
            passwords[role] = env.text(f"CLIMBIQ_{role.upper()}_PASSWORD")
            if not passwords[role]:
                raise CommandError(f"CLIMBIQ_{role.upper()}_PASSWORD is not set")
        try:
            setup_database(url=url, passwords=passwords)
            has_keys = add_rls_key(url=url, key=settings.RLS_KEY)
            if has_keys and options["retire_old_keys"]:
                retired = retire_old_keys(url=url, key=settings.RLS_KEY)
                self.stdout.write(f"former signing keys removed: {retired}")
        except (psycopg.Error, UnsuitableServer) as error:
            raise CommandError(f"the database could not be prepared: {error}") from error
        self.stdout.write("roles and database are ready")
