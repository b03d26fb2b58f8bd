"""The rows and cells of a sheet's part, as text with their places."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from xml.sax.saxutils import escape

from ledgers.reading.container import DAMAGED
from ledgers.reading.parts import MOST_COLUMNS
from ledgers.reading.results import UnreadableFile
from ledgers.returning.package import prefixed
from ledgers.returning.styles import with_value

_P = rb"(?:\w+:)?"
_DATA = re.compile(rb"<(" + _P + rb")sheetData\b[^<>]*?(?<!/)>(.*)</" + _P + rb"sheetData\s*>", re.DOTALL)
_ROW = re.compile(rb"<" + _P + rb"row\b(?:([^<>]*)/>|([^<>]*)>(.*?)</" + _P + rb"row\s*>)", re.DOTALL)
_CELL = re.compile(rb"<" + _P + rb"c\b(?:([^<>]*)/>|([^<>]*)>(.*?)</" + _P + rb"c\s*>)", re.DOTALL)
_NUMBER = re.compile(rb"\sr=[\"']([A-Z]*)(\d+)[\"']")
_STYLE = re.compile(rb"\ss\s*=\s*[\"'](\d+)[\"']")
_KIND = re.compile(rb"\st\s*=\s*[\"'](\w+)[\"']")
_MERGE = re.compile(rb"<" + _P + rb"mergeCell\b[^<>]*\sref=[\"']([A-Z]+)(\d+):([A-Z]+)(\d+)[\"']")
_FILLED = re.compile(rb"<" + _P + rb"c\b[^<>]*?\sr=[\"']([A-Z]+)\d+[\"'][^<>]*(?<!/)>")
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_ITEM = re.compile(rb"<" + _P + rb"si\b(?:[^<>]*/>|[^<>]*>(.*?)</" + _P + rb"si\s*>)", re.DOTALL)
_TEXT = re.compile(rb"<" + _P + rb"t\b(?:[^<>]*/>|[^<>]*>(.*?)</" + _P + rb"t\s*>)", re.DOTALL)
_PHONETIC = re.compile(rb"<" + _P + rb"rPh\b.*?</" + _P + rb"rPh\s*>", re.DOTALL)
_VALUE = re.compile(rb"<" + _P + rb"v\b[^<>]*>([^<]*)<")

Span = tuple[int, int, int, int]  # top, left, bottom, right; from 1


@dataclass(frozen=True, slots=True)
class Cell:
    """`xml` is the whole element, `opening` its attributes, `inner` what stands in it."""

    column: int
    opening: bytes
    inner: bytes
    xml: bytes

    @property
    def style(self) -> int:
        found = _STYLE.search(self.opening)
        return int(found[1]) if found else 0

    @property
    def kind(self) -> str:
        found = _KIND.search(self.opening)
        return found[1].decode() if found else "n"


@dataclass(frozen=True, slots=True)
class Row:
    number: int
    opening: bytes
    inner: bytes
    start: int
    end: int

    def cells(self) -> Iterator[Cell]:
        column = 0
        for found in _CELL.finditer(self.inner):
            opening = found[1] if found[1] is not None else found[2]
            number = _NUMBER.search(opening)
            column = column_number(number[1].decode()) if number and number[1] else column + 1
            yield Cell(column, opening, found[3] or b"", found[0])


@dataclass(slots=True)
class Part:
    """The part of one sheet: what stands before its rows, the rows, and what follows them."""

    head: bytes
    body: bytes
    tail: bytes
    prefix: bytes
    merges: list[Span] = field(default_factory=list)

    @classmethod
    def parse(cls, xml: bytes) -> Part:
        found = _DATA.search(xml)
        if found is None or b"<!" in xml:  # a comment or CDATA could hide what looks like a row
            raise UnreadableFile(DAMAGED)
        part = cls(xml[: found.start(2)], found[2], xml[found.end(2) :], found[1])
        for left, top, right, bottom in _MERGE.findall(part.tail):
            part.merges.append(
                (int(top), column_number(left.decode()), int(bottom), column_number(right.decode()))
            )
        return part

    def rows(self) -> Iterator[Row]:
        number = 0
        for found in _ROW.finditer(self.body):
            opening = found[1] if found[1] is not None else found[2]
            given = _NUMBER.search(opening)
            number = int(given[2]) if given else number + 1
            yield Row(number, opening, found[3] or b"", found.start(), found.end())

    def free_column(self, *, after: int) -> int:
        """The column right of all that have anything in them; where the reader would not go so far, a gap.

        `after` is the last column that has a heading.
        """
        filled = {column_number(letters.decode()) for letters in set(_FILLED.findall(self.body))}
        ends = {right for *_rest, right in self.merges}
        last = max((*filled, *ends), default=0)
        if last < MOST_COLUMNS:
            return last + 1
        return next(column for column in range(after + 1, last + 2) if column not in filled | ends)

    def xml(self) -> bytes:
        return self.head + self.body + self.tail

    def element(self, xml: bytes) -> bytes:
        return prefixed(xml, self.prefix)


@lru_cache(maxsize=20_000)
def column_number(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number


@lru_cache(maxsize=20_000)
def column_letters(number: int) -> str:
    letters = ""
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def reference(row: int, column: int) -> str:
    return f"{column_letters(column)}{row}"


def escaped(text: str) -> bytes:
    return escape(_NOT_XML.sub("", text)).encode()


def text_cell(row: int, column: int, *, style: int, text: str) -> bytes:
    """A cell whose text can never be a formula; without a text an empty one."""
    opening = b'<c r="%s" s="%d"' % (reference(row, column).encode(), style)
    if not text:
        return opening + b"/>"
    return opening + b' t="inlineStr"><is><t xml:space="preserve">' + escaped(text) + b"</t></is></c>"


def restyled(cell: Cell, style: int) -> bytes:
    return with_value(cell.xml, "s", str(style))


def texts_of(xml: bytes) -> str:
    """The text of a string item, its runs joined, without the phonetic guide."""
    pieces = _TEXT.findall(_PHONETIC.sub(b"", xml))
    return b"".join(pieces).decode()


def shared_items(xml: bytes, wanted: set[int]) -> dict[int, bytes]:
    """Those items of the shared strings; `wanted` by their places."""
    found: dict[int, bytes] = {}
    for at, item in enumerate(_ITEM.finditer(xml)):
        if at in wanted:
            found[at] = item[0]
            if len(found) == len(wanted):
                break
    return found


def value_of(cell: Cell) -> str:
    """What stands in `<v>`."""
    found = _VALUE.search(cell.inner)
    return found[1].decode().strip() if found else ""
