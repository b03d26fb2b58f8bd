"""Checks a certificate for anybody who holds its code, or its number and the full name of its holder.

Nothing that is found is kept: each check reads the row, so that a revoked certificate is shown as revoked by
every check that starts after the revoke was committed.
"""

from __future__ import annotations

import datetime
import hmac
import unicodedata
from dataclasses import dataclass
from decimal import Decimal

from certificates.issuing import plain
from certificates.models import Certificate, number_key
from certificates.models.certificates import LETTERS, CertificateQuerySet
from learners.names import mask_public, normalise
from peixun.lib.comparing import comparable

CODE_LENGTH = 16
# What Crockford's base 32 leaves out, because it is misread for these.
MISREAD = str.maketrans("ILO", "110", "- ")


@dataclass(frozen=True, slots=True)
class Purpose:
    """What a certificate was given for, as it was issued. `hours` (学时) is a plain number or empty."""

    programme: str
    run: str
    starts_on: datetime.date | None
    ends_on: datetime.date | None
    hours: str
    issuer: str


@dataclass(frozen=True, slots=True)
class Finding:
    """What is told of a certificate on a day. `name` is masked unless the full name was given.

    `state` is one of `Certificate.State`; where nothing is found there is no finding (unknown).
    """

    certificate: Certificate
    state: str
    name: str
    named: bool
    purpose: Purpose
    successor: Certificate | None
    successor_state: str

    @property
    def is_foreign(self) -> bool:
        """Issued elsewhere and recorded here: nothing is known beyond what was recorded."""
        return self.certificate.origin == Certificate.Origin.RECORDED


def plain_code(text: str) -> str:
    """A code as typed or scanned, in its one writing; empty where it can be none."""
    code = unicodedata.normalize("NFKC", text).upper().translate(MISREAD)
    return code if len(code) == CODE_LENGTH and set(code) <= set(LETTERS) else ""


def by_code(code: str, *, on: datetime.date) -> Finding | None:
    """The certificate of a code: case and hyphens do not matter. Two queries; a guess costs one small one."""
    plain_one = plain_code(code)
    known = Certificate.objects.filter(code=plain_one).order_by().values_list("pk", flat=True)
    pk = known.first() if plain_one else None
    return finding(certificates().get(pk=pk), on=on, named=False) if pk else None


def by_number(number: str, name: str, *, on: datetime.date) -> Finding | None:
    """The certificate of this number whose holder has exactly this name. One query.

    A wrong name and an unknown number are answered alike.
    """
    key = number_key(number)
    for certificate in certificates().filter(number_key=key) if key else ():
        if is_name_of(name, certificate):
            return finding(certificate, on=on, named=True)
    return None


def is_name_of(name: str, certificate: Certificate) -> bool:
    """Whether `name` is the holder's, however its dots and blanks are written."""
    given, own = (comparable(normalise(one)).encode() for one in (name, certificate.name))
    return bool(given) and hmac.compare_digest(given, own)


def certificates() -> CertificateQuerySet:
    return Certificate.objects.select_related("issuer", "enrolment__run__programme", "replaced_by")


def finding(certificate: Certificate, *, on: datetime.date, named: bool) -> Finding:
    successor = getattr(certificate, "replaced_by", None)
    return Finding(
        certificate=certificate,
        state=certificate.state_on(on),
        name=certificate.name if named else mask_public(certificate.name),
        named=named,
        purpose=purpose_of(certificate),
        successor=successor,
        successor_state=successor.state_on(on) if successor else "",
    )


def purpose_of(certificate: Certificate) -> Purpose:
    """As frozen at issue; of a recorded one as the register of classes has it."""
    if certificate.frozen:
        return frozen_purpose(certificate)
    enrolment = certificate.enrolment
    if enrolment is None:
        return Purpose("", "", None, None, "", certificate.issuer.name)
    run = enrolment.run
    hours = plain(enrolment.hours) if enrolment.hours > Decimal(0) else ""
    return Purpose(run.programme.name, run.name, run.starts_on, run.ends_on, hours, certificate.issuer.name)


def frozen_purpose(certificate: Certificate) -> Purpose:
    kept = certificate.frozen
    starts, ends = (day(kept.get(key)) for key in ("starts_on", "ends_on"))
    issuer = kept.get("issuer") or certificate.issuer.name
    return Purpose(
        kept.get("programme", ""), kept.get("run", ""), starts, ends, kept.get("hours", ""), issuer
    )


def day(value: str | datetime.date | None) -> datetime.date | None:
    """Frozen days are ISO texts; those of a row that was not read from the database yet are dates."""
    return datetime.date.fromisoformat(value) if isinstance(value, str) else value
