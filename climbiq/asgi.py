"""The ASGI application: streams need one, so there is no WSGI entry."""

from __future__ import annotations

import importlib
import os
import warnings

import django
from django.conf import settings

from climbiq.common.body_limit import BodyLimit

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "climbiq.settings")

# WhiteNoise hands files over as plain iterators. They are small: to read them at once is as meant.
warnings.filterwarnings("ignore", message="StreamingHttpResponse must consume synchronous iterators")

django.setup(set_prefix=False)

OneThread = importlib.import_module("climbiq.common.handler").OneThread  # needs the settings
application = BodyLimit(OneThread(), limit_bytes=settings.REQUEST_MAX_BYTES)

# Imported before the first request rather than during it: every view, and the client that words are asked of.
importlib.import_module("climbiq.urls")
importlib.import_module("recommendations.narration.choice").configured_narrator()
