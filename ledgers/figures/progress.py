"""Quotas and how far they are: one line for each quota of the year, and for each programme without one."""

from __future__ import annotations

import datetime
import math
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bureaus.models import Bureau
from courses.models import Allocation, Programme, QuotaPeriod
from ledgers.figures import people as persons
from ledgers.figures.people import People
from ledgers.figures.register import Register, read_register, span_of
from ledgers.figures.selection import Selection, Span
from ledgers.figures.summaries import RATE, rate
from ledgers.figures.sums import Cell, Sums, sums, total

PERSON_TIMES = "人次"
# What a quota's unit counts, by the words that plans write for it.
UNITS = {
    PERSON_TIMES: "person_times",
    "人": "people",
    "人数": "people",
    "名": "people",
    "期": "runs",
    "期数": "runs",
    "班": "runs",
    "班次": "runs",
    "场": "sessions",
    "场次": "sessions",
    "次": "sessions",
    "学时": "hours",
    "课时": "hours",
    "证书": "certificates",
    "本": "certificates",
    "张": "certificates",
}


class Status(models.TextChoices):
    DONE = "done", gettext_lazy("完成")
    STEADY = "steady", gettext_lazy("按期")
    BEHIND = "behind", gettext_lazy("落后")
    WORDS_DONE = "words_done", gettext_lazy("已完成")
    WORDS_OPEN = "words_open", gettext_lazy("未登记完成")
    NO_TARGET = "no_target", gettext_lazy("未定数量目标")


@dataclass(frozen=True, slots=True)
class QuotaProgress:
    """A quota in its period, or a programme that has none (`quota_period` None).

    `done` is in `unit`; None where the unit is not known or people are not known by name. `person_times`,
    `people`, `runs`, `sessions`, `hours` (学时), `passed` of `assessed` and `certificates` speak of the
    period's years and of the union of the programmes with their parts. `completion` and `pace` are shares,
    to four places.
    """

    programmes: tuple[Programme, ...]
    quota_period: QuotaPeriod | None
    unit: str
    period: str
    target: Decimal | None
    done: Decimal | int | None
    person_times: int
    people: int | None
    runs: int
    sessions: int
    hours: Decimal
    passed: int
    assessed: int
    certificates: int
    pace: Decimal
    leads: tuple[Bureau, ...]
    allocations: tuple[Allocation, ...]

    @property
    def programme(self) -> str:
        return "、".join(programme.name for programme in self.programmes)

    @property
    def group(self) -> str:
        return "、".join(dict.fromkeys(programme.group.name for programme in self.programmes))

    @property
    def words(self) -> str:
        return self.quota_period.quota.words if self.quota_period else ""

    @property
    def completion(self) -> Decimal | None:
        """完成率: done ÷ target; may pass 1. None without a target, or with a target of 0."""
        return rate(self.done, self.target)

    @property
    def status(self) -> Status:
        if self.completion is not None:
            if self.completion >= 1:
                return Status.DONE
            return Status.STEADY if self.completion >= self.pace else Status.BEHIND
        if self.quota_period and self.quota_period.target is None:
            return Status.WORDS_DONE if self.quota_period.done_on else Status.WORDS_OPEN
        return Status.NO_TARGET

    @property
    def behind_by(self) -> int:
        """How much is missing, in `unit`, to what the pace asks for; 0 where it is kept."""
        if self.status != Status.BEHIND or self.target is None or self.done is None:
            return 0
        return max(math.ceil(self.target * self.pace - self.done), 0)


def quota_progress(selection: Selection, *, at: datetime.date) -> list[QuotaProgress]:
    """Quotas in the plan's order, then programmes without a quota of which something was done.

    The programme filters of `selection` choose lines, and each line counts all of its programmes;
    bureau, district and user narrow what is counted, and the target to the place's share.
    Fifteen queries at most, however many quotas there are.
    """
    register = read_register(selection)
    return list(ProgressReader(selection, register, at).lines())


