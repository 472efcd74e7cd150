"""Every writing method of every route against every kind of visitor. One that is not on the table must be refused."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.http.response import HttpResponseBase
from django.test import Client
from django.urls import get_resolver, resolve

from climbiq.accounts.tokens import create_token
from tests.architecture.all_routes import address, routes
from tests.architecture.write_matrix import DIARY, HARMLESS, PUT_IS_POST, VISITORS, WRITES, Write

PATHS = {name: path for name, path, _ in routes(get_resolver()) if not name.startswith(("admin:", "admin/"))}
REFUSED = {"400", "401", "403", "404", "405", "login"}


def send(client: Client, write: Write, ids: Mapping[str, Any]) -> str:
    """Send it, take back whatever it wrote, and tell how it was answered."""
    cache.clear()  # no visitor uses up what another one may
    if "restore" in write.route:
        ids = {**ids, "session_id": ids["gone"]}
    where = address(write.route, PATHS[write.route], ids)
    cookies = client.cookies.copy()
    with transaction.atomic():
        answer = _send(client, write, where, ids)
        transaction.set_rollback(True)
    client.cookies = cookies
    if write.done and write.done in answer.content.decode():  # type: ignore[attr-defined]
        return "done"
    return code_of(answer)


def _send(client: Client, write: Write, where: str, ids: Mapping[str, Any]) -> HttpResponseBase:
    if isinstance(write.body, str):
        return client.generic(write.method, where, write.body, content_type="text/csv")
    body = {key: v.format(**ids) if isinstance(v, str) else v for key, v in write.body.items()}
    if write.route.startswith(("api_", "app_")):
        raw = json.dumps(body) if body else ""
        headers = {"Accept": "application/json"} if write.route == "api_recommendation_pre_session" else None
        return client.generic(write.method, where, raw, content_type="application/json", headers=headers)
    if body.get("file") == DIARY:
        body["file"] = SimpleUploadedFile("diary.csv", DIARY.encode())
    if write.method == "POST":
        return client.post(where, body)
    return client.generic(write.method, where)


def code_of(answer: HttpResponseBase) -> str:
    """The status; where it leads to a question, which."""
    where = answer.headers.get("Location", "")
    if where.startswith("/accounts/login/"):
        return "login"
    return "again" if where.startswith("/accounts/reauthenticate/") else str(answer.status_code)


def may_take(method: str, where: str) -> bool:
    """Whether the view could; one of the REST framework refuses by itself what it has no function for."""
    view = getattr(resolve(where).func, "cls", None)
    return view is None or hasattr(view, method.lower())


def test_every_write_is_answered_as_the_table_says(visitors, ids):
    wrong = []
    for write in WRITES:
        # Below /api/app/ a browser's session counts for nothing: one is asked for all.
        asked = ("nobody", "alice", "token") if write.route.startswith("app_") else VISITORS
        got = " ".join(send(visitors[visitor], write, ids) for visitor in asked)
        if got != write.codes:
            wrong.append(f"{write.method} {write.route}: {got}, on the table {write.codes}")
    assert not wrong, "\n".join(wrong)


def unlisted(
    table: tuple[Write, ...], paths: Mapping[str, str], visitors: Mapping[str, Client], ids: Mapping[str, Any]
) -> list[str]:
    """What is answered and not on the table."""
    listed = {(write.method, write.route) for write in table} | {("PUT", route) for route in PUT_IS_POST}
    answered = []
    for route, path in sorted(paths.items()):
        # Whoever owns the rows of the address, and whoever may write rules.
        visitor = "coach" if route.startswith("api_rule") else "alice"
        for method in ("POST", "PUT", "PATCH", "DELETE"):
            if (method, route) in listed or not may_take(method, address(route, path, ids)):
                continue
            code = send(visitors[visitor], Write(method, route, ""), ids)
            if code not in REFUSED:
                answered.append(f"{method} {route}: {code}")
    return answered


def test_what_is_not_on_the_table_is_refused(visitors, ids):
    assert {write.route for write in WRITES} | {*HARMLESS, *PUT_IS_POST} <= set(PATHS)
    asked = {route: path for route, path in PATHS.items() if route not in HARMLESS}
    assert unlisted(WRITES, asked, visitors, ids) == []


def test_a_route_that_is_not_on_the_table_is_noticed(visitors, ids):
    names = ("api_sessions", "session_skip", "api_rule")
    paths = {name: PATHS[name] for name in names}
    table = tuple(write for write in WRITES if write.route != "session_skip" and write.method != "DELETE")
    assert unlisted(table, paths, visitors, ids) == ["DELETE api_rule: 200", "POST session_skip: 302"]


def test_a_coachs_key_for_reading_writes_no_rule(visitors, ids, carol):
    _, token = create_token(user=carol, name="read", scope="read", expires_at=None)
    reader = Client(headers={"Authorization": f"Bearer {token}"})
    rules = [write for write in WRITES if write.route.startswith("api_rule")]
    assert len(rules) >= 5
    assert {send(reader, write, ids) for write in rules} == {"403"}
