"""Where what is known beside a climber's own sessions comes from, and how it is said: no source that is not there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from modeling.domain.population_prior import PopulationPrior, literature_priors
from modeling.domain.session_kind import FAMILIES
from recommendations.domain.rounding import JSON

__all__ = ["Provenance", "provenance_of", "provenance_of_all", "rests_on", "sources", "what_is_known"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """The sources of what a climber's own sessions are weighed against.

    Attributes
    ----------
    trained
        Whether a published model learned it from everybody's sessions.
    literature
        Whether studies stand behind the prior.
    coach_scenarios
        How many scenarios coaches judged for it; 0: no coach has spoken.
    """

    trained: bool = False
    literature: bool = True
    coach_scenarios: int = 0

    def as_payload(self) -> dict[str, JSON]:
        return {
            "trained": self.trained,
            "literature": self.literature,
            "coach_scenarios": self.coach_scenarios,
        }


def provenance_of(*, variable: str, priors: Mapping[str, PopulationPrior], trained: bool) -> Provenance:
    """Of what is known of one variable; of kinds of session only a trained model knows anything.

    >>> provenance_of(variable="caffeine_mg", priors={}, trained=False)
    Provenance(trained=False, literature=True, coach_scenarios=0)
    """
    if variable in FAMILIES:
        return Provenance(trained=trained, literature=False)
    prior = priors.get(variable) or literature_priors()[variable]
    return Provenance(trained=trained, literature=prior.literature, coach_scenarios=prior.coach_scenarios)


def provenance_of_all(*, priors: Mapping[str, PopulationPrior], trained: bool) -> Provenance:
    """Of what is known of climbers altogether: every source that any variable has."""
    used = {**literature_priors(), **priors}.values()
    return Provenance(
        trained=trained,
        literature=any(prior.literature for prior in used),
        coach_scenarios=max(prior.coach_scenarios for prior in used),
    )


def what_is_known(payload: Mapping[str, Any] | None) -> str:
    """What stands in for own sessions, for after "it is".

    Parameters
    ----------
    payload
        Of a `Provenance`; None, as of advice from before there was one: no source is named.

    >>> what_is_known({"trained": False, "literature": True, "coach_scenarios": 0})
    'what studies suggest'
    >>> what_is_known({"trained": True, "literature": True, "coach_scenarios": 4})
    'what went with other climbers’ better and worse days, next to what studies suggest and coaches expect'
    """
    if not payload:
        return "what is known of climbers"
    before = _listed(
        "what studies suggest" if payload.get("literature") else "",
        ("coaches expect" if payload.get("literature") else "what coaches expect")
        if payload.get("coach_scenarios")
        else "",
    )
    if not payload.get("trained"):
        return before or "a cautious guess"
    others = "what went with other climbers’ better and worse days"
    return f"{others}, next to {before}" if before else others


def rests_on(payload: Mapping[str, Any] | None) -> str:
    """The same for after "it rests mainly on".

    >>> rests_on({"trained": False, "literature": True, "coach_scenarios": 0})
    'studies'
    """
    return sources(payload) or ("a cautious guess" if payload else "what is known of climbers")


def sources(payload: Mapping[str, Any] | None) -> str:
    """The sources alone, "" where there is none.

    >>> sources({"trained": True, "literature": True, "coach_scenarios": 4})
    'other climbers’ sessions, studies and coaches’ judgment'
    """
    found = payload or {}
    return _listed(
        "other climbers’ sessions" if found.get("trained") else "",
        "studies" if found.get("literature") else "",
        "coaches’ judgment" if found.get("coach_scenarios") else "",
    )


def _listed(*words: str) -> str:
    said = [word for word in words if word]
    return " and ".join((", ".join(said[:-1]), said[-1])) if len(said) > 1 else "".join(said)
