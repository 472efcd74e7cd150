"""The real anthropic client against a real server on loopback, in every way that it can go wrong."""

from __future__ import annotations

import asyncio
import gc
import logging
import time
from collections.abc import Callable

import pytest

from recommendations.domain.numbers import unsupported_numbers
from recommendations.narration.base import (
    Chunk,
    Complete,
    NarrationItem,
    NarrationRequest,
    Narrator,
    Restart,
    narrate_tip,
)
from recommendations.narration.breaker import CircuitBreaker
from recommendations.narration.claude import ClaudeConfig, ClaudeNarrator
from recommendations.narration.factory import make_narrator
from recommendations.narration.templates import TemplateNarrator, template_sentences
from tests.fakes.messages_api import FINE_TEXT, FakeMessagesAPI

Make = Callable[..., ClaudeNarrator]
IMPATIENT = {"stall": {"read_seconds": 0.5}, "stall_first": {"read_seconds": 0.5}}


async def told(narrator: Narrator, request: NarrationRequest) -> list[NarrationItem]:
    return [
        item async for item in narrate_tip(narrator=narrator, fallback=TemplateNarrator(), request=request)
    ]


def check_contract(items: list[NarrationItem], request: NarrationRequest) -> Complete:
    """One Complete, at the end; its text is what the reader sees; no number in anything shown is unchecked."""
    *before, last = items
    assert isinstance(last, Complete)
    assert not [item for item in before if isinstance(item, Complete)]
    screen = ""
    for item in before:
        screen = "" if isinstance(item, Restart) else screen + item.text
        assert unsupported_numbers(text=screen, payloads=request.payloads) == ()
    assert screen == last.text != ""
    return last


async def test_a_fine_answer_arrives_sentence_by_sentence(
    messages_api: FakeMessagesAPI, claude_at: Make, narration_request: NarrationRequest
) -> None:
    items = await told(claude_at(), narration_request)
    last = check_contract(items, narration_request)
    assert last == Complete(FINE_TEXT, "claude", fallback=False)
    assert [item.text.strip()[-1] for item in items if isinstance(item, Chunk)] == [".", ".", "."]
    assert len(messages_api.requests) == 1


@pytest.mark.parametrize(
    ("mode", "reason", "attempts", "is_restarted"),
    [
        ("400", "invalid_request_error", 1, False),
        ("401", "authentication_error", 1, False),
        ("429", "rate_limit_error", 2, False),
        ("500", "api_error", 2, False),
        ("529", "overloaded_error", 2, False),
        ("error_mid", "overloaded_error", 1, True),
        ("drop_mid", "connection", 1, True),
        ("eof_mid", "unfinished", 1, True),
        ("no_events", "unfinished", 1, False),
        ("stall", "timeout", 1, True),
        ("stall_first", "timeout", 2, False),
        ("not_json", "bad_response", 1, True),
        ("html", "unfinished", 1, False),
        ("refusal", "refusal", 1, True),
        ("max_tokens", "max_tokens", 1, True),
        ("empty", "empty", 1, False),
        ("wrong_number", "unsupported_number", 1, True),
    ],
)
async def test_every_failure_ends_in_the_template_text(
    messages_api: FakeMessagesAPI,
    claude_at: Make,
    narration_request: NarrationRequest,
    mode: str,
    reason: str,
    attempts: int,
    is_restarted: bool,
) -> None:
    messages_api.behave(mode=mode, pieces_before_fault=30)
    items = await told(claude_at(**IMPATIENT.get(mode, {})), narration_request)
    last = check_contract(items, narration_request)
    assert (last.source, last.fallback, last.reason) == ("template", True, reason)
    assert last.text == " ".join(template_sentences(narration_request))
    assert [i.reason for i in items if isinstance(i, Restart)] == ([reason] if is_restarted else [])
    assert len(messages_api.requests) == attempts


@pytest.mark.parametrize("mode", ["error_mid", "drop_mid", "eof_mid", "stall", "refusal", "max_tokens"])
async def test_half_a_sentence_is_never_shown(
    messages_api: FakeMessagesAPI, claude_at: Make, narration_request: NarrationRequest, mode: str
) -> None:
    messages_api.behave(mode=mode, pieces_before_fault=3)
    items = await told(claude_at(**IMPATIENT.get(mode, {})), narration_request)
    assert check_contract(items, narration_request).fallback
    assert not [item for item in items if isinstance(item, Restart)]


