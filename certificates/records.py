"""A learner's record: classes and hours by year, certificates."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby

from certificates.models import Certificate
from courses.models import Enrolment
from learners.models import Learner

# For a learner of whom the user's bureaus wrote no name.
UNNAMED = "—"


@dataclass(frozen=True, slots=True)
class YearOfLearning:
    """The enrolments of one year; `times` and `hours` (学时) of those in which the learner took part."""

    year: int
    enrolments: list[Enrolment]
    times: int
    hours: Decimal


@dataclass(frozen=True, slots=True)
class Record:
    """The years newest first."""

    learner: Learner
    years: list[YearOfLearning]
    certificates: list[Certificate]

    @property
    def hours(self) -> Decimal:
        return sum((year.hours for year in self.years), Decimal(0))

    @property
    def times(self) -> int:
        return sum(year.times for year in self.years)

    def hours_in(self, year: int) -> Decimal:
        return next((one.hours for one in self.years if one.year == year), Decimal(0))


def record_of(
    learner: Learner, enrolments: Iterable[Enrolment], certificates: Iterable[Certificate]
) -> Record:
    """The record made of these rows. `enrolments` come with their run and programme."""
    ordered = sorted(enrolments, key=lambda row: (row.run.year, str(row.run.starts_on or "")), reverse=True)
    years = [year_of(year, list(some)) for year, some in groupby(ordered, key=lambda row: row.run.year)]
    return Record(learner, years, list(certificates))


def year_of(year: int, enrolments: list[Enrolment]) -> YearOfLearning:
    took_part = [row for row in enrolments if row.state in Enrolment.TOOK_PART]
    hours = sum((row.hours for row in took_part), Decimal(0))
    return YearOfLearning(year, enrolments, len(took_part), hours)
