"""Issues certificates: who qualifies and why not, and drawing them so that they stay as they were issued."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Count, Q
from django.utils.translation import gettext as _

from bureaus.models import AuditEvent, User, YearClose
from certificates.models import Certificate, Issuer, IssueRule, TemplateVersion
from certificates.models.certificates import new_code
from certificates.numbering import draw
from certificates.signing import sign
from courses.models import Attendance, ClassRun, Enrolment, Session


@dataclass(frozen=True, slots=True)
class Candidate:
    """An enrolment, and what keeps it from a certificate. `share` of the sessions is 0–1, or None."""

    enrolment: Enrolment
    share: Decimal | None
    lacks: tuple[str, ...]
    has_one: bool = False

    @property
    def qualifies(self) -> bool:
        return not self.lacks


@dataclass(frozen=True, slots=True)
class Issue:
    """What the certificates that are issued together have in common."""

    issuer: Issuer
    version: TemplateVersion
    issued_on: datetime.date
    expires_on: datetime.date | None = None
    reason: str = ""
    ground: str = Certificate.Ground.FIRST

    @property
    def title(self) -> str:
        return self.version.template.title


def candidates(run: ClassRun, rule: IssueRule, *, among: Collection[int] | None = None) -> list[Candidate]:
    """Everybody who took part in `run`, or those of these ids, judged by `rule`. Four queries."""
    people = run.enrolments.took_part().select_related("learner").order_by("pk")
    if among is not None:
        people = people.filter(pk__in=among)
    shares = attendance_shares(run)
    have = enrolments_with(run, rule.template.title)
    judged = []
    for person in people:
        share = shares.get(person.pk)
        has_one = person.pk in have
        lacks = lacking(person, rule, share, has_one=has_one)
        judged.append(Candidate(person, share, tuple(lacks), has_one))
    return judged


def enrolments_with(run: ClassRun, title: str) -> set[int]:
    """The enrolments of `run` that have a valid certificate of that title, from wherever. One query."""
    valid = Certificate.objects.filter(enrolment__run=run, title=title, state=Certificate.State.VALID)
    return set(valid.values_list("enrolment", flat=True))


def holders_of_others(run: ClassRun, title: str) -> set[int]:
    """The enrolments of `run` with a valid certificate that is not of that title. One query.

    A ledger often says no more of a certificate than its number: it may well be the one to be issued.
    """
    valid = Certificate.objects.filter(enrolment__run=run, state=Certificate.State.VALID)
    return set(valid.exclude(title=title).values_list("enrolment", flat=True))


def lacking(enrolment: Enrolment, rule: IssueRule, share: Decimal | None, *, has_one: bool) -> list[str]:
    """What `rule` asks for and the enrolment lacks, in sentences."""
    lacks = []
    if has_one:
        lacks.append(_("已有同名证书"))
    if rule.needs_completion and enrolment.state != Enrolment.State.COMPLETED:
        lacks.append(_("未办理结业（%(state)s）") % {"state": enrolment.get_state_display()})
    if rule.least_hours is not None and enrolment.hours < rule.least_hours:
        numbers = {"hours": plain(enrolment.hours), "least": plain(rule.least_hours)}
        lacks.append(_("学时 %(hours)s，未满 %(least)s") % numbers)
    if rule.least_share is not None and (share is None or share * 100 < rule.least_share):
        shown = "—" if share is None else f"{share:.0%}"
        lacks.append(_("出勤率 %(share)s，未满 %(least)d%%") % {"share": shown, "least": rule.least_share})
    if rule.needs_pass and enrolment.assessment != Enrolment.Assessment.PASSED:
        lacks.append(_("考核%(result)s") % {"result": enrolment.get_assessment_display() or _("未登记")})
    return lacks


def plain(number: Decimal) -> str:
    return f"{number.normalize():f}"


def attendance_shares(run: ClassRun) -> dict[int, Decimal]:
    """Sessions attended ÷ sessions held, by enrolment; empty where no session was registered. Two queries."""
    held = run.sessions.filter(state=Session.State.HELD, attendances__isnull=False).distinct().count()
    if not held:
        return {}
    here = Count("attendances", filter=Q(attendances__state__in=Attendance.HERE))
    counted = run.enrolments.annotate(here=here).values_list("pk", "here")
    return {pk: Decimal(number) / held for pk, number in counted}


@transaction.atomic
def issue(
    run: ClassRun, enrolments: Sequence[Enrolment], terms: Issue, *, user: User | None
) -> list[Certificate]:
    """Draws a certificate for each of these enrolments of `run` that has none of that title yet.

    All or none. Raises `YearClosed`, and `ValidationError` where the issuer has no pattern or the enrolment
    is of another run. Asking twice issues once.
    """
    if terms.issuer.bureau is None:
        raise ValidationError(_("只有本市的单位能在这里制发证书。"))
    YearClose.objects.hold_open(terms.issuer.bureau, terms.issued_on.year)
    run = ClassRun.objects.locked(run.pk)
    if any(enrolment.run_id != run.pk for enrolment in enrolments):
        raise ValidationError(_("名单里有人不在这个班次。"))
    known = enrolments_with(run, terms.title)
    wanted = [enrolment for enrolment in enrolments if enrolment.pk not in known]
    numbers = draw(terms.issuer, terms.issued_on.year, count=len(wanted)) if wanted else []
    days = days_of(run)
    made = [
        certificate_of(enrolment, terms, number=number, user=user, days=days)
        for enrolment, number in zip(wanted, numbers, strict=True)
    ]
    if made:
        sign(made)
    Certificate.objects.bulk_create(made, batch_size=200)
    if made:
        AuditEvent.record(
            AuditEvent.Deed.CERTIFICATE_ISSUED,
            run,
            user=user,
            bureau=terms.issuer.bureau,
            after={"certificates": len(made), "title": terms.title, "first": numbers[0], "last": numbers[-1]},
            reason=terms.reason,
        )
    return made


def days_of(run: ClassRun) -> int | None:
    """On how many days the run was taught: those of its sessions, else from its first day to its last."""
    taught = run.sessions.exclude(state=Session.State.CANCELLED).values("held_on").distinct().count()
    if taught or not (run.starts_on and run.ends_on):
        return taught or None
    return (run.ends_on - run.starts_on).days + 1


def certificate_of(
    enrolment: Enrolment,
    terms: Issue,
    *,
    number: str,
    user: User | None,
    days: int | None = None,
    name: str = "",
) -> Certificate:
    """A certificate that is not saved yet, with everything that is printed on it."""
    certificate = Certificate(
        issuer=terms.issuer,
        number=number,
        title=terms.title,
        learner=enrolment.learner,
        enrolment=enrolment,
        name=name or enrolment.name,
        issued_on=terms.issued_on,
        expires_on=terms.expires_on,
        year=terms.issued_on.year,
        origin=Certificate.Origin.DRAWN,
        ground=terms.ground,
        code=new_code(),
        version=terms.version,
        reason=terms.reason,
        issued_by=user,
    )
    certificate.set_number_key()
    certificate.frozen = frozen_values(certificate, enrolment) | {"days": days}
    return certificate


def frozen_values(certificate: Certificate, enrolment: Enrolment) -> dict[str, Any]:
    """What the placeholders of a layout stand for, as on this day. Days are ISO, hours plain numbers."""
    run = enrolment.run
    return {
        "name": certificate.name,
        "employer": enrolment.employer,
        "position": enrolment.position,
        "title": certificate.title,
        "programme": run.programme.name,
        "run": run.name,
        "starts_on": run.starts_on,
        "ends_on": run.ends_on,
        "hours": plain(enrolment.hours),
        "assessment": enrolment.get_assessment_display() or enrolment.assessment_words,
        "issuer": certificate.issuer.name,
        "signatory": certificate.issuer.signatory,
        "issued_on": certificate.issued_on,
        "expires_on": certificate.expires_on,
        "number": certificate.number,
    }
