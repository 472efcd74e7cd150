"""Whose channel is whose, and what may be said on it."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection, transaction
from django.test import Client, RequestFactory
from django_eventstream.models import Event
from django_eventstream.storage import EventDoesNotExist
from django_eventstream.views import get_listener_manager
from hypothesis import given
from hypothesis import strategies as st

from climbiq.accounts.models import User
from climbiq.live.channels import COACHES, OwnChannels, channel_of, channels_of
from climbiq.live.listeners import WakingListeners
from climbiq.live.services import NotAPointer, notify, notify_all, notify_coaches
from climbiq.live.storage import ReleasingStorage
from climbiq.live.views import last_ids

KEY = uuid.UUID(int=5)


def test_ones_own_channels(alice: User, carol: User, olga: User) -> None:
    assert channels_of(alice) == {f"user-{alice.pk}"}
    assert channels_of(carol) == {f"user-{carol.pk}", COACHES}
    assert channels_of(olga) == {f"user-{olga.pk}", COACHES}
    assert channels_of(AnonymousUser()) == channels_of(None) == set()
    alice.is_active = False
    assert channels_of(alice) == set()


def test_a_request_cannot_name_another(alice: User, bob: User) -> None:
    request = RequestFactory().get(f"/events/?channel=user-{bob.pk}&channel={COACHES}")
    request.user = alice
    named = {"channel": f"user-{bob.pk}", "channels": [COACHES]}
    assert OwnChannels().get_channels_for_request(request, named) == {f"user-{alice.pk}"}
    assert OwnChannels().can_read_channel(alice, f"user-{alice.pk}")
    assert not OwnChannels().can_read_channel(alice, f"user-{bob.pk}")
    assert not OwnChannels().can_read_channel(alice, COACHES)
    assert not OwnChannels().can_read_channel(None, COACHES)


@pytest.mark.parametrize(
    ("said", "found"),
    [
        pytest.param("", {}, id="nothing: from now on"),
        pytest.param("user-a:5", {"user-a": "5"}, id="one"),
        pytest.param("user-a:5,coaches:0", {"user-a": "5", "coaches": "0"}, id="both"),
        pytest.param("user-b:5,user-a:6", {"user-a": "6"}, id="another's is left out"),
        pytest.param("user-a:-5", {"user-a": "-1", "coaches": "-1"}, id="negative: lost"),
        pytest.param("user-a:٣", {"user-a": "-1", "coaches": "-1"}, id="other digits: lost"),
        pytest.param("user-a:" + "9" * 30, {"user-a": "-1", "coaches": "-1"}, id="beyond a bigint: lost"),
        pytest.param("error", {"user-a": "-1", "coaches": "-1"}, id="not ours: lost"),
    ],
)
def test_where_a_page_stood(said: str, found: dict[str, str]) -> None:
    assert last_ids(said, channels={"user-a", "coaches"}) == found


@given(st.text(max_size=100))
def test_no_last_event_id_crashes(said: str) -> None:
    found = last_ids(said, channels={"a"})
    assert all(-1 <= int(number) < 2**63 for number in found.values())


class TestStorage:
    def test_numbers_count_up_without_a_gap_for_each_channel(self, db) -> None:
        storage = ReleasingStorage()
        assert [storage.append_event("a", "x", {}).id for _ in range(3)] == [1, 2, 3]
        assert storage.append_event("b", "x", {}).id == 1
        assert [e.id for e in storage.get_events("a", 1)] == [2, 3]
        assert [e.id for e in storage.get_events("a", 0, limit=2)] == [1, 2]
        assert storage.get_events("a", 3) == []
        assert storage.get_current_id("a") == 3
        assert storage.get_current_id("quiet") == 0
        assert storage.get_events("quiet", 0) == []

    def test_the_event_after_one_that_was_thrown_away_is_not_lost(self, db) -> None:
        storage = ReleasingStorage()
        for _ in range(3):
            storage.append_event("a", "x", {})
        Event.objects.filter(eid__lte=2).delete()
        assert [e.id for e in storage.get_events("a", 2)] == [3]

    @pytest.mark.parametrize("last_id", [-1, 0, 1, 9])
    def test_a_gap_is_said(self, db, last_id: int) -> None:
        storage = ReleasingStorage()
        for _ in range(3):
            storage.append_event("a", "x", {})
        Event.objects.filter(eid__lte=2).delete()
        with pytest.raises(EventDoesNotExist) as caught:
            storage.get_events("a", last_id)
        assert caught.value.current_id == 3

    def test_a_rolled_back_event_leaves_no_gap(self, db) -> None:
        storage = ReleasingStorage()
        storage.append_event("a", "x", {})
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            storage.append_event("a", "x", {})
            raise ZeroDivisionError
        assert storage.append_event("a", "x", {}).id == 2


class TestNotify:
    def test_only_what_is_committed_is_said(
        self, alice: User, django_capture_on_commit_callbacks: Any
    ) -> None:
        with django_capture_on_commit_callbacks(execute=True):
            with pytest.raises(ZeroDivisionError), transaction.atomic():
                notify(user_id=alice.pk, kind="never_happened", object_id=KEY)
                raise ZeroDivisionError
            notify(user_id=alice.pk, kind="recommendation_ready", object_id=KEY)
            notify_coaches(kind="consensus_reached")
            assert not Event.objects.exists()
        said = list(Event.objects.order_by("id").values_list("channel", "type", "data"))
        assert said == [
            (
                channel_of(alice.pk),
                "recommendation_ready",
                f'{{"kind": "recommendation_ready", "id": "{KEY}"}}',
            ),
            (COACHES, "consensus_reached", '{"kind": "consensus_reached", "id": null}'),
        ]

    def test_redis_away_is_nobodys_failure(
        self, alice: User, settings, caplog, django_capture_on_commit_callbacks: Any
    ) -> None:
        settings.REDIS_URL = "unix:///nowhere/valkey.sock"
        with django_capture_on_commit_callbacks(execute=True):
            notify(user_id=alice.pk, kind="training_finished", object_id=KEY)
        assert Event.objects.count() == 1
        assert "could not ring" in caplog.text

    def test_many_hear_the_same_with_one_statement(
        self, alice: User, bob: User, django_capture_on_commit_callbacks: Any, django_assert_num_queries: Any
    ) -> None:
        ReleasingStorage().append_event(channel_of(bob.pk), "recommendation_ready", {})
        with django_assert_num_queries(1), django_capture_on_commit_callbacks(execute=True):
            notify_all(user_ids=[bob.pk, alice.pk, bob.pk], kind="training_finished", object_id=KEY)
        said = Event.objects.filter(type="training_finished").values_list("channel", "eid", "data")
        pointer = f'{{"kind": "training_finished", "id": "{KEY}"}}'
        assert sorted(said) == sorted([(channel_of(alice.pk), 1, pointer), (channel_of(bob.pk), 2, pointer)])

    def test_many_and_redis_away(
        self, alice: User, bob: User, settings, caplog, django_capture_on_commit_callbacks: Any
    ) -> None:
        settings.REDIS_URL = "unix:///nowhere/valkey.sock"
        with django_capture_on_commit_callbacks(execute=True):
            notify_all(user_ids=[alice.pk, bob.pk], kind="training_finished", object_id=KEY)
        assert Event.objects.count() == 2
        assert caplog.text.count("could not ring") == 1

    def test_nobody_hears_nothing(self, db, django_capture_on_commit_callbacks: Any) -> None:
        with django_capture_on_commit_callbacks(execute=True):
            notify_all(user_ids=[], kind="training_finished", object_id=KEY)
        assert not Event.objects.exists()

    @pytest.mark.parametrize("kind", ["Slept 4 hours", "", "a" * 5 + "\n", "a_b_c_d_e_f", "x;y"])
    def test_a_kind_is_a_plain_name(self, db, kind: str) -> None:
        with pytest.raises(NotAPointer):
            notify(user_id=KEY, kind=kind)

    def test_a_pointer_is_a_key(self, db) -> None:
        with pytest.raises(NotAPointer):
            notify(user_id=KEY, kind="session_logged", object_id="slept 4 hours")


def test_ours_is_installed() -> None:
    assert isinstance(get_listener_manager(), WakingListeners)


class TestEventsView:
    def test_login_first(self, client: Client, db) -> None:
        refused = client.get("/events/", headers={"Accept": "text/event-stream"})
        assert refused.status_code == 401
        assert refused.headers["Content-Type"] == "application/problem+json"

    @pytest.mark.parametrize("method", ["head", "post", "put", "delete", "options"])
    def test_it_is_only_read(self, client: Client, alice: User, method: str) -> None:
        client.force_login(alice)
        assert getattr(client, method)("/events/").status_code == 405

    def test_too_many(self, client: Client, alice: User, settings) -> None:
        settings.STREAMS_PER_USER = 0
        client.force_login(alice)
        refused = client.get("/events/", headers={"Accept": "text/event-stream"})
        assert refused.status_code == 503
        assert "Retry-After" in refused.headers


def test_the_storage_keeps_a_connection_that_is_in_a_transaction(db) -> None:
    ReleasingStorage().get_current_id("a")
    assert connection.connection is not None
    assert connection.in_atomic_block
