"""Hours (学时) from the minutes somebody was there, by the rule of the programme on that day.

The rule that was used stays on the attendance. A correction of an old session uses the rule that the session
was granted by, so a rule that changes later moves no old hour.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal

from django.db.models import F, Sum
from django.utils import timezone

from courses.models import Attendance, Enrolment, HourRule, Session
from courses.models.attendance import AttendanceQuerySet
from courses.models.enrolments import HOUR_KINDS

NONE = Decimal(0)
HOURS = ("hours", *(f"hours_{kind}" for kind in HOUR_KINDS), "hour_rule_id")
WRITTEN = (*HOURS[:-1], "hour_rule")


def rule_of(session: Session) -> HourRule | None:
    """The rule that this session's hours were granted by, else that of its programme on its day."""
    used = HourRule.objects.filter(attendances__session=session).first()
    return used or HourRule.objects.for_programme(session.programme, at=session.held_on)


def minutes_in(session: Session, state: str, stated: int | None) -> int | None:
    """Minutes present: as stated for who was there, but no more than the session has; else all of it.

    0 for who was not there; None where the session's length is not known and nothing was stated.
    """
    if state not in Attendance.HERE:
        return 0
    planned = session.planned_minutes or None
    if stated is None or planned is None:
        return planned if stated is None else stated
    return min(stated, planned)


def hours_for(session: Session, minutes: int | None, rule: HourRule) -> Decimal:
    """What `minutes` of this session are worth, rounded; a part of a day or half day in proportion.

    `minutes` None is a presence of unknown length: the whole day or half day, and no hour by minutes.
    """
    if session.span == Session.Span.MINUTES:
        return rule.rounded(Decimal(minutes or 0) / rule.minutes_per_hour)
    whole = rule.hours_per_day if session.span == Session.Span.DAY else rule.hours_per_half_day
    planned = session.planned_minutes
    if minutes is None or not planned:
        return NONE if minutes == 0 else whole
    # Rounding up must not make more of a part than of the whole.
    return whole if minutes >= planned else min(whole, rule.rounded(whole * minutes / planned))


def grant(session: Session, attendances: Iterable[Attendance], rule: HourRule | None) -> None:
    """Sets minutes, hours and rule of these attendances of `session`; saves nothing."""
    for attendance in attendances:
        attendance.minutes = minutes_in(session, attendance.state, attendance.minutes)
        attendance.hour_rule = rule
        attendance.hours = NONE
        if rule and attendance.state in Attendance.HERE:
            attendance.hours = hours_for(session, attendance.minutes, rule)


def follow(enrolments: Iterable[int], *, before: dict[int, Decimal]) -> None:
    """Brings the hours of these enrolments up to their attendances, capped by day. Four queries.

    `before` are the sums of their attendances ahead of the change, see `attended_hours`. Where an enrolment's
    hours were another number, a ledger stated them, and what a ledger states is not overwritten.
    """
    found = Enrolment.objects.in_bulk(list(enrolments))
    derived = {pk: row for pk, row in found.items() if row.hours == before.get(pk, NONE)}
    by_enrolment: dict[int, list[Attendance]] = defaultdict(list)
    for attendance in in_order_of_day(derived):
        by_enrolment[attendance.enrolment_id].append(attendance)
    cut: list[Attendance] = []
    moved = []
    for pk, enrolment in derived.items():
        cut += cap_by_day(by_enrolment[pk])
        if sum_up(enrolment, by_enrolment[pk]):
            enrolment.changed_at = timezone.now()
            moved.append(enrolment)
    Attendance.objects.bulk_update(cut, ["hours"], batch_size=200)
    Enrolment.objects.bulk_update(moved, [*WRITTEN, "changed_at"], batch_size=100)


def attended_hours(enrolments: Iterable[int]) -> dict[int, Decimal]:
    """The sum of the hours of each enrolment's attendances, cancelled sessions left out. One query."""
    granted = counted(enrolments).values_list("enrolment").annotate(sum=Sum("hours")).order_by()
    return {pk: hours or NONE for pk, hours in granted}


def counted(enrolments: Iterable[int]) -> AttendanceQuerySet:
    """The attendances that give these enrolments their hours."""
    return Attendance.objects.standing().filter(enrolment__in=list(enrolments))


def in_order_of_day(enrolments: Iterable[int]) -> Iterable[Attendance]:
    """Sessions without a time come first on their day, on every database."""
    times = F("session__starts_at").asc(nulls_first=True)
    rows = counted(enrolments).select_related("session", "hour_rule")
    return rows.order_by("session__held_on", times, "session_id")


def cap_by_day(attendances: list[Attendance]) -> list[Attendance]:
    """Cuts what is over a rule's daily cap from the day's last sessions; those that changed.

    `attendances` are of one enrolment, in the order of their days.
    """
    given: dict[object, Decimal] = defaultdict(lambda: NONE)
    changed = []
    for attendance in attendances:
        rule, day = attendance.hour_rule, attendance.session.held_on
        hours = attendance.hours or NONE
        if rule and rule.daily_cap is not None and attendance.state in Attendance.HERE:
            full = hours_for(attendance.session, attendance.minutes, rule)
            allowed = min(full, max(NONE, rule.daily_cap - given[day]))
            if allowed != hours:
                attendance.hours = hours = allowed
                changed.append(attendance)
        given[day] += hours
    return changed


def sum_up(enrolment: Enrolment, attendances: list[Attendance]) -> bool:
    """Sets the sums of these attendances on the enrolment, by kind; says whether anything moved."""
    stood = [getattr(enrolment, name) for name in HOURS]
    kinds: dict[str, Decimal] = {}
    for attendance in attendances:
        for kind in kinds_of(attendance):
            kinds[kind] = kinds.get(kind, NONE) + (attendance.hours or NONE)
        enrolment.hour_rule_id = attendance.hour_rule_id or enrolment.hour_rule_id
    enrolment.hours = sum((row.hours or NONE for row in attendances), NONE)
    for kind in HOUR_KINDS:
        setattr(enrolment, f"hours_{kind}", kinds.get(kind))
    return stood != [getattr(enrolment, name) for name in HOURS]


def kinds_of(attendance: Attendance) -> list[str]:
    """The kinds under which the rule writes these hours down; 未分类 where the session does not say."""
    rule, session = attendance.hour_rule, attendance.session
    found = []
    if rule and rule.by_part:
        found.append(session.part or "general")
    if rule and rule.by_mode:
        found.append(session.mode)
    return found
