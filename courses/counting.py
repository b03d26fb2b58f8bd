"""The figures of one class run, by the rules of `ledgers.figures.rows`, for the page of the run."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Count, Q, Sum

from courses.models import Attendance, ClassRun, Enrolment, Programme, Session
from courses.models.enrolments import EnrolmentQuerySet

NOT_HERE = tuple(state for state in Enrolment.State if state not in Enrolment.EXPECTED)


@dataclass(frozen=True, slots=True)
class RunFigures:
    """`people` is None where heads were counted and nobody is known by name. `hours` are 学时."""

    person_times: int
    people: int | None
    hours: Decimal
    passed: int
    assessed: int


def figures_of(run: ClassRun, enrolments: EnrolmentQuerySet) -> RunFigures:
    """The figures of `run` as far as `enrolments`, which are of this run, go. Two to four queries."""
    if run.state == ClassRun.State.CANCELLED:
        return RunFigures(0, 0, Decimal(0), 0, 0)
    found = enrolments.took_part().aggregate(
        count=Count("pk"),
        hours=Sum("hours"),
        passed=Count("pk", filter=Q(assessment=Enrolment.Assessment.PASSED)),
        assessed=Count("pk", filter=~Q(assessment="")),
    )
    person_times, people = found["count"], found["count"]
    held = list(run.sessions.filter(state=Session.State.HELD))
    if run.programme.counts == Programme.Counts.SESSION and held:
        person_times, people = at_sessions(held)
    return RunFigures(person_times, people, found["hours"] or Decimal(0), found["passed"], found["assessed"])


def at_sessions(sessions: list[Session]) -> tuple[int, int | None]:
    """人次 (a session's headcount, else who was here) and 人数 (by name) of these sessions. One query."""
    here = present(sessions)
    by_session: dict[int, set[int]] = {session.pk: set() for session in sessions}
    for session, learner in here:
        by_session[session].add(learner)
    person_times = sum(
        len(by_session[session.pk]) if session.headcount is None else session.headcount
        for session in sessions
    )
    people = len({learner for _session, learner in here})
    return person_times, people or (None if person_times else 0)


def attended_sessions(enrolments: list[int]) -> dict[int, tuple[int, int]]:
    """(times here, times marked) of each enrolment, cancelled sessions left out. One query."""
    marked = Attendance.objects.standing().filter(enrolment__in=enrolments).order_by()
    counts = marked.values_list("enrolment").annotate(
        here=Count("pk", filter=Q(state__in=Attendance.HERE)), marked=Count("pk")
    )
    return {enrolment: (here, times) for enrolment, here, times in counts}


def present(sessions: list[Session]) -> list[tuple[int, int]]:
    """(session, learner) of everybody who was here, late ones and those who left early too."""
    here = Attendance.objects.filter(session__in=sessions, state__in=Attendance.HERE)
    known = here.exclude(enrolment__state__in=NOT_HERE)
    return list(known.values_list("session", "enrolment__learner"))
