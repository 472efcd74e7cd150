"""Six numbers out of a list of sessions, counted by hand."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from climbiq.domain.training_history import PastSession, TrainingHistory, summarise_history

TODAY = date(2026, 5, 20)


def ago(
    days: int, intensity: str | None = None, quality: float | None = None, status: str = "completed"
) -> PastSession:
    return (TODAY - timedelta(days=days), intensity, quality, status)


@pytest.mark.parametrize(
    ("sessions", "expected"),
    [
        pytest.param([], TrainingHistory(), id="newcomer"),
        pytest.param(
            [ago(1, "max", 8), ago(3, "high", 4), ago(5, "moderate", 6)],
            TrainingHistory(
                n_sessions=3,
                sessions_last_7_days=3,
                hard_sessions_last_7_days=2,
                mean_quality_last_5=6.0,
                last_quality=8.0,
                days_since_last_session=1,
            ),
            id="a week in any order",
        ),
        pytest.param(
            [ago(6, "high"), ago(7, "high")],
            TrainingHistory(
                n_sessions=2, sessions_last_7_days=1, hard_sessions_last_7_days=1, days_since_last_session=6
            ),
            id="the seventh day back is outside, and unrated is unknown",
        ),
        pytest.param(
            [ago(0, "max", 9, "planned"), ago(1, "max", 9, "skipped"), ago(-1, "max", 9)],
            TrainingHistory(),
            id="planned, skipped and future ones do not count",
        ),
        pytest.param(
            [ago(0, "low", 7), ago(0, "low", 3)],
            TrainingHistory(
                n_sessions=2,
                sessions_last_7_days=2,
                mean_quality_last_5=5.0,
                last_quality=3.0,
                days_since_last_session=0,
            ),
            id="two on one day keep their order",
        ),
        pytest.param(
            [ago(30 + n, None, quality) for n, quality in enumerate([None, 10, 9, 8, 7, 6, 1, 1])],
            TrainingHistory(
                n_sessions=8, mean_quality_last_5=8.0, last_quality=10.0, days_since_last_session=30
            ),
            id="the last five rated",
        ),
    ],
)
def test_summaries(sessions: list[PastSession], expected: TrainingHistory) -> None:
    assert summarise_history(sessions=sessions, today=TODAY) == expected


PAST = st.builds(
    ago,
    st.integers(-3, 40),
    st.sampled_from([None, "low", "moderate", "high", "max"]),
    st.none() | st.integers(1, 10),
    st.sampled_from(["completed", "completed", "planned", "in_progress", "skipped"]),
)


@settings(deadline=None)
@given(st.lists(PAST, max_size=20))
def test_counts_nest(sessions: list[PastSession]) -> None:
    summary = summarise_history(sessions=sessions, today=TODAY)
    counts = (
        summary.hard_sessions_last_7_days,
        summary.sessions_last_7_days,
        summary.n_sessions,
        len(sessions),
    )
    assert list(counts) == sorted(counts)
    assert (summary.days_since_last_session is None) is (summary.n_sessions == 0)
    assert (summary.last_quality is None) is (summary.mean_quality_last_5 is None)
    assert summary == summarise_history(sessions=[s for s in sessions if s[3] == "completed"], today=TODAY)
