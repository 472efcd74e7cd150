"""Where no mail is sent, the pages say where the letters are."""

from __future__ import annotations

import pytest
from django.core import mail
from django.core.cache import cache

from climbiq.common.templatetags.letters import CONSOLE
from tests.factories.people import PASSWORD

pytestmark = pytest.mark.django_db

FORM = {"email": "erin@example.org", "display_name": "Erin", "password1": PASSWORD, "time_zone": "UTC"}


@pytest.fixture(params=[True, False], ids=["demo", "server"])
def is_demo(request, settings) -> bool:
    cache.clear()  # letters to one address are counted
    settings.DEMO = request.param
    settings.EMAIL_BACKEND = CONSOLE
    return bool(request.param)


def test_after_sign_up(client, is_demo, capsys) -> None:
    page = client.post("/accounts/signup/", FORM | {"password2": PASSWORD}, follow=True).content.decode()
    assert ("is printed in the terminal" in page) == is_demo
    assert ("A message is on its way to erin@example.org" in page) != is_demo
    assert "/accounts/confirm-email/" in capsys.readouterr().out  # as is said
    assert not mail.outbox


def test_after_asking_for_a_new_password(client, alice, is_demo, capsys) -> None:
    page = client.post("/accounts/password/reset/", {"email": alice.email}, follow=True).content.decode()
    assert ("is printed in the terminal" in page) == is_demo
    assert "/accounts/password/reset/key/" in capsys.readouterr().out
