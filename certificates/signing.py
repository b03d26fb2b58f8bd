"""The signed statement in a certificate's code: what anybody can check without asking the server.

A code reads `https://host/v/<code>/#<statement>`. The part behind `#` is never sent to a server. It is the
base64url of 64 bytes of signature (ECDSA on P-256 with SHA-256, r and s) and a body. The body is ten lines
of text in GB 18030, which writes a Chinese character in two bytes where UTF-8 needs three: the code on the
certificate stays coarse enough for old phones. The signature is over the code, a line feed and the body, so
that a statement fits its own certificate only. `verify.js` reads the same.

A statement is made once, at issue, and stored: the same certificate is printed with the same picture ever
after, whichever key signs by then.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from certificates.models import Certificate, SigningKey
from learners.names import mask_public

VERSION = "1"
SIGNATURE_BYTES = 64
ECDSA = ec.ECDSA(hashes.SHA256())
# What people write differently in one name: blanks, and the dots of 阿依古丽·买买提.
BETWEEN = re.compile(r"[\s·•・‧∙⋅･●᛫.]")


@dataclass(frozen=True, slots=True)
class Statement:
    """What a code says. `name` is masked; `name_digest` tells whether a full name is the holder's.

    Days are ISO or empty, hours (学时) a plain number or empty.
    """

    kid: str
    number: str
    issuer: str
    name: str
    name_digest: str
    title: str
    hours: str
    issued_on: str
    expires_on: str

    def is_name(self, name: str, *, code: str) -> bool:
        return digest_of_name(name, code=code) == self.name_digest


@dataclass(frozen=True, slots=True)
class Signer:
    kid: str
    key: ec.EllipticCurvePrivateKey


# --- Keys ---------------------------------------------------------------------------------------


def signer() -> Signer:
    """The newest key that is not retired; made on first use. One query.

    Two processes may each make a first key: the newer signs from then on, both verify.
    """
    row = SigningKey.objects.filter(retired_at=None).order_by("-made_at", "-pk").first() or make_key()
    key = serialization.load_pem_private_key(row.private.encode(), password=None)
    return Signer(row.kid, cast("ec.EllipticCurvePrivateKey", key))


def make_key() -> SigningKey:
    key = ec.generate_private_key(ec.SECP256R1())
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return SigningKey.objects.create(
        kid=thumbprint(key.public_key())[:8], public=public.decode(), private=private.decode()
    )


@transaction.atomic
def rotate() -> SigningKey:
    """A new key signs from now on. The ones before sign no more, and still verify."""
    SigningKey.objects.filter(retired_at=None).update(retired_at=timezone.now())
    return make_key()


def public_keys() -> dict[str, ec.EllipticCurvePublicKey]:
    """By key id, newest first, the retired ones too. One query; no private half is opened."""
    rows = SigningKey.objects.order_by("-made_at", "-pk").values_list("kid", "public")
    keys = {kid: serialization.load_pem_public_key(pem.encode()) for kid, pem in rows}
    return cast("dict[str, ec.EllipticCurvePublicKey]", keys)


def jwk(kid: str, key: ec.EllipticCurvePublicKey) -> dict[str, str]:
    """The public key as RFC 7517 writes it."""
    return {**coordinates(key), "kid": kid, "use": "sig", "alg": "ES256"}


def jwks() -> dict[str, list[dict[str, str]]]:
    return {"keys": [jwk(kid, key) for kid, key in public_keys().items()]}


def coordinates(key: ec.EllipticCurvePublicKey) -> dict[str, str]:
    numbers = key.public_numbers()
    x, y = (encoded(number.to_bytes(32)) for number in (numbers.x, numbers.y))
    return {"crv": "P-256", "kty": "EC", "x": x, "y": y}


def thumbprint(key: ec.EllipticCurvePublicKey) -> str:
    """RFC 7638: the same key has the same id everywhere."""
    return encoded(hashlib.sha256(json.dumps(coordinates(key), separators=(",", ":")).encode()).digest())


# --- Statements ---------------------------------------------------------------------------------


def qr_text(certificate: Certificate, base_url: str) -> str:
    """What the code on the certificate says. `base_url` is scheme and host, as `https://host`."""
    address = base_url.rstrip("/") + reverse("certificates:check", args=[certificate.code])
    return f"{address}#{certificate.statement}" if certificate.statement else address


def sign(certificates: Iterable[Certificate]) -> None:
    """Sets the statements of certificates that are about to be saved. One query for all."""
    by = signer()
    for certificate in certificates:
        certificate.statement = statement_of(certificate, by)


def statement_of(certificate: Certificate, by: Signer) -> str:
    """Another text each time it is called: the signature has a random part."""
    code = str(certificate.code)
    frozen: Mapping[str, Any] = certificate.frozen
    said = Statement(
        kid=by.kid,
        number=certificate.number,
        issuer=frozen.get("issuer") or certificate.issuer.name,
        name=mask_public(certificate.name),
        name_digest=digest_of_name(certificate.name, code=code),
        title=certificate.title,
        hours=frozen.get("hours", ""),
        issued_on=certificate.issued_on.isoformat() if certificate.issued_on else "",
        expires_on=certificate.expires_on.isoformat() if certificate.expires_on else "",
    )
    body = body_of(said)
    return encoded(signature(by.key, signed_bytes(code, body)) + body)


def body_of(said: Statement) -> bytes:
    fields = (
        *(VERSION, said.kid, said.number, said.issuer, said.name, said.name_digest),
        *(said.title, said.hours, said.issued_on, said.expires_on),
    )
    return "\n".join(" ".join(field.split()) for field in fields).encode("gb18030")


def signature(key: ec.EllipticCurvePrivateKey, message: bytes) -> bytes:
    r, s = decode_dss_signature(key.sign(message, ECDSA))
    return r.to_bytes(32) + s.to_bytes(32)


def signed_bytes(code: str, body: bytes) -> bytes:
    return code.encode() + b"\n" + body


def verify(statement: str, *, code: str, keys: Mapping[str, ec.EllipticCurvePublicKey]) -> Statement | None:
    """What `statement` says of the certificate of `code`, or None where no key of `keys` signed just that."""
    try:
        raw = decoded(statement)
        body = raw[SIGNATURE_BYTES:]
        version, *fields = body.decode("gb18030").split("\n")
        said = Statement(*fields)
        r, s = (int.from_bytes(raw[start : start + 32]) for start in (0, 32))
        keys[said.kid].verify(encode_dss_signature(r, s), signed_bytes(code, body), ECDSA)
    except (ValueError, TypeError, KeyError, InvalidSignature):
        return None
    return said if version == VERSION else None


def digest_of_name(name: str, *, code: str) -> str:
    """12 bits: of 4,096 other names on the paper one passes, and a list of names tells no single holder."""
    plain = BETWEEN.sub("", unicodedata.normalize("NFKC", name)).lower()
    return encoded(hashlib.sha256(f"{code}\n{plain}".encode()).digest())[:2]


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decoded(text: str) -> bytes:
    """Raises `ValueError` for any text that `encoded` does not make: one statement has one writing."""
    data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if encoded(data) != text:
        raise ValueError("Not the base64url of anything.")
    return data
