"""Arranges sessions: adds one or a series, changes, moves, cancels, restores and deletes them.

Locks as for runs: the bureau's row first, then the run's or the session's. What a deed refuses is a
`ValidationError` or `YearClosed`; both are for the user to read.
"""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Iterable, Sequence
from copy import copy
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from bureaus.models import AuditEvent, Bureau, User, YearClose
from courses import noticing
from courses.models import ClassRun, Session, Trainer
from courses.models.runs import SessionQuerySet
from courses.registering import held_open, hours_following
from courses.scheduling.runs import held, home_of, labels_of, stretch

State = Session.State
# What one session hands on to another that is like it.
CARRIED = (
    *("run_id", "programme_id", "bureau_id", "district_id", "year", "title", "course_id", "held_on"),
    *("starts_at", "ends_at", "minutes", "span", "part", "mode", "place", "speaker", "note"),
)
# What the form of a session writes; the day is moved and not written over.
WRITTEN = (
    *("title", "course", "starts_at", "ends_at", "minutes", "span", "part", "mode"),
    *("place", "speaker", "note", "programme", "district"),
)
GIVES_HOURS = ("starts_at", "ends_at", "minutes", "span", "part", "mode")


@dataclass(frozen=True, slots=True)
class Arranged:
    """The sessions of a deed; `stretched` says that the days of their run had to be widened for them."""

    sessions: Sequence[Session]
    run: ClassRun | None
    stretched: bool


@dataclass(frozen=True, slots=True)
class Slot:
    """Where to a session is moved."""

    held_on: datetime.date
    starts_at: datetime.time | None
    ends_at: datetime.time | None
    place: str


@transaction.atomic
def add_sessions(
    model: Session, days: Sequence[datetime.date], *, trainers: Iterable[Trainer], user: User
) -> Arranged:
    """One session like `model`, which is not saved, for each of the days; several are one series."""
    if model.district_id is None:
        model.district = home_of(model.bureau, model.programme)
    run = held(model.run) if model.run else None
    if run:
        demand_unfinished(run)
        stretched = stretch(run, days)
    else:
        stretched = False
        hold_years(model.bureau, {day.year for day in days})
    series = uuid.uuid4() if len(days) > 1 else None
    added = Session.objects.bulk_create(
        alike(model, held_on=day, year=run.year if run else day.year, series=series) for day in days
    )
    give_trainers({session.pk: list(trainers) for session in added})
    note(run or added[0], model.bureau, user=user, after={"added": len(added)})
    return Arranged(added, run, stretched)


@transaction.atomic
def change_session(session: Session, *, trainers: Iterable[Trainer], user: User) -> None:
    """Writes the changed fields. Where people were registered, their hours follow by the rule of then."""
    before = held_open(session)
    demand_standing(before)
    fields = [name for name in WRITTEN if getattr(before, name) != getattr(session, name)]
    if before.state == State.HELD and {*fields} & {*GIVES_HOURS}:
        with hours_following(session):
            session.save(update_fields=fields)
    elif fields:
        session.save(update_fields=fields)
    session.trainers.set(trainers)
    note(session, session.bureau, user=user, after={"fields": labels_of(Session, fields)})
    if before.state == State.PLANNED:
        noticing.session_moved(session, before=before)


@transaction.atomic
def move_session(session: Session, to: Slot, *, following: bool, reason: str, user: User) -> Arranged:
    """Moves `session`, with `following` also the later ones of its series, see `moved_to`."""
    before = held_open(session)
    demand_planned(before, _("已登记出勤的课次不能改日期。时间有误的，请在“修改”里更正。"))
    run = held(before.run) if before.run else None
    stored = [before, *(locked(later_in_series(before)) if following else ())]
    moved = moved_to(stored, to)
    if run:
        stretched = stretch(run, [one.held_on for one in moved])
    else:
        stretched = False
        hold_years(before.bureau, {one.held_on.year for one in moved})
    for one in moved:
        one.year = run.year if run else one.held_on.year
    Session.objects.bulk_update(moved, ["held_on", "year", "starts_at", "ends_at", "place"])
    note(before, before.bureau, user=user, after={"moved": len(moved)}, reason=reason)
    for one, old in zip(moved, stored, strict=True):
        noticing.session_moved(one, before=old)
    return Arranged(moved, run, stretched)


