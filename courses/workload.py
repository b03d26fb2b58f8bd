"""What trainers taught in a year (授课工作量): sessions held, hours, groups, person-times, evaluations.

Who teaches a session together with others has the whole of it. The year is that of the day of teaching.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from django.db.models import Count, F
from django.db.models.functions import ExtractYear

from bureaus.models import User
from courses.counting import NOT_HERE
from courses.evaluating import Scores, summary_for
from courses.granting import hours_for
from courses.models import Attendance, HourRule, Programme, Session, Trainer
from courses.models.hours import rule_among
from courses.models.materials import TrainerQuerySet
from courses.models.runs import SessionQuerySet

NONE = Decimal(0)


@dataclass(frozen=True, slots=True)
class Lesson:
    """One session that was held. `hours` are 学时 by its rule, `minutes` of the clock, None if not known."""

    session: Session
    hours: Decimal
    minutes: int | None
    person_times: int
    scores: Scores


@dataclass(slots=True)
class Sums:
    """Over any number of lessons."""

    sessions: int = 0
    hours: Decimal = NONE
    minutes: int = 0
    person_times: int = 0
    scores: Scores = field(default_factory=Scores)

    def add(self, lesson: Lesson) -> None:
        self.sessions += 1
        self.hours += lesson.hours
        self.minutes += lesson.minutes or 0
        self.person_times += lesson.person_times
        self.scores += lesson.scores

    @property
    def clock_hours(self) -> Decimal:
        """Hours of sixty minutes, to a tenth."""
        return round(Decimal(self.minutes) / 60, 1)


def sums_of(lessons: Iterable[Lesson]) -> Sums:
    sums = Sums()
    for lesson in lessons:
        sums.add(lesson)
    return sums


@dataclass(frozen=True, slots=True)
class Load:
    """A trainer's lessons of a year, by day."""

    trainer: Trainer
    lessons: list[Lesson]
    sums: Sums

    @property
    def groups(self) -> list[tuple[str, Sums]]:
        """The sums of each target group that was taught, in the plan's order."""
        return grouped(self.lessons)


def grouped(lessons: Iterable[Lesson]) -> list[tuple[str, Sums]]:
    found: dict[int, tuple[str, Sums]] = {}
    for lesson in sorted(lessons, key=lambda lesson: lesson.session.programme.group.order):
        group = lesson.session.programme.group
        found.setdefault(group.pk, (group.name, Sums()))[1].add(lesson)
    return list(found.values())


def held_for(user: User) -> SessionQuerySet:
    """The sessions that were held and that the user may see, with a trainer of our registers."""
    seen = Session.objects.visible_to(user).filter(state=Session.State.HELD)
    return seen.filter(trainers__isnull=False).distinct()


def years_of(user: User, trainers: TrainerQuerySet) -> list[int]:
    """The years in which these trainers taught, the newest first. One query."""
    held = held_for(user).filter(trainers__in=trainers).order_by()
    years = held.annotate(on_year=ExtractYear("held_on")).values_list("on_year", flat=True).distinct()
    return sorted(set(years), reverse=True)


def loads_of(user: User, trainers: TrainerQuerySet, *, year: int) -> list[Load]:
    """What each of `trainers` taught in `year` as far as `user` sees it, by name. Eight queries.

    A trainer who taught nothing is among them only if still active.
    """
    found = list(trainers.select_related("bureau").order_by("bureau__order", "name", "pk"))
    held = held_for(user).filter(held_on__year=year, trainers__in=found)
    lessons = lessons_of(list(held.select_related("run").order_by("held_on", "starts_at", "pk")))
    taught: dict[int, list[Lesson]] = defaultdict(list)
    links = Session.trainers.through.objects.filter(session__in=lessons, trainer__in=found)
    by_session: dict[int, list[int]] = defaultdict(list)
    for session, trainer in links.values_list("session", "trainer"):
        by_session[session].append(trainer)
    for pk, lesson in lessons.items():
        for trainer in by_session[pk]:
            taught[trainer].append(lesson)
    return [
        Load(trainer, taught[trainer.pk], sums_of(taught[trainer.pk]))
        for trainer in found
        if trainer.active or taught[trainer.pk]
    ]


def lessons_of(sessions: list[Session]) -> dict[int, Lesson]:
    """A lesson of each session, by its key, in the same order. Five queries."""
    attended = dict(
        Attendance.objects.here()
        .filter(session__in=sessions)
        .exclude(enrolment__state__in=NOT_HERE)
        .order_by()
        .values_list("session")
        .annotate(Count("pk"))
    )
    scores, rules = summary_for(sessions), rules_of(sessions)
    found = {}
    for session in sessions:
        rule, minutes = rules[session.pk], session.planned_minutes
        heads = attended.get(session.pk, 0) if session.headcount is None else session.headcount
        found[session.pk] = Lesson(
            session,
            hours_for(session, minutes, rule) if rule else NONE,
            minutes,
            heads,
            scores.get(session.pk, Scores()),
        )
    return found


def rules_of(sessions: list[Session]) -> dict[int, HourRule | None]:
    """The rule of each session: that its learners' hours were granted by, else its programme's on its day.

    Gives each session its programme with the umbrellas above it. Three queries.
    """
    rules = list(HourRule.objects.order_by(F("valid_from").asc(nulls_first=True)))
    by_key = {rule.pk: rule for rule in rules}
    programmes = Programme.objects.select_related("group").in_bulk()
    for programme in programmes.values():
        programme.part_of = programmes.get(programme.part_of_id) if programme.part_of_id else None
    granted = Attendance.objects.filter(session__in=sessions, hour_rule__isnull=False).order_by()
    used = dict(granted.values_list("session", "hour_rule").distinct())
    found = {}
    for session in sessions:
        session.programme = programmes[session.programme_id]
        rule = by_key.get(used.get(session.pk) or 0)
        found[session.pk] = rule or rule_among(rules, session.programme, at=session.held_on)
    return found
