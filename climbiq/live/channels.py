"""Who hears what: everybody their own channel, coaches one more. Nothing in a request can ask for another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from django.db.models import Q
from django.http import HttpRequest
from django_eventstream.channelmanager import ChannelManagerBase

from climbiq.common.personal_data import PersonalData, describe

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from climbiq.accounts.models import User

COACHES: Final = "coaches"


def channel_of(user_id: UUID | str) -> str:
    """Name one person's channel.

    >>> channel_of("0d9d7ad4-3f4b-4c5e-9d3f-0f6f8f1c2b3a")
    'user-0d9d7ad4-3f4b-4c5e-9d3f-0f6f8f1c2b3a'
    """
    return f"user-{user_id}"


def channels_of(user: User | AnonymousUser | None) -> set[str]:
    """Name the channels that a person may hear."""
    if user is None or not user.is_authenticated or not user.is_active:
        return set()
    own = {channel_of(user.pk)}
    return own if user.access_role == "climber" else own | {COACHES}


class OwnChannels(ChannelManagerBase):  # type: ignore[misc]
    """django-eventstream asks this at every connection and every read."""

    def get_channels_for_request(self, request: HttpRequest, view_kwargs: dict[str, Any]) -> set[str]:
        """Answer with the person's own channels, whatever the address or its query names."""
        del view_kwargs
        return channels_of(request.user)

    def can_read_channel(self, user: User | None, channel: str) -> bool:
        """Refuse every channel that is not the person's own."""
        return channel in channels_of(user)

    def is_channel_reliable(self, channel: str) -> bool:
        """Every channel is stored, so that what was missed can be read."""
        del channel
        return True


def describe_channels() -> None:
    """Say what the tables of channels hold about people; called once every app is loaded."""
    from django_eventstream.models import Event, EventCounter

    describe(
        Event,
        PersonalData(
            what="messages to your open pages, kept for a day",
            rows_of=lambda person: Q(channel=channel_of(person)),
            fate="erased",
        ),
    )
    describe(
        EventCounter,
        PersonalData(
            what="how many messages were sent to your open pages",
            rows_of=lambda person: Q(name=channel_of(person)),
            fate="erased",
        ),
    )
