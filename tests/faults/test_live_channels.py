"""Live channels over real servers: several senders, several processes, cut connections, a Redis that goes away."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import psycopg
import pytest

from climbiq.local.valkey import EmbeddedValkey
from tests.factories.served import Served, add_account
from tests.fixtures import warm
from tests.fixtures.database import server_environment, superuser_url
from tests.fixtures.servers import Site

pytestmark = pytest.mark.faults

SENDERS = 3
EVENTS_EACH = 35
CUT_AFTER = 7

SEND = """
import uuid
from django.db import transaction
from climbiq.live.services import notify
for number in range({count}):
    with transaction.atomic():
        notify(user_id="{user}", kind="test_event", object_id=uuid.UUID(int={sender} * 1_000_000 + number))
"""


@pytest.fixture
def own_valkey(tmp_path: Path) -> Iterator[EmbeddedValkey]:
    """A Valkey that this test may stop."""
    server = EmbeddedValkey(tmp_path, durable=False).start()
    yield server
    server.stop()


def send(site: Site, user: Served, *, sender: int, count: int) -> warm.WarmProcess:
    """Start a process of the service role that notifies `user`."""
    return warm.start(
        ["manage.py", "shell", "--no-imports", "-c", SEND.format(user=user.id, sender=sender, count=count)],
        env=server_environment(site.database, "service") | site.environment,
    )


def events(response: httpx.Response) -> Iterator[tuple[str, str, str]]:
    """Parse id, name and data of each event."""
    fields: dict[str, str] = {}
    for line in response.iter_lines():
        if line:
            name, _, value = line.partition(":")
            if name:
                fields[name] = value.removeprefix(" ")
        elif fields:
            if "event" in fields:
                yield fields.get("id", ""), fields["event"], fields.get("data", "")
            fields = {}


class Listener(threading.Thread):
    """A page that is cut off again and again, and comes back at another process each time."""

    def __init__(self, addresses: list[str], user: Served, *, wanted: int, cut_after: int) -> None:
        super().__init__(daemon=True)
        self.addresses, self.user = addresses, user
        self.wanted, self.cut_after = wanted, cut_after
        self.last_id = ""
        self.received: list[tuple[str, str]] = []
        self.ready = threading.Event()
        self.resets = 0

    def run(self) -> None:
        for turn in range(1000):
            if len(self.received) >= self.wanted:
                return
            try:
                self.listen(self.addresses[turn % len(self.addresses)])
            except httpx.HTTPError:
                time.sleep(0.2)

    def listen(self, address: str) -> None:
        headers = self.user.headers | ({"Last-Event-ID": self.last_id} if self.last_id else {})
        taken = 0
        with httpx.stream("GET", f"{address}/events/", headers=headers, timeout=40) as response:
            assert response.status_code == 200, response.read()
            for event_id, name, data in events(response):
                self.last_id = event_id or self.last_id
                if name == "stream-reset":
                    self.resets += 1
                if name == "ready":
                    self.ready.set()
                if name == "test_event":
                    self.received.append((event_id, json.loads(data)["id"]))
                    taken += 1
                    if taken == self.cut_after or len(self.received) >= self.wanted:
                        return


def test_several_senders_and_a_page_that_is_cut_off(site: Site) -> None:
    user = add_account(site.database, email="alice@example.org")
    addresses = [site.start(), site.start()]
    page = Listener(addresses, user, wanted=SENDERS * EVENTS_EACH, cut_after=CUT_AFTER)
    page.start()
    assert page.ready.wait(10)
    senders = [send(site, user, sender=n, count=EVENTS_EACH) for n in range(SENDERS)]
    assert [sender.wait(60) for sender in senders] == [0] * SENDERS
    page.join(30)

    numbers = [int(event_id.rsplit(":", 1)[1]) for event_id, _ in page.received]
    assert numbers == list(range(1, SENDERS * EVENTS_EACH + 1)), "lost, doubled or reordered"
    assert len({key for _, key in page.received}) == SENDERS * EVENTS_EACH
    assert page.resets == 0
    assert {event_id.rsplit(":", 1)[0] for event_id, _ in page.received} == {f"user-{user.id}"}


def test_redis_away_for_long_and_back(site: Site, own_valkey: EmbeddedValkey) -> None:
    site.environment["REDIS_URL"] = own_valkey.url()
    user = add_account(site.database, email="alice@example.org")
    address = site.start()
    page = Listener([address], user, wanted=3, cut_after=1000)
    page.start()
    assert page.ready.wait(10)
    assert send(site, user, sender=0, count=1).wait(30) == 0
    wait_for(lambda: len(page.received) == 1, seconds=10)

    own_valkey.stop()
    assert send(site, user, sender=1, count=1).wait(30) == 0  # stored; and the sender did not fail
    time.sleep(12.5)
    late = Listener([address], user, wanted=2, cut_after=1000)
    late.last_id = page.received[0][0]
    late.start()
    wait_for(lambda: len(late.received) == 1, seconds=5)  # a new page reads it without any Redis
    own_valkey.start()
    wait_for(lambda: len(page.received) == 2, seconds=10)
    assert send(site, user, sender=2, count=1).wait(30) == 0
    wait_for(lambda: len(page.received) == 3 and len(late.received) == 2, seconds=10)
    assert [int(event_id.rsplit(":", 1)[1]) for event_id, _ in page.received] == [1, 2, 3]


def test_idle_streams_hold_no_database_connection(site: Site) -> None:
    user = add_account(site.database, email="alice@example.org")
    address = site.start(CLIMBIQ_DB_POOL="2", CLIMBIQ_STREAMS_PER_USER="50")
    pages = [Listener([address], user, wanted=1, cut_after=1) for _ in range(30)]
    for page in pages:
        page.start()
    assert all(page.ready.wait(40) for page in pages)

    def backends() -> tuple[int, int]:
        with psycopg.connect(superuser_url(site.database)) as watcher:
            return watcher.execute(
                "SELECT count(*), count(*) FILTER (WHERE state <> 'idle') FROM pg_stat_activity "
                "WHERE datname = %s AND application_name = 'climbiq-app'",
                [site.database],
            ).fetchone()

    # The last of the thirty may still be reading where it begins; after that nobody holds anything.
    wait_for(lambda: backends()[1] == 0, seconds=15)
    assert backends()[0] <= 2
    started = time.monotonic()
    answer = httpx.get(f"{address}/api/v1/users/me", headers=user.headers, timeout=5)
    assert answer.status_code == 200
    assert time.monotonic() - started < 5
    assert send(site, user, sender=0, count=1).wait(30) == 0
    for page in pages:
        page.join(15)
    assert [len(page.received) for page in pages] == [1] * 30


def test_one_stream_too_many_is_told_to_come_back(site: Site) -> None:
    user = add_account(site.database, email="alice@example.org")
    address = site.start(CLIMBIQ_STREAMS_PER_USER="2")
    pages = [Listener([address], user, wanted=1, cut_after=1) for _ in range(2)]
    for page in pages:
        page.start()
    assert all(page.ready.wait(10) for page in pages)
    refused = httpx.get(
        f"{address}/events/", headers=user.headers | {"Accept": "text/event-stream"}, timeout=5
    )
    assert refused.status_code == 503
    assert refused.headers["Content-Type"] == "application/problem+json"
    assert 5 <= int(refused.headers["Retry-After"]) <= 20
    assert send(site, user, sender=0, count=1).wait(30) == 0
    for page in pages:
        page.join(10)
    # Both have left: their places are free again.
    wait_for(lambda: opens(address, user), seconds=5)


def test_nobody_hears_another(site: Site) -> None:
    alice = add_account(site.database, email="alice@example.org")
    bob = add_account(site.database, email="bob@example.org")
    address = site.start()
    spy = Listener([f"{address}"], bob, wanted=1, cut_after=1)
    spy.last_id = f"user-{alice.id}:0,user-{bob.id}:0,coaches:0"
    spy.start()
    assert spy.ready.wait(10)
    query = httpx.stream(
        "GET", f"{address}/events/?channel=user-{alice.id}&channel=coaches", headers=bob.headers, timeout=40
    )
    with query as response:
        heard = events(response)
        assert next(heard)[:2] == (f"user-{bob.id}:0", "ready")
        assert send(site, alice, sender=0, count=2).wait(30) == 0
        assert send(site, bob, sender=7, count=1).wait(30) == 0
        name = ""
        while name != "test_event":
            event_id, name, data = next(heard)
        assert (event_id, json.loads(data)["id"][-7:]) == (f"user-{bob.id}:1", f"{7_000_000:x}".zfill(7)[-7:])
    spy.join(10)
    assert [event_id for event_id, _ in spy.received] == [f"user-{bob.id}:1"]
    assert httpx.get(f"{address}/events/", timeout=5).status_code == 401


def opens(address: str, user: Served) -> bool:
    """Tell whether a stream can be opened now."""
    with httpx.stream("GET", f"{address}/events/", headers=user.headers, timeout=5) as response:
        return response.status_code == 200


def wait_for(condition, *, seconds: float) -> None:
    """Poll until it holds."""
    ends_at = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < ends_at, "it did not happen in time"
        time.sleep(0.05)
