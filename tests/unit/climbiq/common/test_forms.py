"""Forms from the registry: NULL is not 0, unset stays unset, and every refusal is the domain's sentence."""

from __future__ import annotations

import pytest
from django.http import QueryDict

from climbiq.common.forms import RegistryForm, field_for
from climbiq.common.widgets import handy_step, unit_words
from climbiq.domain.values import BadValue, parse_value
from climbiq.domain.variables import VARIABLES, variable


class Readiness(RegistryForm):
    variables = (
        "sleep_hours",
        "stress_level",
        "caffeine_mg",
        "session_type",
        "current_niggles",
        "specific_objectives",
    )


def posted(**fields: str) -> QueryDict:
    data = QueryDict(mutable=True)
    data.update(fields)
    return data


def values_of(**fields: str) -> dict:
    form = Readiness(posted(**{name.replace("__", "-"): value for name, value in fields.items()}))
    assert form.is_valid(), form.errors
    return form.values()


NOT_STATED = dict.fromkeys(Readiness.variables)


def test_an_empty_form_states_nothing():
    assert values_of() == NOT_STATED


@pytest.mark.parametrize(
    ("fields", "name", "expected"),
    [
        pytest.param({"caffeine_mg": "0"}, "caffeine_mg", 0, id="nought is stated"),
        pytest.param({"caffeine_mg": ""}, "caffeine_mg", None, id="blank is not stated"),
        pytest.param({"caffeine_mg": "   "}, "caffeine_mg", None, id="white space is not stated"),
        pytest.param({"sleep_hours": "7,5"}, "sleep_hours", 7.5, id="decimal comma"),
        pytest.param({"stress_level": "4"}, "stress_level", 4, id="scale point"),
        pytest.param({"stress_level": ""}, "stress_level", None, id="answer taken back"),
        pytest.param({"session_type": "project"}, "session_type", "project", id="choice"),
        pytest.param({"specific_objectives": "slab\r\nheel hooks"}, "specific_objectives", ["slab", "heel hooks"], id="lines"),
        pytest.param({"current_niggles__state": "none"}, "current_niggles", [], id="nothing hurts"),
        pytest.param({"current_niggles__state": ""}, "current_niggles", None, id="niggles not stated"),
        pytest.param(
            {"current_niggles__state": "some", "current_niggles__0__location": "finger", "current_niggles__0__severity": "2",
             "current_niggles__1__location": "", "current_niggles__1__severity": "", "current_niggles__1__notes": " "},
            "current_niggles", [{"location": "finger", "severity": 2, "notes": ""}], id="blank rows are no niggles",
        ),
        pytest.param(
            {"current_niggles__state": "none", "current_niggles__0__location": "finger", "current_niggles__0__severity": "2"},
            "current_niggles", [], id="the answer above folded rows counts",
        ),
        pytest.param(
            {"current_niggles": "elbow 1: crimps"}, "current_niggles",
            [{"location": "elbow", "severity": 1, "notes": "crimps"}], id="niggles as text",
        ),
    ],
)  # fmt: skip
def test_what_is_posted_becomes_what_is_stored(fields, name, expected):
    assert values_of(**fields) == NOT_STATED | {name: expected}


