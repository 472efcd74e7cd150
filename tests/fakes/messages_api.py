"""A small real Messages API on loopback: streams, fails and misbehaves as asked.

In this process: the fixture `messages_api`. As a process of its own, for servers that run elsewhere:

    python -m tests.fakes.messages_api --port 9911

What a request gets is decided, in this order, by: the header ``x-fake-mode``; a model named ``fake-<mode>``; the next
scripted behaviour; the behaviour in force, which `POST /control` or `FakeMessagesAPI.behave` sets.
"""

from __future__ import annotations

import argparse
import itertools
import json
import re
import signal
import sys
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from tests.fakes.asgi_server import running
from tests.fakes.messages_wire import USAGE, Dropped, Exchange, ReaderLeft, SentPiece, read_body, smallest

FINE_TEXT = (
    "What changes here is how hard the effort feels, which matters most on short moves. In your own sessions they "
    "have tended to go together, which is association and not proof. How much of it carries over to today is uncertain."
)
MODES = {
    "ok": "the text, end_turn",
    "401": "authentication_error",
    "400": "invalid_request_error",
    "429": "rate_limit_error with retry-after 0",
    "500": "api_error",
    "529": "overloaded_error",
    "error_mid": "an error event after some text",
    "drop_mid": "the connection is dropped after some text",
    "eof_mid": "a clean end after some text, without message_stop",
    "no_events": "a stream that ends before it begins",
    "stall": "silence after some text",
    "stall_first": "silence instead of an answer",
    "not_json": "a chunk that is not JSON",
    "html": "status 200 and a page of HTML",
    "refusal": "stop_reason refusal after some text",
    "max_tokens": "stop_reason max_tokens after some text",
    "empty": "end_turn without any text",
    "thinking": "a thinking block before the text",
    "wrong_number": "a good sentence, then one with a number from nowhere",
    "quote_facts": "sentences with the gain and its probability from the prompt's facts",
    "script": "text with a script element in it",
}
_ERRORS = {
    "400": (400, "invalid_request_error"),
    "401": (401, "authentication_error"),
    "429": (429, "rate_limit_error"),
    "500": (500, "api_error"),
    "529": (529, "overloaded_error"),
}
_STOP_REASONS = {"refusal": "refusal", "max_tokens": "max_tokens"}
_TEXTS = {
    "empty": "",
    "wrong_number": f"{FINE_TEXT.split('. ', maxsplit=1)[0]}. It is worth 4711 points to you. Nobody knows why.",
    "script": "<script>alert('narrated')</script> What changes here is how hard the effort feels. Nothing is certain.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """How requests are answered.

    Attributes
    ----------
    text
        Overrides the mode's text.
    delay_seconds
        Before every piece of text: paces a stream.
    pieces_before_fault
        How much text comes before a fault in the middle.
    structured
        The answer to a request with a JSON schema; None: the smallest instance of the schema.
    """

    mode: str = "ok"
    text: str | None = None
    delay_seconds: float = 0.0
    pieces_before_fault: int = 3
    structured: Any = None

    def __post_init__(self) -> None:
        if self.mode not in MODES:
            raise ValueError(f"unknown mode {self.mode!r}, there are {', '.join(MODES)}")


@dataclass(frozen=True, slots=True)
class Recorded:
    """One request as it arrived."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]

    @property
    def user_text(self) -> str:
        """The text of the last user message."""
        content = self.body["messages"][-1]["content"]
        return content if isinstance(content, str) else "".join(block.get("text", "") for block in content)


@dataclass
class FakeMessagesAPI:
    """The ASGI application, and what tests ask of it: `sent` are pieces of streamed text, in the order they went out."""

    behaviour: Behaviour = field(default_factory=Behaviour)
    requests: list[Recorded] = field(default_factory=list)
    sent: list[SentPiece] = field(default_factory=list)
    readers_left: int = 0
    url: str = ""
    _script: deque[Behaviour] = field(default_factory=deque)
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def behave(self, **changes: Any) -> None:
        """From now on: `behave(mode="stall")`, `behave(text="…", delay_seconds=0.05)`. Unnamed fields: default."""
        self.behaviour = Behaviour(**changes)

    def script(self, *modes: str) -> None:
        """The next requests, one mode each; then the behaviour in force again."""
        self._script.extend(replace(self.behaviour, mode=mode) for mode in modes)

    def reset(self) -> None:
        self.behaviour = Behaviour()
        self.requests.clear()
        self.sent.clear()
        self._script.clear()
        self.readers_left = 0

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        body = await read_body(receive)
        headers = {name.decode().lower(): value.decode() for name, value in scope["headers"]}
        path, method = scope["path"], scope["method"]
        exchange = Exchange(receive, send, next(self._numbers), self.sent)
        if path == "/health":
            await exchange.json(200, {"ok": True})
        elif path == "/control" and method == "POST":
            self.behave(**json.loads(body))
            await exchange.json(200, {"mode": self.behaviour.mode})
        elif path == "/requests" and method == "GET":
            await exchange.json(200, [{"path": r.path, "body": r.body} for r in self.requests])
        elif path == "/requests" and method == "DELETE":
            self.reset()
            await exchange.json(200, {"ok": True})
        elif method == "POST" and path in ("/v1/messages", "/v1/messages/count_tokens"):
            request = Recorded(path, headers, json.loads(body or b"{}"))
            self.requests.append(request)
            try:
                await self._answer(request, exchange)
            except ReaderLeft:
                self.readers_left += 1
        else:
            await exchange.error(404, "not_found_error")

    def _behaviour_for(self, request: Recorded) -> Behaviour:
        model = str(request.body.get("model", ""))
        if mode := request.headers.get("x-fake-mode"):
            return replace(self.behaviour, mode=mode)
        if model.startswith("fake-"):
            return replace(self.behaviour, mode=model.removeprefix("fake-"))
        return self._script.popleft() if self._script else self.behaviour

    async def _answer(self, request: Recorded, exchange: Exchange) -> None:
        behaviour = self._behaviour_for(request)
        authorization = request.headers.get("authorization", "")
        if not (request.headers.get("x-api-key") or authorization.startswith("Bearer ")):
            await exchange.error(401, "authentication_error")
        elif behaviour.mode in _ERRORS:
            await exchange.error(*_ERRORS[behaviour.mode])
        elif behaviour.mode == "stall_first":
            await exchange.silence()
        elif behaviour.mode == "html":
            await exchange.html("<html><body>It works!</body></html>")
        elif request.path.endswith("/count_tokens"):
            await exchange.json(200, {"input_tokens": len(json.dumps(request.body)) // 4})
        elif request.body.get("stream"):
            await _stream(request, behaviour, exchange)
        else:
            await exchange.json(
                200, exchange.message(request.body, _content(request, behaviour), _stop(request, behaviour))
            )


async def _stream(request: Recorded, behaviour: Behaviour, exchange: Exchange) -> None:
    mode = behaviour.mode
    await exchange.start_stream()
    if mode == "no_events":
        await exchange.end()
        return
    await exchange.event("message_start", message=exchange.message(request.body, [], None))
    index = 0
    if mode == "thinking":
        await exchange.block(0, {"type": "thinking", "thinking": "", "signature": ""}, [])
        index = 1
    text = "".join(block.get("text", "") for block in _content(request, behaviour))
    pieces = re.findall(r"\S+\s*", text)
    breaks_at = behaviour.pieces_before_fault
    is_cut = mode in ("error_mid", "drop_mid", "eof_mid", "stall", "not_json", *_STOP_REASONS)
    await exchange.block(
        index,
        {"type": "text", "text": ""},
        pieces[:breaks_at] if is_cut else pieces,
        delay_seconds=behaviour.delay_seconds,
        is_left_open=is_cut and mode not in _STOP_REASONS,
    )
    if mode == "error_mid":
        await exchange.event("error", error={"type": "overloaded_error", "message": "Overloaded"})
    elif mode == "drop_mid":
        raise Dropped
    elif mode == "stall":
        await exchange.silence()
    elif mode == "not_json":
        await exchange.raw(b"event: content_block_delta\ndata: {not json\n\n")
    elif mode != "eof_mid":
        stop = {"stop_reason": _stop(request, behaviour), "stop_sequence": None}
        await exchange.event("message_delta", delta=stop, usage={"output_tokens": USAGE["output_tokens"]})
        await exchange.event("message_stop")
    await exchange.end()


def _content(request: Recorded, behaviour: Behaviour) -> list[dict[str, Any]]:
    tools, choice = request.body.get("tools"), request.body.get("tool_choice") or {}
    if tools and choice.get("type") in ("tool", "any"):
        answer = _instance(behaviour, tools[0]["input_schema"])
        return [{"type": "tool_use", "id": "toolu_1", "name": tools[0]["name"], "input": answer}]
    output_format = (request.body.get("output_config") or {}).get("format")
    if output_format:
        return [{"type": "text", "text": json.dumps(_instance(behaviour, output_format["schema"]))}]
    if behaviour.text is not None:
        text = behaviour.text
    elif behaviour.mode == "quote_facts":
        text = _quoting_facts(request)
    else:
        text = _TEXTS.get(behaviour.mode, FINE_TEXT)
    return [{"type": "text", "text": text}] if text else []


def _stop(request: Recorded, behaviour: Behaviour) -> str:
    is_tool = (request.body.get("tool_choice") or {}).get("type") in ("tool", "any")
    return _STOP_REASONS.get(behaviour.mode, "tool_use" if is_tool else "end_turn")


def _quoting_facts(request: Recorded) -> str:
    found = re.search(r"<facts>\s*(.*?)\s*</facts>", request.user_text, re.DOTALL)
    tip = (json.loads(found[1]) if found else {}).get("tip") or {}
    chance = f"{100 * tip.get('probability_of_gain', 0.5):.0f} %"
    gain = tip.get("gain", 0)
    return f"It may be worth {gain} points. That is likely with {chance}, by association. It stays uncertain."


def _instance(behaviour: Behaviour, schema: dict[str, Any]) -> Any:
    return behaviour.structured if behaviour.structured is not None else smallest(schema)


def main() -> None:
    """Serve until terminated; the first line printed is the address."""
    parser = argparse.ArgumentParser(description="A fake Messages API on loopback.")
    parser.add_argument("--port", type=int, default=9911, help="0: any free one")
    parser.add_argument("--mode", choices=MODES, default="ok")
    parser.add_argument("--delay", type=float, default=0.0, help="seconds before every piece of text")
    arguments = parser.parse_args()
    api = FakeMessagesAPI(behaviour=Behaviour(mode=arguments.mode, delay_seconds=arguments.delay))
    ends = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, ends)  # before any thread is there to receive them
    with running(api, port=arguments.port) as url:
        sys.stdout.write(f"{url}\n")
        sys.stdout.flush()
        signal.sigwait(ends)


if __name__ == "__main__":
    main()
