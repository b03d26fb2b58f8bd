"""Splits a sheet into its tables and tells data rows from titles, repeated headers, totals and footers."""

import re
from array import array
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import overload

from learners import id_numbers
from ledgers.reading.cells import folded, is_blank, text_of
from ledgers.reading.grid import Merged, Sheet
from ledgers.reading.guesses import SAMPLE
from ledgers.reading.headers import Header, find_header, refuse_duplicates
from ledgers.reading.headings import NO_HEADINGS, Headings
from ledgers.reading.results import Cell, Row, Table
from ledgers.reading.unread import unread_columns
from ledgers.reading.words import Marks, find_marks, reporting_unit, title_part

_MOST_TITLE_ROWS = 12
_MANY = 5
_PATIENCE = 50
_LONG_NUMBER = re.compile(r"\d{12}")


@dataclass(slots=True)
class _Draft:
    """A table in the making."""

    header: Header
    title: str
    unit: str
    header_rows: list[int]
    places: "array[int]" = field(default_factory=lambda: array("I"))


class DataRows(Sequence[Row]):
    """The data rows of one table, made when they are asked for: only their places are kept."""

    def __init__(self, sheet: Sheet, merged: Merged, places: "array[int]") -> None:
        self._sheet, self._merged, self._places = sheet, merged, places

    def __len__(self) -> int:
        return len(self._places)

    @overload
    def __getitem__(self, at: int) -> Row: ...
    @overload
    def __getitem__(self, at: slice) -> list[Row]: ...
    def __getitem__(self, at: int | slice) -> Row | list[Row]:
        if isinstance(at, slice):
            return [self._row(place) for place in self._places[at]]
        return self._row(self._places[at])

    def __iter__(self) -> Iterator[Row]:
        return map(self._row, self._places)

    def _row(self, place: int) -> Row:
        number = self._sheet.numbers[place]
        return Row(number, number in self._sheet.hidden_rows, self._merged.filled(place))


def find_tables(sheet: Sheet, *, headings: Headings = NO_HEADINGS) -> list[Table]:
    """The tables of a sheet, in order; empty where it has no header of a ledger."""
    marks = find_marks(sheet.rows, headings=headings)
    merged = Merged(sheet)
    headers = find_headers(sheet, merged, marks, headings=headings)
    drafts: list[_Draft] = []
    for at, header in enumerate(headers):
        above = headers[at - 1].bottom if at else -1
        title, unit = _lines_above(sheet, merged, header, after=above)
        if (
            drafts
            and drafts[-1].header.layout == header.layout
            and drafts[-1].title == (title or drafts[-1].title)
        ):
            draft = drafts[-1]
        else:
            refuse_duplicates(sheet, header)
            previous = drafts[-1] if drafts else None
            draft = _Draft(
                header,
                title=title or (previous.title if previous else ""),
                unit=unit or (previous.unit if previous else ""),
                header_rows=[],
            )
            drafts.append(draft)
        draft.header_rows += [sheet.numbers[row] for row in range(header.top, header.bottom + 1)]
        end = headers[at + 1].top if at + 1 < len(headers) else len(sheet.rows)
        span = _Span(sheet, merged, marks, header)
        draft.places.extend(_data_places(span, end=end, followed=at + 1 < len(headers)))
    return [_table(sheet, merged, draft) for draft in drafts]


def _table(sheet: Sheet, merged: Merged, draft: _Draft) -> Table:
    header = draft.header
    rows = DataRows(sheet, merged, draft.places)
    return Table(
        sheet=sheet.name,
        kind=header.kind,
        title=draft.title,
        reporting_unit=draft.unit,
        header_rows=tuple(draft.header_rows),
        columns=header.columns,
        ignored=header.ignored,
        has_id_column=bool(header.positions("id_number")),
        rows=rows,
        count=len(rows),
        unknown=unread_columns(header, [row.cells for row in rows[:SAMPLE]], sheet=sheet.name),
        fingerprint=header.fingerprint,
    )


def find_headers(
    sheet: Sheet, merged: Merged, marks: Marks, *, headings: Headings = NO_HEADINGS
) -> list[Header]:
    """All headers of a sheet, from top to bottom."""
    headers: list[Header] = []
    anchors = set(marks.anchors)
    failures: Counter[Cell] = Counter()
    for row, cells in enumerate(sheet.rows):
        after = headers[-1].bottom if headers else -1
        if row <= after or anchors.isdisjoint(cells):
            continue
        if header := find_header(sheet, merged, row, after=after, headings=headings):
            headers.append(header)
            continue
        # A word such as 学员 in each row of a column is no heading; asking of every row would take minutes.
        failures.update(anchors.intersection(cells))
        anchors -= {word for word, times in failures.items() if times > _PATIENCE}
    return headers