async def test_a_retry_before_the_first_byte_succeeds(
    messages_api: FakeMessagesAPI, claude_at: Make, narration_request: NarrationRequest
) -> None:
    messages_api.script("429")
    last = check_contract(await told(claude_at(), narration_request), narration_request)
    assert (last.source, len(messages_api.requests)) == ("claude", 2)


async def test_numbers_of_the_facts_may_be_said(
    messages_api: FakeMessagesAPI, claude_at: Make, narration_request: NarrationRequest
) -> None:
    messages_api.behave(mode="quote_facts")
    last = check_contract(await told(claude_at(), narration_request), narration_request)
    assert last.source == "claude"
    assert "0.31 points" in last.text
    assert "76 %" in last.text


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("Sleep two hours more. Then climb.", id="number word"),
        pytest.param("Take 3\u200d50 mg. Then climb.", id="joiner inside a numeral"),
        pytest.param("Take ３５０ mg. Then climb.", id="full-width digits"),
        pytest.param("A fine sentence. " + "And on " * 400, id="endless"),
        pytest.param("No full stop, " * 300, id="never a whole sentence"),
        pytest.param("\u202e\u200b \n", id="nothing visible"),
    ],
)
async def test_a_text_that_may_not_be_shown_is_replaced(
    messages_api: FakeMessagesAPI, claude_at: Make, narration_request: NarrationRequest, text: str
) -> None:
    messages_api.behave(text=text)
    items = await told(claude_at(), narration_request)
    last = check_contract(items, narration_request)
    assert last.fallback
    assert "350" not in "".join(item.text for item in items if isinstance(item, Chunk))


async def test_what_reorders_or_hides_text_is_dropped_and_markup_stays_text(
    messages_api: FakeMessagesAPI, claude_at: Make, narration_request: NarrationRequest
) -> None:
    messages_api.behave(text="<script>x()</script> Rest\u202e helps.\r\n\r\nIt\u2066 may\x1b not. 🎉")
    last = check_contract(await told(claude_at(), narration_request), narration_request)
    assert last.text == "<script>x()</script> Rest helps. It may not."
    assert last.source == "claude"


async def test_thinking_is_not_shown(
    messages_api: FakeMessagesAPI, claude_at: Make, narration_request: NarrationRequest
) -> None:
    messages_api.behave(mode="thinking")
    assert check_contract(await told(claude_at(), narration_request), narration_request).text == FINE_TEXT


async def test_sentences_are_shown_while_the_answer_is_still_coming(
    messages_api: FakeMessagesAPI, claude_at: Make, narration_request: NarrationRequest
) -> None:
    messages_api.behave(delay_seconds=0.02)
    telling = narrate_tip(narrator=claude_at(), fallback=TemplateNarrator(), request=narration_request)
    times = [time.monotonic() async for _ in telling]
    assert times[-1] - times[0] > 0.2


async def test_the_whole_takes_no_longer_than_agreed(
    messages_api: FakeMessagesAPI, claude_at: Make, narration_request: NarrationRequest
) -> None:
    messages_api.behave(delay_seconds=0.1)
    started = time.monotonic()
    last = check_contract(await told(claude_at(total_seconds=0.5), narration_request), narration_request)
    assert (last.reason, time.monotonic() - started < 5) == ("timeout", True)


async def test_a_slow_reader_is_not_interrupted(
    messages_api: FakeMessagesAPI, claude_at: Make, narration_request: NarrationRequest
) -> None:
    messages_api.behave(text="One sentence with no number in it. Another.", delay_seconds=0.01)
    narrator = claude_at(total_seconds=0.25)
    items = []
    async for item in narrate_tip(narrator=narrator, fallback=TemplateNarrator(), request=narration_request):
        items.append(item)
        await asyncio.sleep(0.3)
    check_contract(items, narration_request)


async def test_a_reader_who_leaves_ends_the_request(
    messages_api: FakeMessagesAPI, claude_at: Make, narration_request: NarrationRequest
) -> None:
    messages_api.behave(delay_seconds=0.02)
    telling = narrate_tip(narrator=claude_at(), fallback=TemplateNarrator(), request=narration_request)
    async for _ in telling:
        break
    await telling.aclose()
    for _ in range(500):
        if messages_api.readers_left:
            break
        await asyncio.sleep(0.02)
    assert messages_api.readers_left == 1


