"""Where a rule comes from has to exist: its contributors coach, its scenario and its review session are stored."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from experts.domain.rules.content import RuleContent
from experts.domain.rules.faults import Fault
from experts.models import RuleReviewSession, SyntheticScenario
from experts.selectors import coaches

__all__ = ["provenance_faults"]

_ORIGINS: Final[tuple[tuple[str, type[SyntheticScenario | RuleReviewSession], str], ...]] = (
    ("source_scenario", SyntheticScenario, "There is no scenario {}."),
    ("review_session", RuleReviewSession, "There is no review session {}."),
)


def provenance_faults(*, content: RuleContent, stored: RuleContent | None = None) -> tuple[Fault, ...]:
    """What is named that is not there.

    Parameters
    ----------
    stored : RuleContent or None
        The rule as it is: whoever contributed to it stays a contributor when they coach no more.
    """
    return tuple(_faults(content, stored))


def _faults(content: RuleContent, stored: RuleContent | None) -> Iterator[Fault]:
    known = () if stored is None else stored.contributors
    new = {key for key in content.contributors if key not in known}
    coaching = set(coaches().filter(pk__in=new).values_list("pk", flat=True)) if new else set()
    for place, key in enumerate(content.contributors):
        if key in new - coaching:
            yield Fault(f"contributors[{place}]", f"There is no coach {key}.")
    for part, model, sentence in _ORIGINS:
        key = getattr(content, part)
        is_new = key is not None and (stored is None or key != getattr(stored, part))
        if is_new and not model.objects.filter(pk=key).exists():
            yield Fault(part, sentence.format(key))
