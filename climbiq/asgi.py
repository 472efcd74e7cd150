"""The ASGI application: streams need one, so there is no WSGI entry."""

from __future__ import annotations

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "climbiq.settings")

application = get_asgi_application()
