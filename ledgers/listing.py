"""What the registers list: the rows behind the figures, with what a line shows and the totals beneath."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Case, Count, F, OuterRef, Q, QuerySet, Subquery, Sum, Value, When
from django.db.models.functions import Coalesce, NullIf

from bureaus.access import scope_of
from bureaus.models import User
from certificates.models import Certificate
from certificates.records import UNNAMED
from courses.models import Attendance, ClassRun, Enrolment, Session
from learners.models import Learner
from ledgers.figures import Figures, Selection, all_runs, all_sessions, rows
from ledgers.figures.selection import narrowed


def limits_of(selection: Selection) -> Q:
    """The filters of the selection, on a run or a session."""
    limits = narrowed(selection, programme="programme", bureau="bureau", district="district")
    return limits & Q(year=selection.year)


# --- Runs ---------------------------------------------------------------------------------------


def runs(selection: Selection, *, counted: bool) -> QuerySet[ClassRun]:
    """The runs that are counted; else every run of the year in any state, and those one teaches."""
    found = rows.runs(selection)
    if counted:
        return found
    every = all_runs(selection).order_by().values("pk")
    taught = ClassRun.objects.taught_by(selection.user) if selection.user else ClassRun.objects.none()
    return ClassRun.objects.filter(
        Q(pk__in=found.order_by().values("pk"))
        | Q(pk__in=every)
        | Q(limits_of(selection), pk__in=taught.order_by().values("pk"))
    )


@dataclass(frozen=True, slots=True)
class RunTotals:
    """Beneath the runs: what adds up is added, people are counted afresh."""

    person_times: int
    people: int | None
    hours: Decimal
    passed: int
    certificates: int


def run_totals(selection: Selection, found: QuerySet[ClassRun], of_run: Iterable[Figures]) -> RunTotals:
    """The totals of these runs; `of_run` are their figures. One query."""
    figures = list(of_run)
    person_times = sum(one.person_times for one in figures)
    listed = found.order_by().values("pk")
    people = people_in(
        rows.enrolments(selection).filter(rows.by_run(), run__in=listed),
        rows.attendances(selection).filter(session__run__in=listed),
    )
    return RunTotals(
        person_times=person_times,
        people=people or (None if person_times else 0),
        hours=sum((one.hours or Decimal(0) for one in figures), Decimal(0)),
        passed=sum(one.passed or 0 for one in figures),
        certificates=sum(one.certificates for one in figures),
    )


def people_in(enrolments: QuerySet[Enrolment], attendances: QuerySet[Attendance]) -> int:
    """人数: distinct learners behind these rows. One query."""
    by_name = enrolments.order_by().values_list("learner")
    return by_name.union(attendances.order_by().values_list("enrolment__learner")).count()


# --- Sessions -----------------------------------------------------------------------------------


def sessions(selection: Selection, *, counted: bool) -> QuerySet[Session]:
    """The sessions held; else every one of the year, planned and cancelled ones too.

    `here` are those known by name; `person_times` is None where the run counts instead, or for one not held.
    """
    found = rows.sessions(selection) if counted else with_taught(selection)
    present = (
        Attendance.objects.filter(session=OuterRef("pk"), state__in=Attendance.HERE)
        .exclude(enrolment__state__in=rows.NOT_HERE)
        .order_by()
        .values("session")
        .annotate(count=Count("pk"))
    )
    here = Coalesce(Subquery(present.values("count")), 0)
    counts = rows.BY_SESSION & Q(state=Session.State.HELD)
    return found.annotate(
        here=NullIf(here, Value(0)),
        person_times=Case(When(counts, then=Coalesce("headcount", here))),
    )


def with_taught(selection: Selection) -> QuerySet[Session]:
    """Every session of the year in the user's reach, and those one teaches elsewhere."""
    found = all_sessions(selection)
    if selection.user is None:
        return found
    seen = Session.objects.taught_by(selection.user).order_by().values("pk")
    every = found.order_by().values("pk")
    return Session.objects.filter(Q(pk__in=every) | Q(limits_of(selection), pk__in=seen))


@dataclass(frozen=True, slots=True)
class SessionTotals:
    person_times: int
    people: int | None
    women: int | None
    elders: int | None


