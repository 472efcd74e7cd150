from __future__ import annotations

import csv
import io
import json
import re
import time
from datetime import UTC, datetime, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils import timezone

from climbiq.accounts import rls
from climbiq.accounts.models import User
from climbiq.common.idempotency import HEADER
from sessions_app.domain.diary import read_diary
from sessions_app.models import Gym, PostSessionData, PreSessionData, Session
from sessions_app.selectors import history_of
from sessions_app.services.diary import DIARY_DOMAIN
from sessions_app.services.own_diary import write_own_diary
from tests.factories.sessions import make_session

pytestmark = pytest.mark.django_db

DIARY = "climber,session_date,session_quality,sleep_hours,caffeine_mg,actual_caffeine_mg\n"
TWO = DIARY + "Ana,2026-05-04,8,7.5,200,0\nAna,2026-05-05,,,,\n"


@pytest.fixture
def run(tmp_path, capsys):
    def run_command(text, *options):
        file = tmp_path / "diary.csv"
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        call_command("import_diary", str(file), *options)
        return capsys.readouterr().out

    return run_command


@pytest.fixture
def climbing(client, alice):
    client.force_login(alice)
    return client


def upload(client, text, url="/diary/", **fields):
    raw = text if isinstance(text, bytes) else text.encode()
    return client.post(url, {"file": SimpleUploadedFile("diary.csv", raw), **fields})


def everything_of(user):
    """Every column of every session that a person could have said."""
    ours = {"id", "session_id", "user_id", "created_at", "updated_at", "import_key", "derived_said"}
    return [
        sorted(repr({k: v for k, v in row.items() if k not in ours}) for row in rows.values())
        for rows in (model.objects.filter(user=user) for model in (Session, PostSessionData, PreSessionData))
    ]


RUN = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "﹦", "−")


def exported(user):
    """The user's file without its keys."""
    text = write_own_diary(by=user)
    return sorted(re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "", text).split("\r\n"))


# --- The command --------------------------------------------------------------------------------------------------


def test_climbers_become_accounts_nobody_can_log_in_to(run):
    assert "2 sessions added for 1 climber (1 new), 0 already there, 0 rows left out" in run(TWO)
    ana = User.objects.get()
    assert (ana.email, ana.display_name, ana.access_role) == (f"ana@{DIARY_DOMAIN}", "Ana", "climber")
    assert not ana.has_usable_password()
    blank, full = history_of(user_id=ana.pk)
    assert (full.quality, full.planned["sleep_hours"], full.as_treated["caffeine_mg"]) == (8, 7.5, 0)
    assert (blank.status, blank.quality, blank.planned["caffeine_mg"]) == ("completed", None, None)


def test_twice_changes_nothing(run):
    run(TWO)
    before = list(Session.objects.values().order_by("pk")), list(User.objects.values().order_by("pk"))
    assert "0 sessions added for 1 climber (0 new), 2 already there" in run(TWO)
    assert (
        list(Session.objects.values().order_by("pk")),
        list(User.objects.values().order_by("pk")),
    ) == before
    assert "1 session added" in run(TWO + "Ana,2026-05-06,5,,,\n")


def test_one_bad_row_keeps_the_whole_file_out_unless_told(run, capsys):
    bad = TWO + "Bob,2026-05-04,11,99,,\nBob,2026-05-05,5,,,\n"
    with pytest.raises(CommandError) as caught:
        run(bad)
    assert "line 4, session_quality: " in str(caught.value)
    assert "line 4, sleep_hours: " in str(caught.value)
    assert "leave out 1 row" in str(caught.value)
    assert not Session.objects.exists()
    assert not User.objects.exists()
    said = run(bad, "--skip-bad")
    assert "3 sessions added for 2 climbers (2 new), 0 already there, 1 row left out" in said


def test_unknown_columns_are_refused_by_name_even_when_told_to_skip(run):
    with pytest.raises(CommandError, match="sleep_hrs"):
        run("climber,session_date,sleep_hrs\nAna,2026-05-04,7\n", "--skip-bad")
    assert not User.objects.exists()


def test_a_file_that_is_not_there():
    with pytest.raises(CommandError, match="No such file"):
        call_command("import_diary", "/nowhere/diary.csv")
    with pytest.raises(CommandError, match="directory"):
        call_command("import_diary", "/tmp")


