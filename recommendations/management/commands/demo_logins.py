from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from modeling.services.demo import demo_training_is_due
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
        if demo_training_is_due():
            self.stdout.write(
                "The demo's model is being trained, for a minute or two; until then studies stand in for it."
            )
