"""Blank forms as bureaus have them."""

from io import BytesIO

import openpyxl
from openpyxl.comments import Comment
from openpyxl.formatting.rule import CellIsRule
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.worksheet.datavalidation import DataValidation

THIN = Side(style="thin")
GRID = Border(left=THIN, right=THIN, top=THIN, bottom=THIN)
HEADINGS = [
    "序号",
    "姓名",
    "身份证号",
    "联系电话",
    "单位",
    "县市区",
    "班次",
    "学时",
    "考核结果",
    "开班日期",
    "本人签字",
]


def saved(book):
    file = BytesIO()
    book.save(file)
    return file.getvalue()


def learners_form(*, blank_rows=3, headings=HEADINGS):
    """Title, unit line, header, a sample row with blank ones below it, sums, signatures, choices."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "台账's"
    width = len(headings)
    sheet["A1"] = "{year}年度〔单位〕科技辅导员培训台账"
    sheet.merge_cells(start_row=1, start_column=1, end_row=1, end_column=width)
    sheet["A1"].font = Font(size=20, bold=True)
    sheet["A2"] = "填报单位（盖章）："
    sheet["G2"] = "填报日期：{date}"
    sheet.row_dimensions[1].height = 42
    for at, heading in enumerate(headings, start=1):
        cell = sheet.cell(3, at, heading)
        cell.border, cell.font = GRID, Font(bold=True)
        cell.fill = PatternFill("solid", fgColor="FFFF00")
    for row in range(4, 5 + blank_rows):
        sheet.row_dimensions[row].height = 26
        for at in range(1, width + 1):
            cell = sheet.cell(row, at)
            cell.border, cell.font = GRID, Font(size=9, italic=True)
            cell.alignment = Alignment(wrap_text=True, vertical="center")
    for row in range(4, 5 + blank_rows):
        sheet.cell(row, 10).number_format = "yyyy/m/d"
        sheet.cell(row, 8).number_format = "0.0"
    sheet["B4"] = "张三（示例）"
    last = 4 + blank_rows
    total = last + 1
    sheet.cell(total, 1, "合计")
    sheet.cell(total, 8, f"=SUM(H4:H{last})")
    sheet.cell(total, 5, f'=COUNTA(B4:B{last})&"人"')
    sheet.cell(total + 1, 1, "填表人：{filler}")
    sheet.merge_cells(start_row=total + 1, start_column=1, end_row=total + 1, end_column=4)
    sheet.cell(total + 1, 5, "审核人：")
    sheet.cell(total + 1, 5).comment = Comment("盖章", "科协")
    choices = DataValidation(type="list", formula1='"合格,不合格"')
    choices.add(f"I4:I{last}")
    sheet.add_data_validation(choices)
    rule = CellIsRule(operator="lessThan", formula=["8"], fill=PatternFill("solid", bgColor="FF0000"))
    sheet.conditional_formatting.add(f"H4:H{last}", rule)
    sheet.print_area = f"A1:K{total + 1}"
    sheet.print_title_rows = "1:3"
    sheet.page_setup.orientation, sheet.page_setup.paperSize = "landscape", 8
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.oddFooter.center.text = "第&P页"
    sheet.freeze_panes = "C4"
    for letter in "BCDEFGHIJK":
        sheet.column_dimensions[letter].width = 20
    other = book.create_sheet("汇总")
    other["A1"] = f"=SUM('台账''s'!H4:H{last})"
    return saved(book)
