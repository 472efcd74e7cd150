from __future__ import annotations

import json
from datetime import date, timedelta
from html import unescape

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.utils import timezone

from climbiq.accounts import rls
from climbiq.domain.values import BadValues
from sessions_app.domain.gyms import GymName
from sessions_app.models import Gym, GymAddition, Session
from sessions_app.selectors import gyms_to_offer
from sessions_app.services.gyms import MOST_A_DAY, MOST_BY_FILES, add_gym
from tests.factories.sessions import make_session

pytestmark = pytest.mark.django_db

API = "/api/v1/gyms"
BAR = GymName(name="Boulder Bar", city="Vienna")


def gym(name="Boulder Bar", city="Vienna", **fields):
    """One that an operator has confirmed, unless said otherwise."""
    return Gym.objects.create(name=name, city=city, **{"confirmed_at": timezone.now(), **fields})


def add(by, gym, **changes):
    return add_gym(by=by.pk, gym=gym, now=timezone.now(), **changes)


def form(**fields):
    return {"session_date": timezone.localdate().isoformat(), **fields}


def post(client, body):
    return client.post(API, json.dumps(body), content_type="application/json")


# --- One gym, written once ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "again",
    [BAR, GymName(name="BOULDER bar", city="vienna"), GymName(name="Boulder Bar, Vienna")],
    ids=["same", "case", "one-line"],
)
def test_a_gym_is_added_once(alice, bob, again):
    first, is_new = add(alice, BAR)
    assert is_new
    assert add(bob, again) == (first, False)
    assert Gym.objects.get().pk == first.id


def test_case_is_folded_beyond_ascii(alice):
    first, _ = add(alice, GymName(name="Österreich-Halle", city="ЧЕХОВ"))
    assert add(alice, GymName(name="österreich-halle", city="чехов")) == (first, False)


def test_the_same_name_in_another_city_is_another_gym(alice):
    add(alice, BAR)
    assert add(alice, GymName(name="Boulder Bar", city="Graz"))[1]


def test_nobody_adds_more_than_some_a_day(alice, bob):
    for number in range(MOST_A_DAY):
        add(alice, GymName(name=f"Gym {number}"))
    with pytest.raises(BadValues, match="until tomorrow"):
        add(alice, BAR)
    add(alice, GymName(name="Gym 3"))  # is there
    add(bob, BAR)
    GymAddition.objects.update(added_at=timezone.now() - timedelta(days=1, seconds=1))
    assert add(alice, GymName(name="Another"))[1]
    assert add(alice, GymName(name="And another"), most=None)[1]


def test_one_too_many_is_told_at_its_field(client, alice):
    for number in range(MOST_A_DAY):
        add(alice, GymName(name=f"Gym {number}"))
    client.force_login(alice)
    refused = post(client, {"name": "Boulder Bar"})
    assert (refused.status_code, set(refused.json()["errors"])) == (400, {"name"})
    page = client.post("/sessions/new/", form(gym="Boulder Bar", add_gym="on"))
    assert set(page.context["form"].errors) == {"gym"}
    rows = "".join(
        f"2026-05-04,Hall {n},{n % 24:02}:{n % 60:02}\n" for n in range(MOST_BY_FILES - MOST_A_DAY + 1)
    )
    text = f"session_date,gym,started_at\n{rows}"
    loaded = client.post("/api/v1/sessions/diary", text.encode(), content_type="text/csv")
    assert (loaded.status_code, [key.split(", ")[1] for key in loaded.json()["errors"]]) == (422, ["gym"])
    assert (Gym.objects.count(), Session.objects.count()) == (MOST_A_DAY, 0)


@pytest.mark.parametrize(
    ("name", "city"),
    [("", "Vienna"), (" Bar", ""), ("x" * 81, ""), ("Bar", "a, b"), ("Bar", "y" * 81), ("BAR", "wien")],
)
def test_the_database_keeps_gyms_in_order_by_itself(name, city):
    gym("Bar", "Wien")
    with pytest.raises(IntegrityError), transaction.atomic():
        gym(name, city)


