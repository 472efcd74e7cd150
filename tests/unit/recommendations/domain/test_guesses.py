"""The climber's forecasts beside ours: errors by hand, an interval from the tables, no winner by chance."""

from __future__ import annotations

import math
from datetime import date, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommendations.domain.guess_words import guess_sentences
from recommendations.domain.guesses import FEW, NEEDED, Guess, GuessScores, score_guesses

DAY = date(2026, 5, 1)
T_975 = {9: 2.2622}  # Student's t, from printed tables


def guesses(*said: tuple[float, float, float]) -> list[Guess]:
    return [
        Guess(session_id=UUID(int=n + 1), day=DAY + timedelta(days=n), own=own, ours=ours, observed=observed)
        for n, (own, ours, observed) in enumerate(said)
    ]


def test_by_hand() -> None:
    """Own errors 2, 1, 0, 1, 1, twice; ours 0.4, 1.1, 0, 1.2, 0.8; differences 1.6, −0.1, 0, −0.2, 0.2."""
    week = ((8, 6.4, 6), (6, 6.1, 5), (6, 6.0, 6), (9, 6.8, 8), (6, 6.2, 7))
    got = score_guesses(guesses=guesses(*week, *week))
    assert got.n == 10
    assert got.own_mae == pytest.approx(1.0)
    assert got.our_mae == pytest.approx(0.7)
    assert got.difference == pytest.approx(0.3)
    sd = math.sqrt(2 * (1.3**2 + 0.4**2 + 0.3**2 + 0.5**2 + 0.1**2) / 9)
    half = T_975[9] * sd / math.sqrt(10)
    assert got.interval_95 == pytest.approx((0.3 - half, 0.3 + half), abs=1e-3)
    assert got.nearer == "undecided"
    assert got.as_payload() == {
        "sessions": 10, "sessions_needed": 10, "own_mean_absolute_error": 1.0, "our_mean_absolute_error": 0.7,
        "difference": 0.3, "difference_interval_95": [-0.2, 0.8], "nearer": "undecided",
    }  # fmt: skip


@pytest.mark.parametrize("n", range(NEEDED))
def test_fewer_than_ten_say_nothing(n: int) -> None:
    got = score_guesses(guesses=guesses(*[(9, 5.0, 5)] * n))
    assert (got.n, got.nearer, got.own_mae, got.our_mae, got.difference) == (n, "too_few", None, None, None)
    assert got.as_payload()["difference_interval_95"] is None
    said = " ".join(guess_sentences(got))
    assert "points" not in said
    assert f"From 10 on they are compared here, after {10 - n} more" in said


@pytest.mark.parametrize(
    ("own", "ours", "nearer"),
    [(8, 5.0, "ours"), (5, 8.0, "own"), (5, 5.0, "undecided"), (6, 5.8, "undecided")],
)
def test_equal_differences_are_not_certainty(own: float, ours: float, nearer: str) -> None:
    """The interval keeps the width of the rounding: 2.262 / √12 / √10 = 0.207."""
    got = score_guesses(guesses=guesses(*[(own, ours, 5)] * 10))
    assert got.interval_95 is not None
    low, high = got.interval_95
    assert (high - low) / 2 == pytest.approx(T_975[9] / math.sqrt(120), abs=1e-4)
    assert got.nearer == nearer


def test_the_earliest_session_is_first() -> None:
    said = guesses((5, 5, 5), (6, 6, 6), (7, 7, 7))
    assert [g.own for g in score_guesses(guesses=said[::-1]).guesses] == [5, 6, 7]


points = st.integers(1, 10)
said_numbers = st.lists(
    st.tuples(points, st.integers(10, 100).map(lambda tenths: tenths / 10), points),
    min_size=NEEDED,
    max_size=60,
)


@given(said_numbers)
def test_the_other_way_round_the_other_one_is_nearer(said: list[tuple[float, float, float]]) -> None:
    there = score_guesses(guesses=guesses(*said))
    back = score_guesses(guesses=guesses(*[(ours, own, observed) for own, ours, observed in said]))
    assert (there.own_mae, there.our_mae) == (back.our_mae, back.own_mae)
    assert there.difference == pytest.approx(-(back.difference or 0.0))
    assert back.nearer == {"own": "ours", "ours": "own"}.get(there.nearer, there.nearer)
    assert there.interval_95 is not None
    assert there.interval_95[0] < (there.difference or 0.0) < there.interval_95[1]
    assert there.difference == pytest.approx((there.own_mae or 0.0) - (there.our_mae or 0.0))


@pytest.mark.parametrize(
    ("scores", "said"),
    [
        pytest.param(score_guesses(guesses=[]), "None of your rated sessions has", id="none"),
        pytest.param(score_guesses(guesses=guesses((5, 5, 5))), "One of your rated sessions has", id="one"),
        pytest.param(
            score_guesses(guesses=guesses(*[(5, 5, 5)] * 4)), "4 of your rated sessions have", id="four"
        ),
        pytest.param(
            score_guesses(guesses=guesses(*[(6, 5.8, 5)] * 10)),
            "Over 10 sessions your guesses were off by 1.0 points on average, ours by 0.8 points."
            " The difference is no larger than chance makes it",
            id="undecided",
        ),
        pytest.param(
            score_guesses(guesses=guesses(*[(8, 5.0, 5)] * 10)),
            "Ours were nearer, by 2.8 to 3.2 points: hardly by chance. These are few sessions",
            id="ours",
        ),
        pytest.param(
            score_guesses(guesses=guesses(*[(5, 8.0, 5)] * 10)),
            "Yours were nearer, by 2.8 to 3.2 points: hardly by chance. These are few sessions",
            id="own",
        ),
    ],
)
def test_words(scores: GuessScores, said: str) -> None:
    assert said in " ".join(guess_sentences(scores))


def test_many_sessions_need_no_caution() -> None:
    said = " ".join(guess_sentences(score_guesses(guesses=guesses(*[(8, 5.0, 5)] * FEW))))
    assert "hardly by chance" in said
    assert "few sessions" not in said
