from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from climbiq.accounts.models import User
from recommendations.services.demo import seed_demo


class Command(BaseCommand):
    help = "Write the demo: coaches, climbers with months of sessions, rules and scenarios. Twice changes nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--if-empty", action="store_true", help="only where there is no account at all")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("The demo’s passwords are public. Set CLIMBIQ_DEMO=1 if this is a demo.")
        if options["if_empty"] and User.objects.exists():
            self.stdout.write("there are accounts already: no demo was written")
            return
        seeded = seed_demo(now=timezone.now())
        if seeded is None:
            self.stdout.write("the demo is there already")
            return
        self.stdout.write(
            f"{seeded.climbers} climbers with {seeded.sessions} sessions, {seeded.rules} rules, "
            f"{seeded.scenarios} scenarios"
        )
