"""Paths that rules may look at, and the state they are read from."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from climbiq.domain.rule_fields import FIELD_ALIASES, RULE_FIELDS, UnknownRuleField, build_state, rule_field
from climbiq.domain.training_history import TrainingHistory
from climbiq.domain.variables import in_room
from climbiq.domain.vocabularies import NIGGLE_SITES

SEVERITY = "pre_session.niggle_severity."


@pytest.mark.parametrize(
    ("path", "canonical", "kind"),
    [
        ("baseline.performance_anxiety", "baseline.performance_anxiety", "number"),
        ("pre_session.stress_level", "pre_session.stress_level", "number"),
        ("pre_session.planned_caffeine_mg", "pre_session.caffeine_mg", "number"),
        ("pre_session.caffeine_mg", "pre_session.caffeine_mg", "number"),
        ("pre_session.planned_warmup_min", "pre_session.warmup_duration_min", "number"),
        ("pre_session.planned_session_type", "pre_session.session_type", "choice"),
        ("pre_session.planned_intensity", "pre_session.session_intensity", "choice"),
        ("baseline.has_coach", "baseline.has_coach", "flag"),
        ("baseline.injury_history", "baseline.injury_history", "list"),
        ("pre_session.current_niggles", "pre_session.current_niggles", "list"),
        ("baseline.current_boulder_grade_index", "baseline.current_boulder_grade_index", "number"),
        ("baseline.peak_route_grade_index", "baseline.peak_route_grade_index", "number"),
        (f"{SEVERITY}finger", f"{SEVERITY}finger", "number"),
        (f"{SEVERITY}any", f"{SEVERITY}any", "number"),
        ("history.n_sessions", "history.n_sessions", "number"),
    ],
)
def test_fields_and_their_spellings(path: str, canonical: str, kind: str) -> None:
    assert (rule_field(path).path, rule_field(path).kind) == (canonical, kind)


@pytest.mark.parametrize(
    "path",
    [
        "pre_session.actual_caffeine_mg",
        "post_session.session_quality",
        "baseline.current_boulder_grade",
        "pre_session.sleep_notes",
        "baseline.stress_level",
        "stress_level",
        "",
        None,
        ["pre_session.stress_level"],
    ],
    ids=[
        "after the session",
        "outcome",
        "free text",
        "notes",
        "other room",
        "no room",
        "blank",
        "none",
        "list",
    ],
)
def test_unknown_fields(path: object) -> None:
    with pytest.raises(UnknownRuleField, match="unknown rule field"):
        rule_field(path)


def test_every_field_is_usable_by_the_editor() -> None:
    for path, field in RULE_FIELDS.items():
        assert field.path == path
        assert field.label
        assert field.kind != "number" or field.low < field.high < float("inf")
        assert field.kind != "choice" or field.choices
    assert not FIELD_ALIASES.keys() & RULE_FIELDS.keys()
    assert set(FIELD_ALIASES.values()) <= RULE_FIELDS.keys()
    assert {f"{SEVERITY}{site}" for site in (*NIGGLE_SITES, "any")} <= RULE_FIELDS.keys()


def test_every_variable_but_text_has_a_field() -> None:
    asked = {
        f"{v.room}.{v.name}"
        for room in ("baseline", "pre_session")
        for v in in_room(room)
        if v.kind != "text"
    }
    assert asked <= RULE_FIELDS.keys()


def test_state_of_a_climber_with_everything() -> None:
    state = build_state(
        baseline={
            "performance_anxiety": 7,
            "has_coach": False,
            "weight_kg": Decimal("61.5"),
            "sex": "female",
        },
        conditions={
            "caffeine_mg": 0,
            "planned_warmup_min": 20,
            "session_type": "project",
            "specific_objectives": ["the arete"],
            "current_niggles": [
                {"location": "finger", "severity": 2, "notes": ""},
                {"location": "finger", "severity": 4},
                {"location": "knee", "severity": 1, "notes": "old"},
            ],
        },
        history=TrainingHistory(n_sessions=3, sessions_last_7_days=1, last_quality=6.0),
    )
    severities = {f"{SEVERITY}{site}": 0 for site in NIGGLE_SITES}
    assert state == severities | {
        "baseline.performance_anxiety": 7,
        "baseline.has_coach": False,
        "baseline.weight_kg": 61.5,
        "baseline.sex": "female",
        "pre_session.caffeine_mg": 0,
        "pre_session.warmup_duration_min": 20,
        "pre_session.session_type": "project",
        "pre_session.specific_objectives": ("the arete",),
        "pre_session.current_niggles": ("finger", "knee"),
        f"{SEVERITY}finger": 4,
        f"{SEVERITY}knee": 1,
        f"{SEVERITY}any": 4,
        "history.n_sessions": 3,
        "history.sessions_last_7_days": 1,
        "history.hard_sessions_last_7_days": 0,
        "history.last_quality": 6.0,
    }
    assert type(state["baseline.weight_kg"]) is float


@pytest.mark.parametrize(
    ("niggles", "finger", "worst"),
    [
        pytest.param(None, None, None, id="nobody asked"),
        pytest.param([], 0, 0, id="nothing hurts"),
        pytest.param([{"location": "hip", "severity": 3}], 0, 3, id="elsewhere"),
        pytest.param([{"location": "finger"}], None, None, id="no severity"),
        pytest.param([{"location": "ear", "severity": 3}], None, None, id="no such site"),
        pytest.param([{"location": ["finger"], "severity": 3}], None, None, id="site is a list"),
        pytest.param([{"location": "finger", "severity": 9}], None, None, id="off the scale"),
        pytest.param(["finger"], None, None, id="words"),
        pytest.param("finger", None, None, id="a word"),
    ],
)
def test_unknown_niggles_are_not_no_niggles(niggles: object, finger: int | None, worst: int | None) -> None:
    state = build_state(baseline=None, conditions={"current_niggles": niggles}, history=None)
    assert (state.get(f"{SEVERITY}finger"), state.get(f"{SEVERITY}any")) == (finger, worst)
    assert ("pre_session.current_niggles" in state) is (worst is not None)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("stress_level", "4"),
        ("stress_level", True),
        ("stress_level", float("nan")),
        ("sleep_hours", Decimal("Infinity")),
        ("session_type", "napping"),
        ("session_type", ["project"]),
        ("specific_objectives", "the arete"),
        ("stress_level", None),
        ("mood", 3),
    ],
    ids=str,
)
def test_unusable_values_are_unknown(name: str, value: object) -> None:
    assert build_state(baseline=None, conditions={name: value}, history=None) == {}


def test_past_injuries_are_sites() -> None:
    injuries = [{"location": "elbow", "severity": 4, "notes": "2021"}]
    state = build_state(baseline={"injury_history": injuries}, conditions={}, history=None)
    assert state == {"baseline.injury_history": ("elbow",)}


def test_an_alias_without_a_value_does_not_hide_the_name() -> None:
    given = {"caffeine_mg": 100, "planned_caffeine_mg": None}
    assert build_state(baseline={}, conditions=given, history=None) == {"pre_session.caffeine_mg": 100}


def test_history_of_a_newcomer_is_known_to_be_empty() -> None:
    state = build_state(baseline=None, conditions={}, history=TrainingHistory())
    assert state == {
        "history.n_sessions": 0,
        "history.sessions_last_7_days": 0,
        "history.hard_sessions_last_7_days": 0,
    }


def test_dates_are_not_numbers() -> None:
    state = build_state(baseline={"age": date(2000, 1, 1)}, conditions={}, history=None)
    assert state == {}


@pytest.mark.parametrize(
    ("name", "grade", "index"),
    [
        pytest.param("current_boulder_grade", "V4", 4.0, id="V"),
        pytest.param("peak_boulder_grade", "6B+", 4.5, id="Font"),
        pytest.param("current_boulder_grade", "V4/V5", 4.5, id="a span is its middle"),
        pytest.param("current_boulder_grade", "VB", -1.0, id="below nought"),
        pytest.param("current_route_grade", "5.11a", 14.0, id="YDS"),
        pytest.param("current_route_grade", "7a", 17.0, id="French"),
        pytest.param("peak_route_grade", "5.11", 15.5, id="YDS without a letter"),
        pytest.param(
            "current_boulder_grade", "7a+", 7.0, id="a plain spelling is of its column's discipline"
        ),
        pytest.param("current_route_grade", "V4", None, id="the other discipline"),
        pytest.param("current_boulder_grade", "pretty hard", None, id="no grade"),
        pytest.param("current_boulder_grade", "", None, id="blank"),
        pytest.param("current_boulder_grade", None, None, id="not said"),
        pytest.param("current_boulder_grade", 4, None, id="not text"),
    ],
)
def test_a_grade_is_seen_as_its_index(name: str, grade: object, index: float | None) -> None:
    state = build_state(baseline={name: grade}, conditions={}, history=None)
    assert state == ({} if index is None else {f"baseline.{name}_index": index})


def test_the_indices_say_which_grades_they_are() -> None:
    boulder = rule_field("baseline.current_boulder_grade_index")
    assert (boulder.label, boulder.unit) == ("Boulder grade now", "on the V scale")
    assert (boulder.low, boulder.high, boulder.is_whole) == (-1, 17, False)
    assert (boulder.anchors[4], boulder.anchors[4.5]) == ("V4 or 6B", "6B+")
    route = rule_field("baseline.peak_route_grade_index")
    assert (route.label, route.unit) == ("Best route grade", "on the IRCRA scale")
    assert route.anchors[14] == "5.11a or 6b+"
    assert "baseline.current_boulder_grade" not in RULE_FIELDS  # the text itself decides nothing
