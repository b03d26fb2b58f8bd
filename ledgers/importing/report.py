"""The faulty rows of a ledger with the reasons, as a workbook to work from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from io import BytesIO

from django.utils.translation import gettext as _
from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.worksheet.worksheet import Worksheet

SHOWN = ("name", "id_number", "employer", "run", "dates", "hours", "headcount")
WIDTHS = (18, 8, 16, 50, 12, 22, 26, 26, 22, 10, 10)


@dataclass(frozen=True, slots=True)
class FaultyRow:
    """A row with what is said of it: the faulty column, or what undoing made of the row."""

    sheet: str
    number: int
    column: str
    message: str
    shown: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Words:
    """What the sheet is called, and its two columns about a row."""

    sheet: str
    column: str
    message: str


def of_faults() -> Words:
    return Words(_("有问题的行"), _("列"), _("问题与办法"))


def of_undoing() -> Words:
    return Words(_("撤销结果"), _("结果"), _("说明"))


def headings(words: Words) -> list[str]:
    return [
        _("工作表"),
        _("行"),
        words.column,
        words.message,
        _("姓名"),
        _("身份证号"),
        _("单位"),
        _("班次或活动"),
        _("时间"),
        _("学时"),
        _("人数"),
    ]


def workbook_of(rows: Iterable[FaultyRow], *, title: str, words: Words | None = None) -> bytes:
    """An .xlsx of the rows; every value is a text cell, so that none becomes a formula."""
    words = words or of_faults()
    book = Workbook()
    sheet: Worksheet = book.active  # type: ignore[assignment]
    sheet.title = words.sheet
    sheet.append([title])
    sheet["A1"].font = Font(bold=True, size=14)
    sheet.append(headings(words))
    for row in rows:
        add_row(sheet, row)
    dress(sheet)
    file = BytesIO()
    book.save(file)
    return file.getvalue()


def add_row(sheet: Worksheet, row: FaultyRow) -> None:
    texts = [
        row.sheet,
        str(row.number),
        row.column,
        row.message,
        *(shown_text(row.shown, key) for key in SHOWN),
    ]
    at = sheet.max_row + 1
    for column, text in enumerate(texts, start=1):
        cell = sheet.cell(at, column)
        cell.value = text
        cell.data_type = "s"
        cell.number_format = "@"
        cell.alignment = Alignment(wrap_text=True, vertical="top")


def shown_text(shown: Mapping[str, str], key: str) -> str:
    if key == "run":
        return shown.get("run") or shown.get("activity") or shown.get("course") or shown.get("trade") or ""
    return shown.get(key, "")


def dress(sheet: Worksheet) -> None:
    for cell in sheet[2]:
        cell.font = Font(bold=True)
        cell.fill = PatternFill("solid", fgColor="E8EFF9")
    for index, width in enumerate(WIDTHS):
        sheet.column_dimensions[chr(ord("A") + index)].width = width
    sheet.freeze_panes = "A3"
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.paperSize = sheet.PAPERSIZE_A4
    sheet.sheet_properties.pageSetUpPr.fitToPage = True  # type: ignore[union-attr]
    sheet.page_setup.fitToHeight = 0
    sheet.print_title_rows = "2:2"
