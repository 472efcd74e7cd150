"""The fake speaks the protocol that the real client expects, and can be steered in every way it promises."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import anthropic
import httpx
import pytest
from pydantic import BaseModel, Field

from tests.fakes.asgi_server import running
from tests.fakes.messages_api import FINE_TEXT, MODES, Behaviour, FakeMessagesAPI

MODEL = "claude-haiku-5-5"
ASK: Any = [{"role": "user", "content": "hello"}]


class Conditions(BaseModel):
    sleep_hours: float = Field(ge=0, le=16)
    stress_level: int = Field(ge=1, le=5)
    niggle: Literal["none", "finger"] | None


class Scenario(BaseModel):
    description: str
    tags: list[str]
    conditions: Conditions


@pytest.fixture
def client(messages_api: FakeMessagesAPI) -> Iterator[anthropic.Anthropic]:
    with anthropic.Anthropic(api_key="k", base_url=messages_api.url, max_retries=0) as made:
        yield made


def streamed(client: anthropic.Anthropic, **extra: Any) -> tuple[str, str | None]:
    asked = {"model": MODEL, "max_tokens": 50, "messages": ASK, **extra}
    with client.messages.stream(**asked) as stream:
        return "".join(stream.text_stream), stream.get_final_message().stop_reason


def test_a_stream(client: anthropic.Anthropic) -> None:
    assert streamed(client) == (FINE_TEXT, "end_turn")


def test_a_message_in_one_piece(client: anthropic.Anthropic, messages_api: FakeMessagesAPI) -> None:
    messages_api.behave(text="Short.")
    message = client.messages.create(model=MODEL, max_tokens=50, messages=ASK)
    assert (message.content[0].text, message.stop_reason, message.model) == ("Short.", "end_turn", MODEL)


def test_structured_output_fits_the_schema(client: anthropic.Anthropic) -> None:
    parsed = client.messages.parse(
        model=MODEL, max_tokens=50, messages=ASK, output_format=Scenario
    ).parsed_output
    assert parsed == Scenario(
        description="some words",
        tags=["some words"],
        conditions=Conditions(sleep_hours=1, stress_level=1, niggle="none"),
    )


def test_structured_output_as_told(client: anthropic.Anthropic, messages_api: FakeMessagesAPI) -> None:
    given = {
        "description": "d",
        "tags": [],
        "conditions": {"sleep_hours": 5, "stress_level": 4, "niggle": None},
    }
    messages_api.behave(structured=given)
    parsed = client.messages.parse(
        model=MODEL, max_tokens=50, messages=ASK, output_format=Scenario
    ).parsed_output
    assert parsed is not None
    assert parsed.model_dump() == given


def test_a_forced_tool(client: anthropic.Anthropic) -> None:
    tool: Any = {"name": "emit", "input_schema": {"type": "object", "properties": {"n": {"type": "integer"}}}}
    choice: Any = {"type": "tool", "name": "emit"}
    message = client.messages.create(
        model=MODEL, max_tokens=50, messages=ASK, tools=[tool], tool_choice=choice
    )
    assert (message.content[0].input, message.stop_reason) == ({"n": 1}, "tool_use")


def test_tokens_are_counted(client: anthropic.Anthropic) -> None:
    assert client.messages.count_tokens(model=MODEL, messages=ASK).input_tokens > 0


@pytest.mark.parametrize("header", [{"authorization": "Bearer k"}, {"x-api-key": "k"}])
def test_both_ways_to_authenticate(messages_api: FakeMessagesAPI, header: dict[str, str]) -> None:
    asked = {"model": MODEL, "messages": ASK}
    assert httpx.post(f"{messages_api.url}/v1/messages", headers=header, json=asked).status_code == 200
    assert httpx.post(f"{messages_api.url}/v1/messages", json=asked).status_code == 401


def test_requests_are_recorded(client: anthropic.Anthropic, messages_api: FakeMessagesAPI) -> None:
    client.messages.create(model=MODEL, max_tokens=50, messages=ASK, system="be brief")
    [recorded] = messages_api.requests
    assert (recorded.user_text, recorded.body["system"]) == ("hello", "be brief")
    assert recorded.headers["anthropic-version"]


@pytest.mark.parametrize(
    "how",
    [{"model": "fake-max_tokens"}, {"extra_headers": {"x-fake-mode": "max_tokens"}}],
    ids=["model", "header"],
)
def test_a_single_request_can_be_steered(client: anthropic.Anthropic, how: dict[str, Any]) -> None:
    assert streamed(client, **how)[1] == "max_tokens"
    assert streamed(client)[1] == "end_turn"


def test_a_script_is_followed_once(client: anthropic.Anthropic, messages_api: FakeMessagesAPI) -> None:
    messages_api.script("refusal", "max_tokens")
    assert [streamed(client)[1] for _ in range(3)] == ["refusal", "max_tokens", "end_turn"]


def test_errors_carry_their_type(client: anthropic.Anthropic, messages_api: FakeMessagesAPI) -> None:
    messages_api.behave(mode="529")
    with pytest.raises(anthropic.APIStatusError) as error:
        streamed(client)
    assert (error.value.status_code, error.value.type) == (529, "overloaded_error")


def test_pieces_are_paced(client: anthropic.Anthropic, messages_api: FakeMessagesAPI) -> None:
    messages_api.behave(text="one after the other", delay_seconds=0.05)
    started = time.monotonic()
    assert streamed(client)[0] == "one after the other"
    assert time.monotonic() - started >= 4 * 0.05


def test_an_unknown_mode_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown mode 'nonsense'"):
        Behaviour(mode="nonsense")


def test_two_servers_at_once() -> None:
    with running(FakeMessagesAPI()) as one, running(FakeMessagesAPI()) as other:
        assert one != other
        assert httpx.get(f"{one}/health").json() == httpx.get(f"{other}/health").json() == {"ok": True}


def test_a_process_of_its_own_is_steered_over_http() -> None:
    root = Path(__file__).resolve().parents[3]
    command = [sys.executable, "-m", "tests.fakes.messages_api", "--port", "0", "--mode", "refusal"]
    with subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            url = re.search(r"http://127\.0\.0\.1:\d+", process.stdout.readline())
            assert url
            with anthropic.Anthropic(api_key="k", base_url=url[0], max_retries=0) as client:
                assert streamed(client)[1] == "refusal"
                told = httpx.post(f"{url[0]}/control", json={"mode": "ok", "text": "As told."})
                assert told.json() == {"mode": "ok"}
                assert streamed(client) == ("As told.", "end_turn")
            assert len(httpx.get(f"{url[0]}/requests").json()) == 2
            httpx.delete(f"{url[0]}/requests")
            assert httpx.get(f"{url[0]}/requests").json() == []
        finally:
            process.terminate()


def test_every_mode_is_described() -> None:
    assert all(MODES.values())
