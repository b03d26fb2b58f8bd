"""Writes a sign-in sheet by the deeds of the courses, all or nothing; and takes that back."""

from __future__ import annotations

import datetime
from collections import defaultdict
from dataclasses import dataclass, replace
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from bureaus.models import AuditEvent, User
from certificates.models import Certificate
from courses.models import Attendance, ClassRun, Enrolment, Session
from courses.registering import Presence, register, unregister
from courses.scheduling.sessions import add_sessions, delete_session
from courses.walk_ins import add_walk_in
from ledgers.models import SheetImport
from ledgers.signing.comparing import Effect, Plan, plan_for
from ledgers.signing.reading import SignInSheet


class SheetOutdated(RuntimeError):
    """Since the preview something has changed: what would be written now is another thing."""


@dataclass(frozen=True, slots=True)
class Undone:
    """Attendances that were taken back, and those that somebody has changed since."""

    reversed: int
    kept: int


def apply(
    batch: SheetImport,
    sheets: list[SignInSheet],
    *,
    user: User,
    expected: str,
    reason: str,
    finished: bool,
) -> Plan:
    """Registers everybody of the sheet. Raises `SheetOutdated`, `ValidationError` and `YearClosed`.

    `sheets` are what its file says, read before anything is locked. `finished` says that a person was asked
    whether to write into a class that has ended.
    """
    now = timezone.now()
    with transaction.atomic():
        batch = SheetImport.objects.select_for_update(of=("self",)).get(pk=batch.pk)
        if batch.state != SheetImport.State.OPEN or batch.run is None:
            raise SheetOutdated
        plan = plan_for(batch, sheets, today=timezone.localdate(now))
        if plan.fingerprint() != expected:
            raise SheetOutdated
        demand_asked(plan, reason=reason, finished=finished)
        batch.written = write(plan, user=user, at=now, reason=reason)
        batch.state, batch.applied_at, batch.figures = SheetImport.State.APPLIED, now, plan.counts()
        batch.save()
        AuditEvent.record(
            AuditEvent.Deed.SHEET_IMPORTED,
            batch,
            user=user,
            bureau=batch.bureau,
            after={name: batch.figures[name] for name in ("sessions", "new", "changed", "same", "faulty")},
            reason=reason,
        )
    return plan


def demand_asked(plan: Plan, *, reason: str, finished: bool) -> None:
    if not plan.writing:
        raise ValidationError(_("没有可以登记的内容。"))
    if plan.run.state == ClassRun.State.FINISHED and not finished:
        raise ValidationError(_("班次已结业。仍要登记的，请勾选“班次已结业，仍要登记”。"), code="finished")
    if plan.wants_reason and not reason:
        raise ValidationError(_("有课次早已点过名，更正出勤须写明原因。"), code="reason")


def write(plan: Plan, *, user: User, at: datetime.datetime, reason: str) -> dict[str, Any]:
    """Adds missing sessions, lets walk-ins in and registers session by session; says what undoing needs."""
    added = add_missing(plan, user=user)
    walked_in: dict[str, Enrolment] = {}
    by_session: dict[int, list[Effect]] = defaultdict(list)
    for effect in plan.writing:
        by_session[effect.session.pk or added[id(effect.session)].pk].append(effect)
    sessions = Session.objects.in_bulk(by_session)
    expected = set(plan.run.enrolments.expected().values_list("pk", flat=True))
    rows: list[list[Any]] = []
    for pk, effects in by_session.items():
        presences = [presence_of(effect, sessions[pk], walked_in, user=user) for effect in effects]
        stood = {row.enrolment_id: row for row in sessions[pk].attendances.all()}
        done = expected <= {*stood, *(presence.enrolment for presence in presences)}
        register(sessions[pk], presences, user=user, at=at, reason=reason, done=done)
        rows += [[pk, one.enrolment, before_of(stood.get(one.enrolment))] for one in presences]
    return {
        "sessions": [session.pk for session in added.values()],
        "walk_ins": [enrolment.pk for enrolment in walked_in.values()],
        "rows": rows,
    }


def add_missing(plan: Plan, *, user: User) -> dict[int, Session]:
    """The proposed sessions, stored; by the identity of the proposal. One half day makes one session."""
    made: dict[tuple[object, str], Session] = {}
    added: dict[int, Session] = {}
    for target in plan.missing:
        if target.proposed is None:
            continue
        key = (target.on, target.column.day.half)
        if key not in made:
            made[key] = add_sessions(
                target.proposed, [target.proposed.held_on], trainers=(), user=user
            ).sessions[0]
        added[id(target.proposed)] = made[key]
    return added


