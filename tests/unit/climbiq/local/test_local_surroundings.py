"""What `make run` reads from the environment, and what it gives its programs."""

from __future__ import annotations

from pathlib import Path

import pytest

from climbiq.local.surroundings import (
    BadAddress,
    check_address_is_free,
    common_environment,
    for_role,
    read_wishes,
)

BASE = Path("/srv/climbiq")


@pytest.mark.parametrize(
    ("environ", "address", "data_dir"),
    [
        ({}, "http://127.0.0.1:8000", BASE / ".data"),
        ({"HOST": " ", "PORT": "", "CLIMBIQ_DATA_DIR": ""}, "http://127.0.0.1:8000", BASE / ".data"),
        ({"PORT": " 9000 ", "CLIMBIQ_DATA_DIR": "elsewhere"}, "http://127.0.0.1:9000", BASE / "elsewhere"),
        ({"HOST": "0.0.0.0", "CLIMBIQ_DATA_DIR": "/data"}, "http://127.0.0.1:8000", Path("/data")),
        ({"HOST": "::"}, "http://[::1]:8000", BASE / ".data"),
        ({"HOST": "box.local"}, "http://box.local:8000", BASE / ".data"),
    ],
    ids=["nothing", "blanks", "port-and-folder", "everywhere", "everywhere-6", "named"],
)
def test_wishes(environ, address, data_dir):
    wishes = read_wishes(BASE, environ)
    assert (wishes.address, wishes.data_dir) == (address, data_dir)
    assert (wishes.database_url, wishes.redis_url) == ("", "")


@pytest.mark.parametrize("port", ["x", "0", "65536", "-1", "8e3", "²"])
def test_a_port_that_is_none_is_refused(port):
    with pytest.raises(BadAddress, match="PORT must be a number"):
        read_wishes(BASE, {"PORT": port})


def test_an_address_that_is_not_ours_is_refused():
    with pytest.raises(BadAddress, match=r"cannot listen on 192\.0\.2\.1 port 8000"):
        check_address_is_free(read_wishes(BASE, {"HOST": "192.0.2.1"}))


def environment_for(monkeypatch, *, is_demo=False, **environ):
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("CLIMBIQ_DB_ROLE", "owner")
    return common_environment(
        read_wishes(BASE, environ),
        secrets={"DJANGO_SECRET_KEY": "made", "CLIMBIQ_TOKEN_PEPPER": "made"},
        servers={"DATABASE_URL": "postgresql://root:s3cret@db/climbiq"},
        is_demo=is_demo,
    )


def test_what_the_person_gave_wins_over_what_was_made_unless_blank(monkeypatch):
    got = environment_for(monkeypatch, DJANGO_SECRET_KEY="given", CLIMBIQ_TOKEN_PEPPER=" ")
    assert (got["DJANGO_SECRET_KEY"], got["CLIMBIQ_TOKEN_PEPPER"]) == ("given", "made")


def test_the_superusers_password_goes_to_one_role_only(monkeypatch):
    common = environment_for(monkeypatch)
    carries = {
        role: "s3cret" in str(for_role(common, role)) for role in ("superuser", "owner", "app", "service")
    }
    assert carries == {"superuser": True, "owner": False, "app": False, "service": False}
    assert for_role(common, "app")["CLIMBIQ_DB_ROLE"] == "app"


@pytest.mark.parametrize(
    ("host", "hosts"),
    [("localhost", None), ("192.0.2.7", "127.0.0.1,localhost,[::1],192.0.2.7,")],
    ids=["loopback", "network"],
)
def test_the_site_answers_to_the_name_it_listens_on(monkeypatch, host, hosts):
    monkeypatch.delenv("CLIMBIQ_HOSTS", raising=False)
    got = environment_for(monkeypatch, HOST=host).get("CLIMBIQ_HOSTS")
    assert got == hosts or got.startswith(hosts)


def test_only_a_demo_is_told_that_it_is_one(monkeypatch):
    monkeypatch.delenv("CLIMBIQ_DEMO", raising=False)
    assert "CLIMBIQ_DEMO" not in environment_for(monkeypatch)
    assert environment_for(monkeypatch, is_demo=True)["CLIMBIQ_DEMO"] == "1"


@pytest.mark.parametrize(
    ("host", "given", "tls"),
    [("localhost", None, "0"), ("127.0.0.1", "1", "1"), ("192.0.2.7", None, None), ("192.0.2.7", "0", "0")],
    ids=["loopback", "asked-for", "network", "network-without"],
)
def test_a_loopback_address_needs_no_https(monkeypatch, host, given, tls):
    monkeypatch.delenv("CLIMBIQ_TLS", raising=False)
    wishes = {"HOST": host} | ({} if given is None else {"CLIMBIQ_TLS": given})
    assert environment_for(monkeypatch, **wishes).get("CLIMBIQ_TLS") == tls
