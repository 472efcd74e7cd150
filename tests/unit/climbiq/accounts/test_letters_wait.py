"""Letters go out when the request is committed and has given its connection back."""

from __future__ import annotations

import pytest
from django.core.mail import EmailMessage
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.urls import reverse

from climbiq.accounts.letters import send_afterwards
from climbiq.accounts.middleware import RowLevelSecurity
from climbiq.common.middleware import ReleaseConnections


def answered(user, mailoutbox, *, status: int) -> tuple[int, int]:
    """How many letters were out when the view was through, and how many at the end."""
    during = []

    def view(request):
        send_afterwards(request, EmailMessage("s", "b", to=["a@example.org"]))
        return HttpResponse(status=status)

    def inner(request):
        response = RowLevelSecurity(view)(request)
        during.append(len(mailoutbox))
        return response

    request = RequestFactory().get("/account/")
    request.user = user
    assert ReleaseConnections(inner)(request).status_code == status
    return during[0], len(mailoutbox)


@pytest.mark.parametrize(("status", "sent"), [(200, 1), (302, 1), (404, 0), (500, 0)])
def test_a_letter_waits_for_the_commit(alice, mailoutbox, status, sent):
    assert answered(alice, mailoutbox, status=status) == (0, sent)


def test_a_mail_server_that_fails_undoes_nothing(client, alice, settings, caplog):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    answer = client.post(reverse("account_reset_password"), {"email": alice.email})
    assert answer.status_code == 302
    assert "a letter was not sent" in caplog.text


def test_an_apps_token_is_no_cookie(alice):
    from tests.unit.climbiq.accounts.test_app_login import App

    app = App()
    app.log_in(alice)
    browser = Client()
    browser.cookies["climbiq_sessionid"] = app.token
    assert browser.get(reverse("account")).status_code == 302
    assert browser.get("/api/v1/users/me").status_code == 401
    assert app.ask("get", "/api/v1/users/me").status_code == 200
