"""A certificate as an Open Badge 3.0, which is a W3C Verifiable Credential: a signed file for the holder.

The file is a VC-JWT (Open Badges 3.0, section 8.2): the payload is the credential itself. Its issuer is a
`did:web` of this site, one for each issuing bureau; the DID document names the keys of `signing.py`. What
became of the certificate stands in a Bitstring Status List (W3C), made anew whenever it is asked for: one bit
a certificate, set where it was revoked or replaced. A list names nobody and no code.
"""

from __future__ import annotations

import base64
import datetime
import gzip
import uuid
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

import jwt
from django.urls import reverse
from django.utils import timezone

from certificates.checking import Purpose, purpose_of
from certificates.models import Certificate, Issuer
from certificates.signing import jwk, public_keys, signer

CREDENTIALS = "https://www.w3.org/ns/credentials/v2"
BADGES = "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"
# The standard's least size: a short list would tell whose bit was asked for.
LEAST_BITS = 131_072
OVER = (Certificate.State.REVOKED, Certificate.State.REPLACED)
Document = dict[str, Any]


class NotCertifiable(ValueError):
    """No badge is made of a certificate from elsewhere, nor of one that is not valid any more."""


# --- The credential -----------------------------------------------------------------------------


def credential(certificate: Certificate, *, site: str, on: datetime.date) -> str:
    """The signed file of a certificate that was drawn here and is valid on that day. `site` is `https://host`.

    Raises `NotCertifiable`. Two queries.
    """
    valid = certificate.state_on(on) == Certificate.State.VALID
    if certificate.origin != Certificate.Origin.DRAWN or not valid or certificate.issued_on is None:
        raise NotCertifiable
    document = credential_document(certificate, site=site)
    claims = {"iss": document["issuer"]["id"], "jti": document["id"], "nbf": moment(certificate.issued_on)}
    if certificate.expires_on:
        claims["exp"] = moment(certificate.expires_on + datetime.timedelta(days=1))
    return signed(document | claims)


def credential_document(certificate: Certificate, *, site: str) -> Document:
    """Open Badges 3.0, appendix B: `AchievementCredential`. The holder is named, as on the paper."""
    purpose = purpose_of(certificate)
    issuer = did(certificate.issuer, site=site)
    document = {
        "@context": [CREDENTIALS, BADGES],
        "id": site + reverse("certificates:check", args=[certificate.code]),
        "type": ["VerifiableCredential", "OpenBadgeCredential"],
        "name": certificate.title,
        "issuer": {"id": issuer, "type": ["Profile"], "name": purpose.issuer},
        "validFrom": iso(certificate.issued_on),
        "credentialSubject": subject(certificate, purpose, issuer=issuer),
        "credentialStatus": status_entry(certificate, site=site),
    }
    if certificate.expires_on:
        document["validUntil"] = iso(certificate.expires_on + datetime.timedelta(days=1))
    return document


def subject(certificate: Certificate, purpose: Purpose, *, issuer: str) -> Document:
    holder = {
        "type": "IdentityObject",
        "identityType": "name",
        "identityHash": certificate.name,
        "hashed": False,
    }
    about: Document = {
        "type": ["AchievementSubject"],
        "identifier": [holder],
        "licenseNumber": certificate.number,
        "achievement": achievement(certificate, purpose, issuer=issuer),
    }
    for term, value in (("activityStartDate", purpose.starts_on), ("activityEndDate", purpose.ends_on)):
        if value:
            about[term] = iso(value)
    return about


def achievement(certificate: Certificate, purpose: Purpose, *, issuer: str) -> Document:
    """What was achieved; the same for all who did it. The words are those of the paper, in Chinese."""
    name = f"{purpose.programme} {certificate.title}".strip()
    about = " ".join(part for part in (purpose.programme, purpose.run) if part)
    hours = f"，{purpose.hours} 学时" if purpose.hours else ""
    return {
        "id": uuid.uuid5(uuid.NAMESPACE_URL, f"{issuer} {name}").urn,
        "type": ["Achievement"],
        "achievementType": "CertificateOfCompletion",
        "name": name,
        "description": about or name,
        "criteria": {"narrative": f"{about or name}{hours}"},
    }