class ProgressReader:
    """Reads the sums and the people of all lines at once, then makes the lines of them."""

    def __init__(self, selection: Selection, register: Register, at: datetime.date) -> None:
        self.selection = selection
        self.register = register
        self.at = at
        everything = selection.of_any_programme()
        spans = register.spans(selection.year)
        self.cells = by_programme(sums(everything, spans=spans))
        among = register.periods_by_span()
        self.of_period = persons.people(everything, persons.PERIOD, spans=spans, among=among)
        self.of_programme = persons.people(everything, persons.PROGRAMME)

    def lines(self) -> Iterator[QuotaProgress]:
        quoted: set[int] = set()
        for period in self.register.periods:
            programmes = self.register.quoted[period.quota_id]
            quoted |= {programme.pk for programme in programmes}
            if any(programme.pk in self.register.chosen for programme in programmes):
                yield self.of_quota(period, programmes)
        year = self.selection.year
        for pk, programme in self.register.programmes.items():
            if pk in quoted or pk not in self.register.chosen:
                continue
            if self.sum_of([programme], Span(year, year)).is_active:
                yield self.of_unquoted(programme)

    def of_quota(self, period: QuotaPeriod, programmes: list[Programme]) -> QuotaProgress:
        return self.line(
            programmes,
            span_of(period),
            self.of_period.get(period.pk, People()),
            period=period,
            unit="".join(period.quota.unit.split()) or PERSON_TIMES,
            target=self.register.target_of(period, self.selection),
        )

    def of_unquoted(self, programme: Programme) -> QuotaProgress:
        year = self.selection.year
        found = self.of_programme.get(programme.pk, People())
        return self.line([programme], Span(year, year), found, period=None, unit=PERSON_TIMES, target=None)

    def line(
        self,
        programmes: list[Programme],
        span: Span,
        people: People,
        *,
        period: QuotaPeriod | None,
        unit: str,
        target: Decimal | None,
    ) -> QuotaProgress:
        sum_ = self.sum_of(programmes, span)
        named = people.all or not sum_.person_times
        measured = {
            "person_times": self.counted_person_times(programmes, span),
            "people": people.counted if named else None,
            "runs": sum_.runs,
            "sessions": sum_.sessions,
            "hours": sum_.hours,
            "certificates": sum_.certificates,
        }
        return QuotaProgress(
            programmes=tuple(programmes),
            quota_period=period,
            unit=unit,
            period=period_label(span),
            target=target,
            done=measured.get(UNITS.get(unit, "")),
            person_times=sum_.person_times,
            people=people.all if named else None,
            runs=sum_.runs,
            sessions=sum_.sessions,
            hours=sum_.hours,
            passed=sum_.passed,
            assessed=sum_.assessed,
            certificates=sum_.certificates,
            pace=pace(*days_of(period, span), at=self.at),
            leads=self.register.leads_of(programmes),
            allocations=tuple(self.register.shares[period.pk]) if period else (),
        )

    def sum_of(self, programmes: list[Programme], span: Span) -> Sums:
        return total(one for _programme, one in self.sums_of(programmes, span))

    def counted_person_times(self, programmes: list[Programme], span: Span) -> int:
        """人次 by the basis of each programme: those who took part, or those who passed."""
        return sum(
            one.passed if programme.basis == Programme.Basis.PASSING else one.person_times
            for programme, one in self.sums_of(programmes, span)
        )

    def sums_of(self, programmes: list[Programme], span: Span) -> Iterator[tuple[Programme, Sums]]:
        for part in self.register.parts_of(programmes):
            for year, one in self.cells.get(part, {}).items():
                if year in span:
                    yield self.register.programmes[part], one


def by_programme(cells: dict[Cell, Sums]) -> dict[int, dict[int, Sums]]:
    """The sums of each programme by year."""
    found: dict[int, dict[int, Sums]] = {}
    for cell, one in cells.items():
        if cell.programme:
            found.setdefault(cell.programme, {})[cell.year] = one
    return found


def days_of(period: QuotaPeriod | None, span: Span) -> tuple[datetime.date, datetime.date]:
    if period:
        return period.starts_on, period.ends_on
    return datetime.date(span.first, 1, 1), datetime.date(span.last, 12, 31)


def pace(first: datetime.date, last: datetime.date, *, at: datetime.date) -> Decimal:
    """时序进度: the share of the period's days that are gone at the end of `at`, to four places."""
    days = (last - first).days + 1
    gone = min(max((at - first).days + 1, 0), days)
    return (Decimal(gone) / days).quantize(RATE, ROUND_HALF_UP)


def period_label(span: Span) -> str:
    if span.first == span.last:
        return _("%(year)d年") % {"year": span.first}
    return _("%(first)d—%(last)d年") % {"first": span.first, "last": span.last}
