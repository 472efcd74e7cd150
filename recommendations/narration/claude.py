"""The narrator that asks Claude, and turns every way in which that can go wrong into one exception."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Final, Literal, Self
from weakref import WeakKeyDictionary

import anthropic
import httpx2

from recommendations.narration.base import NarrationFailed, NarrationRequest, Source
from recommendations.narration.breaker import CircuitBreaker
from recommendations.narration.prompt import INSTRUCTIONS, user_turn

logger = logging.getLogger(__name__)

_CODE_WORD: Final = re.compile(r"[a-z_]{1,40}")
# With anthropic 2.12 a dropped connection and a stall arrive as raw httpx2 errors, a broken chunk as a ValueError
# (json), a missing key as a TypeError: none of them is an AnthropicError.
_FAILURES: Final = (anthropic.AnthropicError, httpx2.HTTPError, ValueError, TypeError, TimeoutError)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaudeConfig:
    """How to reach Claude and what to ask of it.

    Attributes
    ----------
    thinking
        `disabled` asks for no thinking; `default` leaves it to the model, then `effort` and `max_tokens` (which
        thinking counts towards) should leave room for it.
    total_seconds
        For one narration, retries included.
    """

    api_key: str = field(repr=False)
    base_url: str = "https://api.anthropic.com"
    model: str = "claude-haiku-5-5"
    max_tokens: int = 600
    thinking: Literal["disabled", "default"] = "disabled"
    effort: Literal["low", "medium", "high"] | None = None
    connect_seconds: float = 2.0
    read_seconds: float = 5.0
    total_seconds: float = 12.0
    max_retries: int = 1


@dataclass(slots=True)
class _Ending:
    """What the events of a stream said about how it ended."""

    stop_reason: str | None = None
    is_stopped: bool = False
    input_tokens: int = 0
    output_tokens: int = 0

    def take(self, event: Any) -> None:
        if event.type == "message_start":
            self.input_tokens = event.message.usage.input_tokens
        elif event.type == "message_delta":
            self.stop_reason = event.delta.stop_reason
            self.output_tokens = event.usage.output_tokens
        elif event.type == "message_stop":
            self.is_stopped = True

    @property
    def problem(self) -> str | None:
        if not self.is_stopped or self.stop_reason is None or not _CODE_WORD.fullmatch(self.stop_reason):
            return "unfinished"
        return None if self.stop_reason == "end_turn" else self.stop_reason


class ClaudeNarrator:
    """Streams a tip's explanation from Claude.

    One client per event loop, made when first needed: its connections belong to the loop they were opened in. It
    keeps none open between narrations, so a loop may end without `aclose`; the TLS set-up, which is
    what costs, is kept.
    """

    source: Source = "claude"

    def __init__(self, *, config: ClaudeConfig, breaker: CircuitBreaker | None = None) -> None:
        self._config = config
        self._breaker = breaker or CircuitBreaker()
        self._clients: WeakKeyDictionary[asyncio.AbstractEventLoop, anthropic.AsyncAnthropic] = (
            WeakKeyDictionary()
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close this event loop's client."""
        client = self._clients.pop(asyncio.get_running_loop(), None)
        if client is not None:
            await client.close()

    async def narrate(self, request: NarrationRequest) -> AsyncGenerator[str, None]:
        """Pieces of text as they arrive.

        Raises
        ------
        NarrationFailed
            For every failure, at once or after some text: what was yielded then does not stand.
        """
        call = self._call(request)
        if not self._breaker.allows():
            raise NarrationFailed("circuit_open")
        ending = _Ending()
        deadline = asyncio.get_running_loop().time() + self._config.total_seconds
        try:
            async with AsyncExitStack() as stack:
                # The timeout surrounds the waiting only, never a `yield`: it would cancel the reader.
                async with asyncio.timeout_at(deadline):
                    stream = await stack.enter_async_context(self._client().messages.stream(**call))
                while True:
                    async with asyncio.timeout_at(deadline):
                        event = await anext(stream, None)
                    if event is None:
                        break
                    ending.take(event)
                    if event.type == "content_block_delta" and event.delta.type == "text_delta":
                        yield event.delta.text
        except _FAILURES as error:
            self._breaker.record_failure()
            reason = _reason(error)
            logger.warning("claude failed: %s (%s)", reason, type(error).__name__)
            raise NarrationFailed(reason) from error
        problem = ending.problem
        if problem == "unfinished":
            self._breaker.record_failure()
        else:
            self._breaker.record_success()
        logger.info(
            "claude request_id=%s model=%s input_tokens=%d output_tokens=%d ended=%s",
            stream.request_id,
            self._config.model,
            ending.input_tokens,
            ending.output_tokens,
            problem or "end_turn",
        )
        if problem is not None:
            raise NarrationFailed(problem)

    def _call(self, request: NarrationRequest) -> dict[str, Any]:
        call: dict[str, Any] = {
            "model": self._config.model,
            "max_tokens": self._config.max_tokens,
            "system": INSTRUCTIONS,
            "messages": [{"role": "user", "content": user_turn(request)}],
        }
        if request.subject:
            call["metadata"] = {"user_id": request.subject}
        if self._config.thinking == "disabled":
            call["thinking"] = {"type": "disabled"}
        if self._config.effort is not None:
            call["output_config"] = {"effort": self._config.effort}
        return call

    def _client(self) -> anthropic.AsyncAnthropic:
        loop = asyncio.get_running_loop()
        client = self._clients.get(loop)
        if client is None:
            config = self._config
            timeout = httpx2.Timeout(
                config.total_seconds, connect=config.connect_seconds, read=config.read_seconds
            )
            client = self._clients[loop] = anthropic.AsyncAnthropic(
                api_key=config.api_key,
                base_url=config.base_url,
                max_retries=config.max_retries,
                timeout=timeout,
                open_telemetry=False,
                http_client=anthropic.DefaultAsyncHttpxClient(
                    timeout=timeout, limits=httpx2.Limits(max_keepalive_connections=0)
                ),
            )
        return client


def _reason(error: Exception) -> str:
    match error:
        case TimeoutError() | httpx2.TimeoutException() | anthropic.APITimeoutError():
            return "timeout"
        case anthropic.APIConnectionError() | httpx2.HTTPError():
            return "connection"
        case anthropic.APIStatusError(type=str(kind)) if _CODE_WORD.fullmatch(kind):
            return kind
        case anthropic.APIStatusError():
            return f"status_{error.status_code}"
        case ValueError():
            return "bad_response"
        case _:
            return "client_error"
