from __future__ import annotations

import re

import pytest

from climbiq.domain.edge_cases import EDGE_CASE_DIMENSIONS
from experts.domain.demo.scenarios import _described


@pytest.mark.parametrize(
    ("edge", "words"),
    [
        ({"age": 55, "years_climbing": 2}, "55 years old, 2 years of climbing"),
        ({"years_climbing": 1}, "1 year of climbing"),
        ({"days_since_hard_session": 0, "sleep_hours": 9}, "A hard session earlier today, 9 hours of sleep"),
        ({"days_since_hard_session": 1, "soreness_level": 4}, "Last hard session 1 day ago, soreness 4"),
        ({"days_since_hard_session": 7}, "Last hard session 7 days ago"),
        ({"age": 45, "sessions_per_week": 5}, "45 years old, 5 sessions a week"),
        ({"caffeine_mg": 400, "performance_anxiety": 9}, "400 mg of caffeine, performance anxiety 9"),
        (
            {"time_available_min": 30, "planned_warmup_min": 25},
            "30 minutes of time, 25 minutes of warm-up",
        ),
    ],
)
def test_an_edge_reads_as_people_say_it(edge, words):
    assert _described(edge) == words


def test_no_edge_has_a_unit_behind_a_label():
    said = [_described(edge) for edges in EDGE_CASE_DIMENSIONS.values() for edge in edges]
    assert not [words for words in said if re.search(r"(^| )1 (days|years|hours)\\b|days since|_", words)]
