"""The rule editor in Chromium: written with the keyboard, read on a phone, light and dark."""

from __future__ import annotations

import json

import psycopg
import pytest
from playwright.sync_api import expect

from tests.fixtures.browser import Window, add_person
from tests.fixtures.database import superuser_url

pytestmark = pytest.mark.browser

LIST = "/admin/experts/expertrule/"
NERVOUS = {"field": "baseline.performance_anxiety", "op": ">=", "value": 7}
TENSE = {"field": "pre_session.stress_level", "op": ">=", "value": 4}
REST = {
    "type": "override",
    "recommendation": "rest_day",
    "message": "Tension and nerves: rest does more for you today.",
}
WRITTEN = [
    ("No hangboard on a sore finger", "safety", "active", 90, {"field": "pre_session.niggle_severity.finger", "op": ">=", "value": 3},
     [{"type": "override", "recommendation": "no_hangboard", "message": "A finger that hurts is not loaded on an edge."}]),
    ("Easy after a hard week", "conservative", "shadow", 40, {"field": "history.hard_sessions_last_7_days", "op": ">=", "value": 3},
     [{"type": "suppress", "target": "session_intensity_recommendation"}]),
    ("Late coffee", "interaction", "paused", 20, {"field": "pre_session.time_of_day", "op": "==", "value": "evening"},
     [{"type": "modify_coefficient", "target": "caffeine_mg", "multiplier": 0.5}, {"type": "message", "message": "Late coffee costs sleep."}]),
    ("Renamed field", "edge_case", "draft", 10, {"field": "pre_session.mood", "op": "<", "value": 2}, [{"type": "message", "message": "Hm."}]),
]  # fmt: skip


def write_rules(database: str, by: str) -> None:
    with psycopg.connect(superuser_url(database), autocommit=True) as connection:
        for name, category, lifecycle, priority, conditions, actions in WRITTEN:
            connection.execute(
                "INSERT INTO expert_rules (name, rule_category, lifecycle, priority, conditions, actions, created_by)"
                " VALUES (%s, %s, %s, %s, %s, %s, %s)",
                [name, category, lifecycle, priority, json.dumps(conditions), json.dumps(actions), by],
            )
        connection.execute(
            "INSERT INTO synthetic_scenarios (baseline_snapshot, pre_session_snapshot, scenario_description,"
            " edge_case_tags, difficulty_level, generation_batch) VALUES (%s, %s, %s, %s, 'hard', 'first')",
            [
                json.dumps({"age": 24, "performance_anxiety": 8, "years_climbing": 5}),
                json.dumps({"sleep_hours": 4.5, "stress_level": 5, "current_niggles": []}),
                "Nervous, underslept, competition tomorrow",
                ["sleep_deprived", "competition"],
            ],
        )


@pytest.fixture
def coach(site, open_window):
    """Open a window of a size as Carol; Dave is there too."""
    address = site.start(CLIMBIQ_DEMO="1")
    carol = add_person(site.database, "carol@example.org", is_staff=True)
    add_person(site.database, "dave@example.org", is_staff=True)
    write_rules(site.database, carol)

    def open_one(size: str, email: str = "carol@example.org") -> Window:
        window = open_window(address, size=size)
        window.log_in(email)
        return window

    return open_one


def link_to(window: Window, name: str) -> str:
    window.open(LIST)
    return (
        window.page.locator(f"#result_list th a:text-is({json.dumps(name)})")
        .get_attribute("href")
        .split("?")[0]
    )


# Django's own: fieldsets named by aria-labelledby, buttons that are inputs, icons in heads, the sidebar's edge.
OF_DJANGO = [
    r"no legend: <fieldset",
    r"no label: <input >$",
    r"small target 14×14: <a >$",
    r"small target 23×",
]


