"""Leave (请假): over the share that the programme's rule allows, somebody counts as having left (退学)."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from django.utils import timezone

from courses.models import Attendance, ClassRun, HourRule, Session


@dataclass(frozen=True, slots=True)
class Share:
    """Minutes of leave of those of the whole run. `one_in` 7: more than 1/7 is too much; None: no limit."""

    leave: int
    planned: int
    one_in: int | None

    @property
    def part(self) -> Fraction:
        return Fraction(self.leave, self.planned) if self.planned else Fraction(0)

    @property
    def over(self) -> bool:
        """Exactly 1/7 is not yet over it."""
        return self.one_in is not None and self.part > Fraction(1, self.one_in)


def leave_shares(run: ClassRun) -> dict[int, Share]:
    """The share of leave of everybody who took some, by enrolment. Two queries, and those for the rule."""
    sessions = list(run.sessions.exclude(state=Session.State.CANCELLED))
    rule = rule_in_force(run, sessions)
    weights = {session.pk: weight(session, rule) for session in sessions}
    taken: dict[int, int] = {}
    leave = Attendance.objects.filter(session__in=list(weights), state=Attendance.State.LEAVE)
    for enrolment, session in leave.values_list("enrolment", "session"):
        taken[enrolment] = taken.get(enrolment, 0) + weights[session]
    planned = sum(weights.values())
    one_in = rule.leave_one_in if rule else None
    return {enrolment: Share(minutes, planned, one_in) for enrolment, minutes in taken.items()}


def rule_in_force(run: ClassRun, sessions: list[Session]) -> HourRule | None:
    """The rule of the day on which the run began: a later one does not send anybody away."""
    first = min((session.held_on for session in sessions), default=None)
    day = run.starts_on or first or run.ends_on or timezone.localdate()
    return HourRule.objects.for_programme(run.programme, at=day)


def weight(session: Session, rule: HourRule | None) -> int:
    """Planned minutes; where they are not known a day, a half day or one hour (学时) by the rule."""
    if session.planned_minutes or rule is None:
        return session.planned_minutes or 1
    hours = {
        Session.Span.DAY: rule.hours_per_day,
        Session.Span.HALF_DAY: rule.hours_per_half_day,
    }.get(Session.Span(session.span), 1)
    return int(hours * rule.minutes_per_hour)
