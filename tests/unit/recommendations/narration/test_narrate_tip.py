"""The teller's contract with narrators that break theirs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable

import pytest

from recommendations.narration.base import (
    LAST_RESORT,
    Chunk,
    Complete,
    NarrationItem,
    NarrationRequest,
    Narrator,
    Restart,
    narrate_tip,
)
from recommendations.narration.templates import TemplateNarrator, template_sentences


class Said:
    """Says what it is given; raises, or falls silent, where told."""

    source = "claude"

    def __init__(self, *pieces: str | BaseException | None) -> None:
        self.pieces = pieces
        self.is_closed = False

    async def narrate(self, request: NarrationRequest) -> AsyncGenerator[str, None]:
        try:
            for piece in self.pieces:
                if piece is None:
                    await asyncio.sleep(60)
                elif isinstance(piece, BaseException):
                    raise piece
                else:
                    yield piece
        finally:
            self.is_closed = True


async def told(
    narrator: Narrator, request: NarrationRequest, fallback: Narrator | None = None
) -> list[NarrationItem]:
    telling = narrate_tip(
        narrator=narrator, fallback=fallback or TemplateNarrator(), request=request, patience_seconds=0.05
    )
    return [item async for item in telling]


async def test_chunks_join_to_the_text(narration_request: NarrationRequest) -> None:
    items = await told(Said("One way. An", "other way. And"), narration_request)
    assert items == [
        Chunk("One way."),
        Chunk(" Another way."),
        Chunk(" And"),
        Complete("One way. Another way. And", "claude", fallback=False),
    ]


@pytest.mark.parametrize(
    ("pieces", "reason"),
    [
        ((), "empty"),
        (("",), "empty"),
        ((RuntimeError("boom"),), "error"),
        ((None,), "stalled"),
        (("4711",), "unsupported_number"),
        (("x" * 5000,), "too_long"),
    ],
)
async def test_what_fails_before_a_sentence_needs_no_restart(
    narration_request: NarrationRequest, pieces: tuple[str | BaseException | None, ...], reason: str
) -> None:
    narrator = Said(*pieces)
    items = await told(narrator, narration_request)
    sentences = template_sentences(narration_request)
    assert [type(item) for item in items] == [*[Chunk] * len(sentences), Complete]
    assert items[-1] == Complete(" ".join(sentences), "template", fallback=True, reason=reason)
    assert narrator.is_closed


@pytest.mark.parametrize(
    ("pieces", "reason"),
    [((RuntimeError("boom"),), "error"), ((None,), "stalled"), (("Worth 4711.",), "unsupported_number")],
)
async def test_what_fails_after_a_sentence_restarts(
    narration_request: NarrationRequest, pieces: tuple[str | BaseException | None, ...], reason: str
) -> None:
    items = await told(Said("A fine start. ", *pieces), narration_request)
    assert items[:2] == [Chunk("A fine start."), Restart(reason)]
    assert isinstance(items[-1], Complete)
    assert items[-1].reason == reason


async def test_a_numeral_cut_between_pieces_is_checked_whole(
    request_for: Callable[..., NarrationRequest],
) -> None:
    request = request_for(tip={"gain": 5.0, "dose": 150}, prediction={}, stats={})
    items = await told(Said("It is 5", "0 points."), request)
    assert isinstance(items[-1], Complete)
    assert items[-1].reason == "unsupported_number"
    items = await told(Said("It is 1", "50 mg for 5", " points."), request)
    assert items[-1] == Complete("It is 150 mg for 5 points.", "claude", fallback=False)


@pytest.mark.parametrize(
    ("fallback", "text"),
    [
        pytest.param(Said(RuntimeError("boom")), LAST_RESORT, id="raises"),
        pytest.param(Said(), LAST_RESORT, id="says nothing"),
        pytest.param(Said("It is worth 4711."), LAST_RESORT, id="says a number from nowhere"),
        pytest.param(Said("Nobody knows. ", RuntimeError("boom")), "Nobody knows.", id="raises later"),
    ],
)
async def test_there_is_always_something_to_read(
    narration_request: NarrationRequest, fallback: Said, text: str
) -> None:
    items = await told(Said(), narration_request, fallback)
    assert items == [Chunk(text), Complete(text, "claude", fallback=True, reason="empty")]


async def test_the_template_is_no_fallback_where_it_is_the_narrator(
    narration_request: NarrationRequest,
) -> None:
    last = (await told(TemplateNarrator(), narration_request))[-1]
    assert last == Complete(" ".join(template_sentences(narration_request)), "template", fallback=False)


async def test_a_reader_who_leaves_closes_the_narrator(narration_request: NarrationRequest) -> None:
    narrator = Said("One. ", "Two. ", None)
    telling = narrate_tip(narrator=narrator, fallback=TemplateNarrator(), request=narration_request)
    assert await anext(telling) == Chunk("One.")
    await telling.aclose()
    assert narrator.is_closed


async def test_cancellation_is_not_a_failure(narration_request: NarrationRequest) -> None:
    narrator = Said(None)
    telling = narrate_tip(narrator=narrator, fallback=TemplateNarrator(), request=narration_request)
    task = asyncio.ensure_future(anext(telling))
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert narrator.is_closed
