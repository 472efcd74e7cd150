"""The ASGI application: streams need one, so there is no WSGI entry."""

from __future__ import annotations

import importlib
import os
import warnings

import django
from asgiref.sync import sync_to_async
from django.conf import settings
from django.core.handlers.asgi import ASGIHandler
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from climbiq.common.body_limit import BodyLimit

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "climbiq.settings")

# WhiteNoise hands files over as plain iterators. They are small: to read them at once is as meant.
warnings.filterwarnings("ignore", message="StreamingHttpResponse must consume synchronous iterators")

django.setup(set_prefix=False)


class OneThread(ASGIHandler):
    """Runs a request's middleware and view in one thread, from end to end: all of them are synchronous.

    Django's own handler returns to the event loop for every `process_view` and for the view, and waits its turn there.
    """

    def load_middleware(self, is_async: bool = False) -> None:
        """Build the chain without a step into the event loop."""
        del is_async
        super().load_middleware(is_async=False)

    async def get_response_async(self, request: HttpRequest) -> HttpResponseBase:
        """Answer in the request's thread; a stream's body is produced in the event loop, later."""
        return await sync_to_async(self.get_response, thread_sensitive=True)(request)


application = BodyLimit(OneThread(), limit_bytes=settings.REQUEST_MAX_BYTES)

# Imported before the first request rather than during it: every view, and the client that words are asked of.
importlib.import_module("climbiq.urls")
importlib.import_module("recommendations.narration.choice").configured_narrator()
