"""Arranges class runs: writes, opens, cancels and reopens them.

A run's year is stored. It is found anew when its days change, and its sessions follow it. Locks are taken in
one order, as in `courses.enrolling.seats`: the bureau's row (its years stay open), then the run's. What a
deed refuses is a `ValidationError` or `YearClosed`; both are for the user to read.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max, Min, Model
from django.utils import timezone
from django.utils.translation import gettext as _

from bureaus.models import AuditEvent, Bureau, District, User, YearClose
from courses import noticing
from courses.enrolling.deciding import fill_seats
from courses.models import ClassRun, Programme, Session

State = ClassRun.State
# What the form of a run writes.
WRITTEN = (
    *("programme", "name", "number", "district", "starts_on", "ends_on", "place", "seats"),
    *("enrol_from", "enrol_until", "approval", "notice", "contact"),
)


@transaction.atomic
def add_run(run: ClassRun, *, user: User) -> None:
    """Writes a new run; its year is its bureau's for these days."""
    if run.district_id is None:
        run.district = home_of(run.bureau, run.programme)
    run.year = year_by_days(run)
    YearClose.objects.hold_open(run.bureau, run.year)
    run.demand_single()
    run.save()
    note(run, user=user, after={"added": 1})


@transaction.atomic
def change_run(run: ClassRun, *, user: User) -> None:
    """Writes the changed fields of `run`. The year moves only with the days; both years must be open."""
    before = held(run)
    changed = [name for name in WRITTEN if getattr(before, name) != getattr(run, name)]
    if {"starts_on", "ends_on"} & set(changed):
        demand_days_hold_sessions(run)
        run.year = year_by_days(run)
        YearClose.objects.hold_open(run.bureau, run.year)
    demand_seats_suffice(run)
    run.demand_single()
    run.save(update_fields=[*WRITTEN, "year", "name_key"])
    let_sessions_follow(run, before)
    if before.seats is not None and (run.seats is None or run.seats > before.seats):
        fill_seats(run.pk, by=user)
    if changed:
        note(run, user=user, after={"fields": labels_of(ClassRun, changed)})


@transaction.atomic
def open_enrolling(run: ClassRun, *, day: datetime.date, user: User) -> None:
    """开放报名: from now on learners may apply, within the days for it."""
    run = held(run)
    if run.state != State.PLANNED:
        raise ValidationError(_("只有待开班的班次可以开放报名。"))
    if run.ends_on and run.ends_on < day:
        raise ValidationError(_("班次的结业日期已过，不能再开放报名。请先修改日期。"))
    move_to(run, State.OPEN, user=user)


@transaction.atomic
def stop_enrolling(run: ClassRun, *, day: datetime.date, user: User) -> None:
    """停止报名: back to waiting for its first day, or under way where that has come."""
    run = held(run)
    if run.state != State.OPEN:
        raise ValidationError(_("这个班次没有开放报名。"))
    begun = run.starts_on is not None and run.starts_on <= day
    move_to(run, State.RUNNING if begun else State.PLANNED, user=user)


@transaction.atomic
def cancel_run(run: ClassRun, *, reason: str, user: User) -> None:
    """Cancels a run that has not begun, with the sessions that were to come; tells those concerned."""
    run = held(run)
    demand_cancellable(run)
    planned = run.sessions.filter(state=Session.State.PLANNED)
    sessions = planned.update(state=Session.State.CANCELLED, cancel_reason=with_run(reason))
    run.state, run.cancel_reason = State.CANCELLED, reason
    run.save(update_fields=["state", "cancel_reason"])
    AuditEvent.record(
        AuditEvent.Deed.RUN_CANCELLED,
        run,
        user=user,
        bureau=run.bureau,
        after={"sessions": sessions, "enrolments": run.enrolments.holding_seats().count()},
        reason=reason,
    )
    noticing.run_cancelled(run)


@transaction.atomic
def reopen_run(run: ClassRun, *, user: User) -> None:
    """Takes a cancellation back, also of the sessions that were cancelled with the run."""
    run = held(run)
    if run.state != State.CANCELLED:
        raise ValidationError(_("这个班次没有取消。"))
    together = run.sessions.filter(state=Session.State.CANCELLED, cancel_reason=with_run(run.cancel_reason))
    sessions = together.update(state=Session.State.PLANNED, cancel_reason="")
    run.state, run.cancel_reason = State.PLANNED, ""
    run.save(update_fields=["state", "cancel_reason"])
    fill_seats(run.pk, by=user)
    note(run, user=user, after={"restored": True, "sessions": sessions})
    noticing.run_reopened(run)


def with_run(reason: str) -> str:
    """The reason of a session that is cancelled with its run: tells it from one cancelled before.

    Kept in the record, so it is Chinese whatever the user reads.
    """
    return f"随班次取消：{reason}"[:200]


