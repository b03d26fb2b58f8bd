"""The days on which a session repeats every week."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Iterator
from itertools import islice

DAY = datetime.timedelta(days=1)
# More sessions at once are a mistake in typing.
MOST = 100
LONGEST = datetime.timedelta(days=3 * 366)


def days_from(
    first: datetime.date,
    *,
    weekdays: Collection[int],
    skip: Collection[datetime.date],
    times: int | None,
    until: datetime.date | None,
) -> list[datetime.date]:
    """The days from `first` on that are one of `weekdays` (Monday 0; none given: as `first`), without `skip`.

    It ends after so many `times`, or with the day `until`, whichever is first; never with more than `MOST`.
    """
    wanted = set(weekdays) or {first.weekday()}
    last = min(until or first + LONGEST, first + LONGEST)
    found = (day for day in each_day(first, last) if day.weekday() in wanted and day not in skip)
    return list(islice(found, min(times or MOST, MOST)))


def each_day(first: datetime.date, last: datetime.date) -> Iterator[datetime.date]:
    while first <= last:
        yield first
        first += DAY
