"""Writes notes into one sheet: the coloured cells, their comments and the column 问题."""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass, field

from ledgers.reading.headings import GIVEN_BACK
from ledgers.returning.comments import comment
from ledgers.returning.grid import Cell, Part, Row, Span, reference, restyled, text_cell
from ledgers.returning.headings import Heads, column_of, heads_of
from ledgers.returning.orders import Note, Place
from ledgers.returning.package import Package, attributes
from ledgers.returning.styles import FAULT, WARNING, Styles
from ledgers.returning.tails import add_column_width, add_merges, add_to_tail

_SPANS = re.compile(rb"\sspans=[\"'][^\"']*[\"']")
_STYLED = re.compile(rb"\ss=[\"'](\d+)[\"']")
NARROWEST, WIDEST = 24, 90


@dataclass(slots=True)
class Edits:
    """What is to be done to a sheet, by row: cells to colour, cells to write, and the words of comments."""

    column: int
    coloured: dict[int, dict[int, str]] = field(default_factory=dict)
    heads: set[int] = field(default_factory=set)
    under_heads: set[int] = field(default_factory=set)
    words: dict[int, tuple[str, str]] = field(default_factory=dict)  # row → colour, sentences
    comments: dict[tuple[int, int], str] = field(default_factory=dict)
    cleared: tuple[int, ...] = ()  # from which rows on sentences of an earlier time are taken out


def mark_sheet(
    package: Package, name: str, places: list[Place], notes: list[Note], *, styles: Styles
) -> None:
    """Writes `notes` into the sheet whose part is `name`."""
    part = Part.parse(package.read(name))
    wanted = {row for place in places for row in place.header_rows}
    rows = {row.number: row for row in part.rows() if row.number in wanted}
    heads = [heads_of(package, part, place, rows) for place in places]
    own = next((one.own for one in heads if one.own), 0)
    edits = Edits(own or part.free_column(after=max(one.last for one in heads)))
    for place in places:
        for header in place.headers:
            edits.heads.add(header[0])
            edits.under_heads.update(header[1:])
    if own:
        edits.cleared = tuple(header[-1] + 1 for place in places for header in place.headers)
    plan(edits, part, places, heads, notes)
    write(part, edits, styles)
    add_column_width(part, edits.column, width_for(edits))
    if not own:
        add_merges(part, merges_for(places, edits.column))
    add_to_tail(part, comment(package, name, edits.comments))
    package.write(name, part.xml())


def plan(edits: Edits, part: Part, places: list[Place], heads: list[Heads], notes: list[Note]) -> None:
    """Which cells are coloured, and what is said where."""
    shown = merged_places(part.merges, sorted({note.row for note in notes}))
    sentences: dict[int, list[Note]] = {}
    for note in notes:
        sentences.setdefault(note.row, []).append(note)
        at = table_of(places, note.row)
        column = column_of(heads[at], places[at], note.column) if note.column else 0
        if not column:
            continue
        row, column = shown.get((note.row, column), (note.row, column))
        colours = edits.coloured.setdefault(row, {})
        colours[column] = WARNING if note.warning and colours.get(column) != FAULT else FAULT
        said = edits.comments.get((row, column), "")
        edits.comments[row, column] = f"{said}\n{spoken(note)}".strip()
    for row, several in sentences.items():
        colour = WARNING if all(note.warning for note in several) else FAULT
        edits.words[row] = colour, "\n".join(note.words for note in several)


def spoken(note: Note) -> str:
    return f"提醒：{note.text}" if note.warning else note.text


def table_of(places: list[Place], row: int) -> int:
    """The table whose header stands nearest above a row."""
    above = [(number, at) for at, place in enumerate(places) for number in place.header_rows if number < row]
    return max(above)[1] if above else 0


def merged_places(merges: list[Span], rows: list[int]) -> dict[tuple[int, int], tuple[int, int]]:
    """The cells of noted rows that a merge hides, with the one that shows in their place."""
    found: dict[tuple[int, int], tuple[int, int]] = {}
    for top, left, bottom, right in merges:
        for row in rows[bisect_left(rows, top) :]:
            if row > bottom:
                break
            found.update({(row, column): (top, left) for column in range(left, min(right, left + 99) + 1)})
    return found


