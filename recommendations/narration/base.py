"""What a narrator is, and how its words reach the climber: checked, sentence by sentence, with a fallback."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Final, Literal, Protocol, TypeAlias

from recommendations.domain.numbers import GivenNumbers
from recommendations.narration.sentences import whole_sentences

logger = logging.getLogger(__name__)

Source = Literal["claude", "template"]
Payload: TypeAlias = Mapping[str, object]

MAX_CHARACTERS: Final = 1200  # three sentences or so; more is a text that went astray
PATIENCE_SECONDS: Final = 15.0  # for the next sentence, whatever the narrator does
LAST_RESORT: Final = "There are no words for this tip today; its figures stand as they are."


class NarrationFailed(Exception):
    """A narrator has no text that may be shown. `reason` is a code word, never any of the text."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class NarrationRequest:
    """What an explanation is made of: the payloads exactly as the climber received them.

    Attributes
    ----------
    tip
        The tip's payload; None where there is nothing to change.
    notes
        The climber's own words. They are quoted to Claude only if `may_quote_notes`, their consent, is on; numbers
        in them support nothing.
    subject
        A keyed hash that stands for the climber towards Claude, or "".
    """

    tip: Payload | None
    prediction: Payload = field(default_factory=dict)
    stats: Payload = field(default_factory=dict)
    notes: str | None = None
    may_quote_notes: bool = False
    subject: str = ""

    @property
    def payloads(self) -> tuple[Payload, ...]:
        return (self.tip or {}, self.prediction, self.stats)


class Narrator(Protocol):
    """Puts a tip into words: pieces of text in order, or `NarrationFailed`, at any time."""

    @property
    def source(self) -> Source: ...

    def narrate(self, request: NarrationRequest) -> AsyncGenerator[str, None]: ...


@dataclass(frozen=True, slots=True)
class Chunk:
    """One checked sentence. The chunks since the last restart, joined, are the text so far."""

    text: str


@dataclass(frozen=True, slots=True)
class Restart:
    """What was shown does not stand: the reader clears it, other text follows."""

    reason: str


@dataclass(frozen=True, slots=True)
class Complete:
    """The end, exactly once: the whole text, who wrote it, and why it is a fallback, if it is one."""

    text: str
    source: Source
    fallback: bool
    reason: str | None = None


NarrationItem: TypeAlias = Chunk | Restart | Complete


async def narrate_tip(
    *,
    narrator: Narrator,
    fallback: Narrator,
    request: NarrationRequest,
    patience_seconds: float = PATIENCE_SECONDS,
) -> AsyncGenerator[NarrationItem, None]:
    """Tell one tip.

    A sentence is held back until it is whole and every numeral in it occurs in the payloads: no unchecked number
    is ever shown. (A numeral never reaches over the end of a sentence, so checking them one by one checks the
    text.) Any failure of `narrator` (an exception, silence, an empty or an endless text, an unsupported number)
    leads to the fallback's text; a restart comes first if sentences of the failed text were already shown.

    Yields
    ------
    Chunk, Restart, Complete
        The last item is always the only `Complete`; its text is the chunks since the last restart, joined.
    """
    given = GivenNumbers.of(request.payloads)
    shown: list[str] = []
    reason: str | None = None
    try:
        async with aclosing(_checked(narrator, request, given, patience_seconds)) as chunks:
            async for chunk in chunks:
                shown.append(chunk.text)
                yield chunk
    except NarrationFailed as failure:
        reason = failure.reason
    except Exception:
        logger.exception("narrator %s failed", narrator.source)
        reason = "error"
    if reason is None:
        yield Complete("".join(shown), narrator.source, fallback=False)
        return
    logger.info("narration by %s replaced: %s", narrator.source, reason)
    if shown:
        yield Restart(reason)
    instead = await _fallback_chunks(fallback, request, given, patience_seconds)
    for chunk in instead:
        yield chunk
    yield Complete("".join(c.text for c in instead), fallback.source, fallback=True, reason=reason)


async def _checked(
    narrator: Narrator, request: NarrationRequest, given: GivenNumbers, patience_seconds: float
) -> AsyncGenerator[Chunk, None]:
    text = ""
    async with aclosing(_patiently(narrator, request, patience_seconds)) as sentences:
        async for sentence in sentences:
            joint = " " if text else ""
            text = f"{text}{joint}{sentence}"
            if len(text) > MAX_CHARACTERS:
                raise NarrationFailed("too_long")
            if given.unsupported(sentence):
                raise NarrationFailed("unsupported_number")
            yield Chunk(f"{joint}{sentence}")
    if not text:
        raise NarrationFailed("empty")


async def _patiently(
    narrator: Narrator, request: NarrationRequest, patience_seconds: float
) -> AsyncGenerator[str, None]:
    """Sentence after sentence, none awaited for longer than `patience_seconds`.

    The timeout surrounds the waiting only, never a `yield`: what the reader does with a sentence is not ours to
    interrupt.
    """
    async with (
        aclosing(narrator.narrate(request)) as pieces,
        aclosing(whole_sentences(_bounded(pieces))) as told,
    ):
        while True:
            try:
                async with asyncio.timeout(patience_seconds):
                    sentence = await anext(told, None)
            except TimeoutError:
                raise NarrationFailed("stalled") from None
            if sentence is None:
                return
            yield sentence


async def _bounded(pieces: AsyncIterator[str]) -> AsyncIterator[str]:
    """Stop a text that never ends a sentence before it fills the memory."""
    length = 0
    async for piece in pieces:
        length += len(piece)
        if length > 2 * MAX_CHARACTERS:
            raise NarrationFailed("too_long")
        yield piece


async def _fallback_chunks(
    narrator: Narrator, request: NarrationRequest, given: GivenNumbers, patience_seconds: float
) -> list[Chunk]:
    """The fallback's sentences, checked as well; something to read whatever happens."""
    chunks: list[Chunk] = []
    try:
        async for chunk in _checked(narrator, request, given, patience_seconds):
            chunks.append(chunk)  # noqa: PERF401  (what came before a failure is kept)
    except Exception:
        logger.exception("the fallback narrator %s failed", narrator.source)
    return chunks or [Chunk(LAST_RESORT)]
