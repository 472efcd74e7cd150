"""A diary file beside what was planned here: no rating is lost, no plan is forgotten, nothing is there twice."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection
from django.test.utils import CaptureQueriesContext

from climbiq.accounts.models import User
from sessions_app.models import Gym, PostSessionData, PreSessionData, Session
from sessions_app.selectors import session_of
from sessions_app.services.diary import DIARY_DOMAIN
from tests.factories.sessions import make_session

pytestmark = pytest.mark.django_db

DAY = date(2026, 5, 4)
HEADER = "session_date,session_quality,sleep_hours,caffeine_mg,gym,notes\n"
ROW = HEADER + "2026-05-04,8,7.5,200,Rock Inn,went well\n"
API = "/api/v1/sessions/diary"


@pytest.fixture
def climbing(client, alice):
    client.force_login(alice)
    return client


def load(client, text, query=""):
    return client.post(API + query, text.encode(), content_type="text/csv")


def everything():
    return [
        list(model.objects.order_by("pk").values()) for model in (Session, PreSessionData, PostSessionData)
    ]


def test_a_days_one_plan_is_completed_and_what_was_planned_stays(climbing, alice):
    plan = make_session(alice, day=DAY, planned={"stress_level": 2, "caffeine_mg": 100}, status="planned")
    answer = load(climbing, ROW)
    assert answer.json() == {"added": 0, "completed": 1, "already_there": 0, "left_out": []}
    record = session_of(user_id=alice.pk, session_id=plan.pk)
    assert (record.status, record.quality, record.planned["stress_level"]) == ("completed", 8, 2)
    assert (record.planned["sleep_hours"], record.planned["caffeine_mg"]) == (7.5, 100)
    assert (record.as_treated["caffeine_mg"], record.deviated) == (200, True)
    assert (record.notes["notes"], Gym.objects.get().pk) == ("went well", record.gym_id)
    assert record.ended_at is None
    before = everything()
    again = load(climbing, ROW)
    assert again.json() == {"added": 0, "completed": 0, "already_there": 1, "left_out": []}
    assert everything() == before


def test_a_plan_without_a_form_takes_the_rows_own(climbing, alice):
    plan = Session.objects.create(user=alice, session_date=DAY)
    load(climbing, "session_date,session_quality,sleep_hours\n2026-05-04,8,7.5\n")
    record = session_of(user_id=alice.pk, session_id=plan.pk)
    assert (record.quality, record.planned["sleep_hours"], record.planned["caffeine_mg"]) == (8, 7.5, None)
    assert not record.deviated


@pytest.mark.parametrize("status", ["completed", "skipped"])
def test_what_took_place_or_was_skipped_is_there(climbing, alice, status):
    make_session(alice, day=DAY, status=status, quality=5 if status == "completed" else None)
    make_session(alice, day=DAY, status="planned", planned={"stress_level": 3})
    before = everything()
    assert load(climbing, ROW).json()["already_there"] == 1
    assert everything() == before


def test_of_several_plans_nobody_can_tell_which(climbing, alice):
    plans = [make_session(alice, day=DAY, status="planned", planned={}) for _ in range(2)]
    before = everything()
    refused = load(climbing, ROW)
    assert refused.status_code == 422
    (message,) = refused.json()["errors"]["line 2"]
    assert "Several sessions are planned for this day" in message
    assert load(climbing, ROW, "?skip_bad=true").json()["left_out"][0]["line"] == 2
    looked = climbing.post("/diary/", {"file": SimpleUploadedFile("diary.csv", ROW.encode())})
    assert looked.status_code == 422
    assert everything() == before
    told = f"session_date,session_quality,session_id\n2026-05-04,8,{plans[1].pk}\n"
    assert load(climbing, told).json()["completed"] == 1
    assert {s.pk: s.status for s in Session.objects.all()} == {
        plans[0].pk: "planned",
        plans[1].pk: "completed",
    }


def test_a_plan_is_known_by_its_start_too_and_another_start_is_another_session(climbing, alice):
    start = datetime(2026, 5, 4, 16, 30, tzinfo=UTC)
    plan = make_session(alice, day=DAY, started_at=start, status="planned", planned={})
    header = "session_date,started_at,session_quality\n"
    assert load(climbing, header + "2026-05-04,2026-05-04T09:00Z,4\n").json()["added"] == 1
    assert load(climbing, header + "2026-05-04,2026-05-04T16:30Z,8\n").json()["completed"] == 1
    assert session_of(user_id=alice.pk, session_id=plan.pk).quality == 8


def test_a_row_that_is_a_plan_itself_completes_none(climbing, alice):
    make_session(alice, day=DAY, status="planned", planned={})
    before = everything()
    assert (
        load(climbing, "session_date,status\n2026-05-04,planned\n").json()["already_there"],
        everything(),
    ) == (1, before)


def test_a_row_that_contradicts_the_diary_is_refused_whole(climbing, alice):
    start = datetime(2026, 5, 4, 16, 30, tzinfo=UTC)
    plan = make_session(alice, day=DAY, started_at=start, status="planned", planned={})
    text = (
        "session_date,started_at,ended_at,session_quality,session_id\n"
        f"2026-05-04,09:00,10:00,8,{plan.pk}\n2026-05-05,,,7,\n"
    )
    before = everything()
    refused = load(climbing, text)
    assert (refused.status_code, set(refused.json()["errors"])) == (422, {"line 2, ended_at"})
    assert everything() == before


def test_the_look_says_what_the_loading_does(climbing, alice):
    make_session(alice, day=DAY, status="planned", planned={})
    make_session(alice, day=DAY - timedelta(days=9), quality=3)
    text = "session_date,session_quality\n2026-04-25,3\n2026-05-04,8\n2026-05-06,8\n"
    page = climbing.post("/diary/", {"file": SimpleUploadedFile("diary.csv", text.encode())})
    words = " ".join(page.content.decode().split())
    assert "1 new session and 1 plan that the file completes, 4 May 2026 to 6 May 2026." in words
    assert "1 is in your diary already and stays as it is." in words
    assert "Load 2 sessions" in words
    loaded = climbing.post("/diary/load/", {"kept": page.context["kept"]}, follow=True)
    assert "1 session added, 1 plan completed, 1 already there." in loaded.content.decode()


def test_the_command_does_the_same(tmp_path, capsys):
    ana = User.objects.create(email=f"ana@{DIARY_DOMAIN}", display_name="Ana", password="!")
    make_session(ana, day=DAY, status="planned", planned={})
    file = tmp_path / "diary.csv"
    file.write_text("climber,session_date,session_quality\nAna,2026-05-04,8\n")
    call_command("import_diary", str(file))
    assert "0 sessions added for 1 climber (0 new), 1 plan completed, 0 already" in capsys.readouterr().out
    for _ in range(2):
        make_session(ana, day=DAY + timedelta(days=1), status="planned", planned={})
    file.write_text("climber,session_date,session_quality\nAna,2026-05-05,8\n")
    with pytest.raises(CommandError, match="line 2: Several sessions are planned"):
        call_command("import_diary", str(file))
    call_command("import_diary", str(file), "--skip-bad")
    assert "1 row left out" in capsys.readouterr().out


def test_gyms_are_added_in_one_order_whatever_the_files(climbing, alice):
    """Two loads that name the same new gyms in other orders would each wait for the other."""
    text = "session_date,gym\n2026-05-04,Zeta\n2026-05-05,alpha\n2026-05-06,Beta\n2026-05-07,Zeta\n"
    with CaptureQueriesContext(connection) as asked:
        assert load(climbing, text).json()["added"] == 4
    added = [query["sql"] for query in asked if query["sql"].startswith("INSERT INTO gyms ")]
    assert [re.search(r"'(\w+)'", sql)[1] for sql in added] == ["alpha", "Beta", "Zeta"]
