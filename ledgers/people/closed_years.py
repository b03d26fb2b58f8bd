"""Which closed figures a merge would move: those refuse it; those of the city alone are told.

人数 counts a person once, so two records that become one make it smaller wherever both took part.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass

from django.utils.translation import gettext as _

from bureaus.models import Bureau, YearClose, YearClosed
from courses.models import ClassRun, Enrolment
from learners.models import Learner
from ledgers.models import Merge

Place = tuple[int, int]  # a bureau (the last successor) and a year


@dataclass(frozen=True, slots=True)
class Closed:
    """What would move: `refused` as (bureau, year), and `city_years` in which only the city's people do."""

    refused: list[Place]
    city_years: list[int]

    def demand_open(self) -> None:
        """Raises `YearClosed` with the first bureau and year whose own figures would move."""
        for bureau, year in self.refused:
            raise YearClosed(
                _(
                    "这样会改变%(bureau)s %(year)d 年度已封账的数字（人数、人次或其中女性）。"
                    "确需如此的，请单位管理员先解除封账。"
                )
                % {"bureau": Bureau.objects.get(pk=bureau), "year": year}
            )


def closed_by(gone: Learner, kept: Learner, *, gender: str, hold: bool = False) -> Closed:
    """What merging these two would move. `gender` is what the record will say.

    `hold` keeps the years as they are until the transaction ends. Four queries.
    """
    where = Enrolment.objects.filter(learner__in=(gone, kept)).order_by()
    rows = set(where.values_list("learner", "run__bureau", "run__year"))
    changed = {one.pk for one in (gone, kept) if one.gender != gender}
    return closed_among(rows, changed=changed, hold=hold)


def closed_apart(merge: Merge, kept: Learner) -> Closed:
    """What taking the merge back would move: the classes that go with the other record, and their sexes."""
    steps = json.loads(merge.steps)
    ours = [one for one in steps if one["model"] == Enrolment._meta.label and "learner_id" in one["was"]]
    moved = {one["pk"] for one in ours if one["was"]["learner_id"] == merge.gone_number}
    runs = {one["was"]["run_id"] for one in ours if "run_id" in one["was"]}
    runs |= set(Enrolment.objects.filter(pk__in=moved).values_list("run", flat=True))
    places = ClassRun.objects.filter(pk__in=runs).order_by().values_list("bureau", "year")
    rows = {(merge.gone_number, bureau, year) for bureau, year in places}
    own = Enrolment.objects.filter(learner=kept).exclude(pk__in=moved).order_by()
    rows |= {(kept.pk, bureau, year) for bureau, year in own.values_list("run__bureau", "run__year")}
    changed = {
        one["pk"]
        for one in steps
        if one["model"] == Learner._meta.label and one["was"].get("gender", kept.gender) != kept.gender
    }
    return closed_among(rows, changed=changed, hold=True)


def closed_among(rows: set[tuple[int, int, int]], *, changed: set[int], hold: bool) -> Closed:
    """Of (record, bureau, year): where both are, and where one is whose sex is `changed`."""
    if hold:
        bureaus = Bureau.objects.filter(pk__in={bureau for _record, bureau, _year in rows})
        list(bureaus.select_for_update(no_key=True).order_by("pk"))
    last = last_successors()
    people: dict[Place, set[int]] = defaultdict(set)
    for record, bureau, year in rows:
        people[last[bureau], year].add(record)
    closed = {(last[one.bureau_id], one.year) for one in YearClose.objects.all()}
    refused = [
        place
        for place, here in sorted(people.items())
        if place in closed and (len(here) == 2 or here & changed)
    ]
    return Closed(refused, city_years(people, closed))


def city_years(people: dict[Place, set[int]], closed: set[Place]) -> list[int]:
    """Years in which both took part, in different bureaus, one of which has closed the year."""
    by_year: dict[int, set[int]] = defaultdict(set)
    for (_bureau, year), here in people.items():
        by_year[year] |= here
    both = {year for year, here in by_year.items() if len(here) == 2}
    return sorted({year for bureau, year in people if year in both and (bureau, year) in closed})


def last_successors() -> dict[int, int]:
    """Each bureau's last successor, or itself. One query."""
    following = dict(Bureau.objects.values_list("pk", "successor"))
    last = {}
    for bureau in following:
        at, passed = bureau, {bureau}
        while (after := following[at]) and after not in passed:
            at = after
            passed.add(at)
        last[bureau] = at
    return last
