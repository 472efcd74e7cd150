"""A recommendation's stream: prompt, resumable anywhere, and finished whatever breaks."""

from __future__ import annotations

import asyncio
import json
import random
import re
import statistics
import time

import httpx
import psycopg
import pytest

from recommendations.narration.base import NarrationRequest
from recommendations.narration.templates import template_sentences
from tests.factories.openapi import faults
from tests.fakes.messages_api import MODES
from tests.fakes.messages_wire import SentPiece
from tests.fixtures.database import superuser_url
from tests.fixtures.servers import free_port
from tests.fixtures.streams import CONDITIONS, Pair, events_of, pair, read_with_cuts, take

pytestmark = [pytest.mark.faults, pytest.mark.usefixtures("messages_api")]
assert pair

PATH = "/api/v1/recommendations/pre-session"
BODY = {"current_conditions": CONDITIONS}
NUMBERS = ["meta", "rule_trace", "prediction", "recommendations", "stats"]


def assert_whole(got) -> None:
    """Numbered without a gap or a repetition, in order, every tip told, and done."""
    assert [e.seq for e in got] == list(range(1, len(got) + 1))
    names = [e.event for e in got]
    assert names[:5] == NUMBERS
    assert names[-1] == "done"
    assert names.count("done") == 1
    told = [e.data["index"] for e in got if e.event == "nlg_complete"]
    tips = [tip["index"] for tip in got[3].data["items"]]
    assert told == tips
    assert len(tips) >= 2


def assert_told_by_template(got) -> None:
    """Whole, in the template's own words, and marked as such."""
    assert_whole(got)
    data = {e.event: e.data for e in got[:5]}
    complete = [e.data for e in got if e.event == "nlg_complete"]
    assert {(c["source"], c["fallback"]) for c in complete} == {("template", True)}
    for tip, told in zip(data["recommendations"]["items"], complete, strict=True):
        request = NarrationRequest(tip=tip, prediction=data["prediction"], stats=data["stats"])
        assert told["text"] == " ".join(template_sentences(request))
    assert final_texts(got) == {c["index"]: c["text"] for c in complete}


def final_texts(got) -> dict[int, str]:
    """What a client that follows the protocol shows in the end, without reading `nlg_complete`'s own copy."""
    texts: dict[int, str] = {}
    for event in got:
        if event.event == "nlg_start":
            texts[event.data["index"]] = ""
        elif event.event == "nlg_chunk":
            texts[event.data["index"]] += event.data["text"]
    return texts


def produced_at(chunks: list[str], sent: list[SentPiece]) -> list[float]:
    """When Claude had said the last word of each chunk: they are its pieces, some at a time, in their order."""
    moments, pieces = [], iter(sent)
    for chunk in chunks:
        said = ""
        while said.strip() != chunk.strip():
            piece = next(pieces)
            said += piece.text
            assert chunk.strip().startswith(said.strip()), (said, chunk)
        moments.append(piece.at)
    assert next(pieces, None) is None
    return moments


async def test_every_chunk_arrives_within_250_ms_of_being_produced(pair: Pair, messages_api):
    """From Claude's last word of a sentence to the client: checked, put in line, stored, sent."""
    lags: list[float] = []
    async with httpx.AsyncClient(timeout=30) as client:
        for base in pair.addresses:
            messages_api.reset()
            messages_api.behave(delay_seconds=0.03)
            async with client.stream("POST", base + PATH, json=BODY, headers=pair.headers) as response:
                arrivals = [(time.time(), event) async for _, event in events_of(response)]
            assert_whole([event for _, event in arrivals])
            chunks = [(at, e.data["text"]) for at, e in arrivals if e.event == "nlg_chunk"]
            produced = produced_at([text for _, text in chunks], messages_api.sent)
            lags += [at - then for (at, _), then in zip(chunks, produced, strict=True)]
    assert len(lags) >= 12
    assert min(lags) > 0
    assert max(lags) < 0.25, lags


