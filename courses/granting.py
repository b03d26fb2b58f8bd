"""Hours (学时) from the minutes somebody was there, by the rule of the programme on that day.

The rule that was used stays on the attendance. A correction of an old session uses the rule that the session
was granted by, so a rule that changes later moves no old hour.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal

from courses.models import Attendance, Enrolment, HourRule, Session

NONE = Decimal(0)


def rule_of(session: Session) -> HourRule | None:
    """The rule that this session's hours were granted by, else that of its programme on its day."""
    used = HourRule.objects.filter(attendances__session=session).first()
    return used or HourRule.objects.for_programme(session.programme, at=session.held_on)


def minutes_in(session: Session, state: str, stated: int | None) -> int | None:
    """Minutes present: as stated for who was there, else the whole session; 0 for who was not there.

    None where the session's length is not known and nothing was stated.
    """
    if state not in Attendance.HERE:
        return 0
    return session.planned_minutes if stated is None else stated


def hours_for(session: Session, minutes: int | None, rule: HourRule) -> Decimal:
    """What `minutes` of this session are worth, rounded; a part of a day or half day in proportion."""
    planned = session.planned_minutes
    if session.span == Session.Span.MINUTES:
        return rule.rounded(Decimal(minutes or 0) / rule.minutes_per_hour)
    whole = rule.hours_per_day if session.span == Session.Span.DAY else rule.hours_per_half_day
    if minutes is None or (planned and minutes >= planned):
        return whole
    return rule.rounded(whole * minutes / planned) if planned else (whole if minutes else NONE)


def grant(session: Session, attendances: Iterable[Attendance], rule: HourRule | None) -> None:
    """Sets minutes, hours and rule of these attendances of `session`; saves nothing."""
    for attendance in attendances:
        attendance.minutes = minutes_in(session, attendance.state, attendance.minutes)
        attendance.hour_rule = rule
        attendance.hours = NONE
        if rule and attendance.state in Attendance.HERE:
            attendance.hours = hours_for(session, attendance.minutes, rule)


def follow(enrolments: Iterable[int], *, before: dict[int, Decimal]) -> None:
    """Brings the hours of these enrolments up to their attendances, capped by day. Three queries.

    `before` are the sums of their attendances ahead of the change, see `attended_hours`. Where an enrolment's
    hours were another number, a ledger stated them, and what a ledger states is not overwritten.
    """
    found = Enrolment.objects.in_bulk(list(enrolments))
    derived = {pk: row for pk, row in found.items() if row.hours == before.get(pk, NONE)}
    by_enrolment: dict[int, list[Attendance]] = defaultdict(list)
    for attendance in in_order_of_day(derived):
        by_enrolment[attendance.enrolment_id].append(attendance)
    for pk, enrolment in derived.items():
        capped = cap_by_day(by_enrolment[pk])
        Attendance.objects.bulk_update(capped, ["hours"])
        sum_up(enrolment, by_enrolment[pk])
    fields = ["hours", "hours_theory", "hours_practice", "hours_online", "hours_offline", "hour_rule"]
    Enrolment.objects.bulk_update(derived.values(), fields, batch_size=200)


def attended_hours(enrolments: Iterable[int]) -> dict[int, Decimal]:
    """The sum of the hours of each enrolment's attendances. One query."""
    sums: dict[int, Decimal] = defaultdict(lambda: NONE)
    rows = Attendance.objects.filter(enrolment__in=list(enrolments), hours__isnull=False)
    for pk, hours in rows.values_list("enrolment", "hours"):
        sums[pk] += hours or NONE
    return dict(sums)


def in_order_of_day(enrolments: Iterable[int]) -> Iterable[Attendance]:
    return (
        Attendance.objects.filter(enrolment__in=list(enrolments))
        .exclude(session__state=Session.State.CANCELLED)
        .select_related("session", "hour_rule")
        .order_by("session__held_on", "session__starts_at", "session_id")
    )


def cap_by_day(attendances: list[Attendance]) -> list[Attendance]:
    """Cuts what is over a rule's daily cap from the day's last sessions; those that changed."""
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


def sum_up(enrolment: Enrolment, attendances: list[Attendance]) -> None:
    """Writes the sums of these attendances on the enrolment, by kind where the rule keeps kinds apart."""
    kinds: dict[str, Decimal] = {}
    total = NONE
    for attendance in attendances:
        hours, session, rule = attendance.hours or NONE, attendance.session, attendance.hour_rule
        total += hours
        if rule and rule.by_part and session.part:
            kinds[session.part] = kinds.get(session.part, NONE) + hours
        if rule and rule.by_mode:
            kinds[session.mode] = kinds.get(session.mode, NONE) + hours
        enrolment.hour_rule = rule or enrolment.hour_rule
    enrolment.hours = total
    enrolment.hours_theory, enrolment.hours_practice = kinds.get("theory"), kinds.get("practice")
    enrolment.hours_online, enrolment.hours_offline = kinds.get("online"), kinds.get("offline")
