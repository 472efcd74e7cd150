"""Questions in Chromium: by keyboard, by finger, with nothing chosen for anybody and nothing typed lost.

The form is rendered here and shown under the site's address with the site's own scripts and policy, so that every
widget can be tried without an address in the product that exists for tests alone.
"""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import parse_qs

import pytest
from django.template import engines

from climbiq.common.forms import RegistryForm
from climbiq.domain.variables import VARIABLES

pytestmark = pytest.mark.browser

PAGE = (
    '{% extends "base.html" %}{% block content %}<h1>Questions</h1>'
    '{% include "forms/post.html" with submit="Send" keep="questions" %}{% endblock %}'
)
ELSEWHERE = '{% extends "base.html" %}{% block content %}<h1>Somewhere else</h1>{% endblock %}'
PAGE_REFUSED = (
    '{% extends "base.html" %}{% block content %}<h1>Questions</h1><form method="post" data-keep="questions">'
    '<div data-error-summary tabindex="-1"><h2>One thing</h2></div>'
    '<label>Notes <textarea name="sleep_notes">as the server saw it</textarea></label>'
    "<button>Send</button></form>{% endblock %}"
)
BROKEN = '{% extends "errors/page.html" %}{% block error_heading %}That was our fault{% endblock %}'


@pytest.fixture
def ask(shared_address: str, open_window):
    """Show a form of these variables; what is posted is collected, and answered by `answer`."""

    def open_form(*names: str, size: str = "phone", answer: Callable[[], str] = lambda: ELSEWHERE, **initial):
        class Questions(RegistryForm):
            variables = names

        window = open_window(shared_address, size=size)
        window.posted = []
        policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'"

        def serve(route) -> None:
            if route.request.method == "POST":
                window.posted.append(parse_qs(route.request.post_data or "", keep_blank_values=False))
                html = engines["django"].from_string(answer()).render()
            else:
                html = engines["django"].from_string(PAGE).render({"form": Questions(initial=initial)})
            headers = {"content-type": "text/html; charset=utf-8", "content-security-policy": policy}
            route.fulfill(body=html, headers=headers)

        window.page.route("**/questions/", serve)
        window.open("/questions/")
        return window

    return open_form


def sent(window) -> dict[str, list[str]]:
    """Send the form; what the server got, the hidden fields of the framework left out."""
    with window.page.expect_navigation():
        window.page.click("button:has-text('Send')")
    return {name: values for name, values in window.posted[-1].items() if name != "csrfmiddlewaretoken"}


def test_an_untouched_form_says_nothing(ask):
    assert sent(ask(*VARIABLES)) == {}


@pytest.mark.parametrize("size", ["phone", "desktop"])
def test_every_widget_is_legible(ask, size):
    window = ask(*VARIABLES, size=size)
    window.look("widgets-empty")
    window.page.check("#id_current_niggles_some")
    window.look("widgets-niggles")


def test_a_scale_is_answered_and_taken_back_with_the_keyboard(ask):
    window = ask("stress_level", "energy_level")
    keyboard = window.page.keyboard
    window.tab_to("[name=stress_level]")
    keyboard.press("Space")
    assert window.page.locator("[name=stress_level]:checked").input_value() == "1"
    keyboard.press("ArrowRight")
    keyboard.press("ArrowRight")
    assert window.page.locator("[name=stress_level]:checked").input_value() == "3"
    keyboard.press("ArrowLeft")
    window.type_into("button:has-text('Send')", "")  # past the second scale, which stays unanswered
    assert sent(window) == {"stress_level": ["2"]}


def test_taking_an_answer_back(ask):
    window = ask("stress_level", stress_level=4)
    assert window.page.locator("label.chip--clear").is_visible()
    window.page.click("label.chip--clear")
    assert sent(window) == {}


def test_nothing_moves_when_a_scale_is_answered(ask):
    window = ask("stress_level", "energy_level")
    below = window.page.locator("#id_energy_level")
    before = below.bounding_box()
    window.page.click("label[for=id_stress_level_3]")
    assert below.bounding_box() == before


def test_numbers_by_button_start_from_the_usual_and_stay_in_range(ask):
    window = ask("sleep_hours", "caffeine_mg", caffeine_mg=0)
    more = window.page.get_by_role("button", name="More: Sleep")
    more.click()
    assert window.page.input_value("[name=sleep_hours]") == "7.5"
    more.click()
    assert window.page.input_value("[name=sleep_hours]") == "8"
    window.page.get_by_role("button", name="Less: Caffeine").click()
    assert sent(window) == {"sleep_hours": ["8"], "caffeine_mg": ["0"]}


def test_a_decimal_comma_is_understood_by_the_buttons(ask):
    window = ask("sleep_hours")
    window.page.fill("[name=sleep_hours]", "6,5")
    window.page.get_by_role("button", name="More: Sleep").click()
    assert sent(window) == {"sleep_hours": ["7"]}


