"""Sessions that are held on the spot: cloned from the last one, and put right before they are registered."""

from __future__ import annotations

import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from bureaus.models import AuditEvent, User, YearClose
from courses.models import ClassRun, Session
from courses.registering import held_open, hours_following

CLONED = (
    *("run", "programme", "bureau", "district", "title", "course", "minutes", "span", "part", "mode"),
    *("place", "speaker"),
)
DESCRIBED = ("title", "starts_at", "ends_at", "place")


class CannotHold(ValidationError):
    """The session cannot be added or changed. Its text is for the user."""


def hold_again(last: Session, *, user: User, at: datetime.datetime) -> Session:
    """A session today like `last`: its topic, time, place and trainers. The same tap twice adds one.

    Where `last` is of today too, the new one begins now. Raises `CannotHold` and `YearClosed`.
    """
    now = timezone.localtime(at)
    year = last.run.year if last.run else now.year
    with transaction.atomic():
        YearClose.objects.hold_open(last.bureau, year)
        demand_under_way(last)
        widen(last, now.date())
        times = times_of(last, now)
        todays = Session.objects.exclude(state=Session.State.CANCELLED).filter(held_on=now.date(), **times)
        twin = todays.filter(run=last.run, programme=last.programme, bureau=last.bureau, title=last.title)
        if (found := twin.filter(registered_at=None).first()) is not None:
            return found
        session = Session(year=year, held_on=now.date(), **times)
        for name in CLONED:
            setattr(session, name, getattr(last, name))
        session.save()
        session.trainers.set(last.trainers.all())
        AuditEvent.record(
            AuditEvent.Deed.SESSION_CHANGED, session, user=user, bureau=session.bureau, after={"added": True}
        )
    return session


def widen(last: Session, day: datetime.date) -> None:
    """A class that goes on past its last day is longer than was planned: no session lies outside its days.

    Raises `CannotHold` where the year would change with the days: that is for an officer to decide.
    """
    run = ClassRun.objects.select_related("bureau").locked(last.run_id) if last.run_id else None
    if run is None or run.starts_on is None or run.ends_on is None:
        return
    first, final = min(run.starts_on, day), max(run.ends_on, day)
    if run.bureau.year_of(first, final) != run.year:
        raise CannotHold(_("这一天已在班次的日期以外，会改变班次的统计年度。请经办人先修改班次的日期。"))
    if (first, final) != (run.starts_on, run.ends_on):
        run.starts_on, run.ends_on = first, final
        run.save(update_fields=["starts_on", "ends_on"])


def demand_under_way(last: Session) -> None:
    """Raises `CannotHold` where the run is cancelled or over, as it stands now."""
    run = ClassRun.objects.filter(pk=last.run_id or 0).first()
    if run and run.state == ClassRun.State.CANCELLED:
        raise CannotHold(_("这个班次已取消，不能再加课次。"))
    if run and run.state == ClassRun.State.FINISHED:
        raise CannotHold(_("这个班次已办理结业，不能再加课次。如确需补课，请经办人先撤回结业。"))


def times_of(last: Session, now: datetime.datetime) -> dict[str, datetime.time | None]:
    """As last time; on the same day from now on, to five minutes, if that ends before midnight."""
    if last.held_on != now.date() or last.starts_at is None:
        return {"starts_at": last.starts_at, "ends_at": last.ends_at}
    begins = now.replace(minute=now.minute - now.minute % 5, second=0, microsecond=0, tzinfo=None)
    if last.ends_at is None:
        return {"starts_at": begins.time(), "ends_at": None}
    length = datetime.datetime.combine(last.held_on, last.ends_at) - datetime.datetime.combine(
        last.held_on, last.starts_at
    )
    ends = begins + length
    return {"starts_at": begins.time(), "ends_at": ends.time() if ends.date() == begins.date() else None}


def may_describe(session: Session, day: datetime.date) -> bool:
    """Who registers may put right the session of today until its roster is complete."""
    return session.held_on == day and session.registered_at is None


def describe(session: Session, values: dict[str, object], *, user: User) -> None:
    """Writes the `DESCRIBED` fields; who checked in before has hours by the new times.

    Raises `CannotHold` where the session was registered meanwhile, and `YearClosed`.
    """
    with transaction.atomic():
        session = held_open(session)
        if session.registered_at is not None:
            raise CannotHold(_("这个课次已点名，名称、时间和地点请单位经办人修改。"))
        changed = [name for name in DESCRIBED if getattr(session, name) != values[name]]
        if not changed:
            return
        with hours_following(session):
            for name in changed:
                setattr(session, name, values[name])
            session.save(update_fields=changed)
        labels = [str(Session._meta.get_field(name).verbose_name) for name in changed]  # type: ignore[union-attr]
        AuditEvent.record(
            AuditEvent.Deed.SESSION_CHANGED,
            session,
            user=user,
            bureau=session.bureau,
            after={"fields": labels},
        )
