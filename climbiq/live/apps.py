from __future__ import annotations

from django.apps import AppConfig


class LiveConfig(AppConfig):
    name = "climbiq.live"
    label = "live"

    def ready(self) -> None:
        """Replace django-eventstream's listeners by ours; say what its tables hold about people."""
        from climbiq.live.channels import describe_channels
        from climbiq.live.listeners import install

        install()
        describe_channels()
