"""Registers who was at a session (点名): the one place that writes attendances and headcounts."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from bureaus.models import AuditEvent, User, YearClose
from courses.granting import attended_hours, follow, grant, minutes_in, rule_of
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


@dataclass(frozen=True, slots=True)
class Heads:
    """A headcount with its parts; None is not counted, 0 is none."""

    headcount: int
    women: int | None = None
    elders: int | None = None


@dataclass(slots=True)
class Registered:
    """Ids of the enrolments whose attendance is new, was changed, or stood so already."""

    new: list[int] = field(default_factory=list)
    changed: list[int] = field(default_factory=list)
    same: list[int] = field(default_factory=list)


def needs_reason(session: Session, day: datetime.date) -> bool:
    """A registration may be corrected until the day after the session; later only with a reason."""
    return session.registered_at is not None and day > session.held_on + GRACE


def demand_registrable(session: Session, *, day: datetime.date, reason: str, excuses: bool = False) -> None:
    """Raises `NotRegistrable` for a session that is cancelled, to come, or long over without a reason.

    `excuses` says that only granted leave is written, which may be so ahead of the day.
    """
    if session.state == Session.State.CANCELLED or (
        session.run and session.run.state == ClassRun.State.CANCELLED
    ):
        raise NotRegistrable(_("这个课次已取消，不能登记出勤。"), code="cancelled")
    if session.held_on > day and not excuses:
        raise NotRegistrable(_("这个课次还没有到日期，当天才能登记出勤。"), code="early")
    if needs_reason(session, day) and not reason:
        raise NotRegistrable(_("课次结束已超过一天，更正出勤须写明原因。"), code="reason")


def held_open(session: Session) -> Session:
    """The session, locked after its bureau's row; inside a transaction only. Raises `YearClosed`.

    The bureau's row keeps the year open, and lets two sessions of one run grant hours one after the other.
    """
    YearClose.objects.hold_open(session.bureau, session.year)
    taken = Session.objects.select_for_update(of=("self",), no_key=True)
    stored = taken.select_related("run", "programme", "bureau").get(pk=session.pk)
    if stored.year != session.year:  # moved since it was read
        YearClose.objects.hold_open(stored.bureau, stored.year)
    return stored


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
        session = held_open(session)
        demand_registrable(
            session, day=timezone.localdate(at), reason=reason, excuses=not done and only_excuses(presences)
        )
        found = members_of(session, presences)
        before = attended_hours(found)
        result = write(session, presences, user=user, at=at)
        touched = result.new + result.changed
        if touched:
            begin(touched)
            follow(touched, before=before)
            step_back(result.changed)
        was_registered = session.registered_at is not None
        if done or any(presence.state in Attendance.HERE for presence in presences):
            note_held(session, user=user, at=at, done=done)
        if touched or (done and not was_registered):
            record(session, result, user=user, corrected=was_registered, reason=reason)
    return result


def unregister(
    session: Session, enrolments: Sequence[int], *, user: User | None, at: datetime.datetime, reason: str
) -> None:
    """Takes the attendances of these enrolments back as if they had never been noted; their hours follow.

    A session of which nothing is left counts as not held. Raises `YearClosed`.
    """
    with transaction.atomic():
        session = held_open(session)
        before = attended_hours(enrolments)
        gone, _by_model = session.attendances.filter(enrolment__in=enrolments).delete()
        if not gone:
            return
        follow(enrolments, before=before)
        step_back(enrolments)
        if session.headcount is None and not session.attendances.exists():
            session.state = Session.State.PLANNED
            session.registered_at = session.registered_by = None
            session.save(update_fields=["state", "registered_at", "registered_by"])
        AuditEvent.record(
            AuditEvent.Deed.ATTENDANCE_CORRECTED,
            session,
            user=user,
            bureau=session.bureau,
            after={"deleted": gone},
            reason=reason,
        )


def register_heads(
    session: Session, heads: Heads, *, user: User | None, at: datetime.datetime, reason: str = ""
) -> bool:
    """Writes how many came, named or not, and counts the session as held; says whether anything changed.

    Raises `NotRegistrable`, also where fewer are counted than are known by name, and `YearClosed`.
    """
    with transaction.atomic():
        session = held_open(session)
        demand_registrable(session, day=timezone.localdate(at), reason=reason)
        demand_consistent(session, heads)
        stood = Heads(session.headcount or 0, session.women, session.elders)
        if session.registered_at and session.headcount is not None and stood == heads:
            return False
        corrected = session.registered_at is not None
        session.headcount, session.women, session.elders = heads.headcount, heads.women, heads.elders
        session.save(update_fields=["headcount", "women", "elders"])
        note_held(session, user=user, at=at, done=True)
        deeds = AuditEvent.Deed
        AuditEvent.record(
            deeds.ATTENDANCE_CORRECTED if corrected else deeds.ATTENDANCE_REGISTERED,
            session,
            user=user,
            bureau=session.bureau,
            before={"headcount": stood.headcount, "women": stood.women, "elders": stood.elders},
            after={"headcount": heads.headcount, "women": heads.women, "elders": heads.elders},
            reason=reason,
        )
    return True


def demand_consistent(session: Session, heads: Heads) -> None:
    """A headcount includes its parts and everybody who is known by name."""
    if max(heads.women or 0, heads.elders or 0) > heads.headcount:
        raise NotRegistrable(_("其中女性、其中老年人都不能多于参加人数。"), code="parts")
    named = session.attendances.here().count()
    if heads.headcount < named:
        message = _("参加人数不能少于已登记姓名的 %(named)d 人。")
        raise NotRegistrable(message, code="named", params={"named": named})


@contextmanager
def hours_following(session: Session) -> Iterator[None]:
    """Around a change of the session's times, length or state: the hours it gave follow, by their old rule.

    For deeds on the session itself, inside their transaction and after `held_open`.
    """
    enrolments = set(session.attendances.values_list("enrolment", flat=True))
    before = attended_hours(enrolments)
    yield
    if not enrolments:
        return
    rows = list(session.attendances.all())
    for row in rows:
        if row.state not in (Attendance.State.LATE, Attendance.State.LEFT_EARLY):
            row.minutes = None
    grant(session, rows, rule_of(session))
    Attendance.objects.bulk_update(rows, ["minutes", "hours", "hour_rule"], batch_size=200)
    follow(enrolments, before=before)
    step_back(list(enrolments))


def only_excuses(presences: Sequence[Presence]) -> bool:
    """Leave that an officer granted, and nothing else."""
    return all(
        presence.state == Attendance.State.LEAVE and presence.way == Attendance.Way.APPEAL
        for presence in presences
    )


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
        if row and stands(session, row, presence):
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
    Attendance.objects.bulk_update(changed, WRITTEN, batch_size=100)
    return result


def stands(session: Session, row: Attendance, presence: Presence) -> bool:
    """Whether `row` says already what `presence` says."""
    if (row.state, row.reason) != (presence.state, presence.reason):
        return False
    return row.minutes == minutes_in(session, presence.state, presence.minutes)


def begin(enrolments: Sequence[int]) -> None:
    """Who was here for the first time is no longer merely admitted."""
    here = Attendance.objects.here().filter(enrolment__in=enrolments)
    admitted = Enrolment.objects.filter(pk__in=here.values("enrolment"), state=Enrolment.State.ADMITTED)
    admitted.update(state=Enrolment.State.ATTENDING, changed_at=timezone.now())


def step_back(enrolments: Sequence[int]) -> None:
    """Who was marked as here by mistake, and never was, did not take part. What a ledger states stays."""
    here = Attendance.objects.standing().here().filter(enrolment__in=enrolments)
    never = Enrolment.objects.filter(pk__in=enrolments, state=Enrolment.State.ATTENDING)
    never = never.exclude(pk__in=here.values("enrolment")).exclude(came_by=Enrolment.CameBy.LEDGER)
    never.update(state=Enrolment.State.ADMITTED, changed_at=timezone.now())


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
