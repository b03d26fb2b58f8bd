"""Judges the rows of a ledger by the rules of the ledgers: one code a row, the first that applies."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from functools import cache
from hashlib import blake2b
from typing import Any

from ledgers.columns import BY_KEY
from ledgers.reading.amounts import DayRule
from ledgers.reading.fields import FaultyRow, Fields
from ledgers.reading.messages import FAULTS, WARNINGS
from ledgers.reading.plan import Plan, make_plan
from ledgers.reading.results import EMPTY, CheckedRow, Ledger, Row, Warned
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
    shows_all: bool = True,
) -> Iterator[CheckedRow]:
    """Every data row, judged, in the order of the file, as it is asked for.

    `constants` are field → text for fields that the file lacks. `programme` is the one that rows belong to
    which name none; it matters only for telling duplicates. Good rows are `shown` only where `shows_all`.
    """
    rule = DayRule(Decimal(str(hours_per_day)), Decimal(str(hours_per_half_day)))
    fields = Fields(year=year, rule=rule, knows_programme=knows_programme, today=today)
    return _without_duplicates(_checked(ledger, fields, constants, shows_all=shows_all), programme=programme)


def _checked(
    ledger: Ledger, fields: Fields, constants: Mapping[str, str], *, shows_all: bool
) -> Iterator[CheckedRow]:
    for index, table in enumerate(ledger.tables):
        plan = make_plan(table, constants)
        for row in table.rows:
            yield _checked_row(plan, row, fields, index=index, shows=shows_all)


def _checked_row(plan: Plan, row: Row, fields: Fields, *, index: int, shows: bool) -> CheckedRow:
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
    shown = fields.shown(plan, cells, values) if shows else EMPTY
    return CheckedRow(*place, warnings=tuple(warnings), shown=shown, table=index, **values)


def _without_duplicates(rows: Iterable[CheckedRow], *, programme: str) -> Iterator[CheckedRow]:
    """The second row of the same person in the same run is a fault; faulty rows make no other a second."""
    seen: dict[bytes, tuple[str, int]] = {}
    plain = cache(comparable)
    for row in rows:
        if row.code or row.kind == "lecture":
            yield row
            continue
        person = row.id_number or row.paper_number or f"{row.name}\n{plain(row.employer)}"
        key = f"{person}\n{plain(row.programme or programme)}\n{row.run}"
        first = seen.setdefault(_short(key), place := (row.sheet, row.number))
        yield row if first is place else _as_duplicate(row, *first)


def _short(text: str) -> bytes:
    """16 bytes for a text of any length: of a million rows all are kept."""
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def _as_duplicate(row: CheckedRow, sheet: str, number: int) -> CheckedRow:
    place = f"第 {number} 行" if sheet == row.sheet else f"工作表“{sheet}”第 {number} 行"
    message = FAULTS["duplicate_row"].format(place=place)
    return row._replace(code="duplicate_row", column=BY_KEY["name"].heading, message=message, warnings=())
