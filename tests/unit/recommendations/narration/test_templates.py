from __future__ import annotations

import math
import re
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from climbiq.domain.variables import TREATMENTS
from climbiq.domain.vocabularies import INTENSITIES, SESSION_TYPES
from modeling.domain.design_matrix import TreatedSession
from recommendations.domain.events import recommend
from recommendations.domain.numbers import unsupported_numbers
from recommendations.domain.statistical_context import CoefficientBelief, compute_statistical_context
from recommendations.narration.base import NarrationRequest
from recommendations.narration.mechanisms import mechanism
from recommendations.narration.templates import NOTHING_TO_CHANGE, template_sentences
from tests.factories.recommendation_context import REFERENCE, context, past_sessions
from tests.factories.tips import PREDICTION, STATS, make_basis, make_tip

DIRECTIONS: list[dict[str, Any]] = [
    {"variable": "caffeine_mg", "action": "increase", "recommended_value": 150, "compared_with": 50},
    {"variable": "caffeine_mg", "action": "decrease", "recommended_value": 100, "compared_with": 380},
    {"variable": "warmup_duration_min", "action": "increase", "recommended_value": 20, "compared_with": 5},
    {"variable": "warmup_duration_min", "action": "decrease", "recommended_value": 20, "compared_with": 60},
    *({"variable": "session_type", "action": "choose", "recommended_value": t} for t in SESSION_TYPES),
    {"variable": "session_intensity", "recommended_value": "low", "compared_with": "max"},
    {"variable": "session_intensity", "recommended_value": "max", "compared_with": "low"},
]
OPEN = ("caffeine_mg", "warmup_duration_min")
CHEERS = re.compile(
    r"!|\b(great|awesome|amazing|well done|congrat\w*|perfect|excellent|good job|crush)\b", re.IGNORECASE
)


def told(stats: dict[str, Any] | None = None, **changes: Any) -> tuple[str, ...]:
    return template_sentences(NarrationRequest(tip=make_tip(**changes).as_payload(), stats=stats or {}))


@pytest.mark.parametrize("direction", DIRECTIONS, ids=lambda d: f"{d['variable']} {d['recommended_value']}")
def test_every_direction_has_a_mechanism_of_its_own(direction: dict[str, Any]) -> None:
    mechanisms = [told(**d)[0] for d in DIRECTIONS]
    assert mechanisms.count(told(**direction)[0]) == 1
    assert unsupported_numbers(text=told(**direction)[0], payloads=[]) == ()


@pytest.mark.parametrize(
    "direction", [d for d in DIRECTIONS if d.get("action") in ("increase", "decrease")], ids=str
)
def test_a_treatment_that_was_left_open_is_told_by_what_it_is_compared_with(
    direction: dict[str, Any],
) -> None:
    assert told(**direction | {"action": "choose", "current_value": None})[0] == told(**direction)[0]


@pytest.mark.parametrize("left_out", [(), ("caffeine_mg",), ("warmup_duration_min",), OPEN], ids=str)
@pytest.mark.parametrize("effect", [-0.004, 0.004])
def test_every_tip_that_is_really_made_has_a_mechanism(left_out: tuple[str, ...], effect: float) -> None:
    """Most requests leave treatments open: what is advised of them is chosen, neither more nor less of a plan."""
    conditions = {name: value for name, value in REFERENCE.items() if name not in left_out}
    sessions = past_sessions(60, caffeine_effect=effect, noise=0.4)
    result = recommend(context=context(conditions=conditions, own_sessions=sessions))
    assert result.shown is not None
    assert result.shown.tips
    chosen = {tip.variable for tip in result.shown.tips if tip.action == "choose"}
    assert chosen >= {"caffeine_mg"} & set(left_out)
    for tip in result.shown.tips:
        told_first = template_sentences(NarrationRequest(tip=tip.as_payload()))[0]
        assert not told_first.startswith("This is one of the few"), tip


def test_every_treatment_of_the_registry_has_one() -> None:
    assert {d["variable"] for d in DIRECTIONS} == set(TREATMENTS)


@pytest.mark.parametrize(("to", "from_"), [p for p in product(INTENSITIES, INTENSITIES) if p[0] != p[1]])
def test_intensity_is_told_by_whether_it_is_easier(to: str, from_: str) -> None:
    easier = list(INTENSITIES).index(to) > list(INTENSITIES).index(from_)
    text = mechanism(variable="session_intensity", action="choose", recommended=to, compared_with=from_)
    assert text.startswith("Holding back" if easier else "A body that has recovered")


