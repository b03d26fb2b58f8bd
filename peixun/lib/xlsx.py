"""Writes a workbook as it is read, sheet after sheet and row after row.

However many rows there are, memory stays the same. Every text is an inline string: nothing that a user
wrote can become a formula. openpyxl takes ten times as long or more; rustpy-xlsxwriter draws a column's
borders down to the last row of the sheet and cannot close a table with lines of another look.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache, lru_cache
from io import RawIOBase
from itertools import islice
from typing import IO, Any, cast
from xml.sax.saxutils import escape, quoteattr
from zipfile import ZIP_DEFLATED, ZipFile

from peixun.lib.xlsx_styles import STYLES_XML, Style

Value = str | int | Decimal | datetime.date | None
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
TYPES = "application/vnd.openxmlformats-officedocument.spreadsheetml"
RELATIONS = "application/vnd.openxmlformats-package.relationships+xml"
XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'

EPOCH = datetime.date(1899, 12, 30)
TOGETHER = 500  # rows that are compressed in one go
LONGEST_TEXT = 32_767
A3, A4 = 8, 9  # Excel's numbers of papers
WIDEST_ON_A4 = 240  # columns of a character; more would be printed smaller than half
NOT_APPLICABLE = "—"
STYLED = {style: f'" s="{style:d}"' for style in Style}
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_SPECIAL = re.compile("[\x00-\x1f&<>\ud800-\udfff\ufffe\uffff]|_x")
_LOOKS_ESCAPED = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")


@dataclass(slots=True)
class Line:
    """A row from the first column on, a style for each value; `merged` ranges are columns from 0."""

    values: Sequence[Value]
    styles: Sequence[Style]
    height: float | None = None
    merged: tuple[tuple[int, int], ...] = ()


def across(text: str, last: int, style: Style, *, height: float | None = None) -> Line:
    """One text over all columns up to `last`."""
    return Line([text], [style], height, ((0, last),))


def headings(texts: Iterable[str], *, height: float = 32) -> Line:
    cells = list(texts)
    return Line(cells, [Style.HEADING] * len(cells), height)


def halves(left: str, right: str, last: int) -> Line:
    """A text at either side, above a table whose last column is `last`."""
    middle = last // 2
    values = [left, *[""] * middle, right, *[""] * (last - middle - 1)]
    styles = [Style.LEFT_LINE] * len(values)
    styles[middle + 1] = Style.RIGHT_LINE
    return Line(values, styles, merged=((0, middle), (middle + 1, last)))


@dataclass(frozen=True, slots=True)
class Sheet:
    """`header_row` is the row, from 1, down to which the sheet is frozen and which each page repeats.

    `mark` stands at the head of each printed page, such as who took the sheet out of the system.
    """

    name: str
    widths: Sequence[float]
    lines: Iterable[Line]
    header_row: int | None = None
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Properties:
    """What the file says of itself where the cells do not."""

    creator: str = ""
    description: str = ""


class Book:
    """A workbook on its way to `file`; a context manager. Sheets print landscape, one page wide."""

    def __init__(self, file: IO[bytes], properties: Properties | None = None) -> None:
        self.archive = ZipFile(file, "w", ZIP_DEFLATED)
        # Excel refuses the large form of a member whose size stands behind it, as in a stream.
        self.large = file.seekable()
        self.sheets: list[Sheet] = []
        self.properties = properties

    def __enter__(self) -> Book:
        return self

    def __exit__(self, failure: type[BaseException] | None, *_: object) -> None:
        if failure is None:
            self.finish()
        self.archive.close()

    def add(self, sheet: Sheet) -> None:
        for _some in self.adding(sheet):
            pass

    def adding(self, sheet: Sheet) -> Iterator[None]:
        """Writes the sheet, stopping each time some rows are written."""
        self.sheets.append(sheet)
        merged: list[str] = []
        part = f"xl/worksheets/sheet{len(self.sheets)}.xml"
        with self.archive.open(part, "w", force_zip64=self.large) as out:
            out.write(top_of(sheet, first=len(self.sheets) == 1).encode())
            numbered = enumerate(sheet.lines, start=1)
            while some := list(islice(numbered, TOGETHER)):
                out.write("".join(row_of(line, number) for number, line in some).encode())
                merged += (
                    f"{letters(first)}{number}:{letters(last)}{number}"
                    for number, line in some
                    for first, last in line.merged
                )
                yield
            out.write(bottom_of(sheet, merged).encode())

    def finish(self) -> None:
        count = range(1, len(self.sheets) + 1)
        part = '<Override PartName="/xl/{}.xml" ContentType="{}.{}+xml"/>'
        self.put(
            "[Content_Types].xml",
            f'<Types xmlns="{PACKAGE}/content-types">'
            f'<Default Extension="rels" ContentType="{RELATIONS}"/>'
            + part.format("workbook", TYPES, "sheet.main")
            + part.format("styles", TYPES, "styles")
            + "".join(part.format(f"worksheets/sheet{n}", TYPES, "worksheet") for n in count)
            + (CORE_TYPE if self.properties else "")
            + "</Types>",
        )
        self.put("_rels/.rels", root_relations(with_properties=self.properties is not None))
        if self.properties:
            self.put("docProps/core.xml", core_of(self.properties))
        targets = [("worksheet", f"worksheets/sheet{n}.xml") for n in count]
        self.put("xl/_rels/workbook.xml.rels", relations([*targets, ("styles", "styles.xml")]))
        self.put("xl/styles.xml", STYLES_XML)
        self.put("xl/workbook.xml", self.workbook())

    def put(self, name: str, text: str) -> None:
        self.archive.writestr(name, XML + text)

    def workbook(self) -> str:
        sheets = "".join(
            f'<sheet name={quoteattr(sheet.name)} sheetId="{n}" r:id="rId{n}"/>'
            for n, sheet in enumerate(self.sheets, start=1)
        )
        repeated = "".join(
            f'<definedName name="_xlnm.Print_Titles" localSheetId="{at}">'
            f"'{escape(sheet.name)}'!$1:${sheet.header_row}</definedName>"
            for at, sheet in enumerate(self.sheets)
            if sheet.header_row
        )
        return (
            f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets>{sheets}</sheets>'
            f"<definedNames>{repeated}</definedNames></workbook>"
        )


class Pipe(RawIOBase):
    """Takes what a writer writes, for `taken` to hand on."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.parts.append(bytes(data))
        return len(data)

    def taken(self) -> bytes:
        parts, self.parts = self.parts, []
        return b"".join(parts)


