"""Files of the diary cost the same whichever way they come and go, and are counted together."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from climbiq.common.throttles import PerUserThrottle

FILE = b"session_date,session_quality\n2026-01-02,7\n"
RATES = {"user": "600/min", "anon": "60/min", "uploads": "2/hour", "diary_exports": "2/hour"}


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PerUserThrottle, "THROTTLE_RATES", RATES)


def upload(client):
    return client.post("/diary/", {"file": SimpleUploadedFile("diary.csv", FILE), "action": "look"})


def test_the_pages_uploads_share_the_apis_allowance(client, alice):
    client.force_login(alice)
    assert upload(client).status_code == 200
    assert client.post("/api/v1/sessions/diary", FILE, content_type="text/csv").status_code in (200, 201)
    refused = upload(client)
    assert refused.status_code == 429
    assert int(refused.headers["Retry-After"]) > 3000
    assert client.get("/diary/").status_code == 200
    assert client.post("/diary/load/", {"kept": "x"}).status_code == 429


def test_so_do_downloads(client, alice, bob):
    client.force_login(alice)
    paths = ("/diary/export/", "/api/v1/sessions/diary", "/diary/export/", "/api/v1/sessions/diary")
    assert [client.get(path).status_code for path in paths] == [200, 200, 429, 429]
    client.force_login(bob)
    assert client.get(paths[0]).status_code == 200
