"""Registers who was at a session (点名): the one place that writes attendances."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from bureaus.models import AuditEvent, User, YearClose
from courses.granting import attended_hours, follow, grant, rule_of
from courses.models import Attendance, ClassRun, Enrolment, Session

# The fields of an attendance that a registration writes.
WRITTEN = ("state", "minutes", "hours", "hour_rule", "way", "reason", "noted_by", "marked_at", "changed_at")
GRACE = datetime.timedelta(days=1)


class NotRegistrable(ValidationError):
    """The session cannot be registered, or not without a reason. Its text is for the user."""


@dataclass(frozen=True, slots=True)
class Presence:
    """What is to be written for one enrolment. `minutes` only where less than the whole session."""

    enrolment: int
    state: str
    minutes: int | None = None
    way: str = Attendance.Way.ROSTER
    reason: str = ""
    at: datetime.datetime | None = None


@dataclass(slots=True)
class Registered:
    """Ids of the enrolments whose attendance is new, was changed, or stood so already."""

    new: list[int] = field(default_factory=list)
    changed: list[int] = field(default_factory=list)
    same: list[int] = field(default_factory=list)


def needs_reason(session: Session, day: datetime.date) -> bool:
    """A registration may be corrected until the day after the session; later only with a reason."""
    return session.registered_at is not None and day > session.held_on + GRACE


def demand_registrable(session: Session, *, day: datetime.date, reason: str) -> None:
    """Raises `NotRegistrable` for a session that is cancelled, to come, or long over without a reason."""
    if session.state == Session.State.CANCELLED or (
        session.run and session.run.state == ClassRun.State.CANCELLED
    ):
        raise NotRegistrable(_("这个课次已取消，不能登记出勤。"), code="cancelled")
    if session.held_on > day:
        raise NotRegistrable(_("这个课次还没有到日期，当天才能登记出勤。"), code="early")
    if needs_reason(session, day) and not reason:
        raise NotRegistrable(_("课次结束已超过一天，更正出勤须写明原因。"), code="reason")


def register(
    session: Session,
    presences: Sequence[Presence],
    *,
    user: User | None,
    at: datetime.datetime,
    reason: str = "",
    done: bool = True,
) -> Registered:
    """Writes these presences, grants the hours, and counts the session as held; all or nothing.

    `done` says that the roster is complete: the session then counts as registered. A check-in of one person
    is not. Raises `NotRegistrable`, and `YearClosed` where the session's year is closed.
    """
    with transaction.atomic():
        YearClose.objects.hold_open(session.bureau, session.year)
        session = (
            Session.objects.select_for_update(of=("self",))
            .select_related("run", "programme")
            .get(pk=session.pk)
        )
        demand_registrable(session, day=timezone.localdate(at), reason=reason)
        found = members_of(session, presences)
        before = attended_hours(found)
        result = write(session, presences, user=user, at=at)
        touched = result.new + result.changed
        if touched:
            begin(touched)
            follow(touched, before=before)
        was_registered = session.registered_at is not None
        note_held(session, user=user, at=at, done=done)
        if touched or (done and not was_registered):
            record(session, result, user=user, corrected=was_registered, reason=reason)
    return result


def members_of(session: Session, presences: Sequence[Presence]) -> set[int]:
    """The enrolments of `presences`, every one of which must be expected at this session."""
    wanted = {presence.enrolment for presence in presences}
    if session.run is None:
        found: set[int] = set()
    else:
        expected = session.run.enrolments.expected()
        found = set(expected.filter(pk__in=wanted).values_list("pk", flat=True))
    if wanted - found:
        raise NotRegistrable(_("名单里有人不在这个班次的在训名单中，请刷新后再登记。"), code="member")
    return found


def write(
    session: Session, presences: Sequence[Presence], *, user: User | None, at: datetime.datetime
) -> Registered:
    """Adds or changes the attendances, with their hours; says which."""
    stored = {row.enrolment_id: row for row in session.attendances.all()}
    result = Registered()
    new: list[Attendance] = []
    changed: list[Attendance] = []
    for presence in {presence.enrolment: presence for presence in presences}.values():
        row = stored.get(presence.enrolment)
        if (
            row
            and (row.state, row.reason) == (presence.state, presence.reason)
            and (presence.minutes in (None, row.minutes))
        ):
            result.same.append(presence.enrolment)
            continue
        is_new = row is None
        row = row or Attendance(session=session, enrolment_id=presence.enrolment)
        row.state, row.minutes, row.way = presence.state, presence.minutes, presence.way
        row.reason, row.noted_by, row.marked_at = presence.reason, user, presence.at or at
        row.changed_at = timezone.now()
        (new if is_new else changed).append(row)
        (result.new if is_new else result.changed).append(presence.enrolment)
    grant(session, new + changed, rule_of(session) if new or changed else None)
    Attendance.objects.bulk_create(new)
    Attendance.objects.bulk_update(changed, WRITTEN, batch_size=200)
    return result


def begin(enrolments: Sequence[int]) -> None:
    """Who was here for the first time is no longer merely admitted."""
    here = Attendance.objects.filter(enrolment__in=enrolments, state__in=Attendance.HERE)
    admitted = Enrolment.objects.filter(pk__in=here.values("enrolment"), state=Enrolment.State.ADMITTED)
    admitted.update(state=Enrolment.State.ATTENDING, changed_at=timezone.now())


def note_held(session: Session, *, user: User | None, at: datetime.datetime, done: bool) -> None:
    """The session took place; with `done` its roster is complete. The run is under way."""
    session.state = Session.State.HELD
    if done and session.registered_at is None:
        session.registered_at, session.registered_by = at, user
    session.save(update_fields=["state", "registered_at", "registered_by"])
    waiting = (ClassRun.State.PLANNED, ClassRun.State.OPEN)
    if session.run and session.run.state in waiting:
        session.run.state = ClassRun.State.RUNNING
        session.run.save(update_fields=["state"])


def record(session: Session, result: Registered, *, user: User | None, corrected: bool, reason: str) -> None:
    deeds = AuditEvent.Deed
    AuditEvent.record(
        deeds.ATTENDANCE_CORRECTED if corrected else deeds.ATTENDANCE_REGISTERED,
        session,
        user=user,
        bureau=session.bureau,
        after={"added": len(result.new), "changed": len(result.changed)},
        reason=reason,
    )
