"""What becomes of a certificate after its issue: revoked, reissued, corrected, renewed, handed out."""

from __future__ import annotations

import datetime
from operator import attrgetter

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from bureaus.models import AuditEvent, Bureau, User, YearClose
from certificates.issuing import Issue, certificate_of
from certificates.models import Certificate
from certificates.numbering import draw
from certificates.signing import sign
from courses.models import ClassRun


def held(certificate: Certificate) -> Certificate:
    """The certificate as it is now, held until the transaction ends."""
    return (
        Certificate.objects.select_for_update(of=("self",))
        .select_related("issuer__bureau", "enrolment__run__programme", "learner")
        .get(pk=certificate.pk)
    )


def demand_valid(certificate: Certificate) -> Bureau:
    """The bureau that issued it here. Raises `ValidationError` for another's, and unless valid."""
    if certificate.origin != Certificate.Origin.DRAWN or certificate.issuer.bureau is None:
        raise ValidationError(_("外单位的证书不能在这里作废或补换发，请联系发证单位。"))
    if certificate.state != Certificate.State.VALID:
        raise ValidationError(
            _("这张证书已是“%(state)s”，不能再办理。") % {"state": certificate.get_state_display()}
        )
    return certificate.issuer.bureau


@transaction.atomic
def revoke(certificate: Certificate, *, on: datetime.date, reason: str, user: User) -> Certificate:
    """作废. The row and its number stay; a check shows day and reason from now on."""
    certificate = held(certificate)
    bureau = demand_valid(certificate)
    if not reason.strip():
        raise ValidationError(_("请写明作废的原因。"))
    YearClose.objects.hold_open(bureau, certificate.year)
    certificate.state = Certificate.State.REVOKED
    certificate.revoked_on, certificate.revoke_reason = on, reason.strip()
    certificate.save(update_fields=["state", "revoked_on", "revoke_reason"])
    AuditEvent.record(
        AuditEvent.Deed.CERTIFICATE_REVOKED, certificate, user=user, bureau=bureau, reason=reason.strip()
    )
    return certificate


@transaction.atomic
def replace(certificate: Certificate, terms: Issue, *, user: User, name: str = "") -> Certificate:
    """补发, 换发 or 续期 by `terms.ground`: a new number that points to the one it follows.

    `name` is the corrected name of a 换发; else the new one repeats the old one's. What the old one said of
    the run and the hours is repeated as it was issued.
    """
    certificate = held(certificate)
    bureau = demand_valid(certificate)
    if certificate.enrolment is None:
        raise ValidationError(_("这张证书没有参训记录，不能补换发。"))
    if not terms.reason:
        raise ValidationError(_("请写明补换发的原因。"))
    YearClose.objects.hold_open(bureau, terms.issued_on.year)
    # First: two valid ones of one title for one enrolment cannot stand side by side.
    certificate.state = Certificate.State.REPLACED
    certificate.save(update_fields=["state"])
    [number] = draw(terms.issuer, terms.issued_on.year, count=1)
    new = certificate_of(
        certificate.enrolment, terms, number=number, user=user, name=name or certificate.name
    )
    kept = ("programme", "run", "starts_on", "ends_on", "hours", "days", "employer", "position", "assessment")
    new.frozen |= {key: certificate.frozen[key] for key in kept if key in certificate.frozen}
    new.replaces = certificate
    sign([new])
    new.save()
    AuditEvent.record(
        AuditEvent.Deed.CERTIFICATE_REPLACED,
        new,
        user=user,
        bureau=bureau,
        before={"number": certificate.number},
        after={"number": new.number},
        reason=terms.reason,
    )
    return new


@transaction.atomic
def hand_out(
    certificates: QuerySet[Certificate], run: ClassRun, *, on: datetime.date | None, user: User
) -> int:
    """Notes the day on which their holders took these valid ones of `run`; with None takes the note back.

    One line of the audit for each issuer, with the numbers: it is the proof that somebody took a paper.
    """
    valid = certificates.filter(state=Certificate.State.VALID, handed_out_on__isnull=on is not None)
    rows = list(valid.select_for_update(of=("self",)).select_related("issuer__bureau").order_by("pk"))
    Certificate.objects.filter(pk__in=[row.pk for row in rows]).update(handed_out_on=on)
    for bureau in sorted({row.issuer.bureau for row in rows if row.issuer.bureau}, key=attrgetter("pk")):
        numbers = [row.number for row in rows if row.issuer.bureau == bureau]
        told = {"certificates": len(numbers), "numbers": numbers, "handed_out_on": on}
        AuditEvent.record(
            AuditEvent.Deed.CERTIFICATE_HANDED_OUT,
            run,
            user=user,
            bureau=bureau,
            before=None if on else told,
            after=told if on else {"deleted": len(numbers)},
        )
    return len(rows)
