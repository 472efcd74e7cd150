"""Session kinds in the design: the same row in training and serving, by hand and by property."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from climbiq.domain.vocabularies import INTENSITIES, SESSION_TYPES
from modeling.domain.design_matrix import (
    COEFFICIENTS,
    COLUMN,
    TreatedSession,
    UsualDoses,
    design_matrix,
    design_row,
)
from modeling.domain.session_kind import UnknownColumn, kind_names, read_name

ALL = kind_names(
    conditions=[{"session_type": t, "session_intensity": i} for t in SESSION_TYPES for i in INTENSITIES]
)
COLUMNS = (*COEFFICIENTS, *ALL)
WIDTH = len(COEFFICIENTS)


def session(day=0.0, quality=6.0, **conditions):
    return TreatedSession(day=day, conditions=conditions, session_quality=quality)


words = st.none() | st.sampled_from([*SESSION_TYPES, "yoga"])
efforts = st.none() | st.sampled_from([*INTENSITIES, "insane"])
days = st.builds(
    lambda kind, effort, stress, sleep: {
        "session_type": kind,
        "session_intensity": effort,
        "stress_level": stress,
        "sleep_hours": sleep,
    },
    words,
    efforts,
    st.none() | st.integers(1, 5).map(float),
    st.none() | st.integers(4, 10).map(float),
)


def test_names_follow_the_vocabularies_and_leave_the_references_out():
    assert len(ALL) == 3 * (len(SESSION_TYPES) - 1) + len(INTENSITIES) - 1
    assert ALL[:3] == ("type:project", "type:project×stress_level", "type:project×sleep_hours")
    assert ALL[-3:] == ("intensity:max", "intensity:high", "intensity:low")
    assert not any(name.startswith(("type:volume", "intensity:moderate")) for name in ALL)


@pytest.mark.parametrize(
    ("conditions", "filled"),
    [
        pytest.param(
            {"session_type": "project", "stress_level": 5, "sleep_hours": 6},
            {"type:project": 1.0, "type:project×stress_level": 2.0, "type:project×sleep_hours": -1.5},
            id="type",
        ),
        pytest.param({"session_type": "volume", "session_intensity": "moderate"}, {}, id="references"),
        pytest.param({"session_intensity": "max"}, {"intensity:max": 1.0}, id="intensity"),
        pytest.param({"session_type": "yoga", "session_intensity": "insane"}, {}, id="unknown words"),
        pytest.param({"session_type": "power"}, {"type:power": 1.0}, id="at reference where not said"),
        pytest.param({}, {}, id="nothing said"),
    ],
)
def test_a_row_by_hand(conditions, filled):
    row = design_row(conditions=conditions, columns=COLUMNS).row
    assert {name: row[i] for i, name in enumerate(COLUMNS) if i >= WIDTH and row[i]} == filled


def test_an_interaction_multiplies_what_stands_in_the_row():
    sessions = [
        session(stress_level=5),
        session(stress_level=1),
        session(session_type="power"),
        session(stress_level=5),
    ]
    matrix = design_matrix(
        sessions=sessions, columns=(*COEFFICIENTS, "type:power×stress_level", "type:power")
    )
    usual = (2 - 2 + 2) / 3
    assert matrix.design[2, WIDTH:].tolist() == [pytest.approx(usual), 1.0]
    assert matrix.design[[0, 1, 3], WIDTH:].tolist() == [[0.0, 0.0]] * 3


@given(st.lists(days, max_size=8), st.permutations(ALL).map(lambda names: tuple(names[:9])))
def test_rows_of_training_and_serving_are_the_same(conditions, names):
    columns = (*COEFFICIENTS, *names)
    matrix = design_matrix(sessions=[session(**c) for c in conditions], columns=columns)
    rows = [design_row(conditions=c, usual=matrix.usual, columns=columns).row for c in conditions]
    np.testing.assert_array_equal(matrix.design, np.array(rows).reshape(len(rows), len(columns)))
    plain = design_matrix(sessions=[session(**c) for c in conditions])
    np.testing.assert_array_equal(matrix.design[:, :WIDTH], plain.design)
    for row, said in zip(matrix.design, conditions, strict=True):
        for name, value in zip(names, row[WIDTH:], strict=True):
            column = read_name(name)
            times = 1.0 if column.moderator is None else row[COLUMN[column.moderator]]
            assert value == (times if said[column.variable] == column.kind else 0.0), name


def test_habits_count_the_kinds_that_were_done():
    sessions = [
        session(session_type="power"),
        session(session_type="power"),
        session(),
        session(session_type="volume"),
    ]
    usual = design_matrix(sessions=sessions, columns=(*COEFFICIENTS, "type:power")).usual
    assert usual.kinds == {"session_type": {"power": 2, "volume": 1}}
    assert design_matrix(sessions=sessions).usual.kinds == {}


def test_how_a_kind_was_taken():
    columns = (*COEFFICIENTS, "type:power", "intensity:max")
    row = design_row(
        conditions={"planned_session_type": "competition", "session_intensity": "max"}, columns=columns
    )
    assert [(k.said, k.taken, k.is_trained) for k in row.kinds] == [
        ("competition", "volume", False),
        ("max", "max", True),
    ]
    assert design_row(conditions={"session_type": "power"}).kinds == ()


@pytest.mark.parametrize(
    "columns",
    [
        ("intercept", "type:power"),
        (*COEFFICIENTS, "type:yoga"),
        (*COEFFICIENTS, "type:volume"),
        (*COEFFICIENTS, "type:power×energy_level"),
        (*COEFFICIENTS, "intensity:max×stress_level"),
        (*COEFFICIENTS, "type:power", "type:power"),
        (*COEFFICIENTS, "stress_level"),
    ],
    ids=lambda names: names[-1],
)
def test_names_that_are_no_columns_are_refused(columns):
    with pytest.raises(UnknownColumn):
        design_row(conditions={}, columns=columns)
    with pytest.raises(UnknownColumn):
        design_matrix(sessions=[], columns=columns)


def test_a_name_is_read_into_its_parts():
    assert {(read_name(name).variable, read_name(name).moderator) for name in ALL} == {
        ("session_type", None),
        ("session_type", "stress_level"),
        ("session_type", "sleep_hours"),
        ("session_intensity", None),
    }


def simulated_excess(conditions, usual, columns, theta, n=200_000):
    """Mean squared distance of x'theta from what was assumed, by drawing what was not said."""
    random = np.random.default_rng(3)
    assumed = design_row(conditions=conditions, usual=usual, columns=columns)
    x = np.tile(assumed.row, (n, 1))
    for name in ("stress_level", "sleep_hours"):
        if conditions.get(name) is None:
            place = COLUMN[name]
            x[:, place] += random.normal(0, np.sqrt(usual.variance[place - 1]), n)
    for taken, prefix, known in zip(
        assumed.kinds, ("type", "intensity"), (["power", "project"], ["max"]), strict=True
    ):
        kinds = [taken.taken]
        shares = [1.0]
        if taken.said is None:
            kinds = ["volume" if prefix == "type" else "moderate", *known]
            habits = usual.kinds.get(taken.variable, {})
            total = sum(habits.get(kind, 0) for kind in kinds) + 4
            shares = [(habits.get(kind, 0) + 4 / len(kinds)) / total for kind in kinds]
        drawn = random.choice(kinds, size=n, p=shares)
        for kind in known:
            there = (drawn == kind).astype(float)
            for place, name in enumerate(columns):
                if name == f"{prefix}:{kind}":
                    x[:, place] = there
                elif name.startswith(f"{prefix}:{kind}×"):
                    x[:, place] = there * x[:, COLUMN[name.partition("×")[2]]]
    return float((((x - assumed.row) @ theta) ** 2).mean())


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"session_type": "power"},
        {"session_intensity": "max", "stress_level": 5.0},
        {"session_type": "project", "session_intensity": "max", "sleep_hours": 6.0},
        {"session_type": "volume", "session_intensity": "moderate", "stress_level": 2.0},
    ],
    ids=["nothing", "type", "intensity and stress", "all but stress", "reference, sleep unsaid"],
)
def test_the_unsaid_widens_as_drawing_it_does(said):
    names = [n for n in ALL if read_name(n).kind in ("power", "project", "max")]
    columns = (*COEFFICIENTS, *names)
    sessions = [
        session(session_type="power", stress_level=4.0, sleep_hours=6.0),
        session(session_type="power"),
    ]
    usual: UsualDoses = design_matrix(sessions=sessions, columns=columns).usual
    rest = {name: 3.0 for name in COEFFICIENTS[1:] if name not in ("stress_level", "sleep_hours")}
    theta = np.random.default_rng(8).normal(0, 0.5, len(columns))
    row = design_row(conditions=rest | said, usual=usual, columns=columns)
    added = row.added_variance(mean=theta, covariance=np.zeros((theta.size, theta.size)))
    assert added == pytest.approx(simulated_excess(rest | said, usual, columns, theta), rel=0.03)
    # An uncertain theta: the expectation over it, by its own draws.
    root = np.random.default_rng(9).normal(0, 0.1, (theta.size, theta.size))
    covariance = root @ root.T
    thetas = theta + np.random.default_rng(10).normal(0, 1, (20_000, theta.size)) @ root.T
    none = np.zeros_like(covariance)
    drawn = np.mean([row.added_variance(mean=t, covariance=none) for t in thetas[:2000]])
    assert row.added_variance(mean=theta, covariance=covariance) == pytest.approx(drawn, rel=0.1)


def test_everything_said_adds_nothing():
    conditions = dict.fromkeys(COEFFICIENTS[1:], 3.0) | {"session_type": "power", "session_intensity": "low"}
    row = design_row(conditions=conditions, columns=COLUMNS)
    assert row.added_variance(mean=np.ones(len(COLUMNS)), covariance=np.eye(len(COLUMNS))) == 0.0
