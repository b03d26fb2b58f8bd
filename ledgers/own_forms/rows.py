"""The rows that are made of a form's sample row, as text of the sheet's XML."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from math import ceil
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from ledgers.own_forms.kinds import SERIAL
from ledgers.own_forms.parts import MOST_COLUMNS, FormSheet, letters_of, measure, place_of, tag, whole
from ledgers.own_forms.recognising import Column, cells_of
from ledgers.own_forms.shifting import RowFormula, Shift, row_formula
from ledgers.own_forms.styles import Styles
from ledgers.records import Record
from ledgers.yearly.tables import columns_of
from peixun.lib.xlsx import EPOCH, TOGETHER, Value, plain

DEFAULT_WIDTH, LINE_POINTS, MOST_LINES = 8.43, 15.0, 8
SELDOM_KEPT = ("r", "spans", "ht", "customHeight", "hidden", "collapsed")


def figure(value: int | Decimal) -> str:
    """Without zeros behind the point, as a page that shows the sheet has it."""
    return f"{value.normalize():f}" if isinstance(value, Decimal) else str(value)


@dataclass(slots=True)
class Slot:
    """One cell of each row: where, in which style, and what: a field, a text, a formula or nothing."""

    letters: str
    style: int
    text_style: int
    is_day: bool
    width: float | None
    key: str = ""
    text: str = ""
    formula: RowFormula | None = None


@dataclass(slots=True)
class Rows:
    """The sample row, ready to be written as often as there are records; `sums` grow meanwhile."""

    slots: list[Slot]
    attributes: str
    height: float | None
    first: int
    prefix: str = ""
    count: int = 0
    sums: dict[str, Decimal] = field(default_factory=dict)

    def written(self, records: Iterable[Record]) -> Iterator[str]:
        """The rows, so many together. A form without records keeps its sample row, blank."""
        some: list[str] = []
        for record in records:
            some.append(self.row(record))
            if len(some) == TOGETHER:
                yield "".join(some)
                some = []
        if not self.count:
            some.append(self.row({}))
            self.count = 0
        yield "".join(some)

    def row(self, record: Record) -> str:
        number = self.first + self.count
        self.count += 1
        cells = "".join(self.cell(slot, record, number) for slot in self.slots)
        height = self.height_of(record)
        ht = f' ht="{height:g}" customHeight="1"' if height else ""
        return f'<{self.prefix}row r="{number}"{self.attributes}{ht}>{cells}</{self.prefix}row>'

    def cell(self, slot: Slot, record: Record, number: int) -> str:
        place, p = f"{slot.letters}{number}", self.prefix
        if slot.formula:
            return f'<{p}c r="{place}" s="{slot.style}"><{p}f>{escape(slot.formula.at(number))}</{p}f></{p}c>'
        value: Value = slot.text or ""
        if slot.key:
            value = self.count if slot.key == SERIAL else record.get(slot.key, "")
            value = "" if slot.key == SERIAL and not record else value
        if isinstance(value, datetime.date):
            value = (value - EPOCH).days if slot.is_day else value.isoformat()
        if isinstance(value, int | Decimal):
            self.sums[slot.letters] = self.sums.get(slot.letters, Decimal(0)) + value
            return f'<{p}c r="{place}" s="{slot.style}"><{p}v>{figure(value)}</{p}v></{p}c>'
        if not value:
            return f'<{p}c r="{place}" s="{slot.style}"/>'
        text = f'<{p}is><{p}t xml:space="preserve">{plain(value)}</{p}t></{p}is>'
        return f'<{p}c r="{place}" s="{slot.text_style}" t="inlineStr">{text}</{p}c>'

    def height_of(self, record: Record) -> float | None:
        """The sample's height, or as much more as the longest text that wraps needs."""
        if self.height is None:
            return None
        lines = max(
            (
                ceil(columns_of(text) / slot.width)
                for slot in self.slots
                if slot.width and slot.key and isinstance(text := record.get(slot.key), str)
            ),
            default=1,
        )
        return max(self.height, LINE_POINTS * min(lines, MOST_LINES)) if lines > 1 else self.height


def rows_of(sheet: FormSheet, columns: list[Column], *, shift: Shift, styles: Styles) -> Rows:
    """The sample row of a sheet as it is to be repeated."""
    sample = next(row for row in sheet.data if row.get("r") == str(shift.first))
    cells = {place_of(cell)[1]: cell for cell in cells_of(sheet, shift.first)}
    by_column = {column.at: column for column in columns}
    widths = widths_of(sheet)
    slots = [
        slot_of(at, cells.get(at), by_column.get(at), shift=shift, styles=styles, widths=widths, row=sample)
        for at in sorted({*cells, *by_column})
    ]
    kept = {name: text for name, text in sample.attrib.items() if name[0] != "{" and name not in SELDOM_KEPT}
    attributes = "".join(f" {name}={quoteattr(text)}" for name, text in kept.items())
    height = measure(sample.get("ht"), 0) or None
    prefix = f"{sample.prefix}:" if sample.prefix else ""
    return Rows(slots, attributes, height, shift.first, prefix)


def slot_of(
    at: int,
    cell: Any,
    column: Column | None,
    *,
    shift: Shift,
    styles: Styles,
    widths: dict[int, float],
    row: Any,
) -> Slot:
    style = int(cell.get("s") or 0) if cell is not None else whole(row.get("s"), 0)
    slot = Slot(
        letters_of(at),
        style,
        styles.as_text(style),
        styles.is_day(style),
        widths.get(at, DEFAULT_WIDTH) if styles.is_wrapped(style) else None,
    )
    formula = cell.find(tag("f")) if cell is not None else None
    if column is not None and (column.field or column.text):
        slot.key, slot.text = column.field, column.text
    elif formula is not None and formula.text and (column is None or column.formula):
        slot.formula = row_formula(formula.text, shift=shift)
    return slot


def widths_of(sheet: FormSheet) -> dict[int, float]:
    found: dict[int, float] = {}
    for one in sheet.tree.iter(tag("col")):
        last = min(whole(one.get("max"), 1), MOST_COLUMNS)
        for at in range(whole(one.get("min"), 1), last + 1):
            found[at] = measure(one.get("width"), DEFAULT_WIDTH)
    return found
