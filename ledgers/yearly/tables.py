"""The common form of the workbook's tables: title, unit line, header, rows, total, notes, signatures."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import ceil

from django.utils.translation import gettext as _

from ledgers.yearly.report import Report
from peixun.lib.xlsx import Line, Sheet, Value, across, halves, headings
from peixun.lib.xlsx_styles import Style

HEADER_ROW = 3
INDEX_WIDTH = 6
LINE_HEIGHT = 15
MOST_LINES = 8
_NARROW = re.compile(r"[\x00-\x7f]")


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
        made = _("填报时间：%(day)s　　单位：人次、人、学时") % {"day": report.day}
        yield halves(_("填报单位：%(unit)s") % {"unit": report.unit}, made, last)
        yield headings([_("序号"), *(column.heading for column in self.columns)])
        styles = [column.style for column in self.columns]
        numbered = [Style.INDEX, *styles]
        widths = [column.width for column in self.columns]
        for number, row in enumerate(self.rows, start=1):
            yield Line([number, *row], numbered, height=height_of(row, widths))
        if self.total is not None:
            bold = [Style.BOLD_CODE, *(style.bold for style in styles)]
            yield Line([_("合计"), *self.total], bold)
        for note in self.notes:
            yield across(note, last, Style.LEFT_LINE)
        yield across(signatures(), last, Style.LEFT_LINE, height=32)


def height_of(row: Sequence[Value], widths: Sequence[float]) -> float | None:
    """The height that the longest text of the row needs; None where one line is enough."""
    needed = 1.0
    for value, width in zip(row, widths, strict=True):
        if value.__class__ is str and len(value) * 2 > width:  # most are shorter
            needed = max(needed, columns_of(value) / width)
    return None if needed == 1 else LINE_HEIGHT * min(ceil(needed), MOST_LINES)


def columns_of(text: str) -> int:
    """How wide a text is in columns: one for what ASCII has, two for any other character."""
    return len(text) if text.isascii() else 2 * len(text) - len(_NARROW.findall(text))


def signatures() -> str:
    return "　　　　　　　　".join((_("填表人："), _("审核人："), _("单位负责人：")))