def test_a_climber_adds_and_does_not_rename_and_an_operator_does(alice, olga):
    known = gym()
    with rls.as_user(alice.pk):
        add(alice, GymName(name="Rock Inn"))
        assert Gym.objects.count() == 2
        assert Gym.objects.filter(pk=known.pk).update(name="Mine") == 0
    with rls.as_user(olga.pk, role="operator"):
        assert Gym.objects.filter(pk=known.pk).update(name="Boulderbar") == 1
    with pytest.raises(DatabaseError), rls.acting_as(rls.NOBODY):
        list(Gym.objects.all())


# --- What the form offers -----------------------------------------------------------------------------------------


def test_ones_own_gyms_come_first_the_latest_first_and_nobody_elses_habits_show(alice, bob):
    often, once, other, more = gym("Often"), gym("Once"), gym("Another"), gym("More")
    for days, visited in ((9, often), (3, once), (5, once), (2, often)):
        make_session(alice, day=date(2026, 5, 20) - timedelta(days=days), gym=visited)
    for days in range(5):
        make_session(bob, day=date(2026, 5, 20) - timedelta(days=days), gym=more)
    with rls.as_user(alice.pk):
        assert [g.id for g in gyms_to_offer(user_id=alice.pk)] == [often.pk, once.pk, other.pk, more.pk]


def labels_for(person):
    with rls.as_user(person.pk):
        return [g.label for g in gyms_to_offer(user_id=person.pk)]


def test_only_what_two_people_share_or_an_operator_confirmed_is_put_before_others(client, alice, bob):
    joke, _ = add(alice, GymName(name="Joke"))
    seen = gym("Seen", "", confirmed_at=None)
    make_session(alice, gym=seen)
    make_session(alice, gym=seen, day=date(2026, 5, 6))
    gym("Confirmed", "")
    assert labels_for(alice) == ["Seen", "Confirmed", "Joke"]
    assert labels_for(bob) == ["Confirmed"]
    client.force_login(bob)
    assert [row["name"] for row in client.get(API).json()["results"]] == ["Confirmed"]
    assert client.get(API, {"search": "joke"}).json()["results"] == []
    client.post("/sessions/new/", form(gym="joke"))  # whoever knows its name finds it
    assert Session.objects.get(user=bob).gym_id == joke.id
    make_session(alice, gym_id=joke.id)
    with rls.as_user(alice.pk):
        Session.objects.filter(user=alice, gym=seen).delete()
    assert labels_for(alice) == ["Joke", "Confirmed"]


def test_a_gym_that_two_go_to_is_everybodys(alice, bob, carol):
    shared = gym("Shared", "", confirmed_at=None)
    make_session(alice, gym=shared)
    assert labels_for(carol) == []
    make_session(bob, gym=shared)
    assert labels_for(carol) == ["Shared"]


def test_a_gym_is_picked_in_any_case_and_shown(client, alice):
    known = gym("Boulder <b>Bar</b>")
    client.force_login(alice)
    page = client.get("/sessions/new/").content.decode()
    assert '<option value="Boulder &lt;b&gt;Bar&lt;/b&gt;, Vienna">' in page
    assert "Add this gym" not in page
    client.post("/sessions/new/", form(gym="boulder <b>bar</b>,  VIENNA "))
    session = Session.objects.get()
    assert session.gym_id == known.pk
    assert (
        "· Boulder &lt;b&gt;Bar&lt;/b&gt;, Vienna" in client.get(f"/sessions/{session.pk}/").content.decode()
    )
    change = client.get(f"/sessions/{session.pk}/before/").content.decode()
    assert 'name="gym" value="Boulder &lt;b&gt;Bar&lt;/b&gt;, Vienna"' in change
    client.post(f"/sessions/{session.pk}/before/", form(gym=""))
    session.refresh_from_db()
    assert session.gym_id is None


