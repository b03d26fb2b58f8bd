"""A learner's record: classes and hours by year, certificates."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import groupby

from certificates.models import Certificate
from courses.models import Enrolment
from learners.models import Identity, Learner


@dataclass(frozen=True, slots=True)
class YearOfLearning:
    """The classes of one year, and the hours (学时) of those in which the learner took part."""

    year: int
    enrolments: list[Enrolment]
    hours: Decimal


@dataclass(frozen=True, slots=True)
class Record:
    learner: Learner
    years: list[YearOfLearning]
    certificates: list[Certificate]
    identities: list[Identity] = field(default_factory=list)

    @property
    def hours(self) -> Decimal:
        return sum((year.hours for year in self.years), Decimal(0))

    @property
    def classes(self) -> int:
        return sum(len(year.enrolments) for year in self.years)

    def hours_in(self, year: int) -> Decimal:
        return next((one.hours for one in self.years if one.year == year), Decimal(0))


def record_of(
    learner: Learner, enrolments: Iterable[Enrolment], certificates: Iterable[Certificate]
) -> Record:
    """The record made of these rows, newest year first. `enrolments` come with their run and programme."""
    ordered = sorted(enrolments, key=lambda row: (row.run.year, str(row.run.starts_on or "")), reverse=True)
    years = []
    for year, rows in groupby(ordered, key=lambda row: row.run.year):
        of_year = list(rows)
        hours = sum((row.hours for row in of_year if row.state in Enrolment.TOOK_PART), Decimal(0))
        years.append(YearOfLearning(year, of_year, hours))
    return Record(learner, years, list(certificates), list(learner.identities.all()))
