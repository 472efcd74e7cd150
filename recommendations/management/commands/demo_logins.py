from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from recommendations.services.demo import DEMO_PASSWORD, demo_logins


class Command(BaseCommand):
    help = "Print the accounts of the demo."

    def handle(self, *args: Any, **options: Any) -> None:
        logins = demo_logins()
        if not logins:
            self.stdout.write("There is no demo here.")
            return
        width = max(len(login.email) for login in logins)
        self.stdout.write(f"Log in with the password {DEMO_PASSWORD} as")
        for login in logins:
            self.stdout.write(f"  {login.email:<{width}}  {login.what}")
