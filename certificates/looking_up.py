"""A learner's hours and certificates for who has no account.

What unlocks them is known to the learner and the bureaus only: the full ID number with the full name, or a
code sent to the phone that a bureau has on record. Nothing of a public list or a certificate does. The record
then stands open in that visitor's session for a few minutes.
"""

from __future__ import annotations

import datetime
import hmac
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from django.contrib.sessions.backends.base import SessionBase
from django.core import signing
from django.db.models import QuerySet
from django.views.decorators.debug import sensitive_variables

from bureaus import sms_codes
from certificates.models import Certificate
from courses.duties import FIVE_YEARS, credits_of, hours_of, within
from courses.recipients import mobile_in
from learners.models import Holder, Identity, Learner
from learners.names import mask_public, normalise
from peixun.lib.comparing import comparable
from peixun.lib.encryption import digest

OPEN_SECONDS = 10 * 60
CODE_SECONDS = 5 * 60
OPEN, CODE = "record_open", "record_code"
SALT = "certificates.looking_up"
DIGITS = "0123456789"


# --- Who is it ----------------------------------------------------------------------------------


@sensitive_variables()
def by_id_number(name: str, number: str) -> int | None:
    """The learner who has this normalised ID number and this name, now or in an enrolment. One query.

    An unknown number and another's name take the same way, and so about the same time.
    """
    kind, _value, key = Identity.by_id_number(number)
    known = Identity.objects.filter(kind=kind, digest=key)
    return the_one_named(
        name, known.values_list("learner", "learner__name", "learner__enrolments__name").distinct()
    )


@sensitive_variables()
def by_phone(name: str, phone: str) -> int | None:
    """The learner of this name whom a bureau reaches at this mobile number of 11 digits. One query.

    None where two of that name share the phone: a code cannot tell them apart.
    """
    held = Holder.objects.filter(phone__contains=phone[-4:])
    rows = held.values_list("learner", "learner__name", "learner__enrolments__name", "phone").distinct()
    return the_one_named(name, (row[:3] for row in rows if mobile_in(row[3]) == phone))


@sensitive_variables()
def the_one_named(name: str, rows: Iterable[tuple[int, str, str | None]]) -> int | None:
    """The learner of these (learner, name, name in an enrolment) to whom `name` belongs, where it is one."""
    given = plain(name)
    found = {row[0] for row in rows for known in row[1:] if hmac.compare_digest(given, plain(known or ""))}
    return found.pop() if given and len(found) == 1 else None


def plain(name: str) -> bytes:
    return comparable(normalise(name)).encode()


# --- What is shown ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Shown:
    """Hours (学时) of this year and of the five years that end with it; certificates. `name` is masked."""

    name: str
    year: int
    first_year: int
    hours: Decimal
    five: Decimal
    certificates: list[Certificate]


def shown_of(learner: Learner, *, on: datetime.date) -> Shown:
    """All of it, whichever bureau wrote it; no class, no phone, no number."""
    first = on.year - FIVE_YEARS + 1
    mine = credits_of(Learner.objects.filter(pk=learner.pk)).get(learner.pk, [])
    return Shown(
        name=mask_public(learner.name),
        year=on.year,
        first_year=first,
        hours=hours_of(within(mine, (on.year, on.year))),
        five=hours_of(within(mine, (first, on.year))),
        certificates=list(certificates_of(learner)),
    )


def certificates_of(learner: Learner) -> QuerySet[Certificate]:
    found = Certificate.objects.filter(learner=learner).select_related("issuer", "version__template")
    return found.order_by("-year", "-issued_on", "number")


# --- The record stands open ---------------------------------------------------------------------


def open_record(session: SessionBase, learner: int, *, at: float) -> None:
    """Opens the record for this visitor, from `at` (seconds since 1970) on, under a new session key."""
    close_record(session)
    session.cycle_key()
    session[OPEN] = {"learner": learner, "until": at + OPEN_SECONDS, "key": secrets.token_hex(16)}


def close_record(session: SessionBase) -> None:
    for name in (OPEN, CODE):
        session.pop(name, None)


def opened(session: SessionBase, *, at: float) -> tuple[Learner, int] | None:
    """Whose record stands open and for how many seconds yet; one that has run out is closed."""
    kept = session.get(OPEN)
    if kept is None:
        return None
    learner = Learner.objects.filter(pk=kept["learner"]).first() if at < kept["until"] else None
    if learner is None:
        close_record(session)
        return None
    return learner, int(kept["until"] - at)


def ticket(session: SessionBase, certificate: Certificate) -> str:
    """What stands in the address of a certificate's PDF: good in this session while the record is open."""
    return signing.dumps([certificate.pk, session[OPEN]["key"]], salt=SALT)


def certificate_by(session: SessionBase, text: str, *, learner: Learner) -> Certificate | None:
    """The certificate of a ticket that was made for this opening."""
    try:
        pk, key = signing.loads(text, salt=SALT, max_age=OPEN_SECONDS)
    except signing.BadSignature:
        return None
    own = hmac.compare_digest(key, session[OPEN]["key"])
    return certificates_of(learner).filter(pk=pk, origin=Certificate.Origin.DRAWN).first() if own else None


# --- By a code ----------------------------------------------------------------------------------


@sensitive_variables()
def send_code(session: SessionBase, name: str, phone: str, *, at: float) -> None:
    """Sends a code to this phone where it is on record for this name; else only seems to."""
    learner = by_phone(name, phone)
    code = "".join(secrets.choice(DIGITS) for _place in range(6))
    key = secrets.token_hex(16)
    kept = {"learner": learner, "digest": digest(CODE, key, code), "key": key, "until": at + CODE_SECONDS}
    session[CODE] = kept
    if learner is not None:
        sms_codes.send(code, to=phone)


def code_sent(session: SessionBase, *, at: float) -> str:
    """What tries of the code are counted by; empty where none was asked for, or it ran out."""
    kept = session.get(CODE)
    return kept["key"] if kept and at < kept["until"] else ""


@sensitive_variables()
def by_code(session: SessionBase, code: str) -> int | None:
    """The learner to whose phone this code was sent."""
    kept = session[CODE]
    right = hmac.compare_digest(kept["digest"], digest(CODE, kept["key"], code))
    learner: int | None = kept["learner"]
    return learner if right else None