def test_names_are_told_apart_to_the_letter(run):
    run(
        "climber,session_date\nAna,2026-05-04\nana,2026-05-04\nÁna,2026-05-04\n🧗,2026-05-04\nשרה,2026-05-04\n"
    )
    emails = dict(User.objects.values_list("display_name", "email"))
    assert len(set(emails.values())) == 5
    assert emails["Ana"] == f"ana@{DIARY_DOMAIN}"
    assert emails["ana"].startswith("ana-")
    assert emails["🧗"].startswith("climber")
    run("climber,session_date\nana,2026-05-06\nÁna,2026-05-06\n")
    assert dict(User.objects.values_list("display_name", "email")) == emails


def test_several_sessions_a_day(run):
    text = "climber,session_date,started_at\nAna,2026-05-04,\nAna,2026-05-04,09:00\nAna,2026-05-04,18:00\n"
    run(text)
    assert Session.objects.count() == 3
    assert "0 sessions added" in run(text)


def test_today_in_the_far_east_is_not_the_future(run):
    east = (timezone.now().astimezone(UTC) + timedelta(hours=13)).date()
    run(f"climber,session_date\nAna,{east.isoformat()}\n")
    with pytest.raises(CommandError, match="in the future"):
        run(f"climber,session_date\nAna,{(east + timedelta(days=2)).isoformat()}\n")


# --- A climber's own ----------------------------------------------------------------------------------------------


def test_a_file_is_looked_at_before_it_is_loaded(climbing, alice):
    page = upload(climbing, TWO, action="look")
    assert page.status_code == 200
    assert (page.context["count"].added, page.context["count"].already_there) == (2, 0)
    assert not Session.objects.exists()
    assert climbing.post("/diary/load/", {"kept": page.context["kept"]}).status_code == 302
    assert Session.objects.filter(user=alice).count() == 2
    again = upload(climbing, TWO, action="look")
    assert (again.context["count"].added, again.context["count"].already_there) == (0, 2)
    climbing.post("/diary/load/", {"kept": page.context["kept"]})
    assert Session.objects.count() == 2


def test_problems_are_shown_by_line_and_left_out_only_when_asked(climbing):
    bad = TWO + "Ana,2026-05-06,11,,,\n"
    page = upload(climbing, bad, action="load")
    assert page.status_code == 422
    assert "<b>Line 4, session_quality:</b>" in page.content.decode()
    assert not Session.objects.exists()
    climbing.post("/diary/load/", {"kept": page.context["kept"]})
    assert Session.objects.count() == 2
    Session.objects.all().delete()
    assert upload(climbing, bad, action="load", skip_bad="on").status_code == 302
    assert Session.objects.count() == 2


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("climber,mood\nAna,3\n", "mood", id="unknown-column"),
        pytest.param("", "The file is empty", id="empty"),
        pytest.param(b"\xff\xfe\x00", "not UTF-8", id="not-text"),
        pytest.param(b"session_date\n" + b"x" * 8_000_001, "8 MB at most", id="too-large"),
        pytest.param("session_date,<script>alert(1)</script>\n", "&lt;script&gt;", id="markup"),
    ],
)
def test_files_that_are_refused(climbing, text, said):
    page = upload(climbing, text, action="load")
    assert page.status_code == 422
    assert said in page.content.decode()
    assert not Session.objects.exists()


def test_nothing_chosen_and_nothing_kept(climbing, alice, bob, client):
    assert climbing.post("/diary/", {"action": "load"}).status_code == 422
    for kept in ("", "nonsense"):
        assert climbing.post("/diary/load/", {"kept": kept}).headers["Location"] == "/diary/"
    kept = upload(climbing, TWO).context["kept"]
    client.force_login(bob)
    client.post("/diary/load/", {"kept": kept})
    assert not Session.objects.exists()


def test_another_climbers_name_does_not_make_it_theirs(climbing, alice, bob):
    upload(climbing, DIARY + "Bob,2026-05-04,8,,,\n", action="load")
    assert Session.objects.get().user == alice
    mixed = upload(climbing, DIARY + "Ana,2026-05-05,8,,,\nBob,2026-05-06,8,,,\n", action="load")
    assert mixed.status_code == 422
    assert User.objects.count() == 2


def test_a_day_that_is_in_the_diary_already_is_left_alone(climbing, alice):
    make_session(alice, planned={"sleep_hours": 6}, quality=3)
    page = upload(climbing, TWO, action="look")
    assert (page.context["count"].added, page.context["count"].already_there) == (1, 1)


# --- Out, and in again --------------------------------------------------------------------------------------------