def signed(payload: Document) -> str:
    by = signer()
    return jwt.encode(payload, by.key, algorithm="ES256", headers={"kid": f"{payload['iss']}#{by.kid}"})


# --- The issuer ---------------------------------------------------------------------------------


def did(issuer: Issuer, *, site: str) -> str:
    """`did:web:host:v:issuers:7`, which is found at `https://host/v/issuers/7/did.json`."""
    host = urlsplit(site).netloc.replace(":", "%3A")
    path = reverse("certificates:issuer", args=[issuer.pk]).removesuffix("/did.json")
    return f"did:web:{host}{path.replace('/', ':')}"


def did_document(issuer: Issuer, *, site: str) -> Document:
    """Every key that ever signed for `issuer`: what was signed years ago is still verified.

    The key that signs now comes first: some programs check a list of status with the first one only.
    """
    own = did(issuer, site=site)
    methods = [
        {
            "id": f"{own}#{kid}",
            "type": "JsonWebKey2020",
            "controller": own,
            "publicKeyJwk": jwk(kid, key),
        }
        for kid, key in public_keys().items()
    ]
    return {
        "@context": ["https://www.w3.org/ns/did/v1", "https://w3id.org/security/suites/jws-2020/v1"],
        "id": own,
        "verificationMethod": methods,
        "assertionMethod": [method["id"] for method in methods],
    }


# --- What became of it --------------------------------------------------------------------------


def list_address(issuer: Issuer, *, site: str) -> str:
    return site + reverse("certificates:status-list", args=[issuer.pk])


def status_entry(certificate: Certificate, *, site: str) -> Document:
    address = list_address(certificate.issuer, site=site)
    return {
        "id": f"{address}#{certificate.pk}",
        "type": "BitstringStatusListEntry",
        "statusPurpose": "revocation",
        "statusListIndex": str(certificate.pk),
        "statusListCredential": address,
    }


def status_list(issuer: Issuer, *, site: str) -> str:
    """The signed list of the issuer's certificates, as of now. Three queries."""
    drawn = Certificate.objects.filter(issuer=issuer, origin=Certificate.Origin.DRAWN)
    last = drawn.order_by("-pk").values_list("pk", flat=True).first() or 0
    over = drawn.filter(state__in=OVER).values_list("pk", flat=True)
    address = list_address(issuer, site=site)
    own = did(issuer, site=site)
    now = timezone.now()
    document = {
        "@context": [CREDENTIALS],
        "id": address,
        "type": ["VerifiableCredential", "BitstringStatusListCredential"],
        "issuer": own,
        "validFrom": now.isoformat(timespec="seconds"),
        "credentialSubject": {
            "id": f"{address}#list",
            "type": "BitstringStatusList",
            "statusPurpose": "revocation",
            "encodedList": encoded_bits(over, size=last + 1),
        },
    }
    return signed(document | {"iss": own, "jti": address, "nbf": int(now.timestamp())})


def encoded_bits(places: Iterable[int], *, size: int) -> str:
    """The bits at these places set, the first bit leftmost: packed, as multibase base64url."""
    bits = bytearray(-(-max(size, LEAST_BITS) // 8))
    for place in places:
        bits[place // 8] |= 0x80 >> place % 8
    return "u" + base64.urlsafe_b64encode(gzip.compress(bytes(bits), mtime=0)).rstrip(b"=").decode()


# --- Days ---------------------------------------------------------------------------------------


def midnight(day: datetime.date) -> datetime.datetime:
    return timezone.make_aware(datetime.datetime.combine(day, datetime.time.min))


def moment(day: datetime.date) -> int:
    return int(midnight(day).timestamp())


def iso(day: datetime.date | None) -> str:
    return midnight(day).isoformat() if day else ""