def _lines_above(sheet: Sheet, merged: Merged, header: Header, *, after: int) -> tuple[str, str]:
    """Title and reporting unit from the lines above a header."""
    titles, unit = [], ""
    for row in range(_first_line_above(sheet, header, after=after), header.top):
        cells = sheet.rows[row]
        found = reporting_unit(cells)
        if found is not None:
            unit = unit or found
        elif part := title_part(cells):
            titles.append(part)
    return " ".join(dict.fromkeys(titles))[:200], unit


def _first_line_above(sheet: Sheet, header: Header, *, after: int) -> int:
    """The first of the lines that belong to this header; below another table only an unbroken few do."""
    if after < 0:
        return max(0, header.top - _MOST_TITLE_ROWS)
    row = header.top
    while row - 1 > after and header.top - row < _MOST_TITLE_ROWS and _is_title_line(sheet.rows[row - 1]):
        row -= 1
    return row


def _is_title_line(cells: list[Cell]) -> bool:
    own = [cell for cell in cells if not is_blank(cell)]
    return len(own) == 1 or (bool(own) and reporting_unit(cells) is not None)


@dataclass(frozen=True, slots=True)
class _Span:
    """One header and what is needed to judge the rows below it."""

    sheet: Sheet
    merged: Merged
    marks: Marks
    header: Header


def _data_places(span: _Span, *, end: int, followed: bool) -> Iterator[int]:
    """Which rows from below a header to `end` are data; the lines above a following header are none."""
    sheet = span.sheet
    judge = _RowJudge(span)
    start = span.header.bottom + 1
    if followed:
        while end - 1 > start and _is_title_line(sheet.rows[end - 1]):
            end -= 1
    for row in range(start, end):
        if judge.is_data(row, sheet.rows[row]):
            yield row


class _RowJudge:
    """Tells the data rows of one table."""

    def __init__(self, span: _Span) -> None:
        header = span.header
        self._merged = span.merged
        self._totals, self._footers = span.marks.totals, span.marks.footers
        self._words = self._totals | self._footers
        self._first = header.bottom + 1
        self._serial = header.serial
        self._is_lecture = header.kind == "lecture"
        self._names = header.positions("name")
        self._ids = header.positions("id_number")
        self._keys = frozenset(header.positions("name", "id_number"))
        self._runs = header.positions("run", "course", "activity")
        self._dates = header.positions("dates", "start", "end")
        self._heads = header.positions("headcount")
        self._width = len(header.columns)

    def is_data(self, row: int, cells: list[Cell]) -> bool:
        if (
            len(cells) - cells.count("") >= _MANY
            and self._has_plain_name(cells)
            and self._words.isdisjoint(cells)
        ):
            return row != self._first or not _counts_columns(cells)
        own = [at for at, cell in enumerate(cells) if cell != "" and not is_blank(cell)]
        if not own or own == [self._serial]:
            return False
        if len(own) == 1 and (own[0] not in self._keys or self._merged.spans(row, columns=3)):
            return False
        if not self._words.isdisjoint(cells) and self._is_total_or_footer(cells, own):
            return False
        return row != self._first or not _counts_columns(cells)

    def _has_plain_name(self, cells: list[Cell]) -> bool:
        """The quick test that most rows pass: a name without blanks and signs."""
        name = cells[self._names[0]] if self._names else ""
        return type(name) is str and name.isalnum()

    def _is_total_or_footer(self, cells: list[Cell], own: list[int]) -> bool:
        if cells[own[0]] in self._totals or any(cells[at] in self._totals for at in self._names):
            return True
        return any(cells[at] in self._footers for at in own) and not self._is_evidently_data(cells)

    def _is_evidently_data(self, cells: list[Cell]) -> bool:
        """A remark such as 说明：补录 makes no footer of a person's row."""
        if any(_is_long_number(cells[at]) for at in self._ids):
            return True
        numbered = self._serial is not None and text_of(cells[self._serial]).isdecimal()
        if self._is_lecture:
            counted = any(folded(text_of(cells[at]))[:1].isdecimal() for at in self._heads)
            return counted and (numbered or self._filled(cells, self._dates))
        return self._filled(cells, self._names) and (
            numbered or (self._filled(cells, self._runs) and self._filled(cells, self._dates))
        )

    def _filled(self, cells: list[Cell], positions: tuple[int, ...]) -> bool:
        return any(not is_blank(cells[at]) and cells[at] not in self._footers for at in positions)


def _is_long_number(cell: Cell) -> bool:
    if isinstance(cell, float | int):
        return cell > 1e14
    return bool(_LONG_NUMBER.match(id_numbers.normalise(text_of(cell))))


def _counts_columns(cells: list[Cell]) -> bool:
    """The line 1, 2, 3 … that some forms have below their header."""
    texts = [text for cell in cells if (text := text_of(cell))]
    numbers = [int(text) for text in texts if text.isascii() and text.isdigit() and len(text) < 4]
    letters = [text for text in texts if text in "甲乙丙丁戊己庚辛"]
    return (
        len(texts) >= 4
        and len(numbers) + len(letters) == len(texts)
        and numbers == list(range(numbers[0], numbers[0] + len(numbers)) if numbers else ())
        and bool(numbers)
    )
