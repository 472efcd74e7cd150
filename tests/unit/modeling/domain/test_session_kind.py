from __future__ import annotations

import numpy as np

from modeling.domain.priors import HierarchicalPriors
from modeling.domain.session_kind import (
    EFFECT_SD,
    INTERACTION_SD,
    KindLayout,
    kind_names,
    kind_priors,
    with_kinds,
)

DOSES = {"stress_level": np.array([2.0, -1.0, 0.0]), "sleep_hours": np.array([-2.0, 1.0, 0.5])}
NAMES = ("type:project", "type:project×stress_level", "type:project×sleep_hours", "intensity:max")


def filled(names: tuple[str, ...], session_type: list[str | None], intensity: list[str | None]) -> np.ndarray:
    design = np.zeros((3, len(names)))
    said = {"session_type": session_type, "session_intensity": intensity}
    KindLayout.of(names).fill(design, said=said, doses=DOSES)
    return design


def test_columns_by_hand() -> None:
    got = filled(NAMES, ["project", "volume", None], ["max", "moderate", "max"])
    assert got.T.tolist() == [[1, 0, 0], [2, 0, 0], [-2, 0, 0], [1, 0, 1]]


def test_priors_by_hand() -> None:
    got = kind_priors(names=NAMES, elicited={"type:project×stress_level": -0.1})
    assert got.mean.tolist() == [0.0, -0.1, 0.0, 0.0]
    assert got.sd.tolist() == [EFFECT_SD, INTERACTION_SD, INTERACTION_SD, EFFECT_SD]


def test_serving_keeps_the_columns_of_training() -> None:
    got = filled(("type:power", "intensity:low"), ["project"] * 3, [None] * 3)
    assert got.tolist() == [[0.0, 0.0]] * 3


def test_kinds_do_not_vary_between_climbers() -> None:
    priors = HierarchicalPriors(("intercept",), np.array([5.0]), np.ones(1), np.ones(1), 1.3, 0.1)
    got = with_kinds(priors=priors, kinds=kind_priors(names=("type:power", "intensity:low")))
    assert got.names == ("intercept", "type:power", "intensity:low")
    assert got.n_random == 1
    assert (got.noise_sd, got.noise_floor) == (1.3, 0.1)


def test_only_known_kinds_that_occur_get_columns() -> None:
    said = [{"session_type": "project", "session_intensity": "max"}, {"session_type": "yoga"}, {}]
    assert kind_names(conditions=said) == NAMES
    assert kind_names(conditions=[{}]) == ()
