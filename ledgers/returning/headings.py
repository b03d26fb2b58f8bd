"""Which column of a sheet a heading stands in, and where our own column is."""

from __future__ import annotations

import html
from dataclasses import dataclass

from ledgers.reading.cells import text_of
from ledgers.reading.headings import is_given_back
from ledgers.returning.grid import Cell, Part, Row, Span, shared_items, texts_of, value_of
from ledgers.returning.orders import Place
from ledgers.returning.package import Package


@dataclass(slots=True)
class Heads:
    """The headers of one table: heading → column, the last column with a heading, and our own, or 0."""

    columns: dict[str, int]
    last: int
    own: int = 0


def heads_of(package: Package, part: Part, place: Place, rows: dict[int, Row]) -> Heads:
    """The columns of a table, told by its first header."""
    lines = [rows[number] for number in place.headers[0] if number in rows]
    texts = texts_by_place(package, lines)
    heads = Heads({}, 0)
    for column in sorted({column for _row, column in texts} | covered(part.merges, place)):
        stack = [merged_text(texts, part.merges, row=line.number, column=column) for line in lines]
        if any(map(is_given_back, stack)):
            heads.own = column
            continue
        words = list(dict.fromkeys(filter(None, map(text_of, stack))))
        if words:
            heads.last = column
            heads.columns.setdefault(" ".join(words), column)
            heads.columns.setdefault(words[-1], column)
    return heads


def covered(merges: list[Span], place: Place) -> set[int]:
    header = place.headers[0]
    return {
        column
        for top, left, bottom, right in merges
        if top <= header[-1] and bottom >= header[0] and right - left < 100
        for column in range(left, right + 1)
    }


def merged_text(texts: dict[tuple[int, int], str], merges: list[Span], *, row: int, column: int) -> str:
    """The text of a cell, or of the merge that it lies in."""
    for top, left, bottom, right in merges:
        if top <= row <= bottom and left <= column <= right:
            return texts.get((top, left), "")
    return texts.get((row, column), "")


def texts_by_place(package: Package, lines: list[Row]) -> dict[tuple[int, int], str]:
    """The texts of the cells of some rows, shared strings looked up."""
    cells = [(line.number, cell) for line in lines for cell in line.cells()]
    wanted = {int(value_of(cell) or -1) for _row, cell in cells if cell.kind == "s"}
    shared = shared_texts(package, wanted)
    return {(row, cell.column): text for row, cell in cells if (text := text_in(cell, shared))}


def shared_texts(package: Package, wanted: set[int]) -> dict[int, str]:
    part = package.related(package.book(), "sharedStrings")
    if part is None or not wanted:
        return {}
    items = shared_items(package.read(part.target), wanted)
    return {at: html.unescape(texts_of(xml)) for at, xml in items.items()}


def text_in(cell: Cell, shared: dict[int, str]) -> str:
    if cell.kind == "s":
        return shared.get(int(value_of(cell) or -1), "")
    if cell.kind == "inlineStr":
        return html.unescape(texts_of(cell.inner))
    return html.unescape(value_of(cell))


def column_of(heads: Heads, place: Place, heading: str) -> int:
    """The column of a heading as the file has it, or of the field of that name; 0 where there is none."""
    if heading in heads.columns:
        return heads.columns[heading]
    for written, label in place.headings.items():
        if label == heading and written in heads.columns:
            return heads.columns[written]
    lowest = heading.rpartition(" ")[2]
    return heads.columns.get(lowest, 0)
