"""What one session taught: what was expected of it, what it was, and how much of the difference is believed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from climbiq.domain.written_numbers import points
from modeling.domain.design_matrix import TreatedSession, design_row
from modeling.domain.drift import Drift
from modeling.domain.personal import TrainedPopulation
from modeling.domain.posterior import GaussianPrior
from recommendations.domain import rounding
from recommendations.domain.belief_change import BeliefChange, belief_change
from recommendations.domain.context import believe
from recommendations.domain.prediction import QualityPrediction, predict_quality
from recommendations.domain.rounding import JSON
from recommendations.domain.surprise import Why

_FEW: Final = 5  # sessions: after fewer, each one teaches much whatever it was


@dataclass(frozen=True, slots=True, kw_only=True)
class Taught:
    """A session as a lesson.

    Attributes
    ----------
    prediction
        What the climber's sessions before it let expect of it, under its conditions as treated.
    change
        Every coefficient before and after it, and why it moved.
    for_plan
        What was to be expected of it as it was planned; None where it went as planned.
    """

    prediction: QualityPrediction
    change: BeliefChange
    for_plan: float | None = None

    @property
    def why(self) -> Why:
        """ "as_expected", "learnt", or "noise": a surprise that is put down to chance."""
        return self.change.why

    @property
    def sessions_before(self) -> int:
        return self.prediction.n_sessions

    def beside_the_plan(self, *, done: Sequence[str]) -> str:
        """What was to be expected of what was done, beside the plan's number; "" where they are told alike.

        Parameters
        ----------
        done
            What was done instead, in words: "caffeine: 150 mg".
        """
        expected = rounding.quality(self.change.surprise.expected)
        if self.for_plan is None or expected == rounding.quality(self.for_plan):
            return ""
        what = f" ({'; '.join(done)})" if done else ""
        planned = rounding.quality(self.for_plan)
        return f"For what you did{what} {expected:g} was to be expected; for the plan it was {planned:g}."

    @property
    def explanation(self) -> str:
        """Why it taught much or little."""
        surprise = self.change.surprise
        if self.why == "as_expected":
            if surprise.moved:
                return "It confirms what was thought. What moved did so because your habits are known better now."
            return "It confirms what was thought: little moves, and the ranges get a little narrower."
        total, believed = abs(surprise.points_told), surprise.explained_told
        surprising = points(rounding.quality(total))
        parts = f"Of the {surprising} of surprise, {_are(believed)} now expected of a day like this"
        if self.why == "learnt":
            rest = "; the rest counts as chance" if believed < total else ""
            few = " With so few sessions each one teaches much." if self.sessions_before < _FEW else ""
            return f"{parts}{rest}.{few}"
        after = f"After {self.sessions_before} sessions one" if self.sessions_before >= _FEW else "One"
        return (
            f"{parts}; the rest counts as chance. {after} surprise weighs little: sessions that look "
            f"alike differ by about {points(rounding.quality(self.prediction.sigma))} anyway."
        )

    def as_payload(self) -> dict[str, JSON]:
        predictive = rounding.interval(self.prediction.predictive_interval_95, rounding.QUALITY_DECIMALS)
        return {
            **self.change.as_payload(),
            "predictive_interval_95": [*predictive],
            "why": self.why,
            "explanation": self.explanation,
            "sessions_before": self.sessions_before,
            "level_before": rounding.gain(self.change.level_before),
            "level_after": rounding.gain(self.change.level_after),
            "expected_for_plan": None if self.for_plan is None else rounding.quality(self.for_plan),
        }


def what_a_session_taught(
    *,
    earlier: Sequence[TreatedSession],
    session: TreatedSession,
    population: TrainedPopulation | GaussianPrior,
    drift: Drift | None = None,
    planned: Mapping[str, Any] | None = None,
) -> Taught:
    """Condition on the sessions before it, then on it as well, and compare.

    Parameters
    ----------
    earlier
        Rated sessions before it, as treated; of the same day those that came first.
    session
        The session, rated.
    population
        What holds for climbers.
    drift
        Of the level, where `population` is a prior.
    planned
        Its conditions as planned, where they were others than the ones as treated.

    Examples
    --------
    >>> from modeling.domain.population_prior import population_prior
    >>> first = TreatedSession(day=0, conditions={"stress_level": 5}, session_quality=8)
    >>> got = what_a_session_taught(earlier=[], session=first, population=population_prior(priors={}))
    >>> got.change.sentence
    'Expected 4.3, rated 8: better. Most of what that taught went to your usual quality.'
    >>> got.explanation
    'Of the 3.7 points of surprise, 2.1 are now expected of a day like this; the rest counts as chance. With so \
few sessions each one teaches much.'
    """
    days = max(session.day - max((s.day for s in earlier), default=session.day), 0.0)
    before = believe(sessions=earlier, population=population, drift=drift, days_since_last=days)
    after = believe(sessions=[*earlier, session], population=population, drift=drift)
    row = design_row(conditions=session.conditions, usual=before.usual, columns=before.posterior.names)
    prediction = predict_quality(
        posterior=before.posterior, conditions=session.conditions, usual=before.usual
    )
    for_plan = (
        None
        if planned is None
        else predict_quality(posterior=before.posterior, conditions=planned, usual=before.usual)
    )
    return Taught(
        prediction=prediction,
        for_plan=None if for_plan is None else for_plan.expected_quality,
        change=belief_change(
            before=before.posterior,
            after=after.posterior,
            session=row,
            quality=session.session_quality,
        ),
    )


def _are(value: float) -> str:
    number = f"{value:g}"
    return f"{number} {'is' if number == '1' else 'are'}"
