"""The summaries: figures of the whole selection, by group, by district, by programme."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import TypeVar

from django.utils.translation import gettext as _

from bureaus.models import District
from courses.models import Coverage, Programme
from learners.models import TargetGroup
from ledgers.figures import people as persons
from ledgers.figures.people import People
from ledgers.figures.selection import Selection, programmes_of
from ledgers.figures.sums import BY_DISTRICT, BY_RUN, Cell, Sums, sums, total

Number = TypeVar("Number", int, Decimal)
RATE = Decimal("0.0001")


@dataclass(frozen=True, slots=True)
class Figures:
    """One line of a summary. None is "—": not known or not applicable; 0 is a count of none.

    `people` None: heads were counted, nobody is known by name. `women` are 人次. `passed` are enrolments.
    `pk` is the id of the group, district or programme; `depth` how deep a programme lies in umbrellas.
    """

    label: str
    programmes: int
    runs: int
    sessions: int
    people: int | None
    person_times: int
    women: int | None
    hours: Decimal | None
    passed: int | None
    assessed: int
    certificates: int
    last_person_times: int
    pk: int | None = None
    depth: int = 0

    @property
    def hours_each(self) -> Decimal | None:
        """人均学时: hours ÷ people, to one place."""
        if self.hours is None or not self.people:
            return None
        return (self.hours / self.people).quantize(Decimal("0.1"), ROUND_HALF_UP)

    @property
    def pass_rate(self) -> Decimal | None:
        """合格率: passed ÷ assessed, to four places."""
        return rate(self.passed, self.assessed)

    @property
    def year_on_year(self) -> Decimal | None:
        """同比: (this − last) ÷ last, to four places."""
        return rate(self.person_times - self.last_person_times, self.last_person_times)


def rate(part: Decimal | int | None, whole: Decimal | int | None) -> Decimal | None:
    """`part` ÷ `whole` to four places; None where there is no whole."""
    if part is None or not whole:
        return None
    return (Decimal(part) / Decimal(whole)).quantize(RATE, ROUND_HALF_UP)


def totals(selection: Selection) -> Figures:
    """The whole selection, people counted afresh. Five queries."""
    cells = sums(selection, spans=selection.with_last_year)
    found = persons.people(selection, persons.EVERYTHING).get(0)
    return figures_of(_("合计"), cells, selection.year, people=found)


def by_group(selection: Selection) -> list[Figures]:
    """A line for each group, those without activity too. Seven queries."""
    cells = sums(selection, spans=selection.with_last_year)
    found = persons.people(selection, persons.GROUP)
    group_of = dict(Programme.objects.values_list("pk", "group"))
    of_group = gathered((group_of.get(cell.programme or 0), cell, one) for cell, one in cells.items())
    groups = TargetGroup.objects.all()
    if selection.group:
        groups = groups.filter(pk=selection.group.pk)
    return [
        figures_of(group.name, of_group[group.pk], selection.year, people=found.get(group.pk), pk=group.pk)
        for group in groups
    ]


def by_district(selection: Selection) -> list[Figures]:
    """A line for each district and park, those without activity too. Six queries."""
    cells = sums(selection, spans=selection.with_last_year, split=BY_DISTRICT)
    found = persons.people(selection, persons.DISTRICT)
    of_district = gathered((cell.split, cell, one) for cell, one in cells.items())
    districts = District.objects.all()
    if selection.district:
        districts = districts.filter(pk=selection.district.pk)
    return [
        figures_of(str(place), of_district[place.pk], selection.year, people=found.get(place.pk), pk=place.pk)
        for place in districts
    ]


def by_programme(selection: Selection) -> list[Figures]:
    """A line for each programme active this year or last, an umbrella with its parts. Seven queries."""
    cells = sums(selection, spans=selection.with_last_year)
    found = persons.people(selection, persons.PROGRAMME)
    above: dict[int, list[int]] = defaultdict(list)
    for umbrella, part in Coverage.objects.values_list("umbrella", "part"):
        above[part].append(umbrella)
    of_programme = gathered(
        (umbrella, cell, one) for cell, one in cells.items() for umbrella in above[cell.programme or 0]
    )
    listed = programmes_of(selection).filter(pk__in=of_programme).order_by("-plan__first_year", "order")
    return [
        figures_of(
            programme.name,
            of_programme[programme.pk],
            selection.year,
            people=found.get(programme.pk),
            pk=programme.pk,
            depth=len(above[programme.pk]) - 1,
        )
        for programme in listed
    ]


def by_run(selection: Selection) -> dict[int, Figures]:
    """The figures of each class run with any, by its id. Five queries."""
    cells = sums(selection, split=BY_RUN)
    found = persons.people(selection, persons.RUN)
    of_run = gathered((cell.split, cell, one) for cell, one in cells.items())
    return {pk: figures_of("", of, selection.year, people=found.get(pk), pk=pk) for pk, of in of_run.items()}


def gathered(keyed: Iterable[tuple[int | None, Cell, Sums]]) -> dict[int, dict[Cell, Sums]]:
    found: dict[int, dict[Cell, Sums]] = defaultdict(dict)
    for key, cell, one in keyed:
        if key is not None:
            found[key][cell] = one
    return found


def figures_of(
    label: str,
    cells: dict[Cell, Sums],
    year: int,
    *,
    people: People | None,
    pk: int | None = None,
    depth: int = 0,
) -> Figures:
    this = {cell: one for cell, one in cells.items() if cell.year == year}
    sum_ = total(this.values())
    active = {cell.programme for cell, one in this.items() if cell.programme and one.is_active}
    return Figures(
        label=label,
        programmes=len(active),
        runs=sum_.runs,
        sessions=sum_.sessions,
        people=known(people.all if people else 0, sum_),
        person_times=sum_.person_times,
        women=sum_.women if sum_.gendered else known(0, sum_),
        hours=sum_.hours if sum_.enrolments else known(Decimal(0), sum_),
        passed=sum_.passed if sum_.assessed else known(0, sum_),
        assessed=sum_.assessed,
        certificates=sum_.certificates,
        last_person_times=sum(one.person_times for cell, one in cells.items() if cell.year == year - 1),
        pk=pk,
        depth=depth,
    )


def known(value: Number, sum_: Sums) -> Number | None:
    """`value`, or None where it is 0 only since nothing but heads is known."""
    return value if value or not sum_.person_times else None
