"""Finds the people, the days and the marks of a sign-in sheet. Pure Python."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from learners import id_numbers, names
from ledgers.columns import plain_heading
from ledgers.reading import UnreadableFile
from ledgers.reading.cells import is_blank, text_of
from ledgers.reading.grid import Merged, Sheet
from ledgers.reading.headings import KEY_BY_HEADING, SERIAL_HEADINGS
from ledgers.reading.opening import read_sheets
from ledgers.reading.results import Cell
from ledgers.reading.words import title_part
from ledgers.signing.days import Day, day_of
from ledgers.signing.marks import Mark, read_mark

MOST_HEADER_ROWS = 3
MOST_ROWS = 5000
MOST_MARKS = 200_000
_TOTAL = re.compile("(合计|小计|总计|应到|实到|出勤人数|到课人数|出勤率|请假人数|缺勤人数).*")
_FOOTER = re.compile("(说明|备注|注|填表人|班主任|负责人|联系人|审核人|记录人|签到说明|制表人)[:：].*")
_TITLE_WORDS = re.compile("签到表|签到册|考勤表|签名表|点名册|点名表|签到")
_YEAR = re.compile(r"(20\d\d)\s*年?")

NO_SHEET = (
    "没有找到签到表的表头：要有“姓名”一列，右边每天一列或上午、下午各一列，"
    "列名写成“3月5日”“2024-03-05”“第1天”。请检查表头后再上传。"
)
TOO_LONG = "这张签到表超过 5000 人，不像一个班的。请每个班单独上传一个文件。"
TOO_WIDE = "这张签到表的人数和天数太多，不像一个班的。请每个班单独上传一个文件。"


@dataclass(frozen=True, slots=True)
class Column:
    """A day or half day. `position` counts the sheet's columns from 0; `words` is the heading as written."""

    position: int
    words: str
    day: Day


@dataclass(frozen=True, slots=True)
class Line:
    """One person: a row of the sheet, and a mark for each of its columns."""

    number: int
    name: str
    id_number: str
    employer: str
    marks: tuple[Mark, ...]


@dataclass(frozen=True, slots=True)
class SignInSheet:
    """One table of people and days. `title` is what stands above it, `year` what that says of the year."""

    sheet: str
    title: str
    year: int | None
    columns: tuple[Column, ...]
    lines: tuple[Line, ...] = field(repr=False)


def read_sign_in(content: bytes, *, size_limit: int) -> list[SignInSheet]:
    """The sign-in sheets of a file. Raises `UnreadableFile`, also where it has none."""
    found = [one for sheet in read_sheets(content, size_limit=size_limit) if (one := read_one(sheet))]
    if not found:
        raise UnreadableFile(NO_SHEET)
    if sum(len(one.lines) for one in found) > MOST_ROWS:
        raise UnreadableFile(TOO_LONG)
    if sum(len(one.lines) * len(one.columns) for one in found) > MOST_MARKS:
        raise UnreadableFile(TOO_WIDE)
    return found


def read_one(sheet: Sheet) -> SignInSheet | None:
    merged = Merged(sheet)
    for row in range(min(len(sheet.rows), 40)):
        at = name_position(merged.as_header(row))
        if at < 0:
            continue
        rows = header_rows(sheet, merged, row, name=at)
        columns = day_columns([merged.as_header(one) for one in rows])
        if columns:
            title = " ".join(filter(None, (title_part(sheet.rows[above]) for above in range(rows[0]))))
            year = _YEAR.search(title) or _YEAR.search(sheet.name)
            lines = tuple(people(sheet, merged, rows, columns))
            return SignInSheet(sheet.name, title[:200], int(year[1]) if year else None, columns, lines)
    return None


def name_position(cells: list[Cell]) -> int:
    return next((at for at, cell in enumerate(cells) if key_of(cell) == "name"), -1)


def key_of(cell: Cell) -> str:
    return KEY_BY_HEADING.get(plain_heading(cell), "") if isinstance(cell, str) else ""


