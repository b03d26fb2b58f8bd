"""Encryption at rest (AES-GCM) and keyed digests (HMAC-SHA-256).

Sealed bytes are: one byte of version, 12 bytes of nonce, the ciphertext with its tag. A value that no
key opens raises `SealBroken`: silence, or the ciphertext in place of the value, would hide a lost key.
"""

import base64
import hmac
import os
from functools import cache
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.db import models

VERSION = b"\x01"
NONCE_BYTES = 12


class SealBroken(ValueError):
    """No key of `PEIXUN_FIELD_KEYS` opens the value."""


cipher = cache(AESGCM)


def seal(data: bytes) -> bytes:
    nonce = os.urandom(NONCE_BYTES)
    return VERSION + nonce + cipher(settings.PEIXUN_FIELD_KEYS[0]).encrypt(nonce, data, VERSION)


def unseal(sealed: bytes) -> bytes:
    nonce, body = sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :]
    if sealed[:1] == VERSION:
        for key in settings.PEIXUN_FIELD_KEYS:
            try:
                return cipher(key).decrypt(nonce, body, VERSION)
            except InvalidTag:
                continue
    raise SealBroken("No key of PEIXUN_FIELD_KEYS opens this value.")


def digest(*parts: str) -> str:
    """64 hexadecimal characters, equal for equal `parts`; tells nothing without the digest key."""
    message = "\x1f".join(parts).encode()
    return hmac.digest(settings.PEIXUN_DIGEST_KEY, message, "sha256").hex()


class EncryptedTextField(models.TextField[str, str]):
    """A text that the database holds sealed. It cannot be searched: keep a `digest` beside it."""

    def from_db_value(self, value: str | None, *_: object) -> str | None:
        return value and unseal(base64.b64decode(value)).decode()

    def get_prep_value(self, value: Any) -> Any:
        value = super().get_prep_value(value)
        return value and base64.b64encode(seal(value.encode())).decode()

    def get_lookup(self, lookup_name: str) -> Any:
        return super().get_lookup(lookup_name) if lookup_name == "isnull" else None
