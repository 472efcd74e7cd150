"""The ASGI application: streams need one, so there is no WSGI entry."""

from __future__ import annotations

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "climbiq.settings")

django_application = get_asgi_application()

from django.conf import settings  # noqa: E402

from climbiq.common.body_limit import BodyLimit  # noqa: E402

application = BodyLimit(django_application, limit_bytes=settings.REQUEST_MAX_BYTES)
