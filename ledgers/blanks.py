"""Blank ledgers to fill in: the columns of a group, ready for typing, with what each column wants."""

from __future__ import annotations

from io import BytesIO

from django.utils.translation import gettext as _
from openpyxl import Workbook
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from ledgers.columns import Column, columns_for

TITLE_ROW, UNIT_ROW, HEADER_ROW, ROWS_READY = 1, 2, 3, 300
TEXT_COLUMNS = (
    "id_number",
    "phone",
    "certificate_number",
    "dates",
    "start",
    "end",
    "certificate_day",
    "birth",
)
CHOICES = {"gender": "男,女", "assessment": "合格,不合格"}
THIN = Side(style="thin", color="9AA5B1")
GRID = Border(left=THIN, right=THIN, top=THIN, bottom=THIN)


def blank_ledger(group: str, *, title: str) -> bytes:
    """An .xlsx with title, 填报单位, header, ready cells and a sheet that explains the columns."""
    columns = [column for column in columns_for(group) if column.key != "programme"]
    book = Workbook()
    sheet: Worksheet = book.active  # type: ignore[assignment]
    sheet.title = _("台账")
    width = len(columns) + 1
    sheet.merge_cells(start_row=TITLE_ROW, start_column=1, end_row=TITLE_ROW, end_column=width)
    sheet.cell(TITLE_ROW, 1, title).font = Font(bold=True, size=16)
    sheet.cell(TITLE_ROW, 1).alignment = Alignment(horizontal="center", vertical="center")
    sheet.cell(UNIT_ROW, 1, _("填报单位（盖章）："))
    write_header(sheet, columns)
    ready_cells(sheet, columns)
    set_up_page(sheet)
    explain(book.create_sheet(_("填表说明")), columns)
    file = BytesIO()
    book.save(file)
    return file.getvalue()


def write_header(sheet: Worksheet, columns: list[Column]) -> None:
    sheet.row_dimensions[TITLE_ROW].height = 30
    sheet.row_dimensions[HEADER_ROW].height = 32
    for at, text in enumerate([_("序号"), *(column.heading for column in columns)], start=1):
        cell = sheet.cell(HEADER_ROW, at, text)
        cell.font, cell.border = Font(bold=True), GRID
        cell.fill = PatternFill("solid", fgColor="E8EFF9")
        cell.alignment = Alignment(horizontal="center", vertical="center", wrap_text=True)
        if at > 1:
            column = columns[at - 2]
            words = _("%(hint)s例：%(example)s") % {"hint": column.hint, "example": column.example}
            cell.comment = Comment(words, "peixun", width=260, height=90)


def ready_cells(sheet: Worksheet, columns: list[Column]) -> None:
    """Text cells where Excel would spoil a number, lists where few words are right."""
    sheet.column_dimensions["A"].width = 6
    last = HEADER_ROW + ROWS_READY
    for at, column in enumerate(columns, start=2):
        letter = get_column_letter(at)
        sheet.column_dimensions[letter].width = max(12, min(28, len(column.example) * 1.6))
        place = f"{letter}{HEADER_ROW + 1}:{letter}{last}"
        if column.key in CHOICES:
            choice = DataValidation(type="list", formula1=f'"{CHOICES[column.key]}"', allow_blank=True)
            sheet.add_data_validation(choice)
            choice.add(place)
        if column.key in TEXT_COLUMNS:
            for line in sheet.iter_rows(HEADER_ROW + 1, last, at, at):
                line[0].number_format = "@"


def set_up_page(sheet: Worksheet) -> None:
    sheet.freeze_panes = f"A{HEADER_ROW + 1}"
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.paperSize = sheet.PAPERSIZE_A4
    sheet.sheet_properties.pageSetUpPr.fitToPage = True  # type: ignore[union-attr]
    sheet.page_setup.fitToHeight = 0
    sheet.print_title_rows = f"{HEADER_ROW}:{HEADER_ROW}"


def explain(sheet: Worksheet, columns: list[Column]) -> None:
    """One sentence a column, each in one cell, so that the sheet is never taken for a ledger."""
    sheet.column_dimensions["A"].width = 90
    sheet.append([_("填表说明（本表不会导入）")])
    sheet["A1"].font = Font(bold=True, size=14)
    for column in columns:
        sheet.append([f"{column.heading}：{column.hint}例：{column.example}"])
