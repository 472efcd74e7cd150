"""What the demo's climbers write."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

__all__ = ["NOTES", "REASONS", "SENDS"]

NOTES: Final[Mapping[str, tuple[str, ...]]] = {
    "good": (
        "Felt light. The heel hook on the arête finally stayed on.",
        "Good crowd, long rests, no hurry.",
        "Warmed up properly for once and it showed.",
        "Three clean laps on the steep wall 💪",
        "Skin held until the end.",
    ),
    "bad": (
        "Pumped on the warm-up already.",
        "Head was still at work.",
        "Greasy holds, too warm in the gym.",
        "Stopped early, left ring finger did not like the crimps.",
        "Could not get myself to commit to the last move.",
    ),
}
REASONS: Final = ("felt_better", "felt_worse", "niggle", "time", "company", "conditions", "other")
SENDS: Final = (
    "red circuit, all of it",
    "the arête, third go",
    "6C with the long move",
    "7a on the steep wall",
    "last week’s project",
)
