"""What the board of a session shows: how many are here of how many, and who came last. Names only."""

from __future__ import annotations

from dataclasses import dataclass

from courses.models import Attendance, Session

NAMES_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Arrival:
    name: str
    late: bool


@dataclass(frozen=True, slots=True)
class Board:
    """`expected` and `here` are people by name; `heads` a headcount, None where nobody counted."""

    expected: int
    here: int
    arrivals: list[Arrival]
    heads: int | None

    @property
    def share(self) -> int:
        """How many per cent of the expected are here, rounded down: 100 only when everybody is."""
        return min(100 * self.here // self.expected, 100) if self.expected else 0

    @property
    def more(self) -> int:
        """How many are here beside those whose names are shown."""
        return self.here - len(self.arrivals)


def board_of(session: Session) -> Board:
    """Who is here, newest first, and how many are expected. Three queries."""
    here = Attendance.objects.here().filter(session=session)
    newest = here.order_by("-marked_at", "-pk").values_list("enrolment__name", "state")[:NAMES_SHOWN]
    return Board(
        expected=session.run.enrolments.expected().count() if session.run else 0,
        here=here.count(),
        arrivals=[Arrival(name, state == Attendance.State.LATE) for name, state in newest],
        heads=session.headcount,
    )
