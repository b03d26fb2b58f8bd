"""Copies runs with their sessions and without their people: one on a given day, or a year's into the next.

Everything keeps its distance from the first day, and a year later falls on the same day of the week.
"""

from __future__ import annotations

import datetime
import re
import uuid
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

from django.db import transaction

from bureaus.models import AuditEvent, User, YearClose
from courses.models import ClassRun, Plan, Programme, Session, Trainer
from courses.scheduling.runs import year_by_days
from courses.scheduling.sessions import alike, give_trainers

YEAR_IN_NAME = re.compile(r"(?<!\d)20\d\d(?!\d)")
KEPT = (
    *("programme_id", "bureau_id", "district_id", "place", "seats", "approval", "notice", "contact"),
    "number",
)
WEEK = datetime.timedelta(weeks=1)


@dataclass(frozen=True, slots=True)
class Outline:
    """What a copy of `source` will be called and when it will begin and end."""

    source: ClassRun
    name: str
    shift: datetime.timedelta
    year: int
    exists: bool = False

    @property
    def starts_on(self) -> datetime.date | None:
        return later(self.source.starts_on, self.shift)

    @property
    def ends_on(self) -> datetime.date | None:
        return later(self.source.ends_on, self.shift)


@dataclass(slots=True)
class Copied:
    """The runs that were made, and how many were there already."""

    runs: list[ClassRun] = field(default_factory=list)
    skipped: int = 0


def a_year_later(run: ClassRun) -> Outline:
    """The copy of `run` that counts a year later: after 52 weeks, or 53 where 52 stay in the same year."""
    shift = 52 * WEEK
    year = year_after(run, shift)
    if year == run.year:
        shift = 53 * WEEK
        year = year_after(run, shift)
    return Outline(run, in_a_later_year(run.name, 1), shift, year)


def outlines(runs: Sequence[ClassRun]) -> list[Outline]:
    """What copies of these runs into the next year will be, and which of them exist.

    One query, and one for each programme of a plan that is over by then.
    """
    found = [a_year_later(run) for run in runs]
    wanted = {(one.source.programme, one.year) for one in found}
    programmes = {(old.pk, year): programme_in(old, year).pk for old, year in wanted}
    years = {outline.year for outline in found}
    bureaus = {run.bureau_id for run in runs}
    stored = ClassRun.objects.filter(bureau__in=bureaus, year__in=years)
    known = set(stored.values_list("programme", "bureau", "year", "name_key"))
    copied = set(stored.exclude(copied_from=None).values_list("copied_from", flat=True))
    return [
        Outline(
            one.source,
            one.name,
            one.shift,
            one.year,
            exists=one.source.pk in copied
            or (
                programmes[one.source.programme_id, one.year],
                one.source.bureau_id,
                one.year,
                ClassRun.key_of(one.name),
            )
            in known,
        )
        for one in found
    ]


@transaction.atomic
def copy_run(source: ClassRun, *, name: str, number: str, starts_on: datetime.date, user: User) -> ClassRun:
    """A new run that begins on `starts_on`. Raises ValidationError and YearClosed, for the user to read."""
    first = first_day(source)
    shift = starts_on - first if first else datetime.timedelta(0)
    run = new_run(source, name=name, shift=shift)
    run.number = number
    run.starts_on, run.ends_on = run.starts_on or starts_on, run.ends_on or starts_on
    write(run, shift=shift, user=user)
    return run


@transaction.atomic
def copy_runs(sources: Iterable[ClassRun], *, user: User) -> Copied:
    """Copies each of these runs into its next year, all or nothing; those that exist are skipped."""
    copied = Copied()
    # Bureaus are held one after the other, by everybody in the same order.
    for outline in outlines(sorted(sources, key=lambda run: run.bureau_id)):
        if outline.exists:
            copied.skipped += 1
            continue
        run = new_run(outline.source, name=outline.name, shift=outline.shift)
        run.number, run.year = in_a_later_year(run.number, 1), outline.year
        write(run, shift=outline.shift, user=user)
        copied.runs.append(run)
    return copied


def new_run(source: ClassRun, *, name: str, shift: datetime.timedelta) -> ClassRun:
    """A run like `source`, `shift` later; not saved."""
    run = ClassRun(**{name: getattr(source, name) for name in KEPT}, name=name, copied_from=source)
    for day in ("starts_on", "ends_on", "enrol_from", "enrol_until"):
        setattr(run, day, later(getattr(source, day), shift))
    return run


def write(run: ClassRun, *, shift: datetime.timedelta, user: User) -> None:
    """Saves the new run, and copies of its source's sessions."""
    run.year = year_by_days(run)
    if run.copied_from:
        run.programme = programme_in(run.copied_from.programme, run.year)
    YearClose.objects.hold_open(run.bureau, run.year)
    run.demand_single()
    run.save()
    sessions = copy_sessions(run, shift=shift)
    AuditEvent.record(
        AuditEvent.Deed.RUN_CHANGED,
        run,
        user=user,
        bureau=run.bureau,
        after={"copied_from": str(run.copied_from), "sessions": sessions},
    )


def programme_in(programme: Programme, year: int) -> Programme:
    """Its successor in the plan of `year`; itself while its own plan lasts, or where none is known."""
    if programme.plan.first_year <= year <= programme.plan.last_year:
        return programme
    plans = Plan.objects.in_year(year)
    return Programme.objects.filter(name=programme.name, plan__in=plans).first() or programme


def copy_sessions(run: ClassRun, *, shift: datetime.timedelta) -> int:
    """Copies of the source's sessions that take place, `shift` later, with the trainers still active."""
    if run.copied_from is None:
        return 0
    taking_place = run.copied_from.sessions.exclude(state=Session.State.CANCELLED)
    sources = list(taking_place.prefetch_related("trainers"))
    series = {source.series: uuid.uuid4() for source in sources if source.series}
    made = Session.objects.bulk_create(
        alike(
            source,
            run_id=run.pk,
            programme_id=run.programme_id,
            year=run.year,
            held_on=source.held_on + shift,
            series=series[source.series] if source.series else None,
            note="",
        )
        for source in sources
    )
    pairs = zip(made, sources, strict=True)
    give_trainers({copy.pk: active(source.trainers.all()) for copy, source in pairs})
    return len(made)


def active(trainers: Collection[Trainer]) -> list[Trainer]:
    return [trainer for trainer in trainers if trainer.active]


def first_day(run: ClassRun) -> datetime.date | None:
    """The run's first day, else that of its first session."""
    first_session = run.sessions.order_by("held_on").first()
    return run.starts_on or (first_session.held_on if first_session else run.ends_on)


def year_after(run: ClassRun, shift: datetime.timedelta) -> int:
    """The year in which `run` would count `shift` later; the next one where no day is known."""
    first, last = run.starts_on or run.ends_on, run.ends_on or run.starts_on
    if first is None or last is None:
        return run.year + 1
    return run.bureau.year_of(first + shift, last + shift)


def in_a_later_year(text: str, years: int) -> str:
    """The years written in `text` moved on: 2025年第一期 is 2026年第一期 a year later."""
    return YEAR_IN_NAME.sub(lambda year: str(int(year.group()) + years), text)


def later(day: datetime.date | None, shift: datetime.timedelta) -> datetime.date | None:
    return None if day is None else day + shift
