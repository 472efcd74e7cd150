from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from experts.services.priors import load_literature_priors


class Command(BaseCommand):
    help = "Load the literature's priors as version 1, once."

    def handle(self, *args: Any, **options: Any) -> None:
        loaded = load_literature_priors()
        self.stdout.write(f"{loaded} priors loaded" if loaded else "priors are already there")
