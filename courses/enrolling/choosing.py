"""Whom an officer may bring into a run: by a search, out of a target group, or from another run."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Case, Exists, OuterRef, QuerySet, When

from bureaus.models import User
from courses.enrolling import seats
from courses.enrolling.entering import Verdict, judge
from courses.enrolling.people import Person, known_to, newest
from courses.models import ClassRun, Enrolment
from courses.models.runs import ClassRunQuerySet
from learners.models import Learner, Standing, TargetGroup
from peixun.lib.listing import containing

RUNS = 100


def found_by(user: User, words: str) -> QuerySet[Learner]:
    """Learners whom the user's bureaus know by these words, in the name or the employer."""
    return learners_of(known_to(user).filter(containing(words, "name", "employer")))


def of_group(user: User, group: TargetGroup, *, day: datetime.date) -> QuerySet[Learner]:
    """Learners whom the user's bureaus know and who belong to the group on `day`."""
    members = Standing.objects.on(day).filter(group=group)
    return learners_of(known_to(user)).filter(pk__in=members.values("learner"))


def of_run(user: User, run: ClassRun) -> QuerySet[Learner]:
    """Learners of another run, whichever state they were left in."""
    return learners_of(known_to(user).filter(run=run))


def learners_of(enrolments: QuerySet[Enrolment]) -> QuerySet[Learner]:
    return Learner.objects.filter(pk__in=enrolments.order_by().values("learner")).order_by("name", "pk")


def runs_to_bring_from(user: User, run: ClassRun) -> ClassRunQuerySet:
    """The other runs that the user sees: those of the same programme first, the newest on top."""
    others = ClassRun.objects.visible_to(user).exclude(pk=run.pk)
    anybody = Exists(Enrolment.objects.filter(run=OuterRef("pk")))
    alike = Case(When(programme=run.programme_id, then=0), default=1)
    return others.filter(anybody).order_by(alike, "-year", "-starts_on", "pk")


@dataclass(frozen=True, slots=True)
class Choice:
    """Somebody to tick, as the user's bureaus wrote last; `inside` the run already, or None."""

    last: Enrolment
    inside: Enrolment | None


def choices(user: User, run: ClassRun, learners: Sequence[Learner]) -> list[Choice]:
    """These learners as one ticks them. Two queries."""
    inside = {one.learner_id: one for one in run.enrolments.filter(learner__in=learners)}
    last = newest(known_to(user).filter(learner__in=learners))
    return [Choice(one, inside.get(one.learner_id)) for one in last]


@dataclass(slots=True)
class Preview:
    """What enrolling would come to: each verdict with the place on the waiting list, None for a seat."""

    verdicts: list[tuple[Verdict, int | None]]
    free: int | None

    @property
    def admitted(self) -> int:
        return sum(not verdict.refusal and place is None for verdict, place in self.verdicts)

    @property
    def waiting(self) -> int:
        return sum(not verdict.refusal and place is not None for verdict, place in self.verdicts)

    @property
    def entering(self) -> int:
        return self.admitted + self.waiting

    @property
    def refused(self) -> int:
        return sum(bool(verdict.refusal) for verdict, _place in self.verdicts)


def preview(run: ClassRun, people: Sequence[Person]) -> Preview:
    """What `entering.enrol_all` would do now. Writes nothing."""
    free, waiting = seats.free_seats(run), run.enrolments.waiting().count()
    found = Preview([], free)
    taken = 0
    for verdict in judge(run, people):
        place = None
        if not verdict.refusal:
            taken += 1
            over = 0 if free is None else waiting + taken - free
            place = over if over > 0 else None
        found.verdicts.append((verdict, place))
    return found
