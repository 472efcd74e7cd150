"""Error pages: plain words, the right status, and nothing they need that may be what broke."""

from __future__ import annotations

import pytest
from django.template.loader import get_template
from django.test import RequestFactory
from django.views import defaults


@pytest.mark.parametrize(
    "name", ["400.html", "403.html", "404.html", "405.html", "429.html", "500.html", "errors/csrf.html"]
)
def test_an_error_page_needs_neither_request_nor_database(name):
    html = get_template(name).render()
    assert "<h1>" in html
    assert "data-error-page" in html  # what was typed is then kept
    assert "Back to the start" in html


def test_a_broken_view_answers_with_our_page():
    response = defaults.server_error(RequestFactory().get("/"))
    assert response.status_code == 500
    assert "That was our fault" in response.content.decode()


def test_an_unknown_address_answers_with_our_page(client, db):
    response = client.get("/nowhere/")
    assert response.status_code == 404
    assert "There is nothing here" in response.text
    assert "nowhere" not in response.text.split("<main")[1]


def test_a_refusal_says_why_and_escapes_it():
    html = get_template("403.html").render({"exception": "<b>Not yours.</b>"})
    assert "&lt;b&gt;Not yours." in html


def test_somebody_logged_in_keeps_their_navigation(client, alice):
    client.force_login(alice)
    html = client.get("/nowhere/").text
    assert 'aria-label="Main"' in html
    assert "Sign up" not in html
