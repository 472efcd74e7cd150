"""What a session's forms and files carry beside the registry's variables: words and circumstances, never weighed."""

from __future__ import annotations

from typing import Final

from climbiq.domain import vocabularies as words
from climbiq.domain.quantities import Variable

__all__ = ["AFTERWARDS", "CIRCUMSTANCES", "DEVIATED", "EXTRAS"]

DEVIATED: Final = Variable(
    name="deviated_from_plan",
    label="Different from the plan",
    room="post_session",
    role="context",
    kind="flag",
    question="Was it different from the plan?",
)

AFTERWARDS: Final = (
    DEVIATED,
    Variable(
        name="deviation_reason",
        label="Reason",
        room="post_session",
        role="context",
        kind="text",
        question="Why?",
    ),
    Variable(name="what_went_well", label="What went well", room="post_session", role="context", kind="text"),
    Variable(
        name="what_could_improve",
        label="What could be better",
        room="post_session",
        role="context",
        kind="text",
    ),
    Variable(name="notes", label="Notes", room="post_session", role="context", kind="text"),
)

CIRCUMSTANCES: Final = (
    Variable(
        name="location_type",
        label="Where",
        room="pre_session",
        role="context",
        kind="choice",
        choices=words.LOCATION_TYPES,
        question="Where?",
    ),
    Variable(
        name="duration_min",
        label="Duration",
        room="post_session",
        role="context",
        unit="min",
        low=0,
        high=1440,
        reference=120,
        spread=40,
    ),
)

EXTRAS: Final = {v.name: v for v in (*CIRCUMSTANCES, *AFTERWARDS)}
