"""Everything bad at every page of the diary: told at the field, nothing written, nothing typed is lost."""

from __future__ import annotations

from datetime import timedelta
from html import unescape
from typing import Any

import httpx
import pytest
from django.core.cache import cache

from tests.fixtures.diary_site import TODAY, TYPED


@pytest.fixture(autouse=True)
def unthrottled() -> None:
    """More is asked here in a minute than one person may."""
    cache.clear()


# --- Pages: what was typed stays ------------------------------------------------------------------------------------

NEW = {"session_date": TODAY.isoformat(), "sleep_notes": TYPED}
AFTER = {"as_planned": "yes", "session_quality": "6", "notes": TYPED}
PAGES: list[Any] = [
    ("/sessions/new/", NEW, {"session_date": "1890-01-01"}, "session_date"),
    ("/sessions/new/", NEW, {"session_date": (TODAY + timedelta(days=61)).isoformat()}, "session_date"),
    ("/sessions/new/", NEW, {"session_date": "٢٠٢٦-٠٥-٠٤"}, "session_date"),
    ("/sessions/new/", NEW, {"start_time": "25:00"}, "start_time"),
    ("/sessions/new/", NEW, {"gym": "Nobody Knows It"}, "gym"),
    ("/sessions/new/", NEW, {"gym": "x" * 90}, "gym"),
    ("/sessions/new/", NEW, {"location_type": "moon"}, "location_type"),
    ("/sessions/new/", NEW, {"sleep_hours": "25"}, "sleep_hours"),
    ("/sessions/new/", NEW, {"caffeine_mg": "-5"}, "caffeine_mg"),
    ("/sessions/new/", NEW, {"caffeine_mg": "much"}, "caffeine_mg"),
    ("/sessions/new/", NEW, {"session_type": "yoga"}, "session_type"),
    ("/sessions/{planned}/before/", NEW, {"stress_level": "6"}, "stress_level"),
    ("/sessions/{planned}/before/", NEW, {"time_available_min": "1e999"}, "time_available_min"),
    (
        "/sessions/{done}/before/",
        NEW,
        {"session_date": (TODAY + timedelta(days=1)).isoformat()},
        "session_date",
    ),
    ("/sessions/{planned}/after/", AFTER, {"session_quality": "0"}, "session_quality"),
    ("/sessions/{planned}/after/", AFTER, {"session_quality": ""}, "session_quality"),
    ("/sessions/{planned}/after/", AFTER, {"as_planned": ""}, "as_planned"),
    ("/sessions/{planned}/after/", AFTER, {"as_planned": "no", "caffeine_mg": "5000"}, "caffeine_mg"),
    ("/sessions/{planned}/after/", AFTER, {"attempts_on_projects": "-1"}, "attempts_on_projects"),
    ("/sessions/{done}/after/", AFTER, {"energy_post": "6"}, "energy_post"),
    ("/baseline/", {"current_boulder_grade": "V4"}, {"age": "3"}, "age"),
    ("/baseline/", {"current_boulder_grade": "V4"}, {"weight_kg": "heavy"}, "weight_kg"),
    ("/baseline/", {"age": "31"}, {"current_route_grade": "V5"}, "current_route_grade"),
]


@pytest.mark.usefixtures("nothing_written")
@pytest.mark.parametrize(("path", "typed", "change", "field"), PAGES)
def test_a_page_tells_at_the_field_and_keeps_what_was_typed(diary, path, typed, change, field):
    path = path.format(planned=diary.planned, done=diary.done)
    answer = diary.alice.submit(path, {**typed, **change})
    assert answer.status_code == 422
    page = unescape(answer.text)
    assert f'id="id_{field}_error"' in page
    assert 'role="alert"' in page
    for value in typed.values():
        if value not in {"yes", typed.get("session_date"), typed.get("session_quality")}:
            assert value in page
    shown = change[field]
    if len(shown) > 2 and field not in {"session_type", "location_type"}:  # of choices only those that exist
        assert shown in page


@pytest.mark.usefixtures("nothing_written")
@pytest.mark.parametrize(
    "path",
    ["before/", "after/", "skip/", "start/", "unskip/", "delete/", "restore/"],
)
def test_pages_of_somebody_elses_session_are_not_there(diary, path):
    hidden = diary.alice.hidden("/sessions/new/")
    answer = diary.alice.post(
        f"/sessions/{diary.bobs}/{path}", {**hidden, "undo": "x", "session_quality": "1"}
    )
    assert answer.status_code == (422 if path == "restore/" else 404)


@pytest.mark.usefixtures("nothing_written")
def test_pages_refuse_what_no_form_of_ours_sends(diary):
    hidden = diary.alice.hidden("/sessions/new/")
    for path in ("/sessions/new/", f"/sessions/{diary.planned}/before/", f"/sessions/{diary.planned}/after/",
                 f"/sessions/{diary.planned}/start/", f"/sessions/{diary.planned}/skip/",
                 f"/sessions/{diary.planned}/delete/", "/baseline/"):  # fmt: skip
        assert (
            diary.alice.client.post(path, data={"session_quality": "5"}).status_code == 403
        )  # no key of the form
        huge = diary.alice.post(path, {**hidden, "notes": "x" * 10_000_000})
        assert huge.status_code in {400, 413}, path
    for path in ("start/", "unskip/", "restore/"):
        assert diary.alice.get(f"/sessions/{diary.planned}/{path}").status_code == 405
    with httpx.Client(base_url=diary.alice.client.base_url, timeout=30) as nobody:
        for path in ("/sessions/new/", f"/sessions/{diary.planned}/after/", "/baseline/", "/diary/"):
            answer = nobody.get(path)
            assert (answer.status_code, "/accounts/login/" in answer.headers["Location"]) == (302, True)


def test_the_same_form_twice_is_one_session_and_emoji_come_back(diary):
    """Last of the pages: it writes."""
    before = len(diary.sql("SELECT id FROM sessions"))
    fields = {**diary.alice.hidden("/sessions/new/"), **NEW}
    for _ in range(2):
        assert diary.alice.post("/sessions/new/", fields).status_code == 200
    assert len(diary.sql("SELECT id FROM sessions")) == before + 1
    ((key, notes),) = diary.sql(
        "SELECT session_id, sleep_notes FROM pre_session_data WHERE sleep_notes IS NOT NULL"
    )
    assert notes == TYPED
    page = diary.alice.get(f"/sessions/{key}/").text
    assert "niño 💪🏽 שלום &lt;b&gt;&amp;" in page
    diary.sql("DELETE FROM sessions WHERE id = %s", key)
