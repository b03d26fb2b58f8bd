"""The rows behind the figures: screens, exports and sums read these querysets and no others.

What counts as 人次:
- a programme counted by run: each enrolment that took part, in the run's year and the enrolment's district;
- a programme counted by session, and every lecture that stands alone: a session's headcount, else who was
  here at it, in the session's year and district;
- a run of a programme counted by session of which no session was recorded: its enrolments, as one session.

A user counts what lies in the bureaus and districts of one's roles. One's own classes, and those one
only teaches, open as pages and enter no figure.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce

from certificates.models import Certificate
from courses.models import Attendance, ClassRun, Enrolment, Programme, Session
from learners.models import Learner
from ledgers.figures.selection import Selection, Span, in_spans, narrowed

Spans = Sequence[Span]
NOT_HERE = tuple(state for state in Enrolment.State if state not in Enrolment.EXPECTED)
# On Session: its people are 人次.
BY_SESSION = Q(programme__counts=Programme.Counts.SESSION) | Q(run=None)


def by_run() -> Q:
    """On Enrolment: it is one 人次 itself, and not by its attendances."""
    # One uncorrelated set: a subquery for each enrolment took three times as long on PostgreSQL.
    recorded = Session.objects.filter(BY_SESSION, run__isnull=False, state=Session.State.HELD)
    return Q(run__programme__counts=Programme.Counts.RUN) | ~Q(run__in=recorded.order_by().values("run"))


def enrolments(selection: Selection, spans: Spans | None = None) -> QuerySet[Enrolment]:
    """Those that took part in runs of the selection's year, cancelled runs left out."""
    user = selection.user
    found = Enrolment.objects.in_reach_of(user) if user else Enrolment.objects.all()
    return (
        found.took_part()
        .exclude(run__state=ClassRun.State.CANCELLED)
        .filter(
            in_spans(spans or selection.spans, year="run__year", programme="run__programme"),
            narrowed(selection, programme="run__programme", bureau="run__bureau", district="district"),
        )
    )


def sessions(selection: Selection, spans: Spans | None = None) -> QuerySet[Session]:
    """Sessions that were held, of runs and standing alone."""
    user = selection.user
    found = Session.objects.in_reach_of(user) if user else Session.objects.all()
    return found.filter(
        in_spans(spans or selection.spans, year="year", programme="programme"),
        narrowed(selection, programme="programme", bureau="bureau", district="district"),
        state=Session.State.HELD,
    )


def attendances(selection: Selection, spans: Spans | None = None) -> QuerySet[Attendance]:
    """Who was here, by name, at the sessions whose people are 人次."""
    counted = sessions(selection, spans).filter(BY_SESSION).order_by()
    return Attendance.objects.filter(state__in=Attendance.HERE, session__in=counted.values("pk")).exclude(
        enrolment__state__in=NOT_HERE
    )


def lectures(selection: Selection) -> QuerySet[Session]:
    """Sessions that stand alone: `person_times` of each, and `here` (women: `here_women`) by name."""
    present = Q(attendances__state__in=Attendance.HERE) & ~Q(attendances__enrolment__state__in=NOT_HERE)
    women = Q(attendances__enrolment__learner__gender=Learner.Gender.FEMALE)
    return (
        sessions(selection)
        .filter(run=None)
        .annotate(
            here=Count("attendances", filter=present),
            here_women=Count("attendances", filter=present & women),
            person_times=Coalesce("headcount", "here"),
        )
    )


def runs(selection: Selection) -> QuerySet[ClassRun]:
    """Runs in which somebody took part, and those of which only sessions were recorded."""
    # Distinct: PostgreSQL would go through a million rows for each run, where it hashes ten thousand runs.
    with_people = Q(pk__in=enrolments(selection).order_by().values("run").distinct())
    with_sessions = Q(pk__in=sessions(selection).filter(of_nobody()).order_by().values("run"))
    return ClassRun.objects.filter(with_people | with_sessions)


def of_nobody() -> Q:
    """On Session: it belongs to a run in which nobody took part by name."""
    return Q(run__isnull=False) & ~Q(Exists(Enrolment.objects.took_part().filter(run=OuterRef("run"))))


def certificates(selection: Selection, spans: Spans | None = None) -> QuerySet[Certificate]:
    """Certificates of the year that were not revoked; a reissue (补发、换发) is none anew."""
    user = selection.user
    found = Certificate.objects.in_reach_of(user) if user else Certificate.objects.all()
    run = "enrolment__run"
    return found.exclude(state=Certificate.State.REVOKED).filter(
        in_spans(spans or selection.spans, year="year", programme=f"{run}__programme"),
        narrowed(
            selection, programme=f"{run}__programme", bureau=f"{run}__bureau", district="enrolment__district"
        ),
        replaces=None,
    )


def all_runs(selection: Selection) -> QuerySet[ClassRun]:
    """Every run of the year, planned and cancelled ones too; it reaches a district by its default."""
    user = selection.user
    found = ClassRun.objects.in_reach_of(user) if user else ClassRun.objects.all()
    limits = narrowed(selection, programme="programme", bureau="bureau", district="district")
    return found.filter(limits, year=selection.year)


def all_sessions(selection: Selection) -> QuerySet[Session]:
    """Every session of the year, planned and cancelled ones too."""
    user = selection.user
    found = Session.objects.in_reach_of(user) if user else Session.objects.all()
    limits = narrowed(selection, programme="programme", bureau="bureau", district="district")
    return found.filter(limits, year=selection.year)