async def test_another_process_follows_as_promptly(pair: Pair, messages_api):
    messages_api.behave(delay_seconds=0.06)
    writer, reader = pair.addresses
    async with httpx.AsyncClient(timeout=30) as client:
        first = await take(client, "POST", writer + PATH, 5, json=BODY, headers=pair.headers)
        owner = first[0].id.split(":")[0]
        path = f"{reader}/api/v1/recommendations/{owner}/events?after=5"
        async with client.stream("GET", path, headers=pair.headers) as response:
            came = time.time()
            arrivals = [(time.time(), event) async for _, event in events_of(response)]
    written = dict(
        pair.sql(
            "SELECT seq, extract(epoch FROM created_at)::float8 FROM recommendation_events WHERE recommendation_id = %s",
            [owner],
        )
    )
    assert_whole(first + [event for _, event in arrivals])
    # Those written before this reader came are not late, they are old.
    late = [at - written[e.seq] for at, e in arrivals if e.event == "nlg_chunk" and written[e.seq] > came]
    assert len(late) >= 4
    assert max(late) < 0.25


async def test_cut_and_resumed_thirty_times_over_two_processes(pair: Pair, messages_api):
    messages_api.behave(delay_seconds=0.004)
    async with httpx.AsyncClient(timeout=30, limits=httpx.Limits(max_connections=60)) as client:
        results = await asyncio.gather(
            *(read_with_cuts(pair, client, random.Random(n), f"cut-{n}-{time.time()}") for n in range(30))
        )
    for got in results:
        assert_whole(got)
        completes = {e.data["index"]: e.data["text"] for e in got if e.event == "nlg_complete"}
        assert final_texts(got) == completes


async def test_it_is_announced_once_and_a_second_reader_changes_nothing(pair: Pair, messages_api):
    async with httpx.AsyncClient(timeout=30) as client:
        got = await take(client, "POST", pair.addresses[0] + PATH, json=BODY, headers=pair.headers)
        owner = got[0].id.split(":")[0]
        await take(
            client, "GET", f"{pair.addresses[1]}/api/v1/recommendations/{owner}/events", headers=pair.headers
        )
    announced = "SELECT type FROM django_eventstream_event WHERE data LIKE %s"
    assert pair.sql(announced, [f"%{owner}%"]) == [("recommendation_ready",)]


async def test_what_is_sent_at_once_is_what_is_kept(pair: Pair, messages_api):
    async with httpx.AsyncClient(timeout=30) as client:
        sent = await client.post(pair.addresses[0] + PATH, json=BODY, headers=pair.headers)
        owner = re.search(r"^id: ([0-9a-f-]{36}):1$", sent.text, re.MULTILINE)[1]
        path = f"{pair.addresses[1]}/api/v1/recommendations/{owner}/events"
        kept = await client.get(path, headers=pair.headers | {"Accept": "text/event-stream"})
    assert sent.text.count("\nevent: ") > 5
    assert kept.text == sent.text


async def test_a_process_killed_in_mid_sentence(pair: Pair, messages_api):
    messages_api.behave(delay_seconds=0.05)
    victim, survivor = pair.site.start(), pair.addresses[1]
    async with httpx.AsyncClient(timeout=30) as client:
        got = []
        try:
            async with client.stream("POST", victim + PATH, json=BODY, headers=pair.headers) as response:
                async for _, event in events_of(response):
                    got.append(event)
                    if event.event == "nlg_chunk":
                        pair.site.kill(victim)
        except httpx.HTTPError:
            pass
        assert got[-1].event == "nlg_chunk"
        owner = got[0].id.split(":")[0]
        path = f"{survivor}/api/v1/recommendations/{owner}/events"
        got += await take(client, "GET", path, headers=pair.headers | {"Last-Event-ID": got[-1].id})
    assert_whole(got)
    restarts = [e for e in got if e.event == "nlg_start" and e.data.get("restart")]
    assert len(restarts) == 1
    assert final_texts(got) == {e.data["index"]: e.data["text"] for e in got if e.event == "nlg_complete"}


OF_THE_WEB = "SELECT state FROM pg_stat_activity WHERE application_name = 'climbiq-app' AND datname = current_database()"


