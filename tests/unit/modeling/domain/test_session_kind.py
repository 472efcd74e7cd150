from __future__ import annotations

import numpy as np
import pytest

from modeling.domain.priors import HierarchicalPriors
from modeling.domain.session_kind import EFFECT_SD, INTERACTION_SD, UnknownKind, kind_columns, with_kinds

STRESS, SLEEP = np.array([2.0, -1.0, 0.0]), np.array([-2.0, 1.0, 0.5])


def test_columns_by_hand() -> None:
    got = kind_columns(
        session_type=["project", "volume", None],
        intensity=["max", "moderate", "max"],
        stress_dose=STRESS,
        sleep_dose=SLEEP,
        elicited={"type:project×stress_level": -0.1},
    )
    assert got.names == (
        "type:project",
        "type:project×stress_level",
        "type:project×sleep_hours",
        "intensity:max",
    )
    assert got.columns.T.tolist() == [[1, 0, 0], [2, 0, 0], [-2, 0, 0], [1, 0, 1]]
    assert got.mean.tolist() == [0.0, -0.1, 0.0, 0.0]
    assert got.sd.tolist() == [EFFECT_SD, INTERACTION_SD, INTERACTION_SD, EFFECT_SD]


def test_serving_keeps_the_columns_of_training() -> None:
    names = ("type:power", "intensity:low")
    got = kind_columns(
        session_type=["project"], intensity=[None], stress_dose=STRESS[:1], sleep_dose=SLEEP[:1], only=names
    )
    assert got.names == names
    assert got.columns.tolist() == [[0.0, 0.0]]


def test_kinds_do_not_vary_between_climbers() -> None:
    kinds = kind_columns(
        session_type=["power"], intensity=["low"], stress_dose=STRESS[:1], sleep_dose=SLEEP[:1]
    )
    priors = HierarchicalPriors(("intercept",), np.array([5.0]), np.ones(1), np.ones(1), 1.3, 0.1)
    got = with_kinds(priors=priors, kinds=kinds)
    assert got.names[0] == "intercept"
    assert got.n_random == 1
    assert (got.noise_sd, got.noise_floor) == (1.3, 0.1)


def test_nothing_said_gives_no_columns() -> None:
    got = kind_columns(session_type=[None] * 3, intensity=[None] * 3, stress_dose=STRESS, sleep_dose=SLEEP)
    assert got.columns.shape == (3, 0)


@pytest.mark.parametrize(("kind", "intensity"), [("yoga", None), (None, "insane")])
def test_unknown_words_are_refused(kind: str | None, intensity: str | None) -> None:
    with pytest.raises(UnknownKind):
        kind_columns(session_type=[kind], intensity=[intensity], stress_dose=STRESS[:1], sleep_dose=SLEEP[:1])
