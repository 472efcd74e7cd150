"""Kinds of session on the climber's pages: in words, whatever was said of them."""

from __future__ import annotations

from django.template.loader import render_to_string

from recommendations.domain.events import recommend
from tests.factories.kinds import trained_on_kinds
from tests.factories.recommendation_context import REFERENCE, context

TRAINED = trained_on_kinds({"type:project": -0.3, "intensity:max": -0.2}, sd=0.05)


def contributions(**conditions):
    made = recommend(context=context(population=TRAINED, conditions=REFERENCE | conditions))
    html = render_to_string(
        "recommendations/contributions.html", {"prediction": made.shown.prediction.as_payload()}
    )
    return " ".join(html.split())


def test_what_was_said_is_shown_by_its_label():
    html = contributions(session_type="project", session_intensity="max")
    assert '<th scope="row">Session type</th> <td>Projecting</td> <td class="number">−0.3</td>' in html
    assert '<th scope="row">Intensity</th> <td>Max</td> <td class="number">−0.2</td>' in html


def test_what_was_not_said_is_taken_as_ordinary():
    html = contributions(session_intensity="max")
    assert (
        '<th scope="row">Session type</th> <td><span class="quiet">not said; taken as ordinary</span></td>'
        in html
    )


def test_a_kind_too_rare_to_be_trained_on_says_so():
    html = contributions(session_type="competition", session_intensity="max")
    assert 'Competition <span class="quiet">(too rare to tell, taken as ordinary)</span>' in html
