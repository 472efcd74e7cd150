from __future__ import annotations

from django.apps import AppConfig


class CommonConfig(AppConfig):
    name = "climbiq.common"
    label = "common"

    def ready(self) -> None:
        """Register the system checks."""
        from climbiq.common import checks  # noqa: F401
