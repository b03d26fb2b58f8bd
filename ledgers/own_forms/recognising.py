"""Understands a blank form: where its header is, which row is the sample, what its columns may show."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from ledgers.columns import plain_heading
from ledgers.own_forms.kinds import FIELDS, SERIAL, Kind, key_of, labels_of, words_of
from ledgers.own_forms.parts import MOST_COLUMNS, FormBook, FormSheet, place_of, tag
from ledgers.own_forms.placeholders import FIXED_YEAR, names_in, word_in
from ledgers.reading.headings import SERIAL_HEADINGS, keys_for
from ledgers.reading.results import UnreadableFile

MOST_HEADER_ROWS, LATEST_HEADER = 3, 40
LEAST_KNOWN = 2
_TAIL = re.compile(
    r"(?:合计|小计|总计|共计|填表人|填报人|制表人|审核人|复核人|单位负责人|负责人|经办人|联系人|联系电话|领导签字|"
    r"签字|盖章|说明|备注[:：]|注[:：]|填表说明)"
)
NO_HEADER = "没有认出表头：表样里要有列名，如“姓名”“单位”“班次”“学时”，至少两列。请核对后再上传。"
NO_SAMPLE = "表头下面没有样行。请在表头和合计行之间留一行，设好边框、字体和格式，系统照这一行填。"
MERGED_SAMPLE = "样行里有上下合并的单元格，系统不能照着往下填。请取消样行的上下合并后再上传。"


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the form (`at` counts from 1): its heading, and what it shows.

    `field` is a field of the kind, "" for a constant `text`, or for a formula that the sample row has.
    """

    at: int
    heading: str
    field: str = ""
    text: str = ""
    formula: bool = False


@dataclass(frozen=True, slots=True)
class Layout:
    """What was understood of a form. Rows count from 1; the sample is the first of the body's rows."""

    sheet: str
    kind: str
    header_rows: tuple[int, int]
    body: tuple[int, int]
    columns: list[Column] = field(default_factory=list)
    placeholders: list[str] = field(default_factory=list)
    fixed_year: str = ""

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def of_json(cls, stored: dict[str, Any]) -> Layout:
        columns = [Column(**column) for column in stored["columns"]]
        rows = {"header_rows": tuple(stored["header_rows"]), "body": tuple(stored["body"])}
        return cls(**stored | rows | {"columns": columns})


@dataclass(frozen=True, slots=True)
class Header:
    """A candidate: `keys` by column; `known` headings were understood."""

    sheet: FormSheet
    kind: str
    top: int
    bottom: int
    headings: dict[int, tuple[str, ...]]
    keys: dict[int, str]

    @property
    def known(self) -> int:
        return len(set(filter(None, self.keys.values())))

    @property
    def rank(self) -> tuple[int, int, int, int]:
        """As many known headings as may be, in the kind's very words, in as few rows."""
        labels = labels_of(self.kind)
        very = sum(labels.get(key) == "".join(self.headings[at]) for at, key in self.keys.items())
        return self.known, very, self.top - self.bottom, -list(FIELDS).index(self.kind)


def recognise(book: FormBook, *, kind: str = "") -> Layout:
    """The form's layout; its kind is told by the headings unless it is given. Raises `UnreadableFile`."""
    candidates = [
        header
        for sheet in book.sheets
        for one in ([kind] if kind else FIELDS)
        for header in headers_in(sheet, one)
    ]
    header = max(candidates, key=lambda found: found.rank, default=None)
    if header is None or header.known < LEAST_KNOWN:
        raise UnreadableFile(NO_HEADER)
    sheet = header.sheet
    body = body_of(header)
    columns = [column_of(header, at, body[0]) for at in sorted(header.headings)]
    outside = {place: text for place, text in sheet.texts.items() if not body[0] <= place[0] <= body[1]}
    named = [name for text in outside.values() for name in names_in(text)]
    above = [text for (row, _column), text in outside.items() if row < header.top]
    fixed = next((found[0] for text in above if (found := FIXED_YEAR.search(text))), "")
    return Layout(
        sheet=sheet.name,
        kind=header.kind,
        header_rows=(header.top, header.bottom),
        body=body,
        columns=columns,
        placeholders=list(dict.fromkeys(named)),
        fixed_year=fixed,
    )


