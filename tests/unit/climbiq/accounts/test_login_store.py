"""Sessions are rows that know whose they are and do not hold their key."""

from __future__ import annotations

import asyncio
import time

import pytest
from django.contrib.auth import SESSION_KEY
from django.urls import reverse

from climbiq.accounts.devices import device_of
from climbiq.accounts.login_store import SessionStore, digest_of_key
from climbiq.accounts.models import Login
from tests.factories.people import PASSWORD

FIREFOX = "Mozilla/5.0 (Android 16; Mobile; rv:145.0) Gecko/145.0 Firefox/145.0"


def log_in(client, person, **headers: str):
    return client.post(
        reverse("account_login"), {"login": person.email, "password": PASSWORD}, headers=headers
    )


def test_a_login_is_a_row_with_owner_device_and_times_but_no_key(client, alice):
    log_in(client, alice, **{"User-Agent": FIREFOX})
    login = Login.objects.get(user=alice)
    key = client.cookies["climbiq_sessionid"].value
    assert login.session_key == digest_of_key(key)
    assert key not in "".join(str(v) for v in Login.objects.values_list().get())
    assert (login.device, login.is_app) == ("Firefox on Android", False)
    assert abs(login.began_at.timestamp() - time.time()) < 60
    assert login.seen_at == login.began_at


def test_the_digest_opens_nothing(client, alice):
    log_in(client, alice)
    assert client.get(reverse("account")).status_code == 200
    client.cookies["climbiq_sessionid"] = Login.objects.get(user=alice).session_key
    assert client.get(reverse("account")).status_code == 302


def test_a_visitor_without_login_owns_no_row(client, db):
    session = client.session
    session["x"] = 1
    session.save()
    assert Login.objects.get().user_id is None


def test_logging_out_removes_the_row(client, alice):
    log_in(client, alice)
    client.post(reverse("account_logout"))
    assert not Login.objects.filter(user=alice).exists()


def test_a_new_password_leaves_one_row(client, alice):
    for _ in range(3):
        log_in(type(client)(), alice)
    log_in(client, alice)
    assert Login.objects.filter(user=alice).count() == 4
    new = "another-boulder-problem-43"
    client.post(
        reverse("account_change_password"), {"oldpassword": PASSWORD, "password1": new, "password2": new}
    )
    assert Login.objects.filter(user=alice).count() == 1
    assert client.get(reverse("account")).status_code == 200


def test_a_row_that_is_gone_or_over_is_an_empty_session(alice):
    store = SessionStore()
    store[SESSION_KEY] = str(alice.pk)
    store.save()
    key = store.session_key
    assert SessionStore(key).load() == {SESSION_KEY: str(alice.pk)}
    assert SessionStore().exists(key)
    Login.objects.update(expire_date="2020-01-01T00:00Z")
    assert SessionStore(key).load() == {}
    store.delete()
    assert not SessionStore().exists(key)
    SessionStore().delete()  # nothing to do


@pytest.mark.parametrize("takes_owner", [False, True], ids=["the data", "the data and the owner"])
def test_what_is_copied_from_anothers_row_opens_nothing(client, alice, bob, takes_owner):
    """Injected SQL may write to this table; it makes nobody's login another's."""
    log_in(client, alice)
    log_in(type(client)(), bob)
    bobs = Login.objects.get(user=bob)
    stolen = {"session_data": bobs.session_data} | ({"user": bob} if takes_owner else {})
    Login.objects.filter(user=alice).update(**stolen)
    assert client.get(reverse("account")).status_code == 302
    assert bob.email not in client.get(reverse("account"), follow=True).text


def test_a_row_that_names_another_opens_nothing(client, alice, bob):
    """Nor does one that would escape being ended with its owner's other logins."""
    log_in(client, alice)
    assert client.get(reverse("account")).status_code == 200
    for owner in (bob, None):
        Login.objects.update(user=owner)
        assert client.get(reverse("account")).status_code == 302


@pytest.mark.parametrize("key", ["", "\ud800" * 32, "a\0b", "x" * 100_000])
def test_any_key_may_be_presented(db, key):
    assert SessionStore(key).load() == {}
    assert not SessionStore().exists(key)


@pytest.mark.django_db(transaction=False)
def test_the_asynchronous_methods_are_ours_too(monkeypatch):
    store = SessionStore("k" * 32)
    seen = []
    for name in ("load", "exists", "create_model_instance", "delete"):
        monkeypatch.setattr(SessionStore, name, lambda self, *a, name=name: seen.append(name))

    async def use_all() -> None:
        await store.aload()
        await store.aexists("k")
        await store.acreate_model_instance({})
        await store.adelete("k")

    asyncio.run(use_all())
    assert seen == ["load", "exists", "create_model_instance", "delete"]


@pytest.mark.parametrize(
    ("user_agent", "words"),
    [
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0 Safari/537.36 Edg/142.0", "Edge on Windows"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Safari/605.1.15", "Safari on Mac"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 26_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/142.0 Mobile Safari/604.1", "Chrome on iPhone"),
        ("Mozilla/5.0 (Linux; Android 16) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/29.0 Chrome/136.0 Mobile Safari/537.36", "Samsung Internet on Android"),
        ("python-httpx/0.28.1", "python-httpx/0.28.1"),
        ("Mozilla/5.0", ""),
        ("<script>alert(1)</script>", ""),
        ("", ""),
        ("A" * 5000, "A" * 41),
    ],
)  # fmt: skip
def test_devices_in_words(user_agent, words):
    assert device_of(user_agent) == words
