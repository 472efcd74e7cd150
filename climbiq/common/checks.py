"""System checks of the house."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register

from climbiq.common.web_login import why_policies_do_not_hold

HINT = "Run `make run`, or `uvicorn climbiq.asgi:application --lifespan off --reload`."
CONSOLE = "django.core.mail.backends.console.EmailBackend"


@register()
def streams_need_asgi(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Refuse WSGI, which gathers a whole stream before it sends the first byte."""
    del app_configs, kwargs
    faults: list[CheckMessage] = []
    if settings.WSGI_APPLICATION:
        faults.append(Error("WSGI_APPLICATION is set; streams need ASGI.", hint=HINT, id="climbiq.E001"))
    if sys.argv[1:2] == ["runserver"]:
        faults.append(Error("runserver speaks WSGI; streams need ASGI.", hint=HINT, id="climbiq.E002"))
    return faults


@register(Tags.database)
def policies_hold_the_web(
    app_configs: Sequence[AppConfig] | None, databases: Sequence[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """Refuse a login for the web that row-level security does not hold."""
    del app_configs, kwargs
    fault = why_policies_do_not_hold() if databases else ""
    return [Error(fault, id="climbiq.E003")] if fault else []


@register(Tags.security, deploy=True)
def letters_reach_people(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Refuse a public site that prints its letters: a forgotten password would lock people out, and the log open it."""
    del app_configs, kwargs
    if settings.TLS and settings.EMAIL_BACKEND == CONSOLE:
        return [
            Error(
                "Letters, with the links that reset passwords, are only printed to the log.",
                hint="Set CLIMBIQ_EMAIL_HOST, or another CLIMBIQ_EMAIL_BACKEND.",
                id="climbiq.E004",
            )
        ]
    return []
