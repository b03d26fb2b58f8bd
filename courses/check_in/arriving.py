"""Somebody is here: notes one person as present, or late, however they said so."""

from __future__ import annotations

import datetime

from django.db import transaction

from bureaus.models import User
from courses.check_in.opening import ends, is_late, minutes_left
from courses.models import Attendance, Enrolment, Session
from courses.registering import Presence, held_open, register

State, Way = Attendance.State, Attendance.Way


def arrive(
    session: Session,
    enrolment: Enrolment,
    *,
    way: str,
    user: User | None,
    at: datetime.datetime,
    reason: str = "",
) -> Attendance:
    """The attendance of `enrolment` at `session`, noted now unless it stands already.

    Each person checks in once: who is noted as here stays as noted. What a trainer noted otherwise only a
    trainer changes, so a scan does not. Raises `NotRegistrable` and `YearClosed`.
    """
    with transaction.atomic():
        session = held_open(session)
        stored = session.attendances.filter(enrolment=enrolment)
        found = stored.first()
        if found is None or (way != Way.CODE and found.state not in Attendance.HERE):
            presence = presence_of(session, enrolment, way=way, at=at, reason=reason)
            register(session, [presence], user=user, at=at, reason=reason, done=False)
        return stored.get()


def presence_of(
    session: Session, enrolment: Enrolment, *, way: str, at: datetime.datetime, reason: str
) -> Presence:
    """Late, with the minutes that are left, while the session is on; a trainer may note people afterwards."""
    end = ends(session)
    over = end is not None and at >= end
    if is_late(session, at) and (way == Way.CODE or not over):
        left = minutes_left(session, at)
        return Presence(enrolment.pk, State.LATE, minutes=left, way=way, reason=reason)
    return Presence(enrolment.pk, State.PRESENT, way=way, reason=reason)