@pytest.mark.slow
@pytest.mark.parametrize("size", ["phone", "desktop"])
def test_every_page_of_the_editor(coach, size):
    window = coach(size)
    page = window.page
    for pattern in OF_DJANGO:
        window.allow(pattern)
    window.open(LIST)
    window.look("rules-list")
    window.open(f"{LIST}fields/")
    window.look("rules-fields")
    window.open(f"{LIST}add/?example=finger")
    page.wait_for_selector("#rule-preview p:has-text('If finger niggle')")
    window.look("rules-add")

    page.fill(
        "#id_conditions",
        json.dumps({"ALL": [TENSE | {"value": 9}, {"field": "pre_session.mood", "op": "<"}]}),
    )
    page.wait_for_selector("#rule-preview li")
    page.fill("#id_name", "late COFFEE")
    page.fill("#id_priority", "101")
    page.click("input[type=submit]")
    window.look("rules-add-refused")
    assert page.input_value("#id_name") == "late COFFEE"

    address = link_to(window, "No hangboard on a sore finger")
    window.open(address)
    window.look("rules-change")
    page.fill("#step_reason", "Two false alarms this week")
    page.click("button:has-text('Pause')")
    page.fill("#id_evidence", "Schöffl 2013; three cases of our own.")
    page.fill("#id_name", "No hangboard on any sore finger")
    page.fill("#id_reason", "What it rests on")
    page.click("input[type=submit]")
    window.look("rules-change-waits")
    assert "a second coach reads and activates it" in page.inner_text("#lifecycle")
    window.open(address.replace("/change/", "/history/"))
    window.look("rules-log")
    window.open(link_to(window, "Renamed field"))
    window.look("rules-broken")
    for name in ("ruleauditlog", "syntheticscenario", "populationprior", "rulereviewsession"):
        window.open(f"/admin/experts/{name}/")
        window.look(f"rules-{name}")
    for name in ("ruleauditlog", "syntheticscenario", "populationprior"):
        window.open(f"/admin/experts/{name}/")
        page.locator("#result_list tbody a").first.click()
        window.look(f"rules-{name}-one")


def test_a_rule_written_and_approved_with_the_keyboard(coach):
    carol = coach("desktop")
    carol.open(f"{LIST}add/")
    carol.type_into("#id_name", "Tense and nervous")
    carol.tab_to("#id_conditions")
    carol.page.keyboard.insert_text(json.dumps({"ALL": [NERVOUS, TENSE]}))
    carol.tab_to("#id_actions")
    carol.page.keyboard.insert_text(json.dumps([REST]))
    carol.page.wait_for_selector("#rule-preview p:has-text('performance anxiety is at least 7 and stress')")
    carol.tab_to("#id_rule_category")
    carol.page.keyboard.type("Safety")
    carol.press("#rule-form input[type=submit]")
    address = carol.page.url.removeprefix(carol.address)
    assert "stored as a draft" in carol.page.inner_text(".messagelist")
    assert carol.page.locator("button[value=active]").count() == 0

    dave = coach("desktop", "dave@example.org")
    dave.open(address)
    dave.type_into("#step_reason", "Read and agreed")
    dave.press("button[value=active]")
    assert dave.page.inner_text(".rule-facts .rule-state") == "Active"

    carol.open(address)
    assert "by Dave" in carol.page.inner_text(".rule-log li:first-child")
    carol.type_into("#id_priority", "9")
    carol.type_into("#id_reason", "Higher")
    carol.press("#rule-form input[type=submit]")
    assert "Pause it, change it" in carol.page.inner_text(".errorlist.nonfield")


@pytest.mark.parametrize("size", ["phone", "desktop"])
def test_a_scenario_is_looked_up_by_its_words(coach, size):
    window = coach(size)
    page = window.open(f"{LIST}add/")
    field = page.locator(".field-source_scenario")
    expect(field.locator(".select2-selection")).to_have_text("Not said")
    field.locator(".select2-selection").focus()
    page.keyboard.press("Enter")
    page.keyboard.type("underslept")
    found = page.locator(".select2-results__option--highlighted")
    expect(found).to_have_text("Nervous, underslept, competition tomorrow")
    page.keyboard.press("Enter")
    expect(field.locator(".select2-selection")).to_contain_text("Nervous, underslept")
    assert page.input_value("[name=source_scenario]")