def streamed(sheets: Iterable[Sheet]) -> Iterator[bytes]:
    """A workbook as it is made: neither its rows nor its bytes are held."""
    pipe = Pipe()
    with Book(cast("IO[bytes]", pipe)) as book:
        for sheet in sheets:
            for _some in book.adding(sheet):
                yield pipe.taken()
    yield pipe.taken()


CORE = "http://schemas.openxmlformats.org/package/2006/metadata/core-properties"
CORE_TYPE = (
    '<Override PartName="/docProps/core.xml" '
    'ContentType="application/vnd.openxmlformats-package.core-properties+xml"/>'
)


def core_of(properties: Properties) -> str:
    """The properties part of a workbook."""
    return (
        f'<cp:coreProperties xmlns:cp="{CORE}" xmlns:dc="http://purl.org/dc/elements/1.1/">'
        f"<dc:creator>{plain(properties.creator)}</dc:creator>"
        f"<dc:description>{plain(properties.description)}</dc:description></cp:coreProperties>"
    )


def root_relations(*, with_properties: bool) -> str:
    core = (
        f'<Relationship Id="rId2" Type="{PACKAGE}/relationships/metadata/core-properties" '
        'Target="docProps/core.xml"/>'
    )
    root = relations([("officeDocument", "xl/workbook.xml")])
    return root.replace("</Relationships>", f"{core}</Relationships>") if with_properties else root


def relations(targets: list[tuple[str, str]]) -> str:
    found = "".join(
        f'<Relationship Id="rId{n}" Type="{OFFICE}/{kind}" Target="{target}"/>'
        for n, (kind, target) in enumerate(targets, start=1)
    )
    return f'<Relationships xmlns="{PACKAGE}/relationships">{found}</Relationships>'


