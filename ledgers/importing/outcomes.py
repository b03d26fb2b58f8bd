"""What a ledger would do, row by row, and the figures of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from bureaus.models import Bureau, District
from courses.models import HourRule, Programme
from ledgers.models import LedgerRow
from ledgers.reading import CheckedRow, Ledger, Warned
from peixun.lib.encryption import digest

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


@dataclass(slots=True)
class Outcome:
    """One row and what it would do. The ids are of stored objects; None where it would make one.

    `changes` holds field → (stored, new), of a changed row only.
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
    learner_id: int | None = None
    run_id: int | None = None
    enrolment_id: int | None = None
    session_id: int | None = None
    certificate_id: int | None = None
    changes: dict[str, tuple[Any, Any]] = field(default_factory=dict)

    @property
    def good(self) -> bool:
        return self.state != State.FAULTY

    def effect(self) -> str:
        """The state, and a digest of what is changed from what to what."""
        if self.state != State.CHANGED:
            return self.state
        stored = (self.enrolment_id, self.session_id, self.certificate_id)
        return f"{self.state} {digest(repr((stored, sorted(self.changes.items()))))}"

    def refuse(self, code: str, *, column: str, message: str) -> None:
        self.state, self.code, self.column, self.message = State.FAULTY, code, column, message
        self.warnings = ()


@dataclass(slots=True)
class Outcomes:
    """All rows of a ledger, judged and compared."""

    terms: Terms
    ledger: Ledger
    rows: list[Outcome]

    def good(self) -> Iterable[Outcome]:
        return (outcome for outcome in self.rows if outcome.good)

    def participants(self) -> Iterable[Outcome]:
        return (outcome for outcome in self.good() if outcome.row.kind == "participant")

    def lectures(self) -> Iterable[Outcome]:
        return (outcome for outcome in self.good() if outcome.row.kind == "lecture")

    def phones(self) -> dict[Identity, tuple[Outcome, str]]:
        """The phone of each person, with the row that gives it: the last good row that has one."""
        return {
            outcome.identity: (outcome, outcome.row.phone)
            for outcome in self.participants()
            if outcome.identity and outcome.row.phone
        }

    def figures(self) -> dict[str, Any]:
        """Counts of rows by state, and of what the good rows speak of (学时 as a number)."""
        states = Counter(outcome.state for outcome in self.rows)
        people = list(self.participants())
        lectures = list(self.lectures())
        hours = sum((outcome.row.total_hours for outcome in people), Decimal(0))
        return {
            "read": len(self.rows),
            "good": len(self.rows) - states[State.FAULTY],
            "faulty": states[State.FAULTY],
            "new": states[State.NEW],
            "changed": states[State.CHANGED],
            "same": states[State.SAME],
            "learners": len({outcome.identity for outcome in people}),
            "enrolments": len(people),
            "runs": len({outcome.run_key for outcome in people}),
            "hours": float(hours),
            "certificates": sum(bool(outcome.row.certificate_number) for outcome in people),
            "headcount": {
                "sessions": len(lectures),
                "person_times": sum(outcome.row.headcount or 0 for outcome in lectures),
            },
            "warned": sum(bool(outcome.warnings) for outcome in self.rows),
        }

    def fingerprint(self) -> list[tuple[str, int, str]]:
        """Place and effect of each row: a confirm that would do something else is refused."""
        return [(outcome.row.sheet, outcome.row.number, outcome.effect()) for outcome in self.rows]

    def problems(self) -> list[dict[str, Any]]:
        return [
            place(outcome.row) | {"column": outcome.column, "code": outcome.code, "message": outcome.message}
            for outcome in self.rows
            if not outcome.good
        ]

    def warned(self) -> list[dict[str, Any]]:
        return [
            place(outcome.row) | {"column": warned.column, "code": warned.code, "message": warned.message}
            for outcome in self.rows
            for warned in outcome.warnings
        ]


def place(row: CheckedRow) -> dict[str, Any]:
    return {"sheet": row.sheet, "row": row.number}
