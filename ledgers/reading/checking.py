"""Judges the rows of a ledger by the rules of the ledgers: one code a row, the first that applies."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from ledgers.columns import BY_KEY
from ledgers.reading.amounts import DayRule
from ledgers.reading.fields import FaultyRow, Fields
from ledgers.reading.messages import FAULTS, WARNINGS
from ledgers.reading.plan import Plan, make_plan
from ledgers.reading.results import CheckedRow, Ledger, Row, Warned
from peixun.lib.comparing import comparable


def check(
    ledger: Ledger,
    *,
    year: int | None,
    constants: Mapping[str, str],
    hours_per_day: Decimal | float,
    hours_per_half_day: Decimal | float,
    knows_programme: Callable[[str], bool],
    programme: str = "",
    today: date | None = None,
) -> list[CheckedRow]:
    """Every data row, judged, in the order of the file.

    `constants` are field → text for fields that the file lacks. `programme` is the one that rows belong to
    which name none; it matters only for telling duplicates.
    """
    rule = DayRule(Decimal(str(hours_per_day)), Decimal(str(hours_per_half_day)))
    fields = Fields(year=year, rule=rule, knows_programme=knows_programme, today=today)
    return list(_without_duplicates(_checked(ledger, fields, constants), programme=programme))


def _checked(ledger: Ledger, fields: Fields, constants: Mapping[str, str]) -> Iterator[CheckedRow]:
    for index, table in enumerate(ledger.tables):
        plan = make_plan(table, constants)
        for row in table.rows:
            yield _checked_row(plan, row, fields, index=index)


def _checked_row(plan: Plan, row: Row, fields: Fields, *, index: int) -> CheckedRow:
    cells = plan.cells(row.cells)
    values: dict[str, Any] = {}
    place = (plan.table.sheet, row.number, row.hidden, plan.table.kind)
    try:
        warnings = fields.read(plan, cells, values)
    except FaultyRow as fault:
        return CheckedRow(
            *place,
            code=fault.code,
            column=plan.heading(fault.at, key=fault.key),
            message=FAULTS[fault.message].format(**fault.details),
            shown=fields.shown(plan, cells, values),
            table=index,
            **values,
        )
    if row.hidden:
        warnings.append(Warned("hidden_row", "", WARNINGS["hidden_row"]))
    return CheckedRow(
        *place, warnings=tuple(warnings), shown=fields.shown(plan, cells, values), table=index, **values
    )


def _without_duplicates(rows: Iterable[CheckedRow], *, programme: str) -> Iterator[CheckedRow]:
    """The second row of the same person in the same run is a fault; faulty rows make no other a second."""
    seen: dict[tuple[str, ...], CheckedRow] = {}
    for row in rows:
        if row.code or row.kind == "lecture":
            yield row
            continue
        number = row.id_number or row.paper_number
        person = (number,) if number else (row.name, comparable(row.employer))
        first = seen.setdefault((*person, comparable(row.programme or programme), row.run), row)
        yield row if first is row else _as_duplicate(row, first)


def _as_duplicate(row: CheckedRow, first: CheckedRow) -> CheckedRow:
    place = (
        f"第 {first.number} 行" if first.sheet == row.sheet else f"工作表“{first.sheet}”第 {first.number} 行"
    )
    message = FAULTS["duplicate_row"].format(place=place)
    return replace(row, code="duplicate_row", column=BY_KEY["name"].heading, message=message, warnings=())
