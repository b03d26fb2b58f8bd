"""Figures that add up: a sum for each programme and year. 人数 is not among them, see `people`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Any, NamedTuple

from django.db.models import Aggregate, Count, F, Q, QuerySet, Sum

from courses.models import Enrolment
from learners.models import Learner
from ledgers.figures import rows
from ledgers.figures.selection import Selection

PASSED = Q(assessment=Enrolment.Assessment.PASSED)
ASSESSED = ~Q(assessment="")
FEMALE = Learner.Gender.FEMALE


class Split(NamedTuple):
    """A further key, by its path on an enrolment, a session, an attendance and a certificate."""

    enrolment: str
    session: str
    attendance: str
    certificate: str


BY_DISTRICT = Split("district", "district", "session__district", "enrolment__district")
BY_RUN = Split("run", "run", "session__run", "enrolment__run")


class Cell(NamedTuple):
    """Where a sum belongs. `programme` is None for a certificate without an enrolment."""

    split: int | None
    programme: int | None
    year: int


@dataclass(slots=True)
class Sums:
    """`gendered` are the 人次 whose sex is known, `assessed` the enrolments with an assessment."""

    person_times: int = 0
    women: int = 0
    gendered: int = 0
    runs: int = 0
    sessions: int = 0
    enrolments: int = 0
    hours: Decimal = Decimal(0)
    assessed: int = 0
    passed: int = 0
    certificates: int = 0

    def add(self, other: Sums) -> None:
        for field in fields(self):
            setattr(self, field.name, getattr(self, field.name) + getattr(other, field.name))

    @property
    def is_active(self) -> bool:
        return bool(self.person_times or self.enrolments or self.runs or self.sessions or self.certificates)


def sums(
    selection: Selection, *, spans: rows.Spans | None = None, split: Split | None = None
) -> dict[Cell, Sums]:
    """The sums of each programme itself, without its parts, and year. Four queries."""
    found: dict[Cell, Sums] = defaultdict(Sums)
    for row in (
        *of_enrolments(selection, spans, split),
        *of_sessions(selection, spans, split),
        *of_attendances(selection, spans, split),
        *of_certificates(selection, spans, split),
    ):
        cell = Cell(row.pop("at_split", None), row.pop("at_programme"), row.pop("at_year"))
        found[cell].add(Sums(**{name: value for name, value in row.items() if value is not None}))
    return dict(found)


def total(some: Iterable[Sums]) -> Sums:
    result = Sums()
    for one in some:
        result.add(one)
    result.hours = result.hours.quantize(Decimal("0.1"))
    return result


def keyed(
    queryset: QuerySet[Any], *, programme: str, year: str, split: str | None, **figures: Aggregate
) -> Iterable[dict[str, Any]]:
    """The figures by programme and year, and by `split` where there is one."""
    keys = {"at_programme": F(programme), "at_year": F(year)}
    if split:
        keys["at_split"] = F(split)
    found: Iterable[dict[str, Any]] = queryset.order_by().annotate(**keys).values(*keys).annotate(**figures)
    return found


def of_enrolments(
    selection: Selection, spans: rows.Spans | None, split: Split | None
) -> Iterable[dict[str, Any]]:
    counted = rows.by_run()
    return keyed(
        rows.enrolments(selection, spans),
        programme="run__programme",
        year="run__year",
        split=split and split.enrolment,
        person_times=Count("pk", filter=counted),
        women=Count("pk", filter=counted & Q(learner__gender=FEMALE)),
        gendered=Count("pk", filter=counted & ~Q(learner__gender="")),
        runs=Count("run", distinct=True),
        enrolments=Count("pk"),
        hours=Sum("hours"),
        assessed=Count("pk", filter=ASSESSED),
        passed=Count("pk", filter=PASSED),
    )


def of_sessions(
    selection: Selection, spans: rows.Spans | None, split: Split | None
) -> Iterable[dict[str, Any]]:
    return keyed(
        rows.sessions(selection, spans),
        programme="programme",
        year="year",
        split=split and split.session,
        person_times=Sum("headcount", filter=rows.BY_SESSION),
        gendered=Sum("headcount", filter=rows.BY_SESSION & Q(women__isnull=False)),
        runs=Count("run", distinct=True, filter=rows.of_nobody()),
        sessions=Count("pk"),
        women=Sum("women", filter=rows.BY_SESSION),  # last: it hides the field of its name
    )


def of_attendances(
    selection: Selection, spans: rows.Spans | None, split: Split | None
) -> Iterable[dict[str, Any]]:
    """People here at sessions whose heads were not counted."""
    return keyed(
        rows.attendances(selection, spans).filter(session__headcount=None),
        programme="session__programme",
        year="session__year",
        split=split and split.attendance,
        person_times=Count("pk"),
        women=Count("pk", filter=Q(enrolment__learner__gender=FEMALE)),
        gendered=Count("pk", filter=~Q(enrolment__learner__gender="")),
    )


def of_certificates(
    selection: Selection, spans: rows.Spans | None, split: Split | None
) -> Iterable[dict[str, Any]]:
    return keyed(
        rows.certificates(selection, spans),
        programme="enrolment__run__programme",
        year="year",
        split=split and split.certificate,
        certificates=Count("pk"),
    )
