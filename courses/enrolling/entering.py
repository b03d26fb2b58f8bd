"""Puts people into a run: an officer enrols them, or a learner applies.

Each deed holds the run (`seats.held`), is all or nothing and leaves one line in the audit. Each raises
`CannotEnrol` and `YearClosed`, for the user to read.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.utils import timezone
from django.utils.translation import gettext as _

from bureaus.models import User
from courses.enrolling import moves, seats
from courses.enrolling.deciding import demand_within_limits, hold_learners, record, settle
from courses.enrolling.limits import limits_hit
from courses.enrolling.moves import CannotEnrol
from courses.enrolling.people import Person, find_or_make, hold, recognised
from courses.models import ClassRun, Enrolment

State = Enrolment.State


@dataclass(frozen=True, slots=True)
class Verdict:
    """What enrolling `person` would come to: refused for a reason, or done with warnings."""

    person: Person
    refusal: str = ""
    warnings: tuple[str, ...] = ()


@dataclass(slots=True)
class Enrolled:
    """What became of the people: their enrolments, and who was refused, with the reason."""

    enrolments: list[Enrolment] = field(default_factory=list)
    refused: list[Verdict] = field(default_factory=list)

    def count(self, state: str) -> int:
        return sum(enrolment.state == state for enrolment in self.enrolments)


def judge(run: ClassRun, people: Sequence[Person]) -> list[Verdict]:
    """Who of these people can be enrolled in `run`, and what speaks against it. At most six queries."""
    known = recognised(people)
    learners = {person.learner: person.level for person in known if person.learner}
    inside = {row.learner_id: row for row in run.enrolments.filter(learner__in=learners)}
    hits = limits_hit(run, learners) if learners else {}
    seen: set[object] = set()
    verdicts = []
    for person in known:
        stored = inside.get(person.learner or 0)
        own = hits.get(person.learner or 0, [])
        block = next((hit.words for hit in own if hit.blocks), "")
        if person.key in seen:
            block = _("名单里重复了。")
        elif stored:
            block = already(stored)
        seen.add(person.key)
        verdicts.append(Verdict(person, block, tuple(hit.words for hit in own if not hit.blocks)))
    return verdicts


def already(stored: Enrolment) -> str:
    """Why somebody who has an enrolment is not enrolled again."""
    if stored.state in moves.FROM[moves.REINSTATE]:
        words = _("已在这个班次里，现在是“%(state)s”。请在报名名单里恢复。")
    else:
        words = _("已在这个班次里，现在是“%(state)s”。")
    return words % {"state": stored.get_state_display()}


def enrol_all(pk: int, people: Sequence[Person], *, by: User | None) -> Enrolled:
    """Enrols these people by an officer: admitted while there are seats, waiting after that.

    Who is in the run already, or passes a limit that blocks, is refused; the others are enrolled.
    """
    with seats.held(pk) as run:
        moves.demand_open(run)
        hold_learners(person.learner for person in recognised(people))
        verdicts = judge(run, people)
        entries = find_or_make(verdict.person for verdict in verdicts if not verdict.refusal)
        hold(run.bureau, entries)
        new = [enrolment_of(run, person, Enrolment.CameBy.OFFICER) for person in entries]
        seats.queue(new, at=timezone.now())
        Enrolment.objects.bulk_create(new, batch_size=200)
        touched = settle(run, new)
        record(run, touched, by=by)
    return Enrolled(new, [verdict for verdict in verdicts if verdict.refusal])


def enrol(pk: int, person: Person, *, by: User | None) -> Enrolment:
    """Enrols one person by an officer. Raises `CannotEnrol` where that is refused."""
    done = enrol_all(pk, [person], by=by)
    if done.refused:
        raise CannotEnrol(done.refused[0].refusal)
    return done.enrolments[0]


def apply(pk: int, person: Person, *, by: User, day: datetime.date) -> Enrolment:
    """A learner asks for a place on `day`: an officer decides, or without approval the seats do.

    Who took an application back may apply again; that is always decided by an officer.
    """
    with seats.held(pk) as run:
        if words := why_closed(run, day):
            raise CannotEnrol(words)
        hold_learners([person.learner])
        stored = run.enrolments.filter(learner=person.learner or 0).first()
        if stored and not may_apply_again(stored):
            raise CannotEnrol(already_applied(stored))
        demand_within_limits(run, {person.learner or 0: person.level})
        hold(run.bureau, [person])
        enrolment = enrolment_of(run, person, Enrolment.CameBy.LEARNER, stored=stored)
        enrolment.state, enrolment.reason = State.APPLIED, ""
        if not run.approval and stored is None:
            seats.queue([enrolment], at=timezone.now())
        enrolment.save()
        touched = settle(run, [enrolment])
        record(run, touched, by=by)
    return enrolment


def why_closed(run: ClassRun, day: datetime.date) -> str:
    """Why nobody can apply to `run` on `day`; empty where one can."""
    if ClassRun.objects.open_for_enrolling(day).filter(pk=run.pk).exists():
        return ""
    if run.state == ClassRun.State.CANCELLED:
        return _("这个班次已取消，不再接受报名。")
    if run.enrol_from and day < run.enrol_from:
        return _("还没有到报名时间，%(day)s 起可以报名。") % {"day": run.enrol_from}
    if run.enrol_until and day > run.enrol_until:
        return _("报名已于 %(day)s 截止。") % {"day": run.enrol_until}
    if run.state == ClassRun.State.PLANNED:
        return _("这个班次还没有开放报名。")
    return _("这个班次已经开班，不再接受报名。")


def may_apply_again(stored: Enrolment) -> bool:
    """Whether the learner left before any session and so may ask anew."""
    return stored.state == State.WITHDRAWN and not stored.attendances.exists()


def already_applied(stored: Enrolment) -> str:
    words = _("%(name)s已报过这个班次，现在是“%(state)s”，不用再报。")
    return words % {"name": stored.name, "state": stored.get_state_display()}


def enrolment_of(
    run: ClassRun, person: Person, came_by: str, *, stored: Enrolment | None = None
) -> Enrolment:
    """A new enrolment of `person`, or the stored one brought up to what was said now; saves nothing."""
    enrolment = stored or Enrolment(run=run, learner_id=person.learner or 0, district=run.district)
    enrolment.name, enrolment.employer = person.name, person.employer
    enrolment.position, enrolment.level = person.position, person.level
    enrolment.came_by = came_by
    return enrolment
