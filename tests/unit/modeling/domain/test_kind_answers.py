from __future__ import annotations

import math

import pytest

from modeling.domain.elicited_kinds import elicited_kind_means
from modeling.domain.kind_answers import CoachAnswer, SettledScenario, kind_judgments


def change(quality, *, to="power", of="volume", variable="session_type"):
    return {
        "variable": variable,
        "actual_value": of,
        "counterfactual_value": to,
        "new_predicted_quality": quality,
        "would_change_session_type": True,
    }


def scenario(*answers, disputed=(), **conditions):
    return SettledScenario(conditions=conditions, disputed=frozenset(disputed), answers=answers)


def answer(*changes, baseline=5.0, confidence="high"):
    return CoachAnswer(baseline=baseline, counterfactuals=changes, confidence=confidence)


def test_coaches_count_by_how_sure_they_are():
    """(1.0 · 1 + 0.4 · 0 + 0.5 · -1) / 1.9: high, low, not said."""
    (got,) = kind_judgments(
        scenarios=[
            scenario(
                answer(change(6.0)),
                answer(change(4.0), baseline=4.0, confidence="low"),
                answer(change(4), confidence=None),
                stress_level=4,
                sleep_hours=6.5,
            )
        ]
    )
    assert got.difference == pytest.approx(0.5 / 1.9)
    assert got.conditions == {"stress_level": 4.0, "sleep_hours": 6.5}


def test_every_change_of_kind_is_a_judgment_and_nothing_else_is():
    got = kind_judgments(
        scenarios=[
            scenario(
                answer(
                    change(6),
                    change(4, to="max", of="moderate", variable="session_intensity"),
                    change(7, to=8, of=6, variable="sleep_hours"),
                )
            ),
            scenario(answer(change(5.5))),
            scenario(),
        ]
    )
    assert [(j.variable, j.kind, j.difference) for j in got] == [
        ("session_intensity", "max", -1.0),
        ("session_type", "power", 1.0),
        ("session_type", "power", 0.5),
    ]


@pytest.mark.parametrize(
    "entry",
    [
        pytest.param("power", id="no-object"),
        pytest.param(change(6, to="bouldering naked"), id="unknown-word"),
        pytest.param(change(6, of=None), id="no-word"),
        pytest.param(change(6, to=["power"]), id="a-list"),
        pytest.param(change(6, to="volume"), id="the-same-kind"),
        pytest.param(change("6"), id="text-for-a-number"),
        pytest.param(change(True), id="yes-for-a-number"),
        pytest.param(change(math.nan), id="nan"),
        pytest.param(change(11), id="off-the-scale"),
        pytest.param(change(6) | {"variable": ["session_type"]}, id="variable-is-a-list"),
        pytest.param({"variable": "session_type"}, id="empty"),
    ],
)
def test_what_cannot_be_read_says_nothing(entry):
    assert kind_judgments(scenarios=[scenario(answer(entry))]) == ()


def test_what_is_disputed_says_nothing():
    assert kind_judgments(scenarios=[scenario(answer(change(6)), disputed=["session_type"])]) == ()


def test_an_absurd_day_counts_as_an_ordinary_one():
    (got,) = kind_judgments(scenarios=[scenario(answer(change(6)), stress_level=99, sleep_hours="eight")])
    assert got.conditions == {}
    assert elicited_kind_means(judgments=[got]) == {"type:power": pytest.approx(0.09 / 0.34)}
