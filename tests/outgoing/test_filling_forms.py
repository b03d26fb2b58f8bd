"""A form is filled: rows as the sample row, everything below moved, everything else as it was."""

import datetime
import tracemalloc
import zipfile
from decimal import Decimal
from io import BytesIO

import openpyxl
import pytest

from ledgers.own_forms.filling import Fill, fill
from ledgers.own_forms.parts import FormBook
from ledgers.own_forms.recognising import Layout, recognise
from ledgers.own_forms.shifting import Shift, row_formula
from ledgers.reading.results import UnreadableFile
from tests.outgoing.blank_forms import HEADINGS, learners_form, saved

VALUES = {"year": "2024", "unit": "市科协", "date": "2025-01-10", "filler": "李经办"}


def person(at, **more):
    return {
        "name": f"王{at}𬱖",
        "id_number": "439999198601221825",
        "phone": "013800000001",
        "employer": "=SUM(A1)",
        "district": "雨湖区",
        "run": "第1期",
        "hours_total": Decimal("4.50"),
        "assessment": "合格",
        "start": datetime.date(2024, 3, 1),
    } | more


def filled(content=None, count=5, **more):
    book = FormBook(content or learners_form())
    layout = recognise(book)
    file = BytesIO()
    records = (person(at) for at in range(count))
    fill(book, layout, Fill(records, count, VALUES, **more), file)
    return file.getvalue()


def opened(content):
    return openpyxl.load_workbook(BytesIO(content))


def test_a_form_is_understood():
    layout = recognise(FormBook(learners_form()))
    assert (layout.kind, layout.header_rows, layout.body) == ("learners", (3, 3), (4, 7))
    fields = [column.field for column in layout.columns]
    assert fields == [
        *("serial", "name", "id_number", "phone", "employer", "district", "run", "hours_total"),
        *("assessment", "start", ""),
    ]
    assert Layout.of_json(layout.as_json()) == layout
    assert layout.placeholders == ["year", "unit", "date", "filler"]


@pytest.mark.parametrize("count", [1, 3, 4, 5, 300])
def test_rows_look_as_the_sample_row_and_the_rest_moves(count):
    sheet = opened(filled(count=count)).worksheets[0]
    last = 3 + count
    for row in (4, last):
        cells = sheet[row]
        assert cells[1].value == f"王{row - 4}𬱖"
        assert all(cell.border.left.style == "thin" and cell.font.i for cell in cells)
        assert sheet.row_dimensions[row].height == 26
        assert (cells[7].value, cells[7].number_format) == (4.5, "0.0")
        assert (cells[9].value, cells[9].number_format) == (datetime.datetime(2024, 3, 1), "yyyy/m/d")
    assert sheet.cell(last + 1, 1).value == "合计"
    assert sheet.cell(last + 1, 8).value == f"=SUM(H4:H{last})"
    assert sheet.cell(last + 1, 5).value == f'=COUNTA(B4:B{last})&"人"'
    assert {str(one) for one in sheet.merged_cells.ranges} == {"A1:K1", f"A{last + 2}:D{last + 2}"}
    assert sheet.max_row == last + 2


def test_words_are_filled():
    sheet = opened(filled()).worksheets[0]
    assert sheet["A1"].value == "2024年度市科协科技辅导员培训台账"
    assert sheet["A2"].value == "填报单位（盖章）：市科协"
    assert sheet["G2"].value == "填报日期：2025-01-10"
    assert sheet["A10"].value == "填表人：李经办"
    assert sheet["E10"].value == "审核人："


def test_a_text_of_several_lines_gets_a_higher_row():
    book = FormBook(learners_form())
    file = BytesIO()
    people = [person(0), person(1, employer="湘潭市雨湖区响水乡某某中心小学科技辅导站" * 2)]
    fill(book, recognise(book), Fill(people, 2, VALUES), file)
    sheet = opened(file.getvalue()).worksheets[0]
    assert (sheet.row_dimensions[4].height, sheet.row_dimensions[5].height) == (26, 60)


