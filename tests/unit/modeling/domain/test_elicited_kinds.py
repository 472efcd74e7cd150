from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modeling.domain.elicited_kinds import KindJudgment, elicited_kind_means
from modeling.domain.session_kind import EFFECT_SD, INTERACTION_SD, UnknownKind, kind_priors


def said(difference, *, kind="project", instead_of="volume", sd=0.5, variable="session_type", **conditions):
    return KindJudgment(
        variable=variable,
        kind=kind,
        instead_of=instead_of,
        difference=difference,
        conditions=conditions,
        sd=sd,
    )


def test_one_judgment_at_reference_by_hand():
    """0.3² / (0.3² + 0.5²) of it is believed."""
    got = elicited_kind_means(judgments=[said(0.4)])
    assert got == {"type:project": pytest.approx(0.4 * 0.09 / 0.34)}


def test_one_judgment_away_from_it_is_split_as_the_priors_have_it():
    """Stress 5: d = (1, 2), variance 0.09 + 4 · 0.0025 + 0.25 = 0.35."""
    got = elicited_kind_means(judgments=[said(0.7, stress_level=5)])
    assert got == {
        "type:project": pytest.approx(EFFECT_SD**2 * 0.7 / 0.35),
        "type:project×stress_level": pytest.approx(2 * INTERACTION_SD**2 * 0.7 / 0.35),
    }


def test_between_two_kinds_the_difference_is_shared():
    got = elicited_kind_means(judgments=[said(0.4, kind="technique", instead_of="project")])
    assert got["type:technique"] == pytest.approx(-got["type:project"])
    assert got["type:technique"] == pytest.approx(0.4 * 0.09 / (0.18 + 0.25))


def test_intensities_have_no_interactions():
    got = elicited_kind_means(
        judgments=[
            said(-0.2, variable="session_intensity", kind="max", instead_of="moderate", stress_level=5)
        ]
    )
    assert list(got) == ["intensity:max"]


@given(st.floats(-0.3, 0.3), st.floats(-0.05, 0.05), st.floats(-0.05, 0.05))
def test_many_exact_judgments_give_back_what_was_meant(effect, by_stress, by_sleep):
    judgments = [
        said(
            effect + by_stress * (stress - 3) + by_sleep * (sleep - 7.5),
            sd=0.001, stress_level=float(stress), sleep_hours=sleep,
        )
        for stress in range(1, 6)
        for sleep in (5.0, 7.5, 9.0)
    ]  # fmt: skip
    got = elicited_kind_means(judgments=judgments)
    names = ("type:project", "type:project×stress_level", "type:project×sleep_hours")
    assert [got[name] for name in names] == pytest.approx([effect, by_stress, by_sleep], abs=0.002)
    priors = kind_priors(names=(*names, "type:power"), elicited=got)
    assert priors.mean.tolist() == [*(got[name] for name in names), 0.0]


def test_nothing_said_gives_nothing():
    assert elicited_kind_means(judgments=[]) == {}


@pytest.mark.parametrize(
    "judgment",
    [said(0.1, kind="yoga"), said(0.1, instead_of="yoga"), said(0.1, variable="stress_level")],
)
def test_what_is_no_kind_is_refused(judgment):
    with pytest.raises(UnknownKind):
        elicited_kind_means(judgments=[judgment])
