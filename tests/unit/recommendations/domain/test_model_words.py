from __future__ import annotations

import re

import pytest

from recommendations.domain.model_words import lead, phase_title, share_in_words
from recommendations.domain.wording import PHASES


@pytest.mark.parametrize(
    ("share", "says"),
    [
        (0.0, "rests mostly on what is known of climbers"),
        (0.4, "rests mostly on what is known of climbers"),
        (0.41, "weighed against each other"),
        (0.49, "weighed against each other"),
        (0.6, "weighed against each other"),
        (0.61, "Your own sessions lead by now"),
        (1.0, "Your own sessions lead by now"),
    ],
)
def test_the_lead_is_the_measured_share(share: float, says: str) -> None:
    assert says in lead(share)
    assert share_in_words(share)


def test_phases_count_sessions_and_claim_no_share() -> None:
    for phase, words in PHASES.items():
        assert not re.search(r"most|your own", f"{phase_title(phase)} {words}", re.IGNORECASE)