@transaction.atomic
def cancel_sessions(session: Session, *, following: bool, reason: str, user: User) -> int:
    """Cancels `session`, with `following` also the later ones of its series; says how many."""
    session = held_open(session)
    demand_planned(session, _("已登记出勤的课次不能取消。"))
    found = [session, *(locked(later_in_series(session)) if following else ())]
    for one in found:
        one.state, one.cancel_reason = State.CANCELLED, reason
    Session.objects.bulk_update(found, ["state", "cancel_reason"])
    AuditEvent.record(
        AuditEvent.Deed.SESSION_CANCELLED,
        session,
        user=user,
        bureau=session.bureau,
        after={"sessions": len(found)},
        reason=reason,
    )
    for one in found:
        noticing.session_cancelled(one)
    return len(found)


@transaction.atomic
def restore_session(session: Session, *, user: User) -> None:
    """Takes the cancellation of one session back."""
    session = held_open(session)
    if session.state != State.CANCELLED:
        raise ValidationError(_("这个课次没有取消。"))
    if session.run:
        demand_unfinished(session.run)
    session.state, session.cancel_reason = State.PLANNED, ""
    session.save(update_fields=["state", "cancel_reason"])
    note(session, session.bureau, user=user, after={"restored": True})
    noticing.session_restored(session)


@transaction.atomic
def delete_session(session: Session, *, user: User) -> None:
    """Removes a session of which nothing is known but that it was planned."""
    session = held_open(session)
    if leaves_traces(session):
        raise ValidationError(_("这个课次已有登记、照片、评价或通知，不能删除。不再举办的，请用“取消”。"))
    note(session, session.bureau, user=user, after={"deleted": 1})
    session.delete()


def leaves_traces(session: Session) -> bool:
    """Whether something was written down of it, or somebody was told. Up to seven queries."""
    if session.state == State.HELD or session.headcount is not None:
        return True
    traces = ("attendances", "marks", "appeals", "evidence", "evaluations", "ballots", "notices")
    return any(getattr(session, trace).exists() for trace in traces)


def later_in_series(session: Session) -> SessionQuerySet:
    """The later sessions of its series that are still to come."""
    if session.series is None:
        return Session.objects.none()
    found = Session.objects.filter(series=session.series, held_on__gt=session.held_on, state=State.PLANNED)
    return found.select_related("run", "bureau", "programme")


def locked(sessions: SessionQuerySet) -> SessionQuerySet:
    return sessions.select_for_update(of=("self",), no_key=True)


def moved_to(sessions: Sequence[Session], to: Slot) -> list[Session]:
    """Copies of these sessions, not saved: the first at `to`, the others as many days later.

    Those take its time or place only where they had the same one as the first.
    """
    first = sessions[0]
    moved = [copy(session) for session in sessions]
    for one in moved:
        one.held_on += to.held_on - first.held_on
        if (one.starts_at, one.ends_at) == (first.starts_at, first.ends_at):
            one.starts_at, one.ends_at = to.starts_at, to.ends_at
        if one.place == first.place:
            one.place = to.place
    return moved


def alike(session: Session, **values: object) -> Session:
    """A new session, not saved, with what `session` hands on, and these values."""
    return Session(**{name: getattr(session, name) for name in CARRIED} | values)


def give_trainers(trainers: dict[int, list[Trainer]]) -> None:
    """Writes who teaches the new sessions, by the session's id. One query."""
    through = Session.trainers.through
    through.objects.bulk_create(
        through(session_id=session, trainer_id=trainer.pk)
        for session, taught_by in trainers.items()
        for trainer in taught_by
    )


def hold_years(bureau: Bureau, years: Iterable[int]) -> None:
    for year in sorted(set(years)):
        YearClose.objects.hold_open(bureau, year)


def demand_unfinished(run: ClassRun) -> None:
    if run.state == ClassRun.State.CANCELLED:
        raise ValidationError(_("班次已取消，不能再安排课次。"))
    if run.state == ClassRun.State.FINISHED:
        raise ValidationError(_("班次已结业，不能再安排课次。"))


def demand_standing(session: Session) -> None:
    if session.state == State.CANCELLED:
        raise ValidationError(_("这个课次已取消，不能再修改。请先恢复。"))


def demand_planned(session: Session, refusal: str) -> None:
    demand_standing(session)
    if session.state == State.HELD:
        raise ValidationError(refusal)


def note(
    target: ClassRun | Session,
    bureau: Bureau,
    *,
    user: User,
    after: dict[str, object],
    reason: str = "",
) -> None:
    AuditEvent.record(
        AuditEvent.Deed.SESSION_CHANGED, target, user=user, bureau=bureau, after=after, reason=reason
    )
