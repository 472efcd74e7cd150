"""Words at once, for clients that want one answer and no stream: the templates' own, no waiting on Claude."""

from __future__ import annotations

from uuid import UUID

from asgiref.sync import async_to_sync

from recommendations.narration.base import Complete, NarrationRequest, narrate_tip
from recommendations.narration.templates import TemplateNarrator
from recommendations.selectors import shown
from recommendations.services import event_log


def tell_now(*, user_id: UUID, recommendation_id: UUID) -> None:
    """Write the words of everything not yet told, and `done`.

    Does nothing where everything is told or somebody else is telling. A tip that somebody left half told is taken
    back first, as a reader of the events expects.
    """
    lease = event_log.take_lease(recommendation_id=recommendation_id, user_id=user_id)
    if lease is None:
        return
    found = shown(user_id=user_id, recommendation_id=recommendation_id)
    told: list[event_log.Told] = []
    for index, tip in enumerate(found.payloads["recommendations"]["items"] or [None]):
        if index in found.texts:
            continue
        words = _worded(
            NarrationRequest(tip=tip, prediction=found.payloads["prediction"], stats=found.payloads["stats"])
        )
        again = {"restart": True} if index in found.started else {}
        text = {"v": 1, "index": index, "text": words.text}
        told += [
            ("nlg_start", {"v": 1, "index": index, **again}),
            ("nlg_chunk", text),
            ("nlg_complete", {**text, "source": words.source, "fallback": False}),
        ]
    event_log.append(lease, [*told, ("done", {"v": 1})])


@async_to_sync
async def _worded(request: NarrationRequest) -> Complete:
    narrator = TemplateNarrator()
    async for item in narrate_tip(narrator=narrator, fallback=narrator, request=request):
        if isinstance(item, Complete):
            return item
    raise AssertionError("a narration always completes")