async def test_nobody_listens_at_the_address(narration_request: NarrationRequest) -> None:
    config = ClaudeConfig(api_key="k", base_url="http://127.0.0.1:9", max_retries=0)
    async with ClaudeNarrator(config=config) as narrator:
        last = check_contract(await told(narrator, narration_request), narration_request)
    assert last.reason == "connection"


async def test_the_circuit_opens_and_closes_again(
    messages_api: FakeMessagesAPI, claude_at: Make, narration_request: NarrationRequest
) -> None:
    now = 1000.0
    breaker = CircuitBreaker(clock=lambda: now)
    narrator = claude_at(breaker=breaker, max_retries=0)
    messages_api.behave(mode="529")
    for _ in range(5):
        assert check_contract(await told(narrator, narration_request), narration_request).fallback
    assert len(messages_api.requests) == 5
    messages_api.behave(mode="ok")
    assert check_contract(await told(narrator, narration_request), narration_request).reason == "circuit_open"
    assert len(messages_api.requests) == 5
    now += 60
    assert check_contract(await told(narrator, narration_request), narration_request).source == "claude"
    assert check_contract(await told(narrator, narration_request), narration_request).source == "claude"


async def test_answers_that_are_only_unusable_do_not_open_the_circuit(
    messages_api: FakeMessagesAPI, claude_at: Make, narration_request: NarrationRequest
) -> None:
    messages_api.behave(mode="refusal")
    narrator = claude_at()
    for _ in range(6):
        assert check_contract(await told(narrator, narration_request), narration_request).reason == "refusal"


async def test_without_a_key_the_templates_are_the_narrator(
    messages_api: FakeMessagesAPI, narration_request: NarrationRequest
) -> None:
    narrator = make_narrator(api_key=" ", base_url=messages_api.url, model="claude-haiku-5-5")
    last = check_contract(await told(narrator, narration_request), narration_request)
    assert last == Complete(" ".join(template_sentences(narration_request)), "template", fallback=False)
    assert messages_api.requests == []


async def test_with_a_key_claude_is_the_narrator(
    messages_api: FakeMessagesAPI, narration_request: NarrationRequest
) -> None:
    narrator = make_narrator(api_key="key", base_url=messages_api.url, model="fake-ok", max_tokens=123)
    last = check_contract(await told(narrator, narration_request), narration_request)
    assert last.source == "claude"
    assert messages_api.requests[0].body["max_tokens"] == 123
    assert isinstance(narrator, ClaudeNarrator)
    await narrator.aclose()


def test_one_narrator_serves_several_event_loops_and_leaves_nothing_open(
    messages_api: FakeMessagesAPI, narration_request: NarrationRequest
) -> None:
    narrator = ClaudeNarrator(config=ClaudeConfig(api_key="k", base_url=messages_api.url))
    for _ in range(3):
        assert asyncio.run(told(narrator, narration_request))[-1] == Complete(
            FINE_TEXT, "claude", fallback=False
        )
    del narrator
    gc.collect()  # an unclosed transport would warn here, and warnings are errors


async def test_many_at_once(
    messages_api: FakeMessagesAPI, claude_at: Make, narration_request: NarrationRequest
) -> None:
    narrator = claude_at()
    all_told = await asyncio.gather(*(told(narrator, narration_request) for _ in range(20)))
    assert {check_contract(items, narration_request).source for items in all_told} == {"claude"}


async def test_logs_hold_ids_and_counts_but_no_text(
    messages_api: FakeMessagesAPI,
    claude_at: Make,
    request_for: Callable[..., NarrationRequest],
    caplog: pytest.LogCaptureFixture,
) -> None:
    request = request_for(notes="my secret finger", may_quote_notes=True, subject="c0ffee")
    with caplog.at_level(logging.DEBUG, logger="recommendations"):
        await told(claude_at(), request)
        messages_api.behave(mode="wrong_number")
        await told(claude_at(), request)
        messages_api.behave(mode="529")
        await told(claude_at(max_retries=0), request)
    logged = "\n".join(
        record.getMessage() for record in caplog.records if record.name.startswith("recommendations")
    )
    assert "request_id=req_fake_" in logged
    assert "input_tokens=20 output_tokens=12" in logged
    assert "overloaded_error" in logged
    for secret in ("secret finger", "c0ffee", "test-key", "hard the effort", "4711", "caffeine"):
        assert secret not in logged
    assert "test-key" not in repr(ClaudeConfig(api_key="test-key"))