def presence_of(effect: Effect, session: Session, walked_in: dict[str, Enrolment], *, user: User) -> Presence:
    """What is registered; who walks in is let in first."""
    assert effect.presence is not None  # noqa: S101  what is written has one
    person = effect.person
    if not person.walks_in:
        return effect.presence
    if person.key not in walked_in:
        line = person.line
        walked_in[person.key] = add_walk_in(session, line.name, user=user, employer=line.employer)
    return replace(effect.presence, enrolment=walked_in[person.key].pk)


def before_of(row: Attendance | None) -> dict[str, Any] | None:
    if row is None:
        return None
    return {"state": row.state, "minutes": row.minutes, "way": row.way, "reason": row.reason}


def undo(batch: SheetImport, *, user: User, reason: str) -> Undone:
    """Takes back what it wrote and nobody has touched since. Raises `YearClosed` and `ValidationError`."""
    now = timezone.now()
    with transaction.atomic():
        batch = SheetImport.objects.select_for_update(of=("self",)).get(pk=batch.pk)
        if batch.state != SheetImport.State.APPLIED:
            raise ValidationError(_("这张签到表没有登记过，或已经撤销。"))
        taken, kept = rows_to_take(batch)
        for session, rows in taken.items():
            take_back(session, rows, user=user, at=now, reason=reason)
        remove_made(batch, user=user)
        result = Undone(sum(map(len, taken.values())), kept)
        batch.state, batch.undone_at = SheetImport.State.UNDONE, now
        batch.figures |= {"reversed": result.reversed, "kept": result.kept}
        batch.save()
        AuditEvent.record(
            AuditEvent.Deed.SHEET_UNDONE,
            batch,
            user=user,
            bureau=batch.bureau,
            after={"deleted": result.reversed, "skip": result.kept},
            reason=reason,
        )
    return result


def rows_to_take(batch: SheetImport) -> tuple[dict[Session, list[tuple[int, dict[str, Any] | None]]], int]:
    """The attendances that stand as the sheet wrote them, and the number of the others.

    Who has got a certificate since keeps what it was issued by.
    """
    rows = batch.written.get("rows", [])
    sessions = Session.objects.select_related("run", "programme", "bureau").in_bulk({row[0] for row in rows})
    stored = {
        (row.session_id, row.enrolment_id): row for row in Attendance.objects.filter(session__in=sessions)
    }
    issued = set(
        Certificate.objects.filter(
            enrolment__in={row[1] for row in rows}, state=Certificate.State.VALID
        ).values_list("enrolment", flat=True)
    )
    taken: dict[Session, list[tuple[int, dict[str, Any] | None]]] = defaultdict(list)
    kept = 0
    for session, enrolment, before in rows:
        row = stored.get((session, enrolment))
        touched = row is None or row.way != Attendance.Way.SHEET or row.marked_at != batch.applied_at
        if touched or enrolment in issued:
            kept += 1
        else:
            taken[sessions[session]].append((enrolment, before))
    return taken, kept


def take_back(
    session: Session,
    rows: list[tuple[int, dict[str, Any] | None]],
    *,
    user: User,
    at: datetime.datetime,
    reason: str,
) -> None:
    restored = [Presence(enrolment, **before) for enrolment, before in rows if before]
    if restored:
        register(session, restored, user=user, at=at, reason=reason, done=False)
    new = [enrolment for enrolment, before in rows if before is None]
    if new:
        unregister(session, new, user=user, at=at, reason=reason)


def remove_made(batch: SheetImport, *, user: User) -> None:
    """The sessions and walk-ins that were made for the sheet, where nothing else is known of them."""
    made = Session.objects.filter(pk__in=batch.written.get("sessions", []))
    for session in made.select_related("run", "programme", "bureau"):
        try:
            delete_session(session, user=user)
        except ValidationError:
            continue  # somebody has noted something there since
    walked_in = Enrolment.objects.filter(
        pk__in=batch.written.get("walk_ins", []), to_match=True, attendances=None
    )
    for enrolment in walked_in.select_related("learner"):
        learner = enrolment.learner
        enrolment.delete()
        if not learner.enrolments.exists():
            learner.delete()