def full_diary(alice):
    """Sessions with everything that can be said, and with nothing."""
    make_session(alice)
    make_session(alice, status="skipped")
    make_session(
        alice,
        day=datetime(2026, 5, 5, tzinfo=UTC).date(),
        started_at=datetime(2026, 5, 5, 6, 30, 15, 123456, tzinfo=UTC),
        ended_at=datetime(2026, 5, 5, 8, tzinfo=UTC),
        duration_min=90,
        location_type="outdoor",
        gym=Gym.objects.create(name="=Boulder, Bar", city="Wien 💪"),
        planned={
            "sleep_hours": "7.3",
            "sleep_quality": 4,
            "stress_level": 1,
            "days_since_hard_session": 0,
            "current_niggles": [
                {"location": "finger", "severity": 2, "notes": "left; ring: 'A2'"},
                {"location": "back", "severity": 1, "notes": ""},
            ],
            "specific_objectives": ["=1+1", "a;b", 'the "crack"', "＝2"],
            "sleep_notes": "-- =cmd|'/c calc'!A1\nטוב 💪, \"so so\"",
            "caffeine_mg": 0,
            "session_type": "power",
            "session_intensity": "max",
        },
        actual={"caffeine_mg": 80, "session_intensity": "low"},
        quality=9,
        outcomes={
            "sends": ["@7a", "6b"],
            "new_grades_tried": True,
            "new_niggles": [],
            "deviation_reason": "+1 partner",
            "deviation_details": {"explanation": "=HYPERLINK()"},
            "notes": "'=quoted, 'tis",
            "what_went_well": "﹦SUM(A1)\n=B2",
            "what_could_improve": "−1\t=3",
            "attempts_on_projects": 0,
        },
    )
    make_session(alice, planned={"current_niggles": []}, quality=5, deviated=True)


def test_what_is_exported_loads_again_without_a_change(climbing, client, alice, bob):
    full_diary(alice)
    file = climbing.get("/diary/export/")
    assert file.headers["Content-Disposition"].startswith("attachment")
    text = file.content.decode()
    cells = [cell for row in csv.reader(io.StringIO(text, newline="")) for cell in row]
    assert [cell for cell in cells if cell.startswith(RUN)] == []
    assert "'﹦SUM(A1)\n=B2" in cells
    before = list(Session.objects.values().order_by("pk"))
    upload(climbing, file.content, action="load")
    assert list(Session.objects.values().order_by("pk")) == before
    hers = everything_of(alice)
    client.force_login(bob)
    assert upload(client, file.content, action="load").status_code == 302
    assert everything_of(bob) == hers
    upload(client, file.content, action="load")
    assert everything_of(bob) == hers
    assert "".join(exported(alice)) == "".join(exported(bob))


# --- The API ------------------------------------------------------------------------------------------------------


def test_the_api_loads_and_exports(climbing, alice):
    url = "/api/v1/sessions/diary"
    answer = upload(climbing, TWO, url=url)
    assert answer.json() == {"added": 2, "completed": 0, "already_there": 0, "left_out": []}
    again = climbing.post(url, TWO.encode(), content_type="text/csv")
    assert again.json() == {"added": 0, "completed": 0, "already_there": 2, "left_out": []}
    file = climbing.get(url, headers={"Accept": "text/csv"})
    assert file.status_code == 200
    assert file.headers["Content-Type"].startswith("text/csv")
    assert file.content.decode().count("\r\n") == 3


@pytest.mark.parametrize("as_form", [True, False], ids=["form", "csv"])
def test_a_load_with_a_key_is_answered_the_same_again(climbing, as_form):
    url = "/api/v1/sessions/diary"

    def send(text, key, query=""):
        headers = {"Idempotency-Key": key}
        if not as_form:
            return climbing.post(url + query, text.encode(), content_type="text/csv", headers=headers)
        file = SimpleUploadedFile("diary.csv", text.encode())
        return climbing.post(url + query, {"file": file}, headers=headers)

    first, again = send(TWO, "k"), send(TWO, "k")
    assert first.json() == again.json() == {"added": 2, "completed": 0, "already_there": 0, "left_out": []}
    assert again.headers["Idempotent-Replay"] == "true"
    assert send(TWO, "other").json()["already_there"] == 2
    assert send(TWO + "Ana,2026-05-06,9,,,\n", "k").status_code == 422  # the key is of another file
    assert send(TWO, "k", "?skip_bad=true").status_code == 422
    bad = TWO + "Ana,2026-05-06,11,,,\n"
    assert send(bad, "bad").status_code == 422  # a refusal is not kept
    assert send(TWO, "bad").status_code == 200