def headers_in(sheet: FormSheet, kind: str) -> list[Header]:
    last = min(sheet.last_row, LATEST_HEADER)
    return [
        found
        for top in range(1, last + 1)
        for bottom in range(top, min(top + MOST_HEADER_ROWS, last + 1))
        if (found := header_at(sheet, kind, top, bottom))
    ]


def header_at(sheet: FormSheet, kind: str, top: int, bottom: int) -> Header | None:
    width = min(max((column for _row, column in sheet.texts), default=0), MOST_COLUMNS)
    headings = {}
    for column in range(1, width + 1):
        stack = [sheet.text(row, column).strip() for row in range(top, bottom + 1)]
        texts = tuple(dict.fromkeys(filter(None, stack)))
        if texts:
            headings[column] = texts
    if len(headings) < LEAST_KNOWN or len(set(headings.values())) < LEAST_KNOWN:
        return None
    return Header(sheet, kind, top, bottom, headings, keys_of(kind, headings))


def keys_of(kind: str, headings: dict[int, tuple[str, ...]]) -> dict[int, str]:
    """The field of each heading; each field once, as the first heading has it."""
    columns = list(headings)
    plain = [tuple(map(plain_heading, headings[column])) for column in columns]
    if kind == Kind.LEARNERS:
        found = keys_for(plain)
        known = {one.key for one in FIELDS[kind]}
        found = [key if key in known else "" for key in found]
        if not any(key.startswith("hours_") for key in found):  # a form's only hours are all of them
            found = ["hours_total" if key == "hours" else key for key in found]
    else:
        found = [key_of(kind, texts) for texts in plain]
    keys: dict[int, str] = {}
    for column, texts, key in zip(columns, plain, found, strict=True):
        key = SERIAL if texts[-1] in SERIAL_HEADINGS else key
        keys[column] = "" if key in keys.values() else key
    return keys


def body_of(header: Header) -> tuple[int, int]:
    """The sample row and the blank rows below it, up to a line of sums or signatures."""
    sheet = header.sheet
    first = header.bottom + 1
    if counts_columns(sheet, first, header.headings):
        first += 1
    last = first - 1
    rows = {int(row.get("r")) for row in sheet.data}
    while last + 1 in rows and not is_tail(sheet, last + 1):
        last += 1
    if last < first:
        raise UnreadableFile(NO_SAMPLE)
    if any(top == first < bottom for top, _left, bottom, _right in sheet.merges):
        raise UnreadableFile(MERGED_SAMPLE)
    return first, last


def counts_columns(sheet: FormSheet, row: int, headings: Sequence[int] | dict[int, Any]) -> bool:
    """The line 1, 2, 3 … (甲, 乙 …) that official forms have below their header."""
    texts = [sheet.text(row, column) for column in headings]
    numbers = [int(text) for text in texts if text.isascii() and text.isdigit()]
    letters = [text for text in texts if text and text in "甲乙丙丁"]
    filled = [text for text in texts if text]
    return (
        len(numbers) > 1
        and len(numbers) + len(letters) == len(filled)
        and numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    )


def is_tail(sheet: FormSheet, row: int) -> bool:
    """A line of sums, notes or signatures, and any text across several columns."""
    wide = any(
        top == row and right - left >= 3 and sheet.text(row, left) for top, left, _b, right in sheet.merges
    )
    texts = [text for (at, _column), text in sheet.texts.items() if at == row]
    return wide or any(_TAIL.match("".join(text.split())) for text in texts)


def column_of(header: Header, at: int, sample: int) -> Column:
    """A column as guessed: by its heading, or by the placeholder that the sample row has in it."""
    cell = next((one for one in cells_of(header.sheet, sample) if place_of(one)[1] == at), None)
    key = header.keys[at]
    written = header.sheet.texts.get((sample, at), "")
    if word := word_in(written):
        key = words_of(header.kind).get(plain_heading(word), key)
    formula = cell is not None and cell.find(tag("f")) is not None
    heading = " ".join(header.headings[at])
    return Column(at, heading, "" if formula else key, formula=formula)


def cells_of(sheet: FormSheet, number: int) -> list[Any]:
    row = next((one for one in sheet.data if one.get("r") == str(number)), None)
    return [] if row is None else list(row.iter(tag("c")))