def test_an_unknown_gym_is_asked_about_before_everybody_gets_it(client, alice):
    gym()
    client.force_login(alice)
    asked = client.post("/sessions/new/", form(gym="Bolder Bar, Viena", stress_level="4"))
    assert asked.status_code == 422
    page = unescape(asked.content.decode())
    assert "Did you mean Boulder Bar, Vienna?" in page
    assert 'value="Bolder Bar, Viena"' in page
    assert "Add this gym" in page
    assert (Gym.objects.count(), Session.objects.count()) == (1, 0)
    client.post("/sessions/new/", form(gym="Bolder Bar, Viena", add_gym="on"))
    added = Session.objects.get().gym
    assert (added.name, added.city) == ("Bolder Bar", "Viena")


def test_a_refused_session_adds_no_gym(client, alice):
    client.force_login(alice)
    new = {"gym": "Rock Inn", "add_gym": "on"}
    tomorrow = (timezone.localdate() + timedelta(days=1)).isoformat()
    session = make_session(alice, day=timezone.localdate(), planned={}, quality=5)
    assert client.post("/sessions/new/", form(**new, stress_level="9")).status_code == 422
    refused = client.post(f"/sessions/{session.pk}/before/", form(**new, session_date=tomorrow))
    assert refused.status_code == 422
    stale = client.post(f"/sessions/{session.pk}/before/", form(**new, version="1.0", stress_level="3"))
    assert stale.status_code == 422
    assert not Gym.objects.exists()


@pytest.mark.parametrize("text", ["x" * 81, ",", "a\x00b"])
def test_what_is_no_gym_is_told_beside_it(client, alice, text):
    client.force_login(alice)
    answer = client.post("/sessions/new/", form(gym=text, add_gym="on"))
    assert answer.status_code == 422
    assert 'id="id_gym_error"' in answer.content.decode()
    assert not Gym.objects.exists()


# --- API ----------------------------------------------------------------------------------------------------------


def test_the_api_lists_searches_and_pages_by_name(client, alice):
    for name, city in (
        ("Zebra", ""),
        ("alpha", "Graz"),
        ("Beta", "Vienna"),
        ("Alpha", "Vienna"),
        ("50%", ""),
    ):
        gym(name, city)
    client.force_login(alice)
    first = client.get(f"{API}?page_size=2").json()
    second = client.get(first["next"]).json()
    third = client.get(second["next"]).json()
    listed = [row["name"] + row["city"] for page in (first, second, third) for row in page["results"]]
    assert listed == ["50%", "alphaGraz", "AlphaVienna", "BetaVienna", "Zebra"]
    assert third["next"] is None

    def found(text):
        return [row["name"] for row in client.get(API, {"search": text}).json()["results"]]

    assert found("VIEN") == ["Alpha", "Beta"]
    assert found("alpha, g") == ["alpha"]
    assert found("%") == ["50%"]
    assert found("_") == []
    assert len(found("  ")) == 5
    refused = client.get(f"{API}?city=Graz")
    assert (refused.status_code, set(refused.json()["errors"])) == (400, {"city"})


def test_the_api_adds_a_gym_once_and_a_session_takes_its_key(client, alice):
    client.force_login(alice)
    added = post(client, {"name": "Boulder Bar", "city": "Vienna"})
    assert (added.status_code, Gym.objects.count()) == (201, 1)
    again = post(client, {"name": "boulder bar", "city": "VIENNA"})
    assert (again.status_code, again.json()) == (200, added.json())
    body = {"session_date": timezone.localdate().isoformat(), "gym_id": added.json()["id"]}
    made = client.post("/api/v1/sessions/", json.dumps(body), content_type="application/json").json()
    assert made["gym_id"] == added.json()["id"]


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, {"name"}),
        ({"name": ""}, {"name"}),
        ({"name": 7.5}, None),
        ({"name": ["a"]}, {"name"}),
        ({"name": "x" * 81}, {"name"}),
        ({"name": "Bar", "city": "a, b"}, {"city"}),
        ({"name": "Bar", "id": "1"}, {"id"}),
        ({"name": "Bar", "owner": "me"}, {"owner"}),
    ],
)
def test_the_api_names_what_is_wrong(client, alice, body, fields):
    client.force_login(alice)
    answer = post(client, body)
    if fields is None:
        assert answer.status_code == 201
        return
    assert answer.status_code == 400
    assert set(answer.json()["errors"]) == fields
    assert not Gym.objects.exists()