def test_an_unknown_variable_or_choice_is_told_in_general() -> None:
    assert told(variable="sauna", action="choose", recommended_value="hot")[0].startswith(
        "This is one of the few"
    )
    assert told(variable="session_type", recommended_value="yoga")[0].startswith("This is one of the few")


@pytest.mark.parametrize(
    ("own_sessions", "reliability", "stats", "expected"),
    [
        pytest.param(0, 0.0, STATS, "None of your own sessions speak to this yet", id="no own sessions"),
        pytest.param(1, 0.02, {}, "Your own 1 session tell", id="one session"),
        pytest.param(9, 0.09, STATS, "Your own 9 sessions tell little", id="they say little"),
        pytest.param(9, 0.3, {}, "partly on how your own 9 sessions went", id="partly own"),
        pytest.param(40, 0.8, {}, "mostly on how your own 40 sessions went", id="mostly own"),
        pytest.param(
            13, 0.42, STATS,
            "those with plenty of caffeine averaged 7.1 over 5, those with next to none averaged 6.2 over 8",
            id="compared",
        ),
    ],
)  # fmt: skip
def test_own_sessions(own_sessions: int, reliability: float, stats: dict[str, Any], expected: str) -> None:
    basis = make_basis(own_sessions=own_sessions, reliability=reliability)
    assert expected in told(stats, basis=basis)[1]


SOURCES = {  # word in the text: whether it may stand there
    "climber": lambda population: population["trained"],
    "studies": lambda population: population["literature"],
    "coach": lambda population: population["coach_scenarios"] > 0,
}


@pytest.mark.parametrize("trained", [False, True])
@pytest.mark.parametrize("literature", [False, True])
@pytest.mark.parametrize("coach_scenarios", [0, 4])
@pytest.mark.parametrize("own_sessions", [0, 9, None])
def test_exactly_the_sources_that_are_there_are_named(
    trained: bool, literature: bool, coach_scenarios: int, own_sessions: int | None
) -> None:
    population = {"trained": trained, "literature": literature, "coach_scenarios": coach_scenarios}
    if own_sessions is None:  # nothing to change
        request = NarrationRequest(
            tip=None, prediction={**PREDICTION, "phase": None, "population": population}
        )
    else:
        basis = make_basis(own_sessions=own_sessions, reliability=0.02, **population)
        request = NarrationRequest(tip=make_tip(basis=basis).as_payload())
    sentence = template_sentences(request)[1]
    assert {word: word in sentence for word in SOURCES} == {
        word: may(population) for word, may in SOURCES.items()
    }
    assert ("guess" in sentence) == (not any(population.values()))
    assert unsupported_numbers(text=sentence, payloads=request.payloads) == ()


@pytest.mark.parametrize("population", [None, {}, "studies"])
def test_advice_from_before_its_sources_were_kept_names_none(population: Any) -> None:
    tip = make_tip(basis=make_basis(own_sessions=0, reliability=0)).as_payload()
    tip["basis"]["population"] = population
    sentence = template_sentences(NarrationRequest(tip=tip))[1]
    assert "it is what is known of climbers, and your sessions will correct it" in sentence


@pytest.mark.parametrize("reliability", [0.02, 0.3, 0.9])
@pytest.mark.parametrize("stats", [{}, STATS])
@pytest.mark.parametrize("direction", DIRECTIONS)
def test_observed_slopes_are_called_association(
    direction: dict[str, Any], stats: dict[str, Any], reliability: float
) -> None:
    basis = make_basis(own_sessions=20, reliability=reliability)
    text = told(stats, basis=basis, **direction)[1]
    assert "does not show that the one caused the other" in text or "need not have caused" in text


def test_stressed_days_are_compared_for_projecting_and_volume_only() -> None:
    assert (
        "projecting averaged 4.8 over 3"
        in told(STATS, variable="session_type", recommended_value="volume")[1]
    )
    assert "averaged" not in told(STATS, variable="session_type", recommended_value="technique")[1]


def test_a_comparison_without_one_of_its_sides_is_left_out() -> None:
    stats = {
        "personal_caffeine": {"high_caffeine_avg": None, "low_caffeine_avg": 6.2, "n_high": 0, "n_low": 8}
    }
    assert "averaged" not in told(stats)[1]


@pytest.mark.parametrize(
    ("interval", "probability", "expected"),
    [
        ((-0.58, 1.18), 0.62, "Anything from −0.58 to 1.18 points fits the evidence"),
        ((-0.58, 1.18), 0.62, "little more than a hunch"),
        ((-0.2, 1.18), 0.8, "take it as a lean"),
        ((-0.02, 1.18), 0.93, "a fair bet"),
        ((0.12, 1.18), 0.98, "Even the low end of what fits the evidence, 0.12 points, is a gain"),
        ((-1.0, 1.0), 0.6, "from −1 to 1 point fits"),
    ],
)
def test_what_is_open(interval: tuple[float, float], probability: float, expected: str) -> None:
    assert expected in told(gain_interval_95=interval, probability_of_gain=probability)[2]


