"""What an import made, changed and touched: read, and locked, before anything of it is taken back."""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db import connection, models

from certificates.models import Certificate
from courses.models import Enrolment, Session
from ledgers.importing.matching import chunks
from ledgers.models import LedgerImport, LedgerRow

Values = dict[str, Any]
Undone = LedgerRow.Undone
Tell = Callable[[int, int], None]  # how many of how many rows are done
KINDS = ("enrolment", "session", "certificate")


@dataclass(frozen=True, slots=True)
class Reason:
    """Why something was not taken back: its kind, by which rows are counted, and a sentence for the row."""

    kind: str
    words: str


@dataclass(slots=True)
class Line:
    """One row on its way back.

    `old` are the values that it changed, by kind of object, and `wrote` what the import put there. A blocked
    line is left as it is; of another one some values may still stay, they are in `left`.
    """

    pk: int
    objects: dict[str, int]
    created: dict[str, int]
    old: Values
    wrote: Values
    learner: int | None = None
    run: int | None = None
    blocked: bool = False
    kept: list[Reason] = field(default_factory=list)
    failed: list[Reason] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    left: Values = field(default_factory=dict)

    def made(self, kind: str) -> int | None:
        """The object of that kind that this row made, where it is still there."""
        pk = self.created.get(kind)
        return pk if pk is not None and self.objects.get(kind) == pk else None

    def block(self, kind: str, words: str) -> None:
        self.blocked = True
        self.kept.append(Reason(kind, words))

    @property
    def verdict(self) -> str:
        if self.failed:
            return Undone.FAILED
        return Undone.KEPT if self.kept else Undone.REVERSED

    @property
    def reasons(self) -> list[Reason]:
        return [*self.failed, *self.kept]

    @property
    def why(self) -> str:
        return "；".join(dict.fromkeys([*(reason.words for reason in self.reasons), *self.notes]))


@dataclass(slots=True)
class Trail:
    """`since` holds the enrolments that changed after the import was written, with the time."""

    batch: LedgerImport
    applied_at: datetime.datetime
    lines: list[Line]
    tell: Tell
    learner_of: dict[int, int] = field(default_factory=dict)
    since: dict[int, datetime.datetime] = field(default_factory=dict)
    certificates: dict[int, Certificate] = field(default_factory=dict)
    with_object: dict[str, dict[int, Line]] = field(default_factory=dict)

    def free(self) -> Iterable[Line]:
        return (line for line in self.lines if not line.blocked)

    def ids(self, kind: str) -> models.QuerySet[LedgerRow, Any]:
        """The enrolments, sessions or certificates of the rows, as a subquery."""
        rows = LedgerRow.objects.filter(batch=self.batch, **{f"{kind}__isnull": False})
        found: models.QuerySet[LedgerRow, Any] = rows.to_undo().order_by().values(kind)
        return found

    def made(self, kind: str) -> dict[int, Line]:
        """The objects that the rows made and that are still there."""
        return {pk: line for line in self.lines if (pk := line.made(kind)) is not None}

    def created(self, kind: str) -> set[int]:
        return {line.created[kind] for line in self.lines if kind in line.created}


def trail_of(batch: LedgerImport, *, applied_at: datetime.datetime, tell: Tell) -> Trail:
    """Reads and locks: who adds an attendance to a locked enrolment or session waits, then finds it gone."""
    names = ("pk", "enrolment_id", "session_id", "certificate_id", "created", "before")
    rows = batch.rows.to_undo().order_by("pk").values_list(*names)
    trail = Trail(batch, applied_at, [line_of(*row) for row in rows.iterator(chunk_size=2000)], tell)
    trail.with_object = {
        kind: {line.objects[kind]: line for line in trail.lines if kind in line.objects} for kind in KINDS
    }
    hold_enrolments(trail)
    list(held(Session, trail.ids("session")).values_list("pk"))
    hold_certificates(trail)
    return trail


def line_of(pk: int, enrolment: int, session: int, certificate: int, created: Values, before: str) -> Line:
    objects = zip(KINDS, (enrolment, session, certificate), strict=True)
    old = json.loads(before) if before else {}
    wrote = old.pop("wrote", {})
    return Line(pk, {kind: key for kind, key in objects if key}, created, old, wrote)


def hold_enrolments(trail: Trail) -> None:
    fields = ("pk", "learner_id", "run_id", "changed_at")
    for pk, learner, run, changed_at in held(Enrolment, trail.ids("enrolment")).values_list(*fields):
        line = trail.with_object["enrolment"][pk]
        line.learner, line.run = learner, run
        trail.learner_of[pk] = learner
        if changed_at > trail.applied_at:
            trail.since[pk] = changed_at


def hold_certificates(trail: Trail) -> None:
    fields = ("year", "state", "handed_out_on")
    found = held(Certificate, trail.ids("certificate")).only(*fields)
    trail.certificates = {certificate.pk: certificate for certificate in found}


def held(model: type[models.Model], ids: Any) -> models.QuerySet[Any]:
    """Those rows, locked in one order when they are read."""
    return model._default_manager.select_for_update().filter(pk__in=ids).order_by("pk")


def lock(model: type[models.Model], ids: Iterable[int]) -> None:
    for some in chunks(sorted(ids)):
        list(held(model, some).values_list("pk"))


def write_fields(model: type[models.Model], rows: Iterable[Any], names: Iterable[str]) -> None:
    """As `bulk_update`, which took eight times as long: its one statement has a CASE for each value."""
    fields = [field for field in model._meta.concrete_fields if field.attname in names]
    quote = connection.ops.quote_name
    columns = ", ".join(f"{quote(str(field.column))} = %s" for field in fields)
    key = str(model._meta.pk.column)
    statement = f"UPDATE {quote(model._meta.db_table)} SET {columns} WHERE {quote(key)} = %s"  # noqa: S608 (names of our models)
    values = [
        [*(field.get_db_prep_save(getattr(row, field.attname), connection) for field in fields), row.pk]
        for row in rows
    ]
    with connection.cursor() as cursor:
        cursor.executemany(statement, values)