def test_nothing_of_the_example_stays_and_unmapped_columns_are_blank():
    sheet = opened(filled()).worksheets[0]
    assert all("示例" not in str(cell.value) for row in sheet.iter_rows() for cell in row)
    assert {sheet.cell(row, 11).value for row in range(4, 9)} == {None}


def test_a_text_is_a_text_and_no_formula():
    sheet = opened(filled()).worksheets[0]
    for at in (3, 4):
        assert (sheet.cell(4, at).data_type, sheet.cell(4, at).number_format) == ("s", "@")
    assert sheet["D4"].value == "013800000001"
    assert (sheet["E4"].value, sheet["E4"].data_type) == ("=SUM(A1)", "s")


def test_choices_colours_and_paper_stay():
    book = opened(filled(count=50))
    sheet = book.worksheets[0]
    [choices] = sheet.data_validations.dataValidation
    assert (str(choices.sqref), choices.formula1) == ("I4:I53", '"合格,不合格"')
    [coloured] = sheet.conditional_formatting
    assert str(coloured.sqref) == "H4:H53"
    assert (sheet.page_setup.orientation, sheet.page_setup.paperSize) == ("landscape", 8)
    assert sheet.print_title_rows == "$1:$3"
    assert sheet.print_area == "'台账''s'!$A$1:$K$55"
    assert sheet.oddFooter.center.text == "第&P页"
    assert sheet.freeze_panes == "C4"
    assert sheet.column_dimensions["E"].width == 20
    assert sheet.cell(55, 5).comment.text == "盖章"
    assert book["汇总"]["A1"].value == "=SUM('台账''s'!H4:H53)"


def test_a_form_of_one_page_gets_as_many_pages_as_its_rows_need():
    few, many = opened(filled(count=5)).worksheets[0], opened(filled(count=500)).worksheets[0]
    assert few.page_setup.fitToHeight in (None, 1)
    assert many.page_setup.fitToHeight == 0


def test_sums_are_worked_out_for_who_does_not_calculate():
    values = openpyxl.load_workbook(BytesIO(filled(count=5)), data_only=True).worksheets[0]
    assert values["H9"].value == 22.5


def test_a_blank_line_of_sums_is_filled():
    book = opened(learners_form())
    book.worksheets[0]["H8"] = None
    values = openpyxl.load_workbook(BytesIO(filled(saved(book))), data_only=True).worksheets[0]
    assert values["H9"].value == 22.5


def test_no_records_leave_one_blank_row():
    sheet = opened(filled(count=0)).worksheets[0]
    assert [cell.value for cell in sheet[4]] == [None] * len(HEADINGS)
    assert sheet["A5"].value == "合计"


def test_a_formula_of_the_sample_row_goes_with_each_row():
    book = opened(learners_form())
    book.worksheets[0]["K4"] = "=H4*2+$A$1+H$4"
    sheet = opened(filled(saved(book))).worksheets[0]
    assert [sheet.cell(row, 11).value for row in (4, 8)] == ["=H4*2+$A$1+H$4", "=H8*2+$A$1+H$4"]


def test_cells_merged_in_the_sample_row_are_merged_in_each():
    book = opened(learners_form(blank_rows=0))
    book.worksheets[0].merge_cells("J4:K4")
    ranges = {str(one) for one in opened(filled(saved(book))).worksheets[0].merged_cells.ranges}
    assert {f"J{row}:K{row}" for row in range(4, 9)} < ranges


def test_the_mark_stands_on_each_page():
    content = filled(mark="导出人：周管理&P", creator="周管理")
    book = opened(content)
    sheet = book.worksheets[0]
    assert "周管理" in sheet.oddHeader.right.text
    assert "周管理" in sheet.oddFooter.left.text
    assert book.properties.creator == "周管理"
    assert "周管理" in book.properties.description