async def test_fifty_open_streams_hold_no_connection(pair: Pair, messages_api):
    messages_api.behave(mode="stall_first")
    # So patient with Claude that they stay open; three connections, which fifty holders would not leave to others.
    base = pair.site.start(CLIMBIQ_NLG_SECONDS="60", CLIMBIQ_DB_POOL="3")
    async with httpx.AsyncClient(timeout=60, limits=httpx.Limits(max_connections=60)) as client:

        async def stay(got: list[str]) -> None:
            async with client.stream("POST", base + PATH, json=BODY, headers=pair.headers) as response:
                async for _, event in events_of(response):
                    got.append(event.event)

        seen: list[list[str]] = [[] for _ in range(50)]
        tasks = [asyncio.create_task(stay(got)) for got in seen]
        for _ in range(200):
            if all("stats" in got for got in seen):
                break
            await asyncio.sleep(0.1)
        assert all("stats" in got and "done" not in got for got in seen)
        with psycopg.connect(superuser_url(pair.site.database), autocommit=True) as database:
            states: list[list[str]] = []
            for _ in range(400):  # a busy machine takes a while to have stored what was sent
                states.append([state for (state,) in database.execute(OF_THE_WEB)])
                if is_calm(states[-40:]):
                    break
                await asyncio.sleep(0.05)
        others = [await client.get(f"{base}/api/v1/users/me", headers=pair.headers) for _ in range(6)]
        assert not any("done" in got for got in seen)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    pair.site.kill(base)
    assert [answer.status_code for answer in others] == [200] * 6
    assert is_calm(states[-40:]), states[-40:]


def is_calm(states: list[list[str]]) -> bool:
    """Whether, for two seconds, hardly anybody worked and no transaction slept.

    A transaction that waits is one that somebody sleeps in; between two of its statements it is seen once at most.
    """
    waiting = [seen.count("idle in transaction") for seen in states]
    at_work = [sum(state != "idle" for state in seen) for seen in states]
    return (
        len(states) == 40
        and statistics.median(at_work) <= 2
        and statistics.median(waiting) == 0
        and max(waiting) <= 2
    )


FAILURES = [mode for mode in MODES if mode not in {"ok", "thinking", "quote_facts", "script"}]


@pytest.fixture(scope="module")
def hasty(pair: Pair) -> str:
    """A web process whose patience with Claude is a second instead of twelve."""
    return pair.site.start(CLIMBIQ_NLG_SECONDS="1")


@pytest.mark.parametrize("mode", FAILURES)
async def test_when_claude_fails_the_template_speaks(pair: Pair, hasty, messages_api, mode):
    messages_api.behave(mode=mode)
    async with httpx.AsyncClient(timeout=40) as client:
        got = await take(client, "POST", hasty + PATH, json=BODY, headers=pair.headers)
    assert messages_api.requests, "Claude was never asked"
    assert_told_by_template(got)
    assert "4711" not in json.dumps([e.data for e in got])


async def test_when_claude_speaks_too_slowly_the_template_speaks(pair: Pair, hasty, messages_api):
    messages_api.behave(delay_seconds=0.1)  # a word is never long in coming, the end is
    async with httpx.AsyncClient(timeout=40) as client:
        got = await take(client, "POST", hasty + PATH, json=BODY, headers=pair.headers)
    assert messages_api.requests
    assert_told_by_template(got)


async def test_where_nobody_answers_for_claude_the_template_speaks(pair: Pair, messages_api):
    address = pair.site.start(ANTHROPIC_BASE_URL=f"http://127.0.0.1:{free_port()}")
    async with httpx.AsyncClient(timeout=40) as client:
        got = await take(client, "POST", address + PATH, json=BODY, headers=pair.headers)
    pair.site.kill(address)
    assert not messages_api.requests
    assert_told_by_template(got)


async def test_claude_words_what_it_may(pair: Pair, messages_api):
    async with httpx.AsyncClient(timeout=40) as client:
        got = await take(client, "POST", pair.addresses[0] + PATH, json=BODY, headers=pair.headers)
    assert_whole(got)
    assert {e.data["source"] for e in got if e.event == "nlg_complete"} == {"claude"}


