"""Words at once, for clients that want one answer and no stream: the templates' own, no waiting on Claude."""

from __future__ import annotations

from asgiref.sync import async_to_sync

from recommendations.narration.base import Complete, NarrationRequest, narrate_tip
from recommendations.narration.templates import TemplateNarrator
from recommendations.selectors import Shown
from recommendations.services import event_log


def tell_now(found: Shown) -> None:
    """Write the words of everything not yet told, and `done`; does nothing while somebody else is telling."""
    key, user_id = found.recommendation.pk, found.recommendation.user_id
    lease = event_log.take_lease(recommendation_id=key, user_id=user_id)
    if lease is None:
        return
    told: list[event_log.Told] = []
    for index, tip in enumerate(found.payloads["recommendations"]["items"] or [None]):
        if index in found.texts:
            continue
        words = _worded(
            NarrationRequest(tip=tip, prediction=found.payloads["prediction"], stats=found.payloads["stats"])
        )
        text = {"v": 1, "index": index, "text": words.text}
        told += [
            ("nlg_start", {"v": 1, "index": index}),
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
