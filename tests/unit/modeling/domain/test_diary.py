from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from modeling.domain.diary import InvalidDiary, literature_hierarchical_priors, read_diary


def frame(**changes) -> pd.DataFrame:
    base = {
        "climber": ["a", "a", "a", "b"],
        "session_date": ["2026-01-01", "2026-01-03", "2026-01-02", "2026-01-01"],
        "session_quality": [6, 7, 8, 5],
        "sleep_hours": [7.5, None, 12.0, None],
        "stress_level": [3, 5, 1, 2],
    }
    return pd.DataFrame({**base, **changes})


def test_doses_are_centred_hinged_and_filled_from_earlier_days_only() -> None:
    diary = read_diary(frame=frame())
    assert diary.names == ("intercept", "sleep_hours", "stress_level")
    assert diary.data.labels.tolist() == ["a", "b"]
    assert np.diff(diary.data.day[:3]).tolist() == [1.0, 1.0]
    assert diary.data.outcome.tolist() == [6.0, 8.0, 7.0, 5.0]
    # reference 7.5 h; 12 h is capped at 9; the third night is the mean of the first two; b never said: reference
    assert diary.data.design[:, 1].tolist() == pytest.approx([0.0, 1.5, 0.75, 0.0])
    assert diary.data.design[:, 2].tolist() == pytest.approx([0.0, -2.0, 2.0, -1.0])
    assert diary.notes == ()


def test_incomplete_rows_are_left_out_and_counted() -> None:
    got = read_diary(frame=frame(session_quality=[6, None, 11, 5]))
    assert got.data.outcome.tolist() == [6.0, 5.0]
    assert got.notes[0].startswith("2 rows")


def test_values_out_of_range_are_not_believed() -> None:
    got = read_diary(frame=frame(sleep_hours=[7.5, 300, 8.5, -4]))
    assert got.data.design[:, 1].tolist() == pytest.approx([0.0, 1.0, 0.5, 0.0])
    assert got.notes == ("2 values of sleep_hours outside 0–16 ignored",)


def test_a_variable_that_nobody_recorded() -> None:
    got = read_diary(frame=frame(sleep_hours=[None] * 4))
    assert got.names == ("intercept", "stress_level")
    assert "never recorded" in got.notes[0]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        pytest.param({"session_quality": ["good", 1, 2, 3]}, "session_quality", id="words-for-quality"),
        pytest.param({"session_date": ["yesterday"] * 4}, "session_date", id="words-for-dates"),
        pytest.param({"stress_level": ["lots", 1, 2, 3]}, "stress_level", id="words-for-stress"),
        pytest.param({"session_quality": [None] * 4}, "no row", id="nothing-rated"),
    ],
)
def test_unreadable_files_are_refused_with_the_reason(change, words: str) -> None:
    with pytest.raises(InvalidDiary, match=words):
        read_diary(frame=frame(**change))


def test_columns_must_be_there() -> None:
    with pytest.raises(InvalidDiary, match="session_date"):
        read_diary(frame=frame().drop(columns="session_date"))


def test_priors_are_the_literatures() -> None:
    got = literature_hierarchical_priors(names=("intercept", "caffeine_mg", "stress_level"))
    assert got.mean.tolist() == [5.0, 0.003, -0.35]
    assert got.sd.tolist() == [1.0, 0.002, 0.15]
    assert got.individual_sd.tolist() == [1.0, 0.004, 0.20]


def test_a_gap_is_not_filled_from_the_days_after_it() -> None:
    got = read_diary(frame=frame(sleep_hours=[7.5, 12.0, None, 8.0]))
    # the second night was not recorded: the first stands for it, not the mean with the third
    assert got.data.design[:3, 1].tolist() == pytest.approx([0.0, 0.0, 1.5])
