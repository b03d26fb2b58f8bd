"""人次 through the year, and how far its runs are."""

from __future__ import annotations

import datetime
from collections import Counter
from dataclasses import dataclass

from django.db.models import Count, Sum
from django.db.models.functions import Coalesce

from ledgers.figures import rows
from ledgers.figures.selection import Selection


@dataclass(frozen=True, slots=True)
class Month:
    """The 人次 of a month; `month` is 0 for runs without any date."""

    month: int
    person_times: int


def by_month(selection: Selection) -> list[Month]:
    """人次 of January to December, and of no month where a run has no dates. Three queries.

    A run stands in the month of its last day (else its first); days outside the year at its ends.
    """
    found: Counter[int] = Counter()
    closing = rows.enrolments(selection).filter(rows.by_run()).order_by()
    closing_days = closing.values_list(Coalesce("run__ends_on", "run__starts_on"))
    for day, count in closing_days.annotate(Count("pk")):
        found[month_in(selection.year, day)] += count
    sessions = rows.sessions(selection).filter(rows.BY_SESSION).order_by()
    for day, count in sessions.values_list("held_on").annotate(Sum("headcount")):
        found[month_in(selection.year, day)] += count or 0
    here = rows.attendances(selection).filter(session__headcount=None)
    for day, count in here.values_list("session__held_on").annotate(Count("pk")):
        found[month_in(selection.year, day)] += count
    months = [Month(month, found[month]) for month in range(1, 13)]
    return [*months, Month(0, found[0])] if found[0] else months


def month_in(year: int, day: datetime.date | None) -> int:
    if day is None:
        return 0
    if day.year != year:
        return 1 if day.year < year else 12
    return day.month


def runs_by_state(selection: Selection) -> dict[str, int]:
    """How many runs of the year are planned, open, running …, whoever took part. One query.

    Runs reach a district by their default here, since planned ones have no participants yet.
    """
    found = rows.all_runs(selection).order_by()
    return dict(found.values_list("state").annotate(Count("pk")))
