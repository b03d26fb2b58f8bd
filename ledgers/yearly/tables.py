"""The common form of the workbook's tables: title, unit line, header, rows, total, notes, signatures."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import ceil

from django.utils.translation import gettext as _

from ledgers.yearly.report import Report
from peixun.lib.xlsx import Line, Sheet, Value
from peixun.lib.xlsx_styles import Style

HEADER_ROW = 3
INDEX_WIDTH = 6
LINE_HEIGHT = 15
MOST_LINES = 8
WIDEST = 4  # columns of a character, by `columns_of`


@dataclass(frozen=True, slots=True)
class Column:
    heading: str
    width: float
    style: Style = Style.WORDS


@dataclass(frozen=True, slots=True)
class Table:
    """`rows` and `total` hold a value for each column; the column 序号 stands before them by itself."""

    name: str
    columns: Sequence[Column]
    rows: Iterable[Sequence[Value]]
    total: Sequence[Value] | None = None
    notes: Sequence[str] = ()

    def sheet(self, report: Report) -> Sheet:
        widths = [INDEX_WIDTH, *(column.width for column in self.columns)]
        return Sheet(self.name, widths, self.lines(report), header_row=HEADER_ROW)

    def lines(self, report: Report) -> Iterator[Line]:
        last = len(self.columns)
        title = _("%(title)s·%(name)s") % {"title": report.title, "name": self.name}
        yield across(title, last, Style.TITLE, height=32)
        yield unit_line(report, last)
        headings = [_("序号"), *(column.heading for column in self.columns)]
        yield Line([(heading, Style.HEADING) for heading in headings], height=32)
        styles = [column.style for column in self.columns]
        widths = [column.width for column in self.columns]
        for number, row in enumerate(self.rows, start=1):
            cells = [(number, Style.INDEX), *zip(row, styles, strict=True)]
            yield Line(cells, height=height_of(row, widths))
        if self.total is not None:
            bold = [style.bold for style in styles]
            yield Line([(_("合计"), Style.BOLD_CODE), *zip(self.total, bold, strict=True)])
        for note in self.notes:
            yield across(note, last, Style.LEFT_LINE)
        yield across(signatures(), last, Style.LEFT_LINE, height=32)


def height_of(row: Sequence[Value], widths: Sequence[float]) -> float | None:
    """The height that the longest text of the row needs; None where one line is enough."""
    needed = max(
        (
            columns_of(value) / width
            for value, width in zip(row, widths, strict=True)
            if value.__class__ is str and len(value) * WIDEST > width
        ),
        default=1,
    )
    return None if needed <= 1 else LINE_HEIGHT * min(ceil(needed), MOST_LINES)


def columns_of(text: Value) -> int:
    """How wide a text is in columns: GB 18030 has one byte for a narrow character, two for a Chinese one."""
    return len(str(text).encode("gb18030", "replace"))


def across(text: str, last: int, style: Style, *, height: float | None = None) -> Line:
    """One text over all columns."""
    return Line([(text, style)], height=height, merged=((0, last),))


def unit_line(report: Report, last: int) -> Line:
    """Who reports on the left; when, and in which units, on the right."""
    middle = last // 2
    cells: list[tuple[Value, Style]] = [("", Style.LEFT_LINE)] * (last + 1)
    cells[0] = (_("填报单位：%(unit)s") % {"unit": report.unit}, Style.LEFT_LINE)
    made = _("填报时间：%(day)s　　单位：人次、人、学时") % {"day": report.day}
    cells[middle + 1] = (made, Style.RIGHT_LINE)
    return Line(cells, merged=((0, middle), (middle + 1, last)))


def signatures() -> str:
    return "　　　　　　　　".join((_("填表人："), _("审核人："), _("单位负责人：")))
