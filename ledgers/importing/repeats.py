"""Repeat limits (重复参训规则) at import: the same programme twice in a year, or at the same level.

The rules are those of enrolling by hand (`courses.enrolling.limits`), and so are the words: of another
bureau's class they tell the bureau and the year. Overlaps by the hour are not asked: a ledger has no times.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from django.utils.translation import gettext as _

from courses.enrolling.limits import Repeat, limits_for, words_of
from courses.models import ClassRun, Enrolment, RepeatLimit
from ledgers.columns import BY_KEY
from ledgers.importing.outcomes import Outcome, RunKey, Terms
from ledgers.reading import Warned
from peixun.lib.comparing import comparable

Person = int | str  # a learner's id, or the digest of an identity that is not known yet
Course = tuple[Person, int]  # a person and a programme


class HasState(Protocol):
    """An enrolment, as far as it matters here."""

    @property
    def state(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Before:
    """A class that somebody was in: a stored one, or one that a row before names (then `row` is not 0)."""

    year: int
    level: str
    bureau: object
    run: int | RunKey
    row: int = 0


class Repeats:
    """Remembers, while a file goes by, who was in what – of the programmes that a limit is set for.

    What rows of the file write meanwhile is not looked at in the database: a preview, which writes nothing,
    must come to the same. Learners with keys above `known_until` came with the file.
    """

    def __init__(self, terms: Terms, *, known_until: int) -> None:
        self.terms = terms
        self.known_until = known_until
        self.newest: int | None = None  # enrolment before any row was written
        self.limits: dict[int, dict[str, bool]] = {}
        self.in_file: dict[Course, list[Before]] = defaultdict(list)
        self.spoken_of: dict[Course, set[int | RunKey]] = defaultdict(set)

    def check(self, people: Sequence[Outcome], *, enrolled: Mapping[tuple[int, int], HasState]) -> None:
        """Warns of rows that pass a limit, or refuses them where it blocks. Three queries at most.

        `enrolled` are the stored enrolments by run and learner: who is in the run already passes nothing.
        """
        rows = [one for one in people if one.good]
        self.read_limits({one.programme.pk for one in rows if one.programme})
        rows = [one for one in rows if one.programme and self.limits[one.programme.pk]]
        stored = self.stored(rows)
        for outcome in rows:
            course, run = self.course_of(outcome), outcome.run_id or outcome.run_key or (0, "")
            known = enrolled.get((outcome.run_id or 0, outcome.learner_id or 0))
            takes_part = outcome.values["state"] in Enrolment.EXPECTED
            if takes_part and (known is None or known.state not in Enrolment.EXPECTED):
                spoken_of = self.spoken_of[course]
                before = [one for one in stored[course] if one.run not in spoken_of] + self.in_file[course]
                self.judge(outcome, [one for one in before if one.run != run])
            if outcome.good:
                self.spoken_of[course].add(run)
            if outcome.good and takes_part:
                level = comparable(outcome.row.level)
                place = (self.terms.year, level, self.terms.bureau, run)
                self.in_file[course].append(Before(*place, row=outcome.row.number))

    def read_limits(self, programmes: set[int]) -> None:
        """The limits of programmes that were not met before; without any rule at all they need no more."""
        if new := programmes - set(self.limits):
            if self.newest is None:
                newest = Enrolment.objects.order_by("-pk").values_list("pk", flat=True).first()
                self.newest = newest or 0
            asked = limits_for(new)
            known = (Repeat.YEAR, Repeat.LEVEL)
            self.limits |= {pk: {name: asked[pk][name] for name in known if name in asked[pk]} for pk in new}

    def stored(self, rows: Sequence[Outcome]) -> dict[Course, list[Before]]:
        """Where the learners of these rows took part in these programmes. One query."""
        found: dict[Course, list[Before]] = defaultdict(list)
        learners = {one.learner_id for one in rows if 0 < (one.learner_id or 0) <= self.known_until}
        if not learners:
            return found
        programmes = {one.programme.pk for one in rows if one.programme}
        enrolled = Enrolment.objects.filter(
            learner__any_of=sorted(learners),
            run__programme__in=programmes,
            state__in=Enrolment.EXPECTED,
            pk__lte=self.newest,
        ).exclude(run__state=ClassRun.State.CANCELLED)
        columns = ("learner", "run__programme", "run__year", "level", "run__bureau__name", "run")
        for learner, programme, year, level, bureau, run in enrolled.order_by("pk").values_list(*columns):
            found[learner, programme].append(Before(year, comparable(level), bureau, run))
        return found

    def course_of(self, outcome: Outcome) -> Course:
        known = 0 < (outcome.learner_id or 0) <= self.known_until
        person = outcome.learner_id if known else outcome.identity and outcome.identity[2]
        return person or "", outcome.programme.pk if outcome.programme else 0

    def judge(self, outcome: Outcome, before: Sequence[Before]) -> None:
        limits = self.limits[outcome.programme.pk] if outcome.programme else {}
        level = comparable(outcome.row.level)
        for repeat, blocks in sorted(limits.items(), key=lambda pair: not pair[1]):
            hit = next(
                (one for one in before if passes(repeat, one, year=self.terms.year, level=level)), None
            )
            if hit:
                say(outcome, words(repeat, hit), blocks=blocks)
                return


def passes(repeat: str, before: Before, *, year: int, level: str) -> bool:
    if repeat == RepeatLimit.Repeat.YEAR:
        return before.year == year
    return bool(level) and before.level == level


def words(repeat: str, hit: Before) -> str:
    told = words_of(repeat, year=hit.year, bureau=hit.bureau)
    return told + _("（本文件第 %(row)d 行）") % {"row": hit.row} if hit.row else told


def say(outcome: Outcome, message: str, *, blocks: bool) -> None:
    heading = BY_KEY["name"].heading
    if blocks:
        outcome.refuse("repeat_limit", column=heading, message=message)
    else:
        outcome.warnings = (*outcome.warnings, Warned("repeated", heading, message))
