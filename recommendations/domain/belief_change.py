"""What one session taught: every coefficient before and after it, and why it moved much or little."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from climbiq.domain.variables import VARIABLES
from modeling.domain.design_matrix import COLUMN, INTERCEPT, DesignRow
from modeling.domain.posterior import Z_95, PersonalPosterior, predict
from recommendations.domain import rounding
from recommendations.domain.kind_words import coefficient_inside, coefficient_label
from recommendations.domain.rounding import JSON

LEVEL: Final = "level"
CLEAR_SHIFT: Final = 0.1  # of its own standard deviation before: less is no news
EXPECTED_WITHIN: Final = 0.25  # of the predictive standard deviation: less is no surprise
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
        return self.before[1] > 0.0 and abs(self.shift) >= CLEAR_SHIFT * self.before[1]

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
    expected, observed
        Quality as predicted before the session (unclipped) and as rated.
    explained
        Points of the surprise that the model now expects for such a session; the rest counts as chance.
    coefficients
        The largest share of the surprise first.
    """

    expected: float
    observed: float
    explained: float
    sentence: str
    coefficients: tuple[CoefficientChange, ...]

    @property
    def surprise(self) -> float:
        return self.observed - self.expected

    def as_payload(self) -> dict[str, JSON]:
        return {
            "expected": rounding.quality(self.expected),
            "observed": rounding.quality(self.observed),
            "surprise": rounding.quality(self.surprise),
            "explained": rounding.gain(self.explained),
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
    row = session.row.tolist()
    expected = float(session.row @ before.mean) + before.level_mean
    known = predict(posterior=before, design_row=session.row)
    is_expected = abs(quality - expected) < EXPECTED_WITHIN * known.predictive_sd
    imputed = frozenset(session.imputed)
    shifts = (after.mean - before.mean).tolist()
    absorbed = {name: dose * shift for name, dose, shift in zip(before.names, row, shifts, strict=True)}
    absorbed[LEVEL] = after.level_mean - before.level_mean
    top = max(absorbed, key=lambda name: (absorbed[name] * (quality - expected), name))
    changes = []
    for place, name in enumerate(before.names):
        if name not in COLUMN and row[place] == 0.0:
            continue  # a kind of session that this one was not
        was = float(before.mean[place]), math.sqrt(max(float(before.covariance[place, place]), 0.0))
        now = float(after.mean[place]), math.sqrt(max(float(after.covariance[place, place]), 0.0))
        why = _why(name, row[place], was, now, is_expected=is_expected, said=name not in imputed, top=top)
        changes.append(
            CoefficientChange(variable=name, before=was, after=now, absorbed=absorbed[name], why=why)
        )
    changes.sort(key=lambda c: (-abs(c.absorbed), before.names.index(c.variable)))
    return BeliefChange(
        expected=expected,
        observed=quality,
        explained=sum(absorbed.values()),
        sentence=_sentence(expected, quality, top, is_expected=is_expected),
        coefficients=tuple(changes),
    )


def _sentence(expected: float, quality: float, top: str, *, is_expected: bool) -> str:
    opening = f"Expected {rounding.quality(expected):g}, rated {rounding.quality(quality):g}"
    if is_expected:
        return f"{opening}: about as expected, so little changes but how sure we are."
    direction = "better" if quality > expected else "worse"
    return f"{opening}: {direction}. Most of what that taught went to {_inside(top)}."


def _why(
    name: str,
    dose: float,
    was: tuple[float, float],
    now: tuple[float, float],
    *,
    is_expected: bool,
    said: bool,
    top: str,
) -> str:
    """One sentence on why a coefficient moved, or did not: the first reason that holds."""
    label = _inside(name)
    if not said:
        return f"You did not say this, so the session teaches next to nothing about {label}."
    moved = was[1] > 0.0 and abs(now[0] - was[0]) >= CLEAR_SHIFT * was[1]
    if moved:
        return _moved(name, label, was, now)
    if name not in COLUMN:
        return "What a kind of session is worth is learnt from everyone's sessions together: one moves it little."
    if is_expected:
        return "The session came out about as expected, so there was little to correct."
    variable = VARIABLES.get(name)
    if variable is not None and abs(dose) < LITTLE_LEVERAGE * variable.spread:
        return (
            f"It was close to ordinary ({variable.reference:g}), where the effect of {label} does not show."
        )
    prior = variable.prior if variable is not None else None
    if prior is not None and was[1] < FIRM * prior["individual_variance"]:
        return f"The effect of {label} is known well by now; one session moves it little."
    return f"{_inside(top)[:1].upper()}{_inside(top)[1:]} explains most of it."


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