@pytest.mark.parametrize(
    ("fields", "name", "message"),
    [
        pytest.param({"stress_level": "6"}, "stress_level", "Stress must be between 1 and 5.", id="above"),
        pytest.param({"sleep_hours": "lots"}, "sleep_hours", "Sleep must be a number.", id="word"),
        pytest.param({"session_type": "yoga"}, "session_type", None, id="unknown choice"),
        pytest.param(
            {"current_niggles__state": "some"}, "current_niggles",
            "Say where and how much, or choose “Nothing hurts”.", id="something, but what",
        ),
        pytest.param(
            {"current_niggles__state": "some", "current_niggles__0__location": "finger"}, "current_niggles",
            "Niggles item 1 must have a severity between 1 and 5.", id="no severity",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_stored_is_refused_in_the_words_of_the_domain(fields, name, message):
    data = posted(**{key.replace("__", "-"): value for key, value in fields.items()})
    form = Readiness(data)
    assert not form.is_valid()
    assert list(form.errors) == [name]
    if message is None:
        with pytest.raises(BadValue) as refused:
            parse_value(variable(name), fields[name])
        message = refused.value.message
    assert form.errors[name] == [message]


@pytest.mark.parametrize("name", sorted(VARIABLES))
def test_every_variable_has_a_widget_that_shows_nothing_chosen(name):
    class One(RegistryForm):
        variables = (name,)

    html = str(One())
    assert " checked" not in html
    assert " selected" not in html
    assert f'value="{variable(name).reference:g}"' not in html or variable(name).unit == "points"


@pytest.mark.parametrize(
    ("name", "stored"),
    [
        ("sleep_hours", 7.0),
        ("caffeine_mg", 0),
        ("stress_level", 1),
        ("session_type", "volume"),
        ("has_coach", False),
        ("has_coach", True),
        ("current_niggles", []),
        ("current_niggles", [{"location": "finger", "severity": 3, "notes": "<A2>"}]),
        ("specific_objectives", ["slab", "one; with a semicolon"]),
        ("sleep_notes", "woke at 3"),
    ],
)
def test_a_stored_value_survives_being_shown_and_sent_back(name, stored):
    """What the page shows for a stored value is what the same value is made of when it is posted again."""

    class One(RegistryForm):
        variables = (name,)

    shown = One(initial={name: stored})
    data = QueryDict(mutable=True)
    for key, value in successful_controls(str(shown)):
        data.appendlist(key, value)
    again = One(data)
    assert again.is_valid(), again.errors
    assert again.values() == {name: stored}


@pytest.mark.parametrize(
    "name", ["sleep_hours", "stress_level", "has_coach", "current_niggles", "session_type"]
)
def test_what_was_typed_is_shown_again_beside_its_error(name):
    class One(RegistryForm):
        variables = (name,)

    form = One(posted(**({f"{name}-state": "some"} if variable(name).kind == "niggles" else {name: "⅞ <b>"})))
    html = str(form)
    assert 'role="alert"' in html
    assert "<b>" not in html.replace("<b>1</b>", "")
    if name == "sleep_hours":
        assert 'value="⅞ &lt;b&gt;"' in html
    if name == "current_niggles":
        assert 'value="some" id="id_current_niggles_some" checked' in html


def test_nothing_hurts_answers_a_required_question_and_silence_does_not():
    field = field_for(variable("current_niggles"), required=True)
    assert field.clean("none") == []
    with pytest.raises(Exception, match="Niggles is needed"):
        field.clean(None)


def test_every_scale_point_carries_its_word_and_the_group_a_name():
    class One(RegistryForm):
        variables = ("session_quality",)

    html = str(One())
    assert html.count('class="point"') == 10
    assert all(word in html for word in variable("session_quality").anchors.values())
    assert "<legend" in html
    assert "How good was it?" in html


def test_units_and_steps():
    assert unit_words(variable("sleep_hours")) == "hours"
    assert unit_words(variable("stress_level")) == ""
    assert [handy_step(variable(n)) for n in ("time_available_min", "days_since_hard_session")] == [20.0, 1.0]


def test_the_label_asks_ahead_or_looks_back():
    assert field_for(variable("caffeine_mg")).label == "Caffeine before climbing"
    assert field_for(variable("caffeine_mg"), planned=False).label == "Caffeine, as it was"


def successful_controls(html: str) -> list[tuple[str, str]]:
    """The name and value pairs that a browser would send for this form."""
    from html.parser import HTMLParser

    class Controls(HTMLParser):
        def __init__(self):
            super().__init__()
            self.found, self.select, self.textarea = [], None, None

        def handle_starttag(self, tag, attrs):
            a = dict(attrs)
            if tag == "input" and (a.get("type") not in {"radio", "checkbox"} or "checked" in a):
                self.found.append((a["name"], a.get("value", "")))
            elif tag == "select":
                self.select = a["name"]
            elif tag == "option" and "selected" in a:
                self.found.append((self.select, a["value"]))
            elif tag == "textarea":
                self.textarea = (a["name"], "")

        def handle_data(self, data):
            if self.textarea:
                self.textarea = (self.textarea[0], self.textarea[1] + data)

        def handle_endtag(self, tag):
            if tag == "textarea":
                self.found.append((self.textarea[0], self.textarea[1].removeprefix("\n")))
                self.textarea = None

    parser = Controls()
    parser.feed(html)
    return parser.found
