"""Secrets of second factors are encrypted where they are stored; old ones are read, keys can be changed."""

from __future__ import annotations

import importlib
import io
import subprocess
import sys

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.core.management import CommandError, call_command
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from climbiq.accounts.second_factor import MARK, MFAAdapter, SecondFactorUnreadable, under_first_key
from tests.fixtures.servers import ROOT

SECRET = "JBSWY3DPEHPK3PXP"
OLD, NEW = "an-old-key-of-thirty-two-characters", "a-new-key-of-thirty-two-characters!"


def code() -> str:
    counters = list(yield_hotp_counters_from_time())
    return format_hotp_value(hotp_value(SECRET, counters[len(counters) // 2]))


def stored() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT string_agg(data::text, ' ') FROM mfa_authenticator")
        return str(cursor.fetchone()[0])


@pytest.mark.usefixtures("db")
class TestStoring:
    def test_the_table_holds_neither_secret_nor_seed_nor_codes(self, alice) -> None:
        totp = TOTP.activate(alice, SECRET)
        codes = RecoveryCodes.activate(alice)
        assert SECRET not in stored()
        assert stored().count(MARK) == 2
        assert not any(c in stored() for c in codes.generate_codes())
        assert totp.validate_code(code())
        assert codes.validate_code(codes.generate_codes()[0])

    def test_what_was_stored_in_the_clear_still_works(self, alice) -> None:
        row = Authenticator.objects.create(user=alice, type="totp", data={"secret": SECRET})
        assert row.wrap().validate_code(code())

    def test_the_migration_encrypts_what_is_there(self, alice, bob) -> None:
        row = Authenticator.objects.create(user=alice, type="totp", data={"secret": SECRET})
        seed = {"seed": "ab" * 40, "used_mask": 5, "viewed_at": 1.5}
        codes = Authenticator.objects.create(user=alice, type="recovery_codes", data=seed)
        before = codes.wrap().get_unused_codes()
        migrated = Authenticator.objects.create(
            user=bob, type="recovery_codes", data={"migrated_codes": ["12345678", "87654321"]}
        )
        migration = importlib.import_module("climbiq.accounts.migrations.0007_encrypt_second_factors")
        with connection.schema_editor() as editor:
            migration.encrypt(None, editor)
        for secret in (SECRET, "ab" * 40, "12345678"):
            assert secret not in stored()
        for each in (row, codes, migrated):
            each.refresh_from_db()
        assert row.wrap().validate_code(code())
        assert codes.wrap().get_unused_codes() == before
        assert codes.data["used_mask"] == 5
        assert migrated.wrap().validate_code("12345678")
        assert not migrated.wrap().validate_code("12345678")


class TestKeys:
    @pytest.fixture
    def keys(self, settings):
        def use(*keys: str, secret: str = "s" * 50, fallbacks: tuple[str, ...] = ()) -> MFAAdapter:
            settings.MFA_KEYS = list(keys)
            settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = secret, list(fallbacks)
            return MFAAdapter()

        return use

    def test_changing_the_key(self, keys) -> None:
        written = keys(OLD).encrypt(SECRET)
        assert keys(NEW, OLD).decrypt(written) == SECRET
        anew = under_first_key({"secret": written, "x": 1})
        assert anew["x"] == 1
        assert keys(NEW).decrypt(anew["secret"]) == SECRET
        with pytest.raises(SecondFactorUnreadable, match="CLIMBIQ_MFA_KEYS"):
            keys(NEW).decrypt(written)

    def test_from_the_sites_key_to_ones_own(self, keys) -> None:
        written = keys().encrypt(SECRET)
        assert keys(NEW).decrypt(written) == SECRET

    def test_changing_the_sites_key(self, keys) -> None:
        written = keys(secret="s" * 50).encrypt(SECRET)
        assert keys(secret="t" * 50, fallbacks=("s" * 50,)).decrypt(written) == SECRET
        with pytest.raises(SecondFactorUnreadable):
            keys(secret="t" * 50).decrypt(written)

    def test_the_same_secret_looks_different_each_time(self, keys) -> None:
        adapter = keys(NEW)
        assert adapter.encrypt(SECRET) != adapter.encrypt(SECRET)

    @pytest.mark.parametrize(
        "change", [lambda t: t[:-1], lambda t: t[:-2] + "AA", lambda t: t[:20], lambda t: MARK]
    )
    def test_what_was_tampered_with_is_refused(self, keys, change) -> None:
        adapter = keys(NEW)
        with pytest.raises(SecondFactorUnreadable):
            adapter.decrypt(change(adapter.encrypt(SECRET)))


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text_comes_back(text):
    adapter = MFAAdapter()
    assert adapter.decrypt(adapter.encrypt(text)) == text


def test_the_command_takes_all_or_none(alice, bob, settings):
    settings.MFA_KEYS = [OLD]
    TOTP.activate(alice, SECRET)
    RecoveryCodes.activate(alice)
    before = stored()
    settings.MFA_KEYS = [NEW, OLD]
    said = io.StringIO()
    call_command("encrypt_second_factors", stdout=said)
    assert said.getvalue() == "2 encrypted\n"
    assert stored() != before
    settings.MFA_KEYS = [NEW]
    assert Authenticator.objects.get(user=alice, type="totp").wrap().validate_code(code())
    Authenticator.objects.create(user=bob, type="totp", data={"secret": f"{MARK}gAAAAA"})
    with_broken = stored()
    with pytest.raises(CommandError, match="nothing was changed"):
        call_command("encrypt_second_factors")
    assert stored() == with_broken


def test_a_short_key_is_refused():
    done = subprocess.run(
        [sys.executable, "-c", "import tests.settings_for_types"],
        cwd=ROOT,
        env={"CLIMBIQ_MFA_KEYS": f"{NEW},short", "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "a key has 32 characters at least" in done.stderr