@pytest.mark.parametrize("phase", ["cold_start", "learning", "personalized", None])
def test_nothing_to_change(phase: str | None) -> None:
    sentences = template_sentences(NarrationRequest(tip=None, prediction={"phase": phase}))
    assert sentences[0] == NOTHING_TO_CHANGE
    assert ("your own sessions" in sentences[1]) == (phase in ("learning", "personalized"))
    assert unsupported_numbers(text=" ".join(sentences), payloads=[]) == ()


def test_an_incomplete_payload_is_still_told() -> None:
    assert len(template_sentences(NarrationRequest(tip={}))) == 3


POINTS = st.floats(-9, 9, allow_nan=False)
SHARE = st.floats(0, 1)
AVERAGE = st.none() | st.floats(1, 10).map(lambda q: round(q, 1))
COUNT = st.integers(0, 2000)
POPULATIONS = st.fixed_dictionaries(
    {"trained": st.booleans(), "literature": st.booleans(), "coach_scenarios": st.sampled_from([0, 3])}
)


@st.composite
def requests(draw: st.DrawFn) -> NarrationRequest:
    direction = draw(st.sampled_from(DIRECTIONS))
    low, high = sorted((draw(POINTS), draw(POINTS)))
    tip = make_tip(
        **direction,
        current_value=draw(st.none() | st.just(direction.get("compared_with"))),
        gain=draw(POINTS),
        gain_interval_95=(low, high),
        probability_of_gain=draw(SHARE),
        basis=make_basis(own_sessions=draw(COUNT), reliability=draw(SHARE), **draw(POPULATIONS)),
        flips=(),
    )
    stats = {
        "personal_caffeine": {
            "high_caffeine_avg": draw(AVERAGE),
            "low_caffeine_avg": draw(AVERAGE),
            "n_high": draw(COUNT),
            "n_low": draw(COUNT),
        },
        "personal_high_stress": {
            "avg_quality_project": draw(AVERAGE),
            "avg_quality_volume": draw(AVERAGE),
            "n_project": draw(COUNT),
            "n_volume": draw(COUNT),
        },
    }
    return NarrationRequest(tip=tip.as_payload(), stats=stats)


@settings(deadline=None, derandomize=True)
@given(request=requests())
def test_the_template_never_says_a_number_that_was_not_given(request: NarrationRequest) -> None:
    sentences = template_sentences(request)
    text = " ".join(sentences)
    assert unsupported_numbers(text=text, payloads=request.payloads) == ()
    assert len(sentences) == 3
    assert not CHEERS.search(text)
    assert "None" not in text.replace("None of your own", "")
    assert not any(math.isnan(float(n)) for n in re.findall(r"nan|inf", text))
    assert len(text) < 900


def test_statistics_as_they_are_really_computed_are_told() -> None:
    history = [
        TreatedSession(
            day=d, conditions={"caffeine_mg": mg, "stress_level": 4, "session_type": kind}, session_quality=q
        )
        for d, mg, kind, q in [
            (1, 220, "project", 7),
            (3, 0, "volume", 5),
            (5, 250, "project", 8),
            (9, 20, "volume", 6),
        ]
    ]
    stats = compute_statistical_context(
        current_conditions={"stress_level": 4},
        user_history=history,
        population_stats={},
        user_coefficients={"caffeine_mg": CoefficientBelief(mean=0.004, sd=0.002)},
    ).as_payload()
    caffeine = NarrationRequest(tip=make_tip().as_payload(), stats=stats)
    assert (
        "averaged 7.5 over 2, those with next to none averaged 5.5 over 2" in template_sentences(caffeine)[1]
    )
    volume = NarrationRequest(
        tip=make_tip(variable="session_type", recommended_value="volume").as_payload(), stats=stats
    )
    assert "projecting averaged 7.5 over 2, your volume averaged 5.5 over 2" in template_sentences(volume)[1]
    for request in (caffeine, volume):
        assert (
            unsupported_numbers(text=" ".join(template_sentences(request)), payloads=request.payloads) == ()
        )


@settings(deadline=None, derandomize=True)
@given(request=requests())
def test_most_of_the_text_is_not_numbers(request: NarrationRequest) -> None:
    words = " ".join(template_sentences(request)).split()
    assert sum(any(c.isdigit() for c in word) for word in words) <= len(words) / 6
