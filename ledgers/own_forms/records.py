"""The rows that a form lists, by its kind."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from ledgers.figures import Figures, Selection, by_district, by_group, by_programme
from ledgers.outgoing.exporting import enrolments_of
from ledgers.own_forms.kinds import CERTIFICATES, LEARNERS, RUNS, SUMMARY, Kind
from ledgers.records import Record, Records, Values
from ledgers.yearly.registers import certificate_rows, run_rows


def records(kind: str, selection: Selection, *, whole: bool = False) -> Iterator[Record]:
    """The rows of a form of that kind, streamed."""
    if kind == Kind.LEARNERS:
        keys = [field.key for field in LEARNERS]
        return named(Records(enrolments_of(selection, whole=whole), whole=whole).rows(keys), keys)
    if kind == Kind.RUNS:
        return named(run_rows(selection), [field.key for field in RUNS])
    if kind == Kind.CERTIFICATES:
        return named(certificate_rows(selection), [field.key for field in CERTIFICATES])
    makers: dict[str, Callable[[Selection], list[Figures]]] = {
        Kind.GROUPS: by_group,
        Kind.DISTRICTS: by_district,
        Kind.PROGRAMMES: by_programme,
    }
    return map(summary_record, makers[kind](selection))


def named(rows: Iterable[Values], keys: list[str]) -> Iterator[Record]:
    for row in rows:
        yield dict(zip(keys, row, strict=True))


def summary_record(line: Figures) -> Record:
    keys = [field.key for field in SUMMARY]
    return {"label": "　" * line.depth + line.label} | {key: getattr(line, key) for key in keys}
