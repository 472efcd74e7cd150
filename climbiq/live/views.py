"""`/events/`: one long-lived stream for each open page."""

from __future__ import annotations

import random
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any, Final

from asgiref.sync import sync_to_async
from django.http.response import HttpResponseBase
from django_eventstream import views as eventstream
from django_eventstream.eventrequest import EventRequest
from django_eventstream.utils import get_storage, make_id
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.views import APIView

from climbiq.accounts.requests import person_of
from climbiq.common.openapi import documented
from climbiq.common.streams import LIFETIME_SECONDS, EventStreamRenderer, format_event, sse_response
from climbiq.live.channels import channels_of

MAX_ID_CHARS: Final = 400
# A number that no event has: the stream then says `stream-reset`, and the page reads its state anew.
LOST: Final = "-1"


class EventsView(APIView):
    """What happens to whoever asks, as it happens; nobody can ask for another's."""

    renderer_classes = [EventStreamRenderer, JSONRenderer]
    http_method_names = ["get"]

    @documented(exclude=True)
    def get(self, request: Request) -> HttpResponseBase:
        """Stream from `Last-Event-ID` on, or from now."""
        user = person_of(request)
        said = request.headers.get("Last-Event-ID") or request.query_params.get("lastEventId", "")
        wanted = EventRequest()
        wanted.user = user
        wanted.channels = channels_of(user)
        wanted.channel_last_ids = last_ids(said, channels=wanted.channels)
        wanted.is_next = wanted.is_recover = False
        # Not all at once: after a restart every page connects in the same second.
        lifetime = LIFETIME_SECONDS * random.uniform(0.8, 1.0)  # noqa: S311
        return sse_response(_events(wanted), user_id=user.pk, lifetime_seconds=lifetime)


def last_ids(said: str, *, channels: set[str]) -> dict[str, str]:
    """Read `user-<uuid>:<n>,coaches:<m>`; what cannot be read counts as lost, another's channel as unsaid.

    >>> last_ids("coaches:7,user-x:3", channels={"coaches"})
    {'coaches': '7'}
    >>> last_ids("nonsense", channels={"coaches"})
    {'coaches': '-1'}
    """
    if not said:
        return {}
    found: dict[str, str] = {}
    for part in said[:MAX_ID_CHARS].split(","):
        channel, _, number = part.partition(":")
        if not (number.isascii() and number.isdigit() and len(number) < 19):
            return dict.fromkeys(channels, LOST)
        if channel in channels:
            found[channel] = number
    return found


async def _events(wanted: Any) -> AsyncGenerator[bytes, None]:
    storage = get_storage()
    for channel in sorted(wanted.channels - set(wanted.channel_last_ids)):
        wanted.channel_last_ids[channel] = str(await sync_to_async(storage.get_current_id)(channel))
    # From here on the page can come back without a gap, even if nothing happens before it is cut off.
    known = {channel: number for channel, number in wanted.channel_last_ids.items() if number != LOST}
    yield format_event(make_id(known), "ready", {})
    listener = eventstream.Listener()
    listener.user_id = wanted.user.pk
    listener.channels = wanted.channels
    async with aclosing(eventstream.stream(wanted, listener)) as texts:
        async for text in texts:
            if text:
                yield text.encode()