def test_a_reading_token_adds_nothing_and_nobody_reads(client, alice):
    from climbiq.accounts.tokens import create_token

    _, token = create_token(user=alice, name="read", scope="read", expires_at=None)
    assert client.get(API).status_code == 401
    headers = {"Authorization": f"Bearer {token}"}
    assert client.get(API, headers=headers).status_code == 200
    answer = client.post(API, '{"name": "Bar"}', content_type="application/json", headers=headers)
    assert answer.status_code == 403
    assert not Gym.objects.exists()


def test_an_operator_corrects_a_name(client, olga, carol, settings):
    settings.DEMO = True
    known = gym("Bulder Bar")
    client.force_login(olga)
    change = f"/admin/sessions_app/gym/{known.pk}/change/"
    assert client.post(change, {"name": "Boulder Bar", "city": "Vienna"}).status_code == 302
    known.refresh_from_db()
    assert str(known) == "Boulder Bar, Vienna"
    gym("Rock Inn", "")
    again = client.post(change, {"name": "rock INN", "city": ""})
    assert again.status_code == 200
    assert again.context["adminform"].form.errors == {"name": ["There is a gym of this name in this city."]}
    client.force_login(carol)
    assert client.get(change).status_code == 403
    with connection.cursor() as cursor:
        cursor.execute("SELECT label_key FROM gyms ORDER BY 1")
        assert cursor.fetchall() == [("boulder bar, vienna",), ("rock inn",)]


def act(client, action, *gyms):
    body = {"action": action, "_selected_action": [str(gym.pk) for gym in gyms]}
    return client.post("/admin/sessions_app/gym/", body, follow=True).content.decode()


def test_an_operator_tidies_up(client, olga, alice, bob, carol, settings):
    settings.DEMO = True
    first, slip, joke = (gym(name, "", confirmed_at=None) for name in ("Boulder Bar", "Bolder Bar", "Joke"))
    Gym.objects.filter(pk=first.pk).update(created_at=timezone.now() - timedelta(days=1))
    session = make_session(alice, gym=slip)
    before = Session.objects.values().get()
    client.force_login(olga)
    assert "1 deleted. 1 stays" in act(client, "delete_unused", slip, joke)
    assert "Choose two gyms" in act(client, "merge", slip)
    assert "1 other made one with it" in act(client, "merge", slip, first)
    session.refresh_from_db()
    assert (session.gym_id, Gym.objects.get()) == (first.pk, first)
    assert Session.objects.values().get() == {**before, "gym_id": first.pk}
    assert "1 more offered" in act(client, "confirm", first)
    assert labels_for(bob) == ["Boulder Bar"]
    client.force_login(carol)
    body = {"action": "merge", "_selected_action": [str(first.pk)]}
    assert client.post("/admin/sessions_app/gym/", body).status_code == 403


@pytest.mark.parametrize(
    "statement",
    ["SELECT app.merge_gyms(%(gym)s, ARRAY[%(gym)s])", "SELECT app.delete_unused_gyms(ARRAY[%(gym)s])"],
)
@pytest.mark.parametrize("role", ["climber", "coach"])
def test_only_operators_tidy_up_in_sql_too(alice, statement, role):
    known = gym()
    with pytest.raises(DatabaseError, match="only an operator"), rls.as_user(alice.pk, role=role):
        connection.cursor().execute(statement, {"gym": known.pk})
