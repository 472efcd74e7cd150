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
