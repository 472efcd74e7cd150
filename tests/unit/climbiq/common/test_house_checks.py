"""The checks that keep a public site from starting half configured."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from climbiq.common.checks import CONSOLE, letters_reach_people

SMTP = "django.core.mail.backends.smtp.EmailBackend"


@pytest.mark.parametrize(
    ("tls", "backend", "found"),
    [(True, CONSOLE, ["climbiq.E004"]), (True, SMTP, []), (False, CONSOLE, [])],
    ids=["public-and-printed", "public-and-sent", "at-home"],
)
def test_a_public_site_does_not_print_its_letters(
    settings, tls: bool, backend: str, found: list[str]
) -> None:
    settings.TLS, settings.EMAIL_BACKEND = tls, backend
    assert [error.id for error in letters_reach_people(None)] == found


NAMES = ("BACKEND", "HOST", "PORT", "USE_TLS", "HOST_USER", "HOST_PASSWORD")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, [CONSOLE, "", 587, True, "", ""]),
        ({"HOST": "mx", "USER": "u", "PASSWORD": "p"}, [SMTP, "mx", 587, True, "u", "p"]),
        ({"HOST": "mx", "USE_TLS": "0"}, [SMTP, "mx", 25, False, "", ""]),
        ({"HOST": "mx", "BACKEND": CONSOLE, "PORT": "2525"}, [CONSOLE, "mx", 2525, True, "", ""]),
    ],
    ids=["none", "server", "without-tls", "all"],
)
def test_the_mail_server_is_read_from_the_environment(given: dict[str, str], expected: list[object]) -> None:
    ask = f"import json; from climbiq import settings as s; print(json.dumps([getattr(s, 'EMAIL_' + n) for n in {NAMES}]))"
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CLIMBIQ_EMAIL")}
    told = subprocess.run(
        [sys.executable, "-c", ask],
        env=kept | {f"CLIMBIQ_EMAIL_{name}": value for name, value in given.items()},
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(told.stdout) == expected
