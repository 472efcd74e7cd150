from __future__ import annotations

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "climbiq.accounts"
    label = "accounts"

    def ready(self) -> None:
        """Say what tables of libraries hold about people, and whose an address is."""
        from climbiq.accounts.addresses import guard_addresses
        from climbiq.accounts.library_data import describe_libraries

        describe_libraries()
        guard_addresses()