def header_rows(sheet: Sheet, merged: Merged, row: int, *, name: int) -> list[int]:
    """The rows of the header: around 姓名, as far as they hold days and no names."""
    rows = [row]
    while rows[0] > 0 and row - rows[0] < MOST_HEADER_ROWS - 1 and has_days(merged, rows[0] - 1, name=name):
        rows.insert(0, rows[0] - 1)
    while rows[-1] + 1 < len(sheet.rows) and len(rows) < MOST_HEADER_ROWS:
        below = merged.as_header(rows[-1] + 1)
        said = below[name] if name < len(below) else None
        if not (is_blank(said) or key_of(said) == "name") or not any(map(means_day, below)):
            break
        rows.append(rows[-1] + 1)
    return rows


def has_days(merged: Merged, row: int, *, name: int) -> bool:
    """Whether a row above 姓名 belongs to the header: days in at least two cells, and no title over all."""
    cells = merged.as_header(row)
    texts = {text_of(cell) for cell in cells if not is_blank(cell)}
    said = cells[name] if name < len(cells) else None
    return is_blank(said) and len(texts) > 1 and sum(map(means_day, cells)) > 1


def means_day(cell: Cell) -> bool:
    return not is_blank(cell) and day_of([cell]) is not None


def day_columns(rows: list[list[Cell]]) -> tuple[Column, ...]:
    """The columns of days; a day that is written over its first half only stands for the other too."""
    found: list[Column] = []
    width = max(map(len, rows))
    before: Day | None = None
    for at in range(width):
        cells = list(dict.fromkeys(row[at] for row in rows if at < len(row) and not is_blank(row[at])))
        if any(key_of(cell) or plain_heading(text_of(cell)) in SERIAL_HEADINGS for cell in cells):
            continue
        day = day_of(cells) if cells else None
        if day is None:
            continue
        if not day.known and before is not None:
            day = Day(day.half, before.on, before.month, before.day, before.nth, before.tenth)
        if day.known:
            found.append(Column(at, " ".join(map(text_of, cells)), day))
            before = day
    return tuple(found)


def people(sheet: Sheet, merged: Merged, rows: list[int], columns: tuple[Column, ...]) -> list[Line]:
    """The rows below the header that are somebody's."""
    keys: dict[str, int] = {}
    for row in rows:
        for at, cell in enumerate(merged.as_header(row)):
            if key := key_of(cell):
                keys.setdefault(key, at)
    found = []
    for row in range(rows[-1] + 1, len(sheet.rows)):
        cells = merged.filled(row)
        if line := line_of(cells, keys, columns, number=sheet.numbers[row]):
            found.append(line)
    return found


def line_of(
    cells: list[Cell], keys: dict[str, int], columns: tuple[Column, ...], *, number: int
) -> Line | None:
    """One person's row; None for an empty one, a total or a line below the table."""
    first = next((text for cell in cells if (text := text_of(cell))), "")
    name = names.normalise(at(cells, keys, "name"))
    if not first or _TOTAL.fullmatch(name) or _TOTAL.fullmatch(first) or _FOOTER.fullmatch(first):
        return None
    marks = tuple(
        read_mark(cells[column.position] if column.position < len(cells) else None, name=name)
        for column in columns
    )
    if key_name(name) or (not name and all(mark.what == "blank" for mark in marks)):
        return None
    id_number = id_numbers.normalise(at(cells, keys, "id_number"))
    return Line(number, name, id_number, at(cells, keys, "employer"), marks)


def key_name(name: str) -> bool:
    """A repeated header, as on each printed page."""
    return KEY_BY_HEADING.get(plain_heading(name)) == "name"


def at(cells: list[Cell], keys: dict[str, int], key: str) -> str:
    place = keys.get(key, -1)
    return text_of(cells[place]) if 0 <= place < len(cells) else ""


def plain_title(title: str) -> str:
    """The title without 签到表 and the like: what is left is most often the class."""
    return _TITLE_WORDS.sub("", title).strip()
