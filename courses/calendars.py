"""Weeks and months of sessions, for the calendar."""

from __future__ import annotations

import calendar
import datetime
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from courses.models import Session

DAY = datetime.timedelta(days=1)
WEEK = 7 * DAY
# A cell of a month shows so many; the rest is counted, and shown in its week.
IN_A_CELL = 4


@dataclass(slots=True)
class Day:
    """`inside` is False for the days of other months that fill up a month's first and last week."""

    date: datetime.date
    inside: bool = True
    sessions: list[Session] = field(default_factory=list)

    @property
    def first_sessions(self) -> list[Session]:
        return self.sessions if len(self.sessions) <= IN_A_CELL else self.sessions[: IN_A_CELL - 1]

    @property
    def more(self) -> int:
        """How many sessions `first_sessions` leaves out."""
        return len(self.sessions) - len(self.first_sessions)


@dataclass(frozen=True, slots=True)
class Sheet:
    """The weeks that are shown, Monday first; `first` and `last` are the days that it is about."""

    first: datetime.date
    last: datetime.date
    weeks: list[list[Day]]

    @property
    def previous(self) -> datetime.date:
        """A day of the sheet before."""
        return self.first - DAY

    @property
    def following(self) -> datetime.date:
        return self.last + DAY

    @property
    def days(self) -> list[Day]:
        return [day for week in self.weeks for day in week]

    @property
    def shown(self) -> tuple[datetime.date, datetime.date]:
        """The first and the last day that stand on the sheet."""
        return self.weeks[0][0].date, self.weeks[-1][-1].date

    def fill(self, sessions: Iterable[Session]) -> None:
        """Puts each session on its day, in the order given."""
        by_day: dict[datetime.date, list[Session]] = defaultdict(list)
        for session in sessions:
            by_day[session.held_on].append(session)
        for day in self.days:
            day.sessions = by_day[day.date]


def week_of(day: datetime.date) -> Sheet:
    """The week of `day`. Raises OverflowError beyond the calendar's first and last year."""
    monday = day - day.weekday() * DAY
    return Sheet(monday, monday + 6 * DAY, [[Day(monday + number * DAY) for number in range(7)]])


def month_of(day: datetime.date) -> Sheet:
    """The month of `day`, filled up to whole weeks."""
    weeks = [
        [Day(date, inside=date.month == day.month) for date in week]
        for week in calendar.Calendar().monthdatescalendar(day.year, day.month)
    ]
    inside = [one.date for week in weeks for one in week if one.inside]
    return Sheet(inside[0], inside[-1], weeks)