def held(run: ClassRun) -> ClassRun:
    """The run as it is stored, with its year open, both until the transaction ends."""
    YearClose.objects.hold_open(run.bureau, run.year)
    stored = ClassRun.objects.select_related("bureau", "district", "programme").locked(run.pk)
    if stored.year != run.year:
        YearClose.objects.hold_open(stored.bureau, stored.year)
    return stored


def stretch(run: ClassRun, days: Iterable[datetime.date]) -> bool:
    """Widens the days of `run`, which the caller holds, to hold `days`; says whether it had to."""
    if run.starts_on is None or run.ends_on is None:
        return False
    first, last = min([run.starts_on, *days]), max([run.ends_on, *days])
    if (first, last) == (run.starts_on, run.ends_on):
        return False
    run.starts_on, run.ends_on = first, last
    run.year = year_by_days(run)
    YearClose.objects.hold_open(run.bureau, run.year)
    run.demand_single()
    run.save(update_fields=["starts_on", "ends_on", "year", "name_key"])
    run.sessions.exclude(year=run.year).update(year=run.year)
    return True


def home_of(bureau: Bureau, programme: Programme) -> District:
    """Where its people are counted unless said otherwise: in the bureau's district, else in the city's."""
    home = bureau.district or programme.plan.city or District.objects.filter(is_city=True).first()
    if home is None:
        raise ValidationError({"district": _("请选择县市区。")})
    return home


def year_by_days(run: ClassRun) -> int:
    """By the bureau's setting. A run of which no day is known keeps its year, a new one counts this year."""
    first, last = run.starts_on or run.ends_on, run.ends_on or run.starts_on
    if first is None or last is None:
        return run.year or timezone.localdate().year
    return run.bureau.year_of(first, last)


def let_sessions_follow(run: ClassRun, before: ClassRun) -> None:
    """The sessions count in the run's year and for its programme; those to come in its district."""
    run.sessions.exclude(year=run.year).update(year=run.year)
    if run.programme_id != before.programme_id:
        run.sessions.update(programme=run.programme)
    if run.district_id != before.district_id:
        to_come = run.sessions.filter(state=Session.State.PLANNED, district=before.district)
        to_come.update(district=run.district)


def move_to(run: ClassRun, state: State, *, user: User) -> None:
    before = run.get_state_display()
    run.state = state
    run.save(update_fields=["state"])
    after = {"state": str(state.label)}
    AuditEvent.record(
        AuditEvent.Deed.RUN_CHANGED, run, user=user, bureau=run.bureau, before={"state": before}, after=after
    )


def demand_seats_suffice(run: ClassRun) -> None:
    taken = run.enrolments.holding_seats().count()
    if run.seats is not None and run.seats < taken:
        message = _("已有 %(taken)d 人占用名额，名额不能少于 %(taken)d。")
        raise ValidationError({"seats": message % {"taken": taken}})


def demand_days_hold_sessions(run: ClassRun) -> None:
    """No session that takes place may lie outside the new days."""
    if run.starts_on is None or run.ends_on is None:
        return
    standing = run.sessions.exclude(state=Session.State.CANCELLED)
    outside = standing.exclude(held_on__range=(run.starts_on, run.ends_on))
    found = outside.aggregate(first=Min("held_on"), last=Max("held_on"))
    if found["first"] is None:
        return
    message = _("有 %(count)d 个课次不在这个日期范围内（%(first)s 至 %(last)s）。请先调整这些课次的时间。")
    raise ValidationError({"ends_on": message % {**found, "count": outside.count()}})


def demand_cancellable(run: ClassRun) -> None:
    """What has taken place is not undone by a word: people were there, and have their hours."""
    if run.state == State.CANCELLED:
        raise ValidationError(_("这个班次已经取消。"))
    if run.state == State.FINISHED:
        raise ValidationError(_("已结业的班次不能取消。"))
    registered = run.sessions.filter(state=Session.State.HELD).count()
    if registered:
        message = _(
            "已有 %(count)d 个课次登记了出勤，班次不能取消。中途停办的，请取消余下的课次，再办理结业。"
        )
        raise ValidationError(message % {"count": registered})
    people = run.enrolments.took_part().count()
    if people:
        message = _("已有 %(count)d 人参加了这个班次，不能取消。中途停办的，请办理结业。")
        raise ValidationError(message % {"count": people})


def labels_of(model: type[Model], names: Iterable[str]) -> list[str]:
    """What people call these fields."""
    return [str(model._meta.get_field(name).verbose_name) for name in names]  # type: ignore[union-attr]


def note(run: ClassRun, *, user: User, after: dict[str, object]) -> None:
    AuditEvent.record(AuditEvent.Deed.RUN_CHANGED, run, user=user, bureau=run.bureau, after=after)
