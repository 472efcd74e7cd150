"""The narrator that needs nobody: fixed sentences around the payload's own numbers."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from typing import Final

from recommendations.domain.provenance import what_is_known
from recommendations.narration.base import NarrationRequest, Payload, Source
from recommendations.narration.evidence import own_sessions, what_is_open
from recommendations.narration.mechanisms import mechanism

NOTHING_TO_CHANGE: Final = (
    "Your plan stands: of what can still be changed before you start, nothing is likely enough to help to be worth "
    "advising."
)
_FROM_OWN: Final = (
    "That rests in good part on your own sessions; what went together in them need not have caused the outcome, since "
    "you chose those days."
)
_STILL_OPEN: Final = (
    "It does not settle the session: how it feels on the wall is the larger part, and is not known before."
)


class TemplateNarrator:
    """Mechanism, own sessions, what is open: the same facts in the same words.

    It is the narrator where no key for Claude is set, and the fallback wherever Claude fails.
    """

    source: Source = "template"

    async def narrate(self, request: NarrationRequest) -> AsyncGenerator[str, None]:
        for sentence in template_sentences(request):
            yield f"{sentence} "


def template_sentences(request: NarrationRequest) -> tuple[str, ...]:
    """The template text of a tip, or of having nothing to change."""
    if request.tip is None:
        return _nothing_to_change(request.prediction)
    tip = request.tip
    return (
        mechanism(
            variable=str(tip.get("variable", "")),
            action=str(tip.get("action", "")),
            recommended=tip.get("recommended_value"),
            compared_with=tip.get("compared_with"),
        ),
        own_sessions(tip=tip, stats=request.stats),
        what_is_open(tip=tip),
    )


def _nothing_to_change(prediction: Payload) -> tuple[str, ...]:
    is_early = prediction.get("phase") in (None, "cold_start")
    population = prediction.get("population")
    known = what_is_known(population if isinstance(population, Mapping) else None)
    few = f"So far that is mostly {known}, since there are few sessions of yours to learn from."
    return (NOTHING_TO_CHANGE, few if is_early else _FROM_OWN, _STILL_OPEN)