def test_niggles_by_keyboard_with_a_row_added(ask):
    window = ask("current_niggles")
    rows = window.page.locator("[data-niggle]:visible")
    assert rows.count() == 0
    window.tab_to("#id_current_niggles_none")
    window.page.keyboard.press("ArrowRight")
    assert rows.count() == 1
    window.tab_to("#id_current_niggles-0-location")
    window.page.keyboard.type("Finger")
    window.page.keyboard.press("Tab")
    window.page.keyboard.type("2")
    for number in range(1, 5):
        window.tab_to("[data-add-niggle]")
        window.page.keyboard.press("Enter")
        assert window.page.evaluate("document.activeElement.id") == f"id_current_niggles-{number}-location"
    window.page.keyboard.type("Skin")
    window.page.keyboard.press("Tab")
    window.page.keyboard.type("4")
    assert sent(window) == {
        "current_niggles-state": ["some"],
        "current_niggles-0-location": ["finger"],
        "current_niggles-0-severity": ["2"],
        "current_niggles-4-location": ["skin"],
        "current_niggles-4-severity": ["4"],
    }


def fill_in(window) -> None:
    window.page.fill("[name=sleep_notes]", "woke at 3 😴 <b>")
    window.page.click("label[for=id_stress_level_3]")
    window.page.check("#id_current_niggles_some")
    window.page.select_option("#id_current_niggles-0-location", "elbow")


def what_is_filled_in(window) -> tuple:
    page = window.page
    stress = page.locator("[name=stress_level]:checked")
    return (
        page.input_value("[name=sleep_notes]"),
        stress.input_value() if stress.count() else None,
        page.input_value("#id_current_niggles-0-location"),
    )


QUESTIONS = ("sleep_notes", "stress_level", "current_niggles")
FILLED, BLANK = ("woke at 3 😴 <b>", "4", "elbow"), ("", None, "")


def test_what_was_typed_survives_a_reload_and_a_walk_elsewhere(ask):
    window = ask(*QUESTIONS)
    fill_in(window)
    window.page.reload()
    assert what_is_filled_in(window) == FILLED
    window.open("/accounts/login/")
    window.open("/questions/")
    assert what_is_filled_in(window) == FILLED


def test_what_was_sent_is_not_asked_again(ask):
    window = ask(*QUESTIONS)
    fill_in(window)
    sent(window)
    window.open("/questions/")
    assert what_is_filled_in(window) == BLANK


def test_a_refused_form_that_is_left_is_still_there(ask):
    window = ask(*QUESTIONS, answer=lambda: PAGE_REFUSED)
    fill_in(window)
    sent(window)
    window.open("/accounts/login/")
    window.open("/questions/")
    assert window.page.input_value("[name=sleep_notes]") == "as the server saw it"


def test_what_met_a_broken_server_is_still_there(ask):
    window = ask(*QUESTIONS, answer=lambda: BROKEN)
    fill_in(window)
    sent(window)
    assert window.page.inner_text("h1") == "That was our fault"
    window.open("/questions/")
    assert what_is_filled_in(window) == FILLED


def test_what_never_reached_the_server_is_still_there(ask):
    window = ask(*QUESTIONS)
    window.allow("ERR_INTERNET_DISCONNECTED")
    fill_in(window)
    window.page.context.set_offline(True)
    window.page.route("**/questions/", lambda route: route.abort("internetdisconnected"), times=1)
    window.page.click("button:has-text('Send')")
    window.page.wait_for_url("chrome-error://chromewebdata/")
    window.page.context.set_offline(False)
    window.open("/questions/")
    assert what_is_filled_in(window) == FILLED


def test_what_somebody_else_typed_in_this_tab_is_dropped(ask):
    window = ask(*QUESTIONS)
    fill_in(window)
    window.page.evaluate(
        "sessionStorage.setItem('climbiq:somebody:/questions/#questions', '{\"values\": {}}')"
    )
    window.page.reload()
    keys = window.page.evaluate("Object.keys(sessionStorage).filter((key) => key.startsWith('climbiq:'))")
    assert keys == ["climbiq::/questions/#questions"]
    assert what_is_filled_in(window) == FILLED


def test_a_form_is_sent_once_however_often_the_button_is_pressed(ask):
    window = ask("sleep_hours")
    window.page.evaluate(
        """() => {
            const form = document.querySelector("form");
            window.sent = 0;
            form.addEventListener("submit", () => { window.sent += 1; });
            document.addEventListener("submit", (event) => {
                window.prevented = (window.prevented || 0) + Number(event.defaultPrevented);
                event.preventDefault();
            });
            const button = form.querySelector("[type=submit]");
            button.click(); button.click(); button.click();
        }"""
    )
    assert window.page.evaluate("[window.sent, window.prevented]") == [3, 2]
    assert window.page.get_attribute("[type=submit]", "aria-disabled") == "true"
