"""What a session taught, in words: sentence, explanation, reasons and numbers of one page never contradict."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modeling.domain.design_matrix import TreatedSession
from modeling.domain.population_prior import population_prior
from recommendations.domain.surprise import Surprise
from recommendations.domain.taught import what_a_session_taught
from tests.factories.published import trained_population
from tests.factories.recommendation_context import REFERENCE, past_sessions

PRIOR, TRAINED, WITH_KINDS = population_prior(priors={}), trained_population(), trained_population(kinds=True)
OPENING = re.compile(r"Expected (-?[\d.]+)(, off the scale)?, rated ([\d.]+)(: .*)")
PARTS = re.compile(r"Of the ([\d.]+) points? of surprise, ([\d.]+) (?:is|are) now expected")


def taught(n, conditions, quality, *, population=PRIOR, shift=0.0, gap=3.0):
    """The lesson of one more session after n; `shift` moves the ratings before it."""
    earlier = [
        replace(s, session_quality=min(max(s.session_quality + shift, 1.0), 10.0)) for s in past_sessions(n)
    ]
    day = (earlier[-1].day if earlier else 0.0) + gap
    session = TreatedSession(day=day, conditions=conditions, session_quality=float(quality))
    return what_a_session_taught(earlier=earlier, session=session, population=population)


def check_together(got) -> None:
    """Both texts, the reasons and the numbers, side by side."""
    change = got.change
    reasons = [c.why for c in change.coefficients]
    is_moved = change.level_is_news or any(c.is_clear for c in change.coefficients)
    expected, off_the_scale, rated, rest = OPENING.fullmatch(change.sentence).groups()
    surprise = float(rated) - float(expected)
    assert (off_the_scale is not None) == (not 1.0 <= float(expected) <= 10.0)
    assert change.as_payload()["surprise"] == pytest.approx(surprise)
    as_expected, learnt, noise = (
        "about as expected" in rest,
        "what that taught went to" in rest,
        "counts as chance" in rest,
    )
    assert (as_expected, learnt, noise) == tuple(got.why == why for why in ("as_expected", "learnt", "noise"))
    assert got.explanation.startswith("It confirms") == as_expected
    assert ("little changes" in rest) == ("little moves" in got.explanation) == (as_expected and not is_moved)
    assert ("came out about as expected" in " ".join(reasons)) <= as_expected
    if as_expected:
        return
    assert surprise != 0.0
    assert ("better" in rest, "worse" in rest) == (surprise > 0, surprise < 0)
    total, believed = map(float, PARTS.match(got.explanation).groups())
    assert total == pytest.approx(abs(surprise))
    assert 0.0 <= believed <= total
    assert ("weighs little" in got.explanation) == noise
    if learnt:
        assert believed > 0.0
        assert ("the rest counts as chance" in got.explanation) == (believed < total)
    else:
        assert believed <= 0.1 * total + 0.06  # 0.05 of rounding each


@settings(max_examples=250, deadline=None)
@given(
    st.sampled_from([0, 1, 2, 4, 9, 30, 60]),
    st.fixed_dictionaries(
        {},
        optional={
            "stress_level": st.integers(1, 5),
            "sleep_hours": st.sampled_from([4.0, 7.5, 9.0]),
            "caffeine_mg": st.sampled_from([0, 100, 400]),
            "session_type": st.sampled_from(["project", "volume", "power"]),
        },
    ),
    st.booleans(),
    st.integers(1, 10),
    st.sampled_from([PRIOR, TRAINED, WITH_KINDS]),
    st.sampled_from([-5.0, 0.0, 5.0]),
    st.sampled_from([0.0, 1.0, 90.0]),
)
def test_the_texts_of_one_page_never_contradict(n, said, everything, quality, population, shift, gap):
    conditions = {**(REFERENCE if everything else {}), **said}
    check_together(taught(n, conditions, quality, population=population, shift=shift, gap=gap))


def test_one_point_in_a_first_session_is_news_in_every_text():
    got = taught(0, dict(REFERENCE), 6)
    check_together(got)
    assert got.why == "learnt"
    assert (
        got.change.sentence
        == "Expected 5, rated 6: better. Most of what that taught went to your usual quality."
    )
    assert got.explanation.startswith("Of the 1 point of surprise, 0.5 are now expected")


def test_what_teaches_nothing_is_not_called_learnt():
    """A firm population, sixty sessions: a point and a half explains nothing, whatever a coefficient did."""
    firm = replace(PRIOR, covariance=PRIOR.covariance * 1e-3)
    earlier = [
        TreatedSession(day=float(d), conditions=dict(REFERENCE), session_quality=5.0) for d in range(60)
    ]
    got = what_a_session_taught(
        earlier=earlier, session=replace(earlier[-1], day=60.0, session_quality=7.0), population=firm
    )
    check_together(got)
    assert got.why == "noise"
    assert got.change.sentence == "Expected 5, rated 7: better, and nearly all of that counts as chance."
    assert "Of the 2 points of surprise, 0 are now expected" in got.explanation
    assert "After 60 sessions one surprise weighs little" in got.explanation


def test_unsaid_conditions_make_a_rating_less_surprising():
    """The range that the page shows holds them too: what is inside half of it cannot be news in words."""
    firm = replace(PRIOR, covariance=PRIOR.covariance * 1e-6)
    quality = (
        5.75  # noise 1.3: 0.58 SD with everything said; nothing said adds 0.9² (0.15² + …) to its variance
    )
    said, unsaid = (
        taught(0, dict(REFERENCE), quality, population=firm),
        taught(0, {}, quality, population=firm),
    )
    assert unsaid.change.surprise.predictive_sd == pytest.approx(unsaid.prediction.predictive_sd)
    assert unsaid.change.surprise.predictive_sd > said.change.surprise.predictive_sd + 0.2
    assert (said.why, unsaid.why) == ("noise", "as_expected")


def test_expectations_beyond_the_scale_are_said_so():
    loved = replace(PRIOR, mean=np.concatenate([[11.4], PRIOR.mean[1:]]))
    got = taught(0, dict(REFERENCE), 10, population=loved)
    check_together(got)
    assert got.change.sentence.startswith("Expected 11.4, off the scale, rated 10: worse.")
    assert got.prediction.expected_quality == 10.0


@pytest.mark.parametrize(
    ("points", "explained", "moved", "why"),
    [
        pytest.param(0.0, 0.0, True, "as_expected", id="nothing-off-whatever-moved"),
        pytest.param(0.9, 0.2, False, "as_expected", id="within-half-an-sd"),
        pytest.param(0.9, 0.2, True, "learnt", id="within-half-an-sd-yet-moved"),
        pytest.param(1.1, 0.11, False, "learnt", id="a-tenth-explained"),
        pytest.param(1.1, 0.1, True, "noise", id="less-than-a-tenth"),
        pytest.param(-1.1, 0.5, True, "noise", id="explained-the-other-way"),
        pytest.param(-3.0, -2.0, True, "learnt", id="worse"),
    ],
)
def test_one_classification(points, explained, moved, why):
    got = Surprise(expected=5.0, observed=5.0 + points, predictive_sd=2.0, explained=explained, moved=moved)
    assert got.why == why
