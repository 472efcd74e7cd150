"""What is stored is read back bit for bit, and what was damaged is refused with the place of the damage."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modeling.domain.drift import Drift
from modeling.domain.personal import TrainedPopulation
from modeling.domain.population import PopulationDraws
from modeling.domain.rhythm import Rhythm, RhythmPrior
from modeling.domain.stored_population import DamagedPopulation, UnknownFormat, as_json, from_json


def population(*, seed: int = 1, draws: int = 3) -> TrainedPopulation:
    rng = np.random.default_rng(seed)
    names = ("intercept", "sleep_hours", "type:power×stress_level")
    tau = np.abs(rng.normal(size=(draws, 3)))
    tau[:, 2] = 0.0
    rhythms = (Rhythm(Drift(0.02, 45.0), 1.0), Rhythm(Drift(0.1), 0.3))
    return TrainedPopulation(
        PopulationDraws(names, rng.normal(size=(draws, 3)), tau, np.exp(rng.normal(size=draws))),
        RhythmPrior(rhythms, np.array([0.75, 0.25])),
        1.0,
    )


def same(a: TrainedPopulation, b: TrainedPopulation) -> bool:
    return (
        a.names == b.names
        and all(
            np.array_equal(x, y)
            for x, y in (
                (a.draws.beta, b.draws.beta),
                (a.draws.tau, b.draws.tau),
                (a.draws.sigma, b.draws.sigma),
                (a.rhythms.weight, b.rhythms.weight),
            )
        )
        and a.rhythms.rhythms == b.rhythms.rhythms
        and a.rating_step == b.rating_step
    )


def test_every_bit_survives():
    trained = population()
    text = json.dumps(as_json(trained=trained), allow_nan=False)
    assert same(from_json(stored=json.loads(text)), trained)


finite = st.floats(allow_nan=False, allow_infinity=False)


@given(beta=finite, tau=st.floats(0.0, 1e300), sigma=st.floats(1e-300, 1e300), scale=st.floats(1e-9, 1e9))
def test_any_finite_number_survives(beta, tau, sigma, scale):
    trained = TrainedPopulation(
        PopulationDraws(("intercept",), np.array([[beta]]), np.array([[tau]]), np.array([sigma])),
        RhythmPrior((Rhythm(Drift(scale), scale),), np.ones(1)),
        0.0,
    )
    assert same(from_json(stored=json.loads(json.dumps(as_json(trained=trained)))), trained)


@pytest.mark.django_db
def test_the_database_keeps_every_bit():
    from modeling.models import PopulationPosterior, TrainingRun

    awkward = TrainedPopulation(
        PopulationDraws(
            ("intercept",),
            np.array([[0.1 + 0.2], [-0.0]]),
            np.array([[1e-308], [1e22]]),
            np.array([5e-324, 1e300]),
        ),
        RhythmPrior((Rhythm(Drift(0.0), 1.0), Rhythm(Drift(1 / 3, 7.0), 0.3)), np.array([2 / 3, 1 / 3])),
        0.5,
    )
    run = TrainingRun.objects.create(trigger="command")
    PopulationPosterior.objects.create(run=run, model_version="x", population=as_json(trained=awkward))
    assert same(from_json(stored=PopulationPosterior.objects.get().population), awkward)


def test_a_random_walk_has_no_half_life():
    stored = as_json(trained=population())
    assert stored["rhythms"][1]["half_life_days"] is None
    assert math.isinf(from_json(stored=stored).rhythms.rhythms[1].drift.half_life_days)


def damaged(**changes: object) -> dict[str, object]:
    return as_json(trained=population()) | changes


def before_halves(**changes: object) -> dict[str, object]:
    """As the first version of the format had it, digest included: taken from a stored one."""
    stored = as_json(trained=population())
    del stored["rating_step"]
    digest = "dc18e7e6ddeb5fb038bd119d7bf806be242f9e969fde942fa3e9cd4025239f12"
    return stored | {"format": 1, "whole_numbers": True, "digest": digest} | changes


def test_what_was_stored_before_halves_is_read():
    assert same(from_json(stored=before_halves()), population())


def rhythm(**changes: object) -> list[dict[str, object]]:
    stored = as_json(trained=population())["rhythms"]
    return [stored[0] | changes, stored[1]]


DAMAGE: dict[str, tuple[dict[str, object], str]] = {
    "beta is text": (damaged(beta=[["5", 1, 2]] * 3), "beta is no 2-dimensional array"),
    "beta has a hole": (damaged(beta=[[5.0, 1.0], [1.0, 2.0, 3.0], [1.0, 2.0, 3.0]]), "beta is no"),
    "beta has a null": (damaged(beta=[[5.0, 1.0, None]] * 3), "beta is no"),
    "beta has a truth value": (damaged(beta=[[5.0, 1.0, True]] * 3), "beta is no"),
    "beta is NaN": (damaged(beta=[[5.0, 1.0, math.nan]] * 3), "beta is no"),
    "beta is beyond floats": (damaged(beta=[[5.0, 1.0, 10**400]] * 3), "beta is no"),
    "a draw is missing": (damaged(sigma=[1.0, 1.0]), "sigma (2,)"),
    "no draws": (damaged(beta=[], tau=[], sigma=[]), "beta is no"),
    "tau is negative": (damaged(tau=[[-1.0, 1.0, 0.0]] * 3), "tau must not be negative"),
    "sigma is no list": (damaged(sigma=1.0), "sigma is float, expected list"),
    "names repeat": (damaged(names=["intercept", "a", "a"]), "names must be different"),
    "no names": (damaged(names=[]), "names must be different"),
    "a rhythm is no object": (damaged(rhythms=[1]), "rhythms[0] is no object"),
    "a rhythm lacks its half-life": (
        damaged(rhythms=[{"rate_per_day": 0.0, "noise_scale": 1.0, "weight": 1.0}]),
        "rhythms[0] is no",
    ),
    "a negative rate": (damaged(rhythms=rhythm(rate_per_day=-1.0)), "rhythms[0]: rate_per_day"),
    "a half-life of zero": (damaged(rhythms=rhythm(half_life_days=0)), "rhythms[0]: half_life_days"),
    "no noise": (damaged(rhythms=rhythm(noise_scale=0)), "rhythms[0]: the noise's scale"),
    "weights that do not sum to one": (damaged(rhythms=rhythm(weight=0.9)), "sum to one"),
    "no rhythms": (damaged(rhythms=[]), "rhythms"),
    "a rating step as text": (damaged(rating_step="1"), "rating_step is str"),
    "a rating step as truth": (damaged(rating_step=True), "rating_step is no"),
    "a rating step nobody has": (damaged(rating_step=0.25), "a rating step of 0.25"),
    "another rating step": (damaged(rating_step=0.5), "the digest does not fit"),
    "whole numbers as text": (before_halves(whole_numbers="yes"), "whole_numbers is str"),
    "other whole numbers": (before_halves(whole_numbers=False), "the digest does not fit"),
    "a number changed by hand": (damaged(sigma=[1.0, 1.0, 1.0]), "the digest does not fit"),
    "names exchanged": (damaged(names=["intercept", "b", "a"]), "the digest does not fit"),
}


@pytest.mark.parametrize("case", DAMAGE)
def test_damage_is_named(case):
    stored, message = DAMAGE[case]
    with pytest.raises(DamagedPopulation) as caught:
        from_json(stored=stored)
    assert message in str(caught.value)


@pytest.mark.parametrize("part", sorted(as_json(trained=population())))
def test_a_missing_part_is_named(part):
    stored = as_json(trained=population())
    del stored[part]
    with pytest.raises(DamagedPopulation, match=part):
        from_json(stored=stored)


@pytest.mark.parametrize("format_number", [0, 3, "2", True, None])
def test_another_format_is_not_guessed_at(format_number):
    with pytest.raises(UnknownFormat, match="this program reads 2"):
        from_json(stored=damaged(format=format_number))


def test_what_is_no_object_is_refused():
    with pytest.raises(DamagedPopulation, match="expected an object"):
        from_json(stored=[1, 2])  # type: ignore[arg-type]
