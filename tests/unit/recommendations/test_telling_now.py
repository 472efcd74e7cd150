"""Words at once, over what somebody else had begun to tell."""

from __future__ import annotations

import json

import pytest

from climbiq.accounts import rls
from recommendations.models import RecommendationEvent
from recommendations.selectors import shown
from recommendations.services import event_log
from recommendations.services.telling import tell_now
from tests.unit.recommendations.test_recommend import ask

HALF = [
    ("nlg_start", {"v": 1, "index": 0}),
    ("nlg_chunk", {"v": 1, "index": 0, "text": "Half a"}),
]
WHOLE = [
    *HALF,
    ("nlg_complete", {"v": 1, "index": 0, "text": "Half a", "source": "claude", "fallback": False}),
]


def told(made) -> list[tuple[str, dict]]:
    rows = RecommendationEvent.objects.filter(recommendation_id=made.recommendation_id, seq__gt=5)
    return [(row.event, json.loads(row.data)) for row in rows.order_by("seq")]


def shown_to(events) -> dict[int, str]:
    """What a client that follows the protocol has on its screen in the end.

    A tip that is told anew without saying so would stand there twice.
    """
    texts: dict[int, str] = {}
    for event, data in events:
        if event == "nlg_start":
            assert (data["index"] in texts) == data.get("restart", False), data
            texts[data["index"]] = ""
        elif event == "nlg_chunk":
            texts[data["index"]] += data["text"]
    return texts


@pytest.mark.parametrize("begun", [[], HALF[:1], HALF, WHOLE], ids=["nothing", "start", "half", "a tip"])
def test_what_was_begun_is_taken_back_and_told_whole(alice, begun):
    made = ask(alice)
    key = {"user_id": alice.pk, "recommendation_id": made.recommendation_id}
    with rls.as_user(alice.pk):
        lease = event_log.take_lease(**key)
        if begun:
            event_log.append(lease, begun)
        event_log.give_up(lease)
        tell_now(**key)
        found = shown(**key)
    events = told(made)
    assert events[: len(begun)] == begun
    assert events[-1][0] == "done"
    assert shown_to(events) == {index: text["text"] for index, text in found.texts.items()}
    assert len(found.texts) == max(1, len(found.tips))
    assert (found.texts[0]["source"] == "claude") == (begun == WHOLE)


def test_nothing_is_told_while_somebody_else_tells(alice):
    made = ask(alice)
    key = {"user_id": alice.pk, "recommendation_id": made.recommendation_id}
    with rls.as_user(alice.pk):
        event_log.take_lease(**key)
        tell_now(**key)
    assert told(made) == []
