"""What one session taught: every coefficient before and after it, and why it moved much or little."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from climbiq.domain.normal import Z_95
from climbiq.domain.variables import VARIABLES
from modeling.domain.design_matrix import COLUMN, INTERCEPT, DesignRow
from modeling.domain.posterior import InvalidObservations, PersonalPosterior, predict_moments
from recommendations.domain import rounding
from recommendations.domain.kind_words import coefficient_inside, coefficient_label
from recommendations.domain.rounding import JSON
from recommendations.domain.surprise import Surprise, Why

LEVEL: Final = "level"
CLEAR_SHIFT: Final = 0.1  # of its own standard deviation before: less is no news
LEVEL_NEWS: Final = 0.1  # points, as shown: a smaller step of the level is no news
MOST: Final = 0.5  # of what was learnt
LITTLE_LEVERAGE: Final = 0.25  # typical spreads from the reference: nearer than that, an effect does not show
FIRM: Final = 0.5  # ratio to the spread of climbers below which a coefficient is well known
_LABELS: Final = {INTERCEPT: "your usual quality", LEVEL: "your form of late"}


@dataclass(frozen=True, slots=True, kw_only=True)
class CoefficientChange:
    """One coefficient before and after.

    Attributes
    ----------
    absorbed
        Points of the surprise that its change now explains: the shift times the session's dose.
    why
        One sentence.
    """

    variable: str
    before: tuple[float, float]
    after: tuple[float, float]
    absorbed: float
    why: str

    @property
    def shift(self) -> float:
        return self.after[0] - self.before[0]

    @property
    def is_clear(self) -> bool:
        """Whether it moved far enough to be news."""
        return _is_clear(self.before, self.after)

    def as_payload(self) -> dict[str, JSON]:
        return {
            "variable": self.variable,
            "label": _label(self.variable),
            "before": rounding.coefficient(self.before[0]),
            "before_interval_95": _interval(self.before),
            "after": rounding.coefficient(self.after[0]),
            "after_interval_95": _interval(self.after),
            "absorbed": rounding.gain(self.absorbed),
            "why": self.why,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class BeliefChange:
    """What a session taught.

    Attributes
    ----------
    surprise
        Expected and rated, how much of the difference the model now expects, and what became of the rest.
    level_before, level_after
        How far the form of late was thought, and is thought, to be from the usual quality.
    coefficients
        The largest share of the surprise first.
    """

    surprise: Surprise
    sentence: str
    level_before: float
    level_after: float
    coefficients: tuple[CoefficientChange, ...]

    @property
    def why(self) -> Why:
        return self.surprise.why

    @property
    def level_is_news(self) -> bool:
        """Whether the form of late moved far enough to be told."""
        return _is_level_news(self.level_before, self.level_after)

    def as_payload(self) -> dict[str, JSON]:
        return {
            "expected": rounding.quality(self.surprise.expected),
            "observed": rounding.quality(self.surprise.observed),
            "surprise": self.surprise.points_told,
            "explained": rounding.gain(self.surprise.explained),
            "sentence": self.sentence,
            "coefficients": [c.as_payload() for c in self.coefficients],
        }


def belief_change(
    *,
    before: PersonalPosterior,
    after: PersonalPosterior,
    session: DesignRow,
    quality: float,
) -> BeliefChange:
    """Compare the posterior before a session with the one after it.

        y - E  =  Σ_k x_k Δm_k + Δlevel  +  chance,      Δm = C x (y - E) / (Var(E) + sigma²)

    The sum is how much of the surprise the model now expects; each summand is what a coefficient absorbed.

    Parameters
    ----------
    before, after
        Posteriors on its day, without and with the session.
    session
        Its design row, as treated.
    quality
        As rated, 1–10.

    Examples
    --------
    >>> import numpy as np
    >>> from modeling.domain.design_matrix import design_row
    >>> from modeling.domain.population_prior import population_prior
    >>> from modeling.domain.posterior import condition
    >>> prior = population_prior(priors={})
    >>> none = condition(prior=prior, design=np.ones((0, 10)), outcome=np.zeros(0))
    >>> row = design_row(conditions={"stress_level": 5})
    >>> one = condition(prior=prior, design=row.row[None, :], outcome=np.array([7.0]))
    >>> belief_change(before=none, after=one, session=row, quality=7.0).sentence
    'Expected 4.3, rated 7: better. Most of what that taught went to your usual quality.'
    """
    if before.names != after.names:
        raise InvalidObservations("the two posteriors are over different coefficients")
    row = session.row.tolist()
    expected, variance = predict_moments(posterior=before, design_row=session.row)
    unsaid = session.added_variance(mean=before.mean, covariance=before.covariance)
    imputed = frozenset(session.imputed)
    shifts = (after.mean - before.mean).tolist()
    absorbed = {name: dose * shift for name, dose, shift in zip(before.names, row, shifts, strict=True)}
    absorbed[LEVEL] = after.level_mean - before.level_mean
    explained = sum(absorbed.values())
    beliefs = {}
    for place, name in enumerate(before.names):
        if name not in COLUMN and row[place] == 0.0:
            continue  # a kind of session that this one was not
        beliefs[name] = _belief(before, place), _belief(after, place)
    surprise = Surprise(
        expected=expected,
        observed=quality,
        predictive_sd=math.sqrt(variance + before.sigma**2 + unsaid),
        explained=explained,
        moved=_is_level_news(before.level_mean, after.level_mean)
        or any(_is_clear(was, now) for was, now in beliefs.values()),
    )
    top = max(absorbed, key=lambda name: (absorbed[name] * surprise.points, name))
    is_most = surprise.share > 0.0 and absorbed[top] / explained >= MOST
    reason = _Reason(why=surprise.why, top=top, is_most=is_most)
    changes = [
        CoefficientChange(
            variable=name,
            before=was,
            after=now,
            absorbed=absorbed[name],
            why=_why(name, row[before.names.index(name)], was, now, said=name not in imputed, reason=reason),
        )
        for name, (was, now) in beliefs.items()
    ]
    changes.sort(key=lambda c: (-abs(c.absorbed), before.names.index(c.variable)))
    return BeliefChange(
        surprise=surprise,
        sentence=_sentence(surprise, reason),
        level_before=before.level_mean,
        level_after=after.level_mean,
        coefficients=tuple(changes),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reason:
    """What became of the surprise, where the largest part of what was learnt went, and whether that is most of it."""

    why: Why
    top: str
    is_most: bool


def _belief(posterior: PersonalPosterior, place: int) -> tuple[float, float]:
    return float(posterior.mean[place]), math.sqrt(max(float(posterior.covariance[place, place]), 0.0))


def _is_clear(was: tuple[float, float], now: tuple[float, float]) -> bool:
    return was[1] > 0.0 and abs(now[0] - was[0]) >= CLEAR_SHIFT * was[1]


def _is_level_news(before: float, after: float) -> bool:
    return abs(rounding.gain(after) - rounding.gain(before)) >= LEVEL_NEWS


def _sentence(surprise: Surprise, reason: _Reason) -> str:
    beyond = ", off the scale" if surprise.is_off_the_scale else ""
    opening = f"Expected {rounding.quality(surprise.expected):g}{beyond}, rated {rounding.quality(surprise.observed):g}"
    if reason.why == "as_expected":
        little = "" if surprise.moved else ", so little changes but how sure we are"
        return f"{opening}: about as expected{little}."
    direction = "better" if surprise.points > 0.0 else "worse"
    if reason.why == "noise":
        return f"{opening}: {direction}, and nearly all of that counts as chance."
    part = "Most" if reason.is_most else "The largest part"
    return f"{opening}: {direction}. {part} of what that taught went to {_inside(reason.top)}."


def _why(
    name: str,
    dose: float,
    was: tuple[float, float],
    now: tuple[float, float],
    *,
    said: bool,
    reason: _Reason,
) -> str:
    """Why a coefficient moved, or did not: the first reason that holds."""
    label = _inside(name)
    if _is_clear(was, now):
        aside = "" if said else " You did not say this: what is usual for you stood in."
        return f"{_moved(name, label, was, now)}{aside}"
    if not said:
        return f"You did not say this, so the session teaches next to nothing about {label}."
    if name not in COLUMN:
        return "What a kind of session is worth is learnt from everyone's sessions together: one moves it little."
    if reason.why == "as_expected":
        return "The session came out about as expected, so there was little to correct."
    variable = VARIABLES.get(name)
    if variable is not None and abs(dose) < LITTLE_LEVERAGE * variable.spread:
        return (
            f"It was close to ordinary ({variable.reference:g}), where the effect of {label} does not show."
        )
    prior = variable.prior if variable is not None else None
    if prior is not None and was[1] < FIRM * prior["individual_variance"]:
        return f"The effect of {label} is known well by now; one session moves it little."
    if reason.why == "noise":
        return f"Nearly all of it counts as chance; {label} is held to matter about as before."
    top = _inside(reason.top)
    return f"{top[:1].upper()}{top[1:]} explains {'most' if reason.is_most else 'more'} of it."


def _moved(name: str, label: str, was: tuple[float, float], now: tuple[float, float]) -> str:
    if name == INTERCEPT:
        return f"Your sessions are {'better' if now[0] > was[0] else 'worse'} in general than was thought."
    if was[0] * now[0] < 0.0:
        return f"The effect of {label} now seems to go the other way."
    stronger = abs(now[0]) > abs(was[0])
    return f"The effect of {label} now seems {'stronger' if stronger else 'weaker'} than before."


def _label(name: str) -> str:
    if name in VARIABLES:
        return VARIABLES[name].label
    return _LABELS[name].capitalize() if name in _LABELS else coefficient_label(name)


def _inside(name: str) -> str:
    """A coefficient inside a sentence."""
    if name in _LABELS:
        return _LABELS[name]
    if name not in VARIABLES:
        return coefficient_inside(name)
    label = VARIABLES[name].label
    return label[:1].lower() + label[1:]


def _interval(belief: tuple[float, float]) -> list[JSON]:
    mean, sd = belief
    return [rounding.coefficient(mean - Z_95 * sd), rounding.coefficient(mean + Z_95 * sd)]
