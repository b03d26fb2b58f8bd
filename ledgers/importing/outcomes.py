"""What a ledger would do, row by row, and the figures of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from hashlib import blake2b
from typing import Any, NamedTuple

from bureaus.models import Bureau, District
from courses.models import HourRule, Programme
from ledgers.models import LedgerRow
from ledgers.reading import CheckedRow, Warned

State = LedgerRow.State
RunKey = tuple[int, str]
Identity = tuple[str, str, str]  # kind, value, digest


@dataclass(frozen=True, slots=True)
class Terms:
    """For what a ledger is read: the programme of rows that name none, the year, the bureau."""

    programme: Programme
    year: int
    bureau: Bureau
    rule: HourRule
    constants: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Doubted:
    """A row may speak of this learner (by id); `same` is what was decided, None while nobody did."""

    kind: str
    key: str
    learner: int
    decision: int | None = None
    same: bool | None = None


@dataclass(slots=True)
class Outcome:
    """One row and what it would do. The ids are of stored objects; None where it would make one.

    `person` counts the people of the file. `phone` is what the row gives its person as a phone: of several
    rows that have one, only the first does. `values` are the fields of its enrolment, `changes` holds
    field → (stored, new), of a changed row only.
    """

    row: CheckedRow
    state: str = State.FAULTY
    code: str = ""
    column: str = ""
    message: str = ""
    warnings: tuple[Warned, ...] = ()
    programme: Programme | None = None
    district: District | None = None
    run_key: RunKey | None = None
    identity: Identity | None = None
    person: int = 0
    phone: str = ""
    learner_id: int | None = None
    run_id: int | None = None
    enrolment_id: int | None = None
    session_id: int | None = None
    certificate_id: int | None = None
    values: dict[str, Any] = field(default_factory=dict)
    changes: dict[str, tuple[Any, Any]] = field(default_factory=dict)
    doubts: tuple[Doubted, ...] = ()

    @property
    def good(self) -> bool:
        return self.state != State.FAULTY

    @property
    def is_participant(self) -> bool:
        return self.row.kind == "participant"

    def effect(self) -> str:
        """The state, and what is changed from what to what."""
        if self.state != State.CHANGED:
            return self.state
        return repr((self.enrolment_id, self.session_id, self.certificate_id, sorted(self.changes.items())))

    def refuse(self, code: str, *, column: str, message: str) -> None:
        self.state, self.code, self.column, self.message = State.FAULTY, code, column, message
        self.warnings = ()

    def place(self) -> dict[str, Any]:
        return {"sheet": self.row.sheet, "row": self.row.number}


class Noted(NamedTuple):
    """What undoing needs of one row: the keys of what it made, the values that it changed."""

    created: dict[str, int]
    before: dict[str, Any]


def fingerprint(outcomes: Iterable[Outcome]) -> str:
    """Of places and effects: a confirm that would do something else than was shown is refused."""
    told = blake2b(digest_size=32)
    for outcome in outcomes:
        told.update(f"{outcome.row.sheet}\n{outcome.row.number}\n{outcome.effect()}\n".encode())
    return told.hexdigest()


class Tally:
    """Counts rows by state, and what the good rows speak of, as they come."""

    def __init__(self) -> None:
        self.states: Counter[str] = Counter()
        self.people: set[int] = set()
        self.runs: set[RunKey | None] = set()
        self.counts: Counter[str] = Counter()
        self.hours = Decimal(0)

    def add(self, outcomes: list[Outcome]) -> None:
        self.states.update(outcome.state for outcome in outcomes)
        self.counts["warned"] += sum(bool(outcome.warnings) for outcome in outcomes)
        for outcome in outcomes:
            if not outcome.good:
                continue
            row = outcome.row
            if outcome.is_participant:
                self.people.add(outcome.person)
                self.runs.add(outcome.run_key)
                self.hours += row.total_hours
                self.counts["enrolments"] += 1
                self.counts["certificates"] += bool(row.certificate_number)
            else:
                self.counts["sessions"] += 1
                self.counts["person_times"] += row.headcount or 0

    @property
    def read(self) -> int:
        return self.states.total()

    def figures(self) -> dict[str, Any]:
        """学时 as a number; `learners` are distinct people of the file."""
        states, counts = self.states, self.counts
        return {
            "read": self.read,
            "good": self.read - states[State.FAULTY],
            "faulty": states[State.FAULTY],
            "new": states[State.NEW],
            "changed": states[State.CHANGED],
            "same": states[State.SAME],
            "learners": len(self.people),
            "enrolments": counts["enrolments"],
            "runs": len(self.runs),
            "hours": float(self.hours),
            "certificates": counts["certificates"],
            "headcount": {"sessions": counts["sessions"], "person_times": counts["person_times"]},
            "warned": counts["warned"],
        }
