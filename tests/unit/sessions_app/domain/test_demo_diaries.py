from __future__ import annotations

from datetime import UTC, date, timedelta

import numpy as np
import pytest

from climbiq.domain.literature import LITERATURE_PRIORS
from climbiq.domain.values import parse_values
from climbiq.domain.variables import VARIABLES, in_room
from sessions_app.domain.days import days_since
from sessions_app.domain.demo import CLIMBERS, true_effects, write_demo_diary
from sessions_app.domain.records import as_treated

TODAY = date(2026, 5, 10)


@pytest.fixture(scope="module")
def diaries():
    return [
        write_demo_diary(climber=climber, number=number, today=TODAY, zone=UTC)
        for number, climber in enumerate(CLIMBERS)
    ]


def test_the_same_every_time(diaries):
    again = write_demo_diary(climber=CLIMBERS[3], number=3, today=TODAY, zone=UTC)
    assert again == diaries[3]


def test_it_moves_with_the_day(diaries):
    moved = write_demo_diary(climber=CLIMBERS[3], number=3, today=TODAY + timedelta(days=30), zone=UTC)
    assert [row.session_date - timedelta(days=30) for row in moved.rows] == [
        r.session_date for r in diaries[3].rows
    ]


def test_every_answer_is_one_that_the_forms_would_take(diaries):
    for diary in diaries:
        for row in diary.rows:
            parse_values(in_room("pre_session"), row.planned)
            parse_values(in_room("post_session"), row.outcomes)
            assert row.session_date <= TODAY
            assert row.actual.keys() <= {
                "caffeine_mg",
                "warmup_duration_min",
                "session_type",
                "session_intensity",
            }
    for climber in CLIMBERS:
        parse_values(in_room("baseline"), climber.traits)


def test_they_differ_as_people_do(diaries):
    counts = [sum(row.status == "completed" for row in diary.rows) for diary in diaries]
    assert counts[-1] == 0
    assert min(count for count in counts if count) < 10  # cold start
    assert any(10 <= count < 30 for count in counts)  # learning
    assert sum(count >= 30 for count in counts) >= 6  # personalised
    rows = [row for diary in diaries for row in diary.rows]
    assert sum(row.status == "skipped" for row in rows) > 20
    assert sum(row.deviated for row in rows) > 80
    assert sum(bool(row.planned.get("current_niggles")) for row in rows) > 50
    assert sum("sleep_hours" not in row.planned for row in rows) > 40
    assert sum(row.outcomes.get("session_quality", 0) is None for row in rows) > 3
    assert [row.status for row in rows].count("planned") == 2


def test_days_since_say_what_the_diary_says(diaries):
    past = []
    for row in diaries[0].rows:
        since = days_since(day=row.session_date, sessions=past)
        if "days_since_hard_session" in row.planned:
            assert row.planned["days_since_hard_session"] == since.hard_session
        treated = as_treated(planned=row.planned, actual=row.actual, deviated=row.deviated)
        past.append((row.session_date, treated["session_intensity"], None, row.status))


def test_effects_are_drawn_from_the_priors_and_belong_to_one_climber():
    effects = [true_effects(number=number) for number in range(400)]
    for name, prior in LITERATURE_PRIORS.items():
        drawn = np.array([each[name] for each in effects])
        assert np.std(drawn) == pytest.approx(prior["individual_variance"], rel=0.15)
        assert abs(np.mean(drawn) - prior["population_mean"]) < 3 * prior["population_std"]
    assert effects[0] != effects[1]


def test_there_is_something_to_find(diaries):
    """Least squares on the longest diaries comes nearer to the truth than the prior mean does."""
    gains = []
    for diary in diaries[:5]:
        names = list(LITERATURE_PRIORS)
        rated = [r for r in diary.rows if r.outcomes.get("session_quality")]
        treated = [as_treated(planned=r.planned, actual=r.actual, deviated=r.deviated) for r in rated]
        full = [
            (t, r) for t, r in zip(treated, rated, strict=True) if all(t.get(n) is not None for n in names)
        ]
        design = np.array([[1.0, *(VARIABLES[n].centred_dose(t[n]) for n in names)] for t, _ in full])
        quality = np.array([r.outcomes["session_quality"] for _, r in full], dtype=float)
        fitted = design @ np.linalg.lstsq(design, quality, rcond=None)[0]
        gains.append(1 - np.var(quality - fitted) / np.var(quality))
    assert np.mean(gains) > 0.3
