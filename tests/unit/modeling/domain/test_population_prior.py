"""The prior over a new climber's coefficients, by hand from the literature's table."""

from __future__ import annotations

import math
import re
from pathlib import Path

import numpy as np
import pytest

from climbiq.domain.literature import LITERATURE_PRIORS, QUALITY_PRIORS
from climbiq.domain.variables import MODEL_VARIABLES
from modeling.domain.design_matrix import COLUMN
from modeling.domain.population_prior import PopulationPrior, literature_priors, population_prior
from modeling.domain.posterior import InvalidPrior
from modeling.domain.training_data import hierarchical_priors


def test_every_model_variable_has_a_literature_prior():
    assert tuple(literature_priors()) == MODEL_VARIABLES
    assert literature_priors()["sleep_hours"] == PopulationPrior(
        mean=0.15, sd=0.08, individual_sd=0.10, optimal_min=7, optimal_max=9
    )


def test_literature_alone_by_hand():
    prior = population_prior(priors={})
    assert prior.sigma == 1.3
    assert prior.mean[0] == 5.0
    assert prior.covariance[0, 0] == 1.0**2 + 1.0**2
    k = COLUMN["caffeine_mg"]
    assert prior.mean[k] == 0.003
    assert prior.covariance[k, k] == pytest.approx(0.002**2 + 0.004**2)  # an SD between climbers, squared
    assert np.count_nonzero(prior.covariance - np.diag(prior.covariance.diagonal())) == 0


def test_priors_of_quality_are_the_same_before_and_in_training():
    serving, training = population_prior(priors={}), hierarchical_priors(priors={})
    q = QUALITY_PRIORS
    assert (q.intercept_mean, q.intercept_sd, q.intercept_individual_sd) == (5.0, 1.0, 1.0)
    assert (q.noise_sd, q.noise_floor) == (1.3, 0.05)
    assert serving.mean[0] == training.mean[0] == q.intercept_mean
    assert serving.covariance[0, 0] == training.sd[0] ** 2 + training.individual_sd[0] ** 2
    assert serving.sigma == training.noise_sd == q.noise_sd
    assert training.noise_floor == q.noise_floor


def test_every_number_has_its_source():
    told = QUALITY_PRIORS.as_dict()
    assert set(told["sources"]) == set(told) - {"sources"}
    page = (Path(__file__).parents[4] / "docs" / "methods" / "hierarchical-model.md").read_text()
    for name in told["sources"]:
        row = next(line for line in page.splitlines() if line.startswith("| `") and f"`{name}`" in line)
        values = [float(n) for n in re.findall(r"[\d.]+", row.split("|")[2])]
        names = re.findall(r"`(\w+)`", row.split("|")[1])
        assert dict(zip(names, values, strict=True))[name] == told[name]


def test_a_new_version_replaces_only_its_variable():
    prior = population_prior(
        priors={
            "stress_level": PopulationPrior(mean=-0.5, sd=0.3, individual_sd=0.4, version=3),
            "not_in_the_model": PopulationPrior(mean=9, sd=1, individual_sd=1),
        }
    )
    k = COLUMN["stress_level"]
    assert prior.mean[k] == -0.5
    assert prior.covariance[k, k] == pytest.approx(0.25)
    assert prior.mean[COLUMN["sleep_hours"]] == LITERATURE_PRIORS["sleep_hours"]["population_mean"]
    assert len(prior.names) == 1 + len(MODEL_VARIABLES)


@pytest.mark.parametrize("bad", [{"mean": math.nan}, {"sd": -0.1}, {"individual_sd": math.inf}])
def test_nonsense_is_refused(bad):
    with pytest.raises(InvalidPrior):
        PopulationPrior(**({"mean": 0.1, "sd": 0.1, "individual_sd": 0.1} | bad))