def test_the_api_names_lines_and_columns(climbing):
    url = "/api/v1/sessions/diary"
    bad = TWO + "Ana,2026-05-06,11,,,\n"
    answer = upload(climbing, bad, url=url)
    assert answer.status_code == 422
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert list(answer.json()["errors"]) == ["line 4, session_quality"]
    assert not Session.objects.exists()
    skipped = upload(climbing, bad, url=f"{url}?skip_bad=true").json()
    assert (skipped["added"], skipped["left_out"][0]["line"]) == (2, 4)
    unknown = climbing.post(url, b"mood\n1\n", content_type="text/csv")
    assert "mood" in json.dumps(unknown.json()["errors"])
    assert climbing.post(url, b"x" * 8_000_001, content_type="text/csv").status_code == 413
    assert climbing.post(f"{url}?skip=1", b"", content_type="text/csv").status_code == 400
    assert climbing.post(url, {"files": "x"}).status_code == 400
    assert climbing.post(url, "{}", content_type="application/json").status_code == 415


def test_a_diary_brings_its_gyms_and_names_known_ones_in_any_case(climbing, alice):
    known = Gym.objects.create(name="Boulder Bar", city="Vienna")
    text = 'session_date,gym\n2026-05-01,"BOULDER BAR, vienna"\n2026-05-02,Rock Inn\n2026-05-03,rock inn\n2026-05-04,\n'
    upload(climbing, text, action="load")
    named = [str(s.gym or "") for s in Session.objects.order_by("session_date").select_related("gym")]
    assert named == ["Boulder Bar, Vienna", "Rock Inn", "Rock Inn", ""]
    assert Session.objects.filter(gym=known).count() == 1
    refused = upload(climbing, f"session_date,gym\n2026-05-09,{'x' * 81}\n", action="load").content.decode()
    assert "gym’s name has 1 to 80 characters" in refused


def test_a_file_that_would_flood_everybodys_list_of_gyms_is_refused(climbing):
    rows = "".join(f"2026-01-{1 + n % 28:02d},{n // 28 + 7}:30,Gym {n}\n" for n in range(101))
    page = upload(climbing, "session_date,started_at,gym\n" + rows, action="load")
    assert page.status_code == 422
    assert "One diary can name 100 different gyms" in page.content.decode()
    assert not Gym.objects.exists()


# --- Long diaries -------------------------------------------------------------------------------------------------


@pytest.fixture
def slow_reading(monkeypatch):
    """The claims that a request begins with are over before its file is read."""
    from sessions_app.services import own_diary

    def read_slowly(**kwargs):
        time.sleep(2.1)  # the database compares whole seconds by its own clock
        return read_diary(**kwargs)

    monkeypatch.setitem(rls.bind.__kwdefaults__, "lifetime", 1)
    monkeypatch.setitem(rls.bind_user.__kwdefaults__, "lifetime", 1)
    monkeypatch.setattr(own_diary, "read_diary", read_slowly)


@pytest.mark.parametrize("way", ["page", "looked-at", "api"])
def test_a_diary_that_takes_long_outlives_an_ordinary_requests_claims(climbing, alice, slow_reading, way):
    if way == "page":
        answer = upload(climbing, TWO, action="load")
        assert answer.status_code == 302
    elif way == "looked-at":
        looked = upload(climbing, TWO, action="look").content.decode()
        kept = re.search(r'name="kept" value="([^"]+)"', looked).group(1)
        assert climbing.post("/diary/load/", {"kept": kept}).status_code == 302
    else:
        answer = climbing.post("/api/v1/sessions/diary", TWO, content_type="text/csv", headers={HEADER: "k"})
        assert answer.json() == {"added": 2, "completed": 0, "already_there": 0, "left_out": []}
    assert Session.objects.filter(user=alice).count() == 2


def test_a_file_of_too_many_rows_is_refused_with_the_way_out(climbing, monkeypatch):
    from sessions_app.services import own_diary

    monkeypatch.setattr(own_diary, "MAX_ROWS", 3)
    rows = [f"Ana,2026-05-{day:02d},5,,,\n" for day in range(1, 6)]
    assert upload(climbing, DIARY + "".join(rows[:3]), action="look").status_code == 200
    for skip in ({}, {"skip_bad": "on"}):
        page = upload(climbing, DIARY + "".join(rows), action="load", **skip)
        assert page.status_code == 422
        assert "3 rows at most. Split it" in page.content.decode()
    answer = climbing.post(
        "/api/v1/sessions/diary?skip_bad=1", DIARY + "".join(rows), content_type="text/csv"
    )
    assert answer.status_code == 422
    assert set(answer.json()["errors"]) == {"line 5"}
    assert not Session.objects.exists()


def test_the_commands_files_may_be_longer(run, monkeypatch):
    from sessions_app.services import own_diary

    monkeypatch.setattr(own_diary, "MAX_ROWS", 1)
    assert "2 sessions added" in run(TWO)
