"""Settles marks that disagree (核对): a person decides, and only then is anything overwritten."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field, replace

from django.db import transaction
from django.utils.translation import gettext as _

from bureaus.models import User
from courses.models import Attendance, Mark, Session
from courses.registering import held_open, register
from courses.syncing import presence_of


@dataclass(slots=True)
class Dispute:
    """One person at one session: what stands, and the open marks that say otherwise."""

    standing: Attendance | None
    marks: list[Mark] = field(default_factory=list)


def disputes(user: User) -> list[Dispute]:
    """What waits for this user to settle, the newest session first. Two queries."""
    rows = Mark.objects.registered_by(user).open_conflicts().select_related("session", "enrolment", "user")
    marks = list(rows.order_by("-session__held_on", "session", "enrolment__name", "enrolment", "marked_at"))
    found: dict[tuple[int, int | None], Dispute] = {
        (row.session_id, row.enrolment_id): Dispute(row)
        for row in Attendance.objects.filter(
            session__in={mark.session_id for mark in marks},
            enrolment__in={mark.enrolment_id for mark in marks},
        ).select_related("noted_by")
    }
    for mark in marks:
        found.setdefault((mark.session_id, mark.enrolment_id), Dispute(None)).marks.append(mark)
    order = dict.fromkeys((mark.session_id, mark.enrolment_id) for mark in marks)
    return [found[place] for place in order]


def open_conflicts(user: User) -> int:
    """How many marks wait for this user to settle them. One query."""
    return Mark.objects.registered_by(user).open_conflicts().count()


def settle(pk: int, *, user: User, take: bool, at: datetime.datetime) -> bool:
    """A person decides on an open conflict: what the mark says is written (`take`), or what stands is kept.

    Ends all open conflicts of this person at this session. False where it was settled meanwhile. Raises
    `YearClosed` and `NotRegistrable`.
    """
    with transaction.atomic():
        session = held_open(Session.objects.select_related("bureau").get(marks=pk))
        mark = Mark.objects.open_conflicts().filter(pk=pk).first()
        if mark is None or mark.enrolment_id is None:
            return False
        if take:
            # Two papers said two things: a correction, with its reason, however late.
            presence = replace(presence_of(mark, mark.enrolment_id), at=at)
            reason = _("核对两部手机的点名记录")
            register(session, [presence], user=user, at=at, reason=reason, done=False)
        same = session.marks.open_conflicts().filter(enrolment=mark.enrolment_id)
        same.update(settled_at=at, settled_by=user)
    return True


def take_note(pk: int, *, user: User, at: datetime.datetime) -> bool:
    """Somebody has read why a mark was refused: it is not shown again."""
    return bool(Mark.objects.refused().filter(pk=pk).update(settled_at=at, settled_by=user))