async def test_a_recommendation_streams_while_redis_is_down(pair: Pair, messages_api):
    address = pair.site.start(
        REDIS_URL="unix:///nowhere/valkey.sock", CELERY_BROKER_URL="redis+socket:///nowhere/v.sock"
    )
    async with httpx.AsyncClient(timeout=40) as client:
        got = await take(client, "POST", address + PATH, json=BODY, headers=pair.headers)
    assert_whole(got)


async def test_the_same_key_is_the_same_recommendation(pair: Pair, messages_api):
    headers = pair.headers | {"Idempotency-Key": f"again-{time.time()}"}
    async with httpx.AsyncClient(timeout=40) as client:
        first, second = await asyncio.gather(
            take(client, "POST", pair.addresses[0] + PATH, json=BODY, headers=headers),
            take(client, "POST", pair.addresses[1] + PATH, json=BODY, headers=headers),
        )
        other = await client.post(
            pair.addresses[0] + PATH, json={"current_conditions": {"sleep_hours": 9}}, headers=headers
        )
    assert first == second
    assert_whole(first)
    assert other.status_code == 422
    assert other.headers["content-type"] == "application/problem+json"


async def test_after_the_end_there_is_nothing(pair: Pair, messages_api):
    async with httpx.AsyncClient(timeout=40) as client:
        got = await take(client, "POST", pair.addresses[0] + PATH, json=BODY, headers=pair.headers)
        owner = got[0].id.split(":")[0]
        path = f"{pair.addresses[1]}/api/v1/recommendations/{owner}/events"
        end = await client.get(path, headers=pair.headers | {"Last-Event-ID": got[-1].id})
        bad = [
            await client.get(path, headers=pair.headers | {"Last-Event-ID": text})
            for text in ("x", f"{owner}:-1", "00000000-0000-0000-0000-000000000000:3", "9" * 40)
        ]
    assert end.status_code == 204
    assert [b.status_code for b in bad] == [400] * 4


async def test_nobody_reads_anothers_stream(pair: Pair, messages_api):
    from tests.fixtures.streams import sign_up

    token = sign_up(pair.site, f"nosy-{time.time()}@example.org")
    async with httpx.AsyncClient(timeout=40) as client:
        got = await take(client, "POST", pair.addresses[0] + PATH, json=BODY, headers=pair.headers)
        owner = got[0].id.split(":")[0]
        for suffix in ("", "/events"):
            path = f"{pair.addresses[1]}/api/v1/recommendations/{owner}{suffix}"
            answer = await client.get(path, headers={"Authorization": f"Bearer {token}"})
            assert answer.status_code == 404, answer.text


async def test_a_telling_that_always_fails_ends_with_an_error(pair: Pair, messages_api):
    async with httpx.AsyncClient(timeout=40) as client:
        got = await take(client, "POST", pair.addresses[0] + PATH, json=BODY, headers=pair.headers)
        owner = got[0].id.split(":")[0]
        pair.sql(
            "UPDATE recommendations SET is_done = false, last_seq = 5, lease_token = 9, lease_until = NULL WHERE id = %s",
            [owner],
        )
        pair.sql("DELETE FROM recommendation_events WHERE recommendation_id = %s AND seq > 5", [owner])
        pair.sql(
            "UPDATE recommendation_events SET data = '[]' WHERE recommendation_id = %s AND seq = 4", [owner]
        )
        path = f"{pair.addresses[1]}/api/v1/recommendations/{owner}/events?after=5"
        end = await take(client, "GET", path, headers=pair.headers)
        document = (await client.get(pair.addresses[0] + "/api/schema/?format=json")).json()
    assert [e.event for e in end] == ["error", "done"]
    assert end[0].data["status"] == 500
    for event in (*got, *end):  # words of Claude's and the error too: as the schema says
        frame = {"id": event.id, "event": event.event, "data": event.data}
        assert faults(document, "RecommendationEvent", frame) == []