def session_totals(selection: Selection, found: QuerySet[Session]) -> SessionTotals:
    """The totals of these sessions, people counted afresh. Two queries."""
    # A sum must not bear the name of what it adds up, or it adds up itself.
    sums = found.order_by().aggregate(Sum("person_times"), Sum("women"), Sum("elders"))
    listed = rows.attendances(selection).filter(session__in=found.order_by().values("pk"))
    people = listed.aggregate(count=Count("enrolment__learner", distinct=True))["count"]
    person_times = sums["person_times__sum"] or 0
    return SessionTotals(
        person_times=person_times,
        people=people or (None if person_times else 0),
        women=sums["women__sum"],
        elders=sums["elders__sum"],
    )


def counted_by_session(selection: Selection) -> int:
    """The 人次 that are no enrolments: heads and attendances at sessions. One query."""
    found = sessions(selection, counted=True).order_by().aggregate(Sum("person_times"))
    return int(found["person_times__sum"] or 0)


# --- Enrolments and learners ----------------------------------------------------------------------


def enrolments(selection: Selection) -> QuerySet[Enrolment]:
    """Those that are one 人次 each."""
    return rows.enrolments(selection).filter(rows.by_run())


def in_enrolment(words: str, *, at: str = "") -> Q:
    """Rows with these words in the name, the employer or the run of the enrolment that `at` leads to."""
    fields = ("name", "employer", "run__name", "run__programme__name")
    found = Q()
    for field in fields:
        found |= Q(**{f"{at}{field}__icontains": words})
    return found


def learners(selection: Selection, words: str = "") -> QuerySet[Learner]:
    """Those who are 人数, with the `times` they took part and their `hours`; `words` narrow all of it."""
    took_part, here = rows.enrolments(selection), rows.attendances(selection)
    if words:
        took_part = took_part.filter(in_enrolment(words))
        here = here.filter(in_enrolment(words, at="enrolment__"))
    by_name = took_part.filter(rows.by_run()).order_by()
    counted = by_name.values("learner").union(here.order_by().values("enrolment__learner"))
    own = took_part.filter(learner=OuterRef("pk")).order_by().values("learner")
    return Learner.objects.filter(pk__in=counted).annotate(
        times=Coalesce(Subquery(own.annotate(count=Count("pk")).values("count")), 0),
        hours=Coalesce(Subquery(own.annotate(sum=Sum("hours")).values("sum")), Decimal(0)),
    )


def with_last_enrolment(selection: Selection, people: Iterable[Learner]) -> list[Learner]:
    """Gives each learner `last`: the newest enrolment of the selection, or None; and the name to show.

    Two queries.
    """
    shown = list(people)
    found = rows.enrolments(selection).filter(learner__in=shown).select_related("district")
    last = {one.learner_id: one for one in found.order_by(F("run__starts_on").asc(nulls_first=True), "pk")}
    for learner in shown:
        learner.last = last.get(learner.pk)  # type: ignore[attr-defined]
    show_written_names(selection, shown)
    return shown


def show_written_names(selection: Selection, shown: list[Learner]) -> None:
    """Each learner's name as written where the user sees it, and not as another bureau stored it."""
    user = selection.user
    if user is None or scope_of(user).whole_city:
        return
    seen = Enrolment.objects.written_for(user).values("pk")
    here = rows.attendances(selection).order_by().values("enrolment")
    written = Enrolment.objects.filter(Q(pk__in=seen) | Q(pk__in=here), learner__in=shown)
    names = written.newest_names()
    for learner in shown:
        learner.name = names.get(learner.pk, UNNAMED)


# --- Certificates -------------------------------------------------------------------------------


def certificates(selection: Selection, *, state: str = "") -> QuerySet[Certificate]:
    """Those that are counted; with a `state` all of that state, reissued and revoked ones too."""
    if not state:
        return rows.certificates(selection)
    user, run = selection.user, "enrolment__run"
    found = Certificate.objects.in_reach_of(user) if user else Certificate.objects.all()
    limits = narrowed(
        selection, programme=f"{run}__programme", bureau=f"{run}__bureau", district="enrolment__district"
    )
    return found.filter(limits, year=selection.year, state=state)


# --- What opens ---------------------------------------------------------------------------------


def open_runs(user: User, runs: Iterable[int]) -> set[int]:
    """Those of these runs whose page the user may open: a district sees people of runs held elsewhere."""
    return set(ClassRun.objects.visible_to(user).filter(pk__in=set(runs)).values_list("pk", flat=True))


def open_learners(user: User, learners: Iterable[int]) -> set[int]:
    """Those of these learners whose record the user may open."""
    return set(Learner.objects.visible_to(user).filter(pk__in=set(learners)).values_list("pk", flat=True))