def top_of(sheet: Sheet, *, first: bool) -> str:
    pane = ""
    if sheet.header_row:
        pane = (
            f'<pane ySplit="{sheet.header_row}" topLeftCell="A{sheet.header_row + 1}" '
            'activePane="bottomLeft" state="frozen"/>'
        )
    columns = "".join(
        f'<col min="{n}" max="{n}" width="{width}" customWidth="1"/>'
        for n, width in enumerate(sheet.widths, start=1)
    )
    return (
        f'{XML}<worksheet xmlns="{MAIN}"><sheetPr><pageSetUpPr fitToPage="1"/></sheetPr>'
        f'<sheetViews><sheetView showGridLines="0" tabSelected="{int(first)}" workbookViewId="0">'
        f"{pane}</sheetView></sheetViews>"
        f'<sheetFormatPr defaultRowHeight="18" customHeight="1"/><cols>{columns}</cols><sheetData>'
    )


def bottom_of(sheet: Sheet, merged: list[str]) -> str:
    paper = A3 if sum(sheet.widths) > WIDEST_ON_A4 else A4
    ranges = "".join(f'<mergeCell ref="{one}"/>' for one in merged)
    return (
        "</sheetData>"
        + (f'<mergeCells count="{len(merged)}">{ranges}</mergeCells>' if merged else "")
        + '<printOptions horizontalCentered="1"/>'
        '<pageMargins left="0.5" right="0.5" top="0.6" bottom="0.6" header="0.3" footer="0.3"/>'
        f'<pageSetup paperSize="{paper}" orientation="landscape" fitToWidth="1" fitToHeight="0"/>'
        f"<headerFooter>{page_head(sheet.mark)}<oddFooter>&amp;C&amp;P / &amp;N</oddFooter></headerFooter>"
        "</worksheet>"
    )


def page_head(mark: str) -> str:
    """The mark at the head of each page; `&` begins a code there, and 255 characters are the end."""
    text = plain(mark).replace("&amp;", "&amp;&amp;").replace("\n", " ")[:200]
    return f"<oddHeader>&amp;R{text}</oddHeader>" if mark else ""


def row_of(line: Line, number: int) -> str:
    height = f' ht="{line.height}" customHeight="1"' if line.height else ""
    cells = places(len(line.values)).replace("#", str(number)) % tuple(map(rest_of, line.values, line.styles))
    return f'<row r="{number}"{height}>{cells}</row>'


@cache
def places(count: int) -> str:
    """The cells of a row, each but its place still to come; `#` stands for the row."""
    return "".join(f'<c r="{letters(at)}#%s' for at in range(count))


@lru_cache(10_000)  # most columns have few values, each of them many times
def rest_of(value: Value, style: Style) -> str:
    """A cell after its place. None is written as "—": not applicable; an empty text as an empty cell."""
    start = STYLED[style]
    if value is None:
        value = NOT_APPLICABLE
    if not isinstance(value, str):
        number = (value - EPOCH).days if isinstance(value, datetime.date) else value
        return f"{start}><v>{number}</v></c>"
    if not value:
        return f"{start}/>"
    text = plain(value)
    space = ' xml:space="preserve"' if text != text.strip() else ""
    return f'{start} t="inlineStr"><is><t{space}>{text}</t></is></c>'


def plain(text: str) -> str:
    """`text` for XML: without what XML cannot hold, and with nothing that Excel would unescape."""
    if not _SPECIAL.search(text):
        return text[:LONGEST_TEXT]
    return escape(_LOOKS_ESCAPED.sub("_x005F_", writable(text)[:LONGEST_TEXT]))


def writable(text: str) -> str:
    """`text` without what no file can hold, its lines parted in one way."""
    return _NOT_XML.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def letters(column: int) -> str:
    """A, B … Z, AA …, of a column from 0."""
    above, last = divmod(column, 26)
    return (letters(above - 1) if above else "") + chr(65 + last)