def merges_for(places: list[Place], column: int) -> list[Span]:
    """Over a header of several rows ours stands as one cell."""
    return [
        (header[0], column, header[-1], column)
        for place in places
        for header in place.headers
        if len(header) > 1
    ]


def width_for(edits: Edits) -> int:
    longest = max(
        (len(line) for _colour, text in edits.words.values() for line in text.split("\n")), default=0
    )
    return min(max(2 * longest + 4, NARROWEST), WIDEST)


def write(part: Part, edits: Edits, styles: Styles) -> None:
    """Puts the edited rows in their places; all others stay byte for byte."""
    pieces: list[bytes] = []
    done = 0
    for row in part.rows():
        new = edited(part, row, edits, styles)
        if new is not None:
            pieces += [part.body[done : row.start], new]
            done = row.end
    part.body = b"".join([*pieces, part.body[done:]])


def edited(part: Part, row: Row, edits: Edits, styles: Styles) -> bytes | None:
    """The row anew, or None where nothing of it changes."""
    colours = edits.coloured.get(row.number, {})
    is_head = row.number in edits.heads or row.number in edits.under_heads
    mended = bool(styles.ours) and not styles.ours.isdisjoint(map(int, _STYLED.findall(row.inner)))
    told = row.number in edits.words
    cleared = bool(edits.cleared) and row.number >= min(edits.cleared)
    if not (colours or is_head or mended or told or cleared):
        return None
    cells: dict[int, bytes] = {}
    last: Cell | None = None
    for cell in row.cells():
        last = cell if cell.column < edits.column else last
        cells[cell.column] = cell.xml
        if cell.column in colours:
            cells[cell.column] = restyled(cell, styles.coloured(cell.style, colours[cell.column]))
        elif mended and cell.style in styles.ours and cell.column != edits.column:
            cells[cell.column] = restyled(cell, styles.plain(cell.style))
    last_style = last.style if last else 0
    for column, colour in colours.items():
        if column not in cells:
            style = styles.coloured(last_style, colour)
            cells[column] = part.element(text_cell(row.number, column, style=style, text=""))
    put_ours(part, row.number, edits, styles, cells=cells, base=last_style)
    return rebuilt(part, row, cells)


def put_ours(
    part: Part, number: int, edits: Edits, styles: Styles, *, cells: dict[int, bytes], base: int
) -> None:
    """The cell of the column 问题: its heading, the row's sentences, or nothing any more."""
    if number in edits.heads or number in edits.under_heads:
        style, text = base, GIVEN_BACK if number in edits.heads else ""
    elif number in edits.words:
        colour, text = edits.words[number]
        style = styles.worded(base, colour)
    elif edits.column in cells and edits.cleared:
        style, text = styles.plain(base), ""
    else:
        return
    cells[edits.column] = part.element(text_cell(number, edits.column, style=style, text=text))


def rebuilt(part: Part, row: Row, cells: dict[int, bytes]) -> bytes:
    """A row of these cells in their order; its spans are left out, they are a mere hint."""
    name = part.prefix + b"row"
    opening = _SPANS.sub(b"", row.opening)
    if "r" not in attributes(opening.decode()):
        opening = b' r="%d"' % row.number + opening
    inner = b"".join(addressed(cells[column], row.number, column) for column in sorted(cells))
    return b"<" + name + opening + b">" + inner + b"</" + name + b">"


def addressed(cell: bytes, row: int, column: int) -> bytes:
    """The cell with its address, which some programs leave out."""
    if cell.startswith(b"<c r=") or re.match(rb"<[^<>]*\sr=", cell):
        return cell
    opening = re.match(rb"<[^\s<>/]+", cell)
    at = opening.end() if opening else 0
    return cell[:at] + f' r="{reference(row, column)}"'.encode() + cell[at:]
