"""When people may check in themselves, and from when on they are late."""

from __future__ import annotations

import datetime

from django.utils import timezone

from courses.models import ClassRun, Session

# Check-in is open from so long before a session until so long after it, on its day.
MARGIN = datetime.timedelta(minutes=60)
# Who comes later than this after the start is noted as late, with the minutes that are left.
LATE_AFTER = datetime.timedelta(minutes=10)
MINUTE = datetime.timedelta(minutes=1)
DAY = datetime.timedelta(days=1)


def moment(session: Session, time: datetime.time | None) -> datetime.datetime | None:
    """`time` on the session's day."""
    return None if time is None else timezone.make_aware(datetime.datetime.combine(session.held_on, time))


def begins(session: Session) -> datetime.datetime | None:
    return moment(session, session.starts_at)


def ends(session: Session) -> datetime.datetime | None:
    """The end as stated, else the start and the minutes of teaching; None where neither is known."""
    start = begins(session)
    if session.ends_at is None and start and session.minutes:
        return start + session.minutes * MINUTE
    return moment(session, session.ends_at)


def opening(session: Session) -> tuple[datetime.datetime, datetime.datetime]:
    """From when until when one may check in oneself: all day where the times are not known."""
    midnight = timezone.make_aware(datetime.datetime.combine(session.held_on, datetime.time()))
    start, end = begins(session), ends(session)
    opens = midnight if start is None else max(midnight, start - MARGIN)
    closes = midnight + DAY if end is None else min(midnight + DAY, end + MARGIN)
    return opens, closes


def is_open(session: Session, at: datetime.datetime) -> bool:
    opens, closes = opening(session)
    return opens <= at < closes and not is_off(session)


def is_off(session: Session) -> bool:
    """Cancelled, alone or with its run."""
    run = session.run
    return session.state == Session.State.CANCELLED or (
        run is not None and run.state == ClassRun.State.CANCELLED
    )


def is_late(session: Session, at: datetime.datetime) -> bool:
    start = begins(session)
    return start is not None and at > start + LATE_AFTER


def minutes_left(session: Session, at: datetime.datetime) -> int | None:
    """Minutes of teaching from `at` on, at most the whole session's; None where the end is not known."""
    end = ends(session)
    if end is None:
        return None
    left = max(0, int((end - at) / MINUTE))
    return left if session.planned_minutes is None else min(left, session.planned_minutes)
