"""Secrets of second factors, encrypted where they are stored: a copy of the table makes no codes.

Fernet (AES-128-CBC with HMAC-SHA256) under keys that are derived from `CLIMBIQ_MFA_KEYS`, else from the site's secret
key. The first key encrypts, all of them decrypt. What was stored before there was any encryption is still read.
"""

from __future__ import annotations

import base64
import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings

if TYPE_CHECKING:
    from cryptography.fernet import MultiFernet

# Neither a secret for codes (base 32) nor a seed of recovery codes (hex) begins like this.
MARK: Final = "fernet:"
_PURPOSE: Final = b"climbiq second factors"


class SecondFactorUnreadable(RuntimeError):
    """None of the keys opens a stored secret: one of them is missing."""


class MFAAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """allauth asks it to write and to read every secret."""

    def encrypt(self, text: str) -> str:
        return MARK + _box().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        if not encrypted_text.startswith(MARK):
            return encrypted_text
        from cryptography.fernet import InvalidToken

        try:
            return _box().decrypt(encrypted_text.removeprefix(MARK)).decode()
        except InvalidToken:
            raise SecondFactorUnreadable("no key opens this second factor: see CLIMBIQ_MFA_KEYS") from None


def under_first_key(data: dict[str, Any]) -> dict[str, Any]:
    """Write the secrets of one stored authenticator anew, under the key that counts now."""
    adapter = MFAAdapter()
    return {
        name: _map(value, lambda text: adapter.encrypt(adapter.decrypt(text))) if name in _SECRET else value
        for name, value in data.items()
    }


# Of authenticator apps, of recovery codes, of recovery codes that came from elsewhere.
_SECRET: Final = frozenset({"secret", "seed", "migrated_codes"})


def _map(value: Any, change: Callable[[str], str]) -> Any:
    return [change(text) for text in value] if isinstance(value, list) else change(value)


def _box() -> MultiFernet:
    return _box_of((*settings.MFA_KEYS, settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS))


@functools.lru_cache(maxsize=4)
def _box_of(keys: tuple[str, ...]) -> MultiFernet:
    # A few megabytes that most requests do without.
    from cryptography.fernet import Fernet, MultiFernet
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    def derived(key: str) -> Fernet:
        raw = HKDF(algorithm=SHA256(), length=32, salt=None, info=_PURPOSE).derive(key.encode())
        return Fernet(base64.urlsafe_b64encode(raw))

    return MultiFernet([derived(key) for key in keys])
