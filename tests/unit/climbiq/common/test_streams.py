"""Streams: their frames, their slots, their silence and their end."""

from __future__ import annotations

import asyncio
import gc
import json
from collections.abc import AsyncGenerator
from typing import Any

import pytest
from django.core.checks import run_checks
from django.http import StreamingHttpResponse
from hypothesis import given
from hypothesis import strategies as st

from climbiq.common import streams
from climbiq.common.streams import format_event, sse_response

ALICE = "11111111-1111-1111-1111-111111111111"
BOB = "22222222-2222-2222-2222-222222222222"


def open_streams(user_id=None) -> int:
    """How many streams this process has open, for one person or in all."""
    return streams._open.total() if user_id is None else streams._open[str(user_id)]


async def counting(
    n: int, *, closed: list[str] | None = None, pause: float = 0.0
) -> AsyncGenerator[bytes, None]:
    """Yield n events; note when it is closed."""
    try:
        for i in range(n):
            await asyncio.sleep(pause)
            yield format_event(str(i), "tick", i)
    finally:
        if closed is not None:
            closed.append("closed")


@pytest.fixture(autouse=True)
def _no_streams_of_other_tests() -> None:
    """A stream that nobody read gives its slot back when it is thrown away, which may be a while after its test."""
    gc.collect()
    assert open_streams() == 0


async def read(response: Any) -> list[bytes]:
    """All frames of a stream."""
    assert isinstance(response, StreamingHttpResponse)
    return [part async for part in response]


async def test_a_stream_from_its_first_to_its_last_byte() -> None:
    closed: list[str] = []
    response = sse_response(counting(2, closed=closed), user_id=ALICE)
    assert open_streams(ALICE) == 1
    assert await read(response) == [
        b"retry: 2000\n\nid: 0\nevent: tick\ndata: 0\n\n",
        b"id: 1\nevent: tick\ndata: 1\n\n",
    ]
    assert closed == ["closed"]
    assert open_streams() == 0


async def test_no_proxy_may_gather_or_compress_it() -> None:
    response = sse_response(counting(0), user_id=ALICE)
    assert response.headers["Content-Type"] == "text/event-stream"
    assert response.headers["Content-Encoding"] == "identity"
    assert response.headers["Cache-Control"] == "no-cache, no-transform"
    assert response.headers["X-Accel-Buffering"] == "no"
    await read(response)


async def test_silence_is_filled_with_comments() -> None:
    frames = await read(sse_response(counting(1, pause=0.25), user_id=ALICE, keep_alive_seconds=0.1))
    assert frames == [
        b"retry: 2000\n\n: keep-alive\n\n",
        b": keep-alive\n\n",
        b"id: 0\nevent: tick\ndata: 0\n\n",
    ]


async def test_it_ends_when_its_time_is_over() -> None:
    closed: list[str] = []
    frames = await read(
        sse_response(counting(1000, closed=closed, pause=0.02), user_id=ALICE, lifetime_seconds=0.15)
    )
    assert 2 < len(frames) < 12
    assert closed == ["closed"]
    assert open_streams() == 0


async def test_a_client_that_leaves_ends_it() -> None:
    closed: list[str] = []
    response = sse_response(counting(1000, closed=closed, pause=60), user_id=ALICE)
    reader = asyncio.create_task(read(response))
    await asyncio.sleep(0.05)
    reader.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reader
    assert closed == ["closed"]
    assert open_streams() == 0


async def test_a_client_that_leaves_before_the_first_byte_gives_its_slot_back() -> None:
    response = sse_response(counting(1), user_id=ALICE)
    assert open_streams(ALICE) == 1
    del response
    gc.collect()
    assert open_streams() == 0


async def test_a_person_has_so_many_and_a_process_so_many(settings) -> None:
    settings.STREAMS_PER_USER, settings.STREAMS_PER_PROCESS = 2, 3
    kept = [sse_response(counting(1), user_id=user) for user in (ALICE, ALICE, BOB)]
    for user in (ALICE, BOB):
        refused = sse_response(counting(1), user_id=user)
        assert refused.status_code == 503
        assert refused.headers["Content-Type"] == "application/problem+json"
        assert 5 <= int(refused.headers["Retry-After"]) <= 20
        assert json.loads(refused.content)["type"] == "urn:climbiq:problem:too-many-streams"
    await read(kept.pop())
    assert sse_response(counting(1), user_id=BOB).status_code == 200


async def test_a_stream_that_breaks_off_ends_and_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    async def broken() -> AsyncGenerator[bytes, None]:
        yield b"data: 1\n\n"
        raise RuntimeError("boom")

    assert await read(sse_response(broken(), user_id=ALICE)) == [b"retry: 2000\n\ndata: 1\n\n"]
    assert "boom" in caplog.text
    assert open_streams() == 0


async def test_the_generator_runs_in_one_task() -> None:
    async def with_a_timeout() -> AsyncGenerator[bytes, None]:
        async with asyncio.timeout(5):
            for _ in range(3):
                await asyncio.sleep(0)
                yield b"data: 1\n\n"

    assert len(await read(sse_response(with_a_timeout(), user_id=ALICE))) == 3


@given(st.text(), st.dictionaries(st.text(max_size=5), st.text(max_size=20), max_size=3))
def test_no_text_breaks_out_of_its_frame(text: str, more: dict[str, str]) -> None:
    data = {
        "text": text.encode("utf-8", "ignore").decode(),
        "more": {
            k.encode("utf-8", "ignore").decode(): v.encode("utf-8", "ignore").decode()
            for k, v in more.items()
        },
    }
    frame = format_event("7:1", "nlg_chunk", data).decode()
    head, event, body, *rest = frame.split("\n")
    assert (head, event, rest) == ("id: 7:1", "event: nlg_chunk", ["", ""])
    assert json.loads(body.removeprefix("data: ")) == data
    assert "\r" not in frame


@pytest.mark.parametrize("name", ["a\nb", "a\rb", "a\0b"])
def test_a_name_of_two_lines_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="one line"):
        format_event("1", name, {})


def test_wsgi_is_refused(settings, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not [m for m in run_checks() if m.id and m.id.startswith("climbiq.E")]
    settings.WSGI_APPLICATION = "climbiq.wsgi.application"
    monkeypatch.setattr("sys.argv", ["manage.py", "runserver"])
    assert {m.id for m in run_checks()} >= {"climbiq.E001", "climbiq.E002"}
