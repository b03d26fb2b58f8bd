"""How often one may be trained (重复参训): asked across bureaus, with a warning or a block."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.db.models import F, Q
from django.utils.translation import gettext as _

from courses.models import ClassRun, Enrolment, RepeatLimit, Session
from peixun.lib.comparing import comparable

Repeat = RepeatLimit.Repeat


@dataclass(frozen=True, slots=True)
class Hit:
    """A limit that a learner would pass. Of another bureau's class it tells the bureau and the year."""

    learner: int
    blocks: bool
    words: str


def limits_of(run: ClassRun) -> dict[str, bool]:
    """Whether each repeat that is looked for blocks, for the run's programme. One query."""
    return limits_for([run.programme_id])[run.programme_id]


def limits_for(programmes: Iterable[int]) -> dict[int, dict[str, bool]]:
    """The same for each of these programmes (by id); its own rule before the general one. One query."""
    wanted = set(programmes)
    found: dict[int, dict[str, bool]] = {pk: {} for pk in wanted}
    rules = RepeatLimit.objects.filter(Q(programme__in=wanted) | Q(programme=None))
    for rule in rules.order_by(F("programme").asc(nulls_first=True)):
        for pk in wanted if rule.programme_id is None else {rule.programme_id}:
            found[pk][rule.repeat] = rule.effect == RepeatLimit.Effect.BLOCK
    return found


def words_of(repeat: str, *, year: int, bureau: object) -> str:
    """What is told of a class that stands in the way: the bureau and the year."""
    words = {"bureau": bureau, "year": year}
    if repeat == Repeat.LEVEL:
        return _("%(year)d 年已在%(bureau)s参加过本项目同一级别的培训。") % words
    return _("%(year)d 年已在%(bureau)s参加过本项目的培训。") % words


def limits_hit(run: ClassRun, levels: Mapping[int, str]) -> dict[int, list[Hit]]:
    """The limits that these learners would pass, by learner. `levels`: each one's level, by learner.

    At most five queries, however many they are.
    """
    limits = limits_of(run)
    hits: dict[int, dict[Hit, None]] = {}
    found: list[Hit] = []
    if Repeat.YEAR in limits or Repeat.LEVEL in limits:
        found += repeats(run, levels, limits)
    if Repeat.HOUR in limits:
        found += overlaps(run, levels, blocks=limits[Repeat.HOUR])
    for hit in found:
        hits.setdefault(hit.learner, {})[hit] = None
    return {learner: list(some) for learner, some in hits.items()}


def others(run: ClassRun, learners: Iterable[int]) -> Q:
    """Enrolments of these learners that count, in other runs that are not cancelled."""
    counts = Q(learner__in=list(learners), state__in=Enrolment.EXPECTED)
    return counts & ~Q(run=run) & ~Q(run__state=ClassRun.State.CANCELLED)


def repeats(run: ClassRun, levels: Mapping[int, str], limits: Mapping[str, bool]) -> Iterable[Hit]:
    """The same programme in the same year, or at the same level in any year."""
    rows = Enrolment.objects.filter(others(run, levels), run__programme=run.programme_id)
    for enrolment in rows.select_related("run__bureau").order_by("pk"):
        learner, level = enrolment.learner_id, comparable(levels[enrolment.learner_id])
        if Repeat.YEAR in limits and enrolment.run.year == run.year:
            yield Hit(
                learner,
                limits[Repeat.YEAR],
                words_of(Repeat.YEAR, year=enrolment.run.year, bureau=enrolment.run.bureau),
            )
        if Repeat.LEVEL in limits and level and comparable(enrolment.level) == level:
            yield Hit(
                learner,
                limits[Repeat.LEVEL],
                words_of(Repeat.LEVEL, year=enrolment.run.year, bureau=enrolment.run.bureau),
            )


def overlaps(run: ClassRun, levels: Mapping[int, str], *, blocks: bool) -> Iterable[Hit]:
    """Sessions of another run at the same time of the same day."""
    days: dict[datetime.date, list[Session]] = {}
    timed = Session.objects.filter(starts_at__isnull=False, ends_at__isnull=False)
    timed = timed.exclude(state=Session.State.CANCELLED).order_by("held_on", "starts_at", "pk")
    for session in timed.filter(run=run):
        days.setdefault(session.held_on, []).append(session)
    if not days:
        return
    there: dict[int, list[int]] = {}
    elsewhere = Enrolment.objects.filter(others(run, levels), run__sessions__held_on__in=days).order_by("pk")
    for other, learner in elsewhere.values_list("run", "learner").distinct():
        there.setdefault(other, []).append(learner)
    for session in timed.filter(run__in=there, held_on__in=days).select_related("run__bureau"):
        if session.run and any(at_once(session, own) for own in days[session.held_on]):
            place = {"bureau": session.run.bureau, "year": session.run.year}
            words = _("与%(bureau)s %(year)d 年另一班次的课次时间重叠。") % place
            for learner in there[session.run.pk]:
                yield Hit(learner, blocks, words)


def at_once(one: Session, other: Session) -> bool:
    """Whether two timed sessions of a day overlap; one may begin as the other ends."""
    if not (one.starts_at and one.ends_at and other.starts_at and other.ends_at):
        return False
    return one.starts_at < other.ends_at and other.starts_at < one.ends_at
