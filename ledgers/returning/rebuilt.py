"""An old or a text ledger as an .xlsx, into which notes can be written: values, merges, widths, looks."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from io import BytesIO

import xlrd
from xlrd.sheet import Sheet as OldSheet

from ledgers.reading.cells import text_of
from ledgers.reading.legacy import open_legacy
from ledgers.reading.results import Cell
from ledgers.reading.text import read_text
from ledgers.returning.alone import (
    MAIN,
    XML,
    book_relations,
    book_xml,
    relations_xml,
    types_xml,
)
from ledgers.returning.grid import Span, escaped, reference, text_cell
from ledgers.returning.looks import Looks, legacy_looks, text_looks

TEXT_SHEET = "台账"
NARROW, WIDE = 8, 40
MEASURED_ROWS = 200
OLD_UNIT = 256  # parts of a character's width in an .xls
TWIPS = 20


@dataclass(slots=True)
class Page:
    """One sheet to be written. `lines` are its rows as number and the XML of their cells."""

    name: str
    lines: Iterable[tuple[int, bytes]]
    widths: dict[int, float] = field(default_factory=dict)
    hidden_columns: set[int] = field(default_factory=set)
    hidden_rows: set[int] = field(default_factory=set)
    heights: dict[int, float] = field(default_factory=dict)
    merges: list[Span] = field(default_factory=list)
    hidden: bool = False


def rebuilt_text(content: bytes) -> bytes:
    """The text file as a workbook whose every cell is text; a row stands where its line stood."""
    sheet = read_text(content)[0]
    style = text_looks()
    lines = (
        (
            number,
            b"".join(
                text_cell(number, at, style=1, text=str(cell)) for at, cell in enumerate(row, 1) if cell
            ),
        )
        for number, row in zip(sheet.numbers, sheet.rows, strict=True)
    )
    return packed([Page(TEXT_SHEET, lines, widths=widths_for(sheet.rows[:MEASURED_ROWS]))], style)


def widths_for(rows: Iterable[list[Cell]]) -> dict[int, float]:
    """Column → width in characters; a Han character is two wide. A title's one long cell does not count."""
    found: dict[int, float] = {}
    for row in rows:
        if sum(map(bool, row)) < 2:
            continue
        for column, cell in enumerate(row, start=1):
            width = sum(2 if ord(char) > 255 else 1 for char in text_of(cell)) + 2
            found[column] = min(max(found.get(column, NARROW), width), WIDE)
    return found


def rebuilt_legacy(content: bytes) -> bytes:
    """The old workbook with all its sheets; of formulas the reader knows the last values only."""
    book = open_legacy(content)
    looks, style_of = legacy_looks(book)
    pages = [legacy_page(sheet, style_of) for sheet in book.sheets()]
    return packed(pages, looks, date1904=bool(book.datemode))


def legacy_page(sheet: OldSheet, style_of: Callable[[int], int]) -> Page:
    columns = {at + 1: info for at, info in sheet.colinfo_map.items() if at < 16_384}
    rows = {at + 1: info for at, info in sheet.rowinfo_map.items()}
    return Page(
        sheet.name,
        legacy_lines(sheet, style_of),
        widths={at: info.width / OLD_UNIT for at, info in columns.items()},
        hidden_columns={at for at, info in columns.items() if info.hidden},
        hidden_rows={at for at, info in rows.items() if info.hidden},
        heights={at: info.height / TWIPS for at, info in rows.items() if info.height_mismatch},
        merges=[(top + 1, left + 1, bottom, right) for top, bottom, left, right in sheet.merged_cells],
        hidden=bool(sheet.visibility),
    )


def legacy_lines(sheet: OldSheet, style_of: Callable[[int], int]) -> Iterator[tuple[int, bytes]]:
    for row in range(sheet.nrows):
        cells = (
            legacy_cell(row + 1, column + 1, cell, style_of(cell.xf_index or 0))
            for column, cell in enumerate(sheet.row(row))
        )
        yield row + 1, b"".join(cells)


def legacy_cell(row: int, column: int, cell: xlrd.sheet.Cell, style: int) -> bytes:
    """Text stays text, a number a number; dates are numbers that bear a date's format."""
    if cell.ctype == xlrd.XL_CELL_TEXT:
        return text_cell(row, column, style=style, text=str(cell.value))
    opening = b'<c r="%s" s="%d"' % (reference(row, column).encode(), style)
    if cell.ctype in (xlrd.XL_CELL_EMPTY, xlrd.XL_CELL_BLANK):
        return opening + b"/>" if style else b""
    if cell.ctype == xlrd.XL_CELL_BOOLEAN:
        return opening + b' t="b"><v>%d</v></c>' % int(cell.value)
    if cell.ctype == xlrd.XL_CELL_ERROR:
        text = xlrd.error_text_from_code.get(int(cell.value), "#N/A")
        return opening + b' t="e"><v>' + escaped(text) + b"</v></c>"
    return opening + b"><v>" + number_text(float(cell.value)).encode() + b"</v></c>"


def number_text(number: float) -> str:
    return str(int(number)) if number.is_integer() and abs(number) < 1e15 else repr(number)


def packed(pages: list[Page], looks: Looks, *, date1904: bool = False) -> bytes:
    parts: dict[str, bytes] = {
        f"xl/worksheets/sheet{at}.xml": page_xml(page) for at, page in enumerate(pages, start=1)
    }
    parts["xl/styles.xml"] = looks.xml()
    hidden = {page.name for page in pages if page.hidden}
    parts["xl/workbook.xml"] = book_xml([page.name for page in pages], date1904=date1904, hidden=hidden)
    parts["xl/_rels/workbook.xml.rels"] = book_relations(parts)
    parts["_rels/.rels"] = relations_xml([("officeDocument", "xl/workbook.xml")])
    parts["[Content_Types].xml"] = types_xml(parts)
    file = BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=4) as archive:
        for name in sorted(parts):
            archive.writestr(name, parts[name])
    return file.getvalue()


def page_xml(page: Page) -> bytes:
    columns = b"".join(
        b'<col min="%d" max="%d" width="%.2f" customWidth="1"%s/>'
        % (at, at, width, b' hidden="1"' if at in page.hidden_columns else b"")
        for at, width in sorted(page.widths.items())
    )
    merges = "".join(
        f'<mergeCell ref="{reference(top, left)}:{reference(bottom, right)}"/>'
        for top, left, bottom, right in page.merges
    )
    return b"".join(
        [
            XML,
            f'<worksheet xmlns="{MAIN}">'.encode(),
            b"<cols>" + columns + b"</cols>" if columns else b"",
            b"<sheetData>",
            *(row_xml(page, number, cells) for number, cells in page.lines),
            b"</sheetData>",
            f"<mergeCells>{merges}</mergeCells>".encode() if merges else b"",
            b"</worksheet>",
        ]
    )


def row_xml(page: Page, number: int, cells: bytes) -> bytes:
    height = page.heights.get(number)
    about = b' ht="%.2f" customHeight="1"' % height if height else b""
    hidden = b' hidden="1"' if number in page.hidden_rows else b""
    return b'<row r="%d"%s%s>%s</row>' % (number, about, hidden, cells)
