from __future__ import annotations

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "climbiq.accounts"
    label = "accounts"

    def ready(self) -> None:
        """Say what tables of libraries hold about people."""
        from climbiq.accounts.library_data import describe_libraries

        describe_libraries()
