"""Appeals (请假与申诉): a learner asks, an officer decides, and the sheet follows."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from bureaus.models import AuditEvent, User
from courses import noticing
from courses.models import Appeal, Attendance, Enrolment, Session
from courses.registering import Presence, register

KINDS = Appeal.Kind


class CannotAppeal(ValidationError):
    """There is nothing to ask for here, or it was decided already. The text is for the user."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What an officer says. `state` and `minutes` are what is written where the appeal is granted."""

    granted: bool
    answer: str
    state: str = ""
    minutes: int | None = None


def kinds_open_to(enrolment: Enrolment, session: Session, *, day: datetime.date) -> list[str]:
    """What the learner may ask for: leave at any time, a correction once the session's day has come."""
    if enrolment.state not in Enrolment.EXPECTED or session.state == Session.State.CANCELLED:
        return []
    return [KINDS.EXCUSE] if session.held_on > day else [KINDS.EXCUSE, KINDS.APPEAL]


def ask(enrolment: Enrolment, session: Session, *, kind: str, words: str, user: User) -> Appeal:
    """Raises `CannotAppeal` while an earlier one is open."""
    try:
        with transaction.atomic():
            return Appeal.objects.create(
                enrolment=enrolment, session=session, kind=kind, words=words, asked_by=user
            )
    except IntegrityError as error:
        raise CannotAppeal(_("这一课次已有待处理的申请，处理后会在这里显示结果。")) from error


def decide(appeal: Appeal, decision: Decision, *, user: User, at: datetime.datetime) -> Appeal:
    """Writes the decision, and the attendance where it is granted; all or nothing.

    Raises `CannotAppeal` where somebody decided before, `NotRegistrable` and `YearClosed`.
    """
    with transaction.atomic():
        if decision.granted:
            register(
                appeal.session,
                [presence_of(appeal, decision)],
                user=user,
                at=at,
                reason=appeal.get_kind_display(),
                done=False,
            )
        decided = Appeal.objects.select_for_update(of=("self",)).get(pk=appeal.pk)
        if decided.state != Appeal.State.OPEN:
            raise CannotAppeal(_("这份申请已经处理过了。"))
        decided.state = Appeal.State.GRANTED if decision.granted else Appeal.State.DECLINED
        decided.answer, decided.decided_by, decided.decided_at = decision.answer, user, at
        decided.save(update_fields=["state", "answer", "decided_by", "decided_at"])
        AuditEvent.record(
            AuditEvent.Deed.APPEAL_DECIDED,
            appeal.session,
            user=user,
            bureau=appeal.session.bureau,
            after={"granted" if decision.granted else "declined": appeal.get_kind_display()},
        )
        noticing.appeal_decided(decided)
    return decided


def presence_of(appeal: Appeal, decision: Decision) -> Presence:
    """Leave for an excuse; for a correction what the officer chose, else present."""
    excuse = appeal.kind == KINDS.EXCUSE
    state = Attendance.State.LEAVE if excuse else decision.state or Attendance.State.PRESENT
    return Presence(
        appeal.enrolment_id,
        state,
        minutes=None if excuse else decision.minutes,
        way=Attendance.Way.APPEAL,
        # The learner's words may tell of an illness: the sheet says only that it was granted.
        reason=str(_("%(kind)s，已核定") % {"kind": appeal.get_kind_display()}),
    )