@pytest.mark.parametrize("rows", [2, 3])
def test_a_header_of_several_rows_with_numbered_columns_is_understood(rows):
    book = openpyxl.Workbook()
    sheet = book.active
    sheet["A1"] = "台账"
    sheet.merge_cells("A1:E1")
    sheet["A2"], sheet["B2"], sheet["C2"] = "姓名", "单位", "学时"
    sheet.merge_cells("C2:D2")
    sheet.merge_cells("A2:A3")
    sheet.merge_cells("B2:B3")
    sheet["C3"], sheet["D3"] = "理论", "实操"
    if rows == 3:
        for at in range(1, 5):
            sheet.cell(4, at, at)
    sheet.cell(2 + rows, 1, "〔姓名〕")
    sheet.cell(3 + rows, 1, "合计")
    layout = recognise(FormBook(saved(book)))
    assert layout.body == (2 + rows, 2 + rows)
    assert [column.field for column in layout.columns] == [
        "name",
        "employer",
        "hours_theory",
        "hours_practice",
    ]


@pytest.mark.parametrize(
    ("headings", "kind"),
    [
        (["项目", "班次名称", "主办单位", "开班时间", "结业时间", "人次", "总学时"], "runs"),
        (["证书编号", "持证人", "发证单位", "发证日期"], "certificates"),
        (["县市区", "期数", "场次", "人数", "人次", "合格率"], "districts"),
        (["群体", "期数", "人数", "人次"], "groups"),
    ],
)
def test_the_kind_is_told_by_the_headings(headings, kind):
    book = openpyxl.Workbook()
    book.active.append(headings)
    book.active.append(["例"] * len(headings))
    assert recognise(FormBook(saved(book))).kind == kind


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda sheet: sheet.delete_rows(3), "没有认出表头"),
        (lambda sheet: sheet.delete_rows(4, 4), "没有样行"),
        (lambda sheet: sheet.merge_cells("A4:A5"), "上下合并"),
    ],
)
def test_a_form_that_cannot_be_filled_is_refused_in_a_sentence(change, words):
    book = opened(learners_form())
    change(book.worksheets[0])
    with pytest.raises(UnreadableFile, match=words):
        recognise(FormBook(saved(book)))


@pytest.mark.parametrize("content", [b"", b"abc", b"PK\x03\x04", b"\xd0\xcf\x11\xe0" * 100])
def test_what_is_no_workbook_is_refused_in_a_sentence(content):
    with pytest.raises(UnreadableFile):
        FormBook(content)


def test_the_hostile_set_never_ends_in_an_error_of_ours(hostile_files):
    for path in hostile_files:
        try:
            recognise(FormBook(path.read_bytes()))
        except UnreadableFile:
            continue


@pytest.fixture
def hostile_files(request):
    return sorted((request.config.rootpath / "tests" / "hostile").glob("*.xlsx"))


def test_other_parts_of_the_workbook_are_kept_byte_for_byte():
    blank = learners_form()
    before, after = (zipfile.ZipFile(BytesIO(content)) for content in (blank, filled(blank)))
    assert set(before.namelist()) == set(after.namelist())
    assert before.read("xl/theme/theme1.xml") == after.read("xl/theme/theme1.xml")


def test_memory_does_not_grow_with_the_rows():
    peaks = []
    for count in (1_000, 20_000):
        tracemalloc.start()
        filled(count=count)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    # What grows is the compressed file itself.
    assert peaks[1] < peaks[0] + 4 * 1024 * 1024


def test_ranges_and_formulas_move():
    shift = Shift(5, 9, 100)
    assert shift.area("A1:H4") == "A1:H4"
    assert shift.area("$A$5:$H$9") == "$A$5:$H$104"
    assert shift.area("A5") == "A5:A104"
    assert shift.area("A10:B12") == "A105:B107"
    assert shift.area("$1:$4") == "$1:$4"
    assert shift.areas("A1 C5:C9") == "A1 C5:C104"
    formula = "SUM(E5:E9)+F10&\"A10\"+'别表'!A10+IF(A$1>0,E10,0)"
    assert shift.formula(formula, sheet="台账", own=True) == (
        "SUM(E5:E104)+F105&\"A10\"+'别表'!A10+IF(A$1>0,E105,0)"
    )
    assert shift.formula("SUM(台账!E5:E9)+E10", sheet="台账", own=False) == "SUM(台账!E5:E104)+E10"
    assert row_formula("B5*$C$1+D$5", shift=shift).at(7) == "B7*$C$1+D$5"
