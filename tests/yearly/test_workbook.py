"""The yearly workbook: its sheets, its cells, and that its figures are the figures."""

import datetime
import io
import zipfile
from typing import Any

import openpyxl
import pytest
from openpyxl.worksheet.worksheet import Worksheet
from pytest_django import DjangoAssertNumQueries

from bureaus.models import AuditEvent
from learners.models import Holder, Identity
from ledgers.figures import Selection, totals
from ledgers.records import mask_phone
from ledgers.yearly import export_yearly, file_name, write_workbook
from tests.figures.city import YEAR, City

SHEETS = [
    "封面",
    "汇总（分群体）",
    "汇总（分县市区）",
    "汇总（分项目）",
    "指标进度",
    "班次台账",
    "学员台账",
    "证书登记",
    "数据质量",
]
NUMBER = "43999919850102001X"
NASTY = ["=1+1", "+1", "-1", "@SUM(A1)", '=HYPERLINK("http://example.cn")', "<b>&", "_x0041_", "坏\x07字"]


def written(selection: Selection) -> bytes:
    file = io.BytesIO()
    write_workbook(selection, file, at=datetime.datetime(2025, 1, 10, 9, 30, tzinfo=datetime.UTC))
    return file.getvalue()


def workbook(selection: Selection | None = None) -> openpyxl.Workbook:
    return openpyxl.load_workbook(io.BytesIO(written(selection or Selection(YEAR))))


def line(sheet: Worksheet, row: int) -> dict[str, Any]:
    headings = [cell.value for cell in sheet[3]]
    return dict(zip(headings, (cell.value for cell in sheet[row]), strict=True))


@pytest.fixture
def busy(city: City) -> City:
    run = city.run("一期")
    first, second = city.enrol(run, "张三", "李四", assessment="passed")
    Identity.objects.create(
        learner=first.learner,
        **dict(zip(("kind", "value", "digest"), Identity.by_id_number(NUMBER), strict=True)),
    )
    Holder.objects.create(learner=first.learner, bureau=city.science, phone="13812341234")
    Holder.objects.create(learner=second.learner, bureau=city.health, phone="13900000000")
    city.certificate(first, "20240001")
    city.enrol(city.run("二期", district=city.county), "张三")
    city.lecture("防诈骗", 80)
    city.quota(city.tutors, value=200, words="每年培训科技辅导员200人次")
    return city


def test_nine_sheets_each_ready_for_paper(busy: City) -> None:
    book = workbook()
    assert book.sheetnames == SHEETS
    for sheet in book:
        paper = "8" if sheet.title == "学员台账" else "9"  # A3 for what would be too small to read on A4
        assert (sheet.page_setup.orientation, str(sheet.page_setup.paperSize)) == ("landscape", paper)
        assert (sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight) == (1, 0)
    for sheet in book.worksheets[1:]:
        assert sheet["A1"].value == f"2024年度全市培训台账·{sheet.title}"
        assert sheet["A2"].value == "填报单位：市科协"
        assert sheet["A3"].value == "序号"
        assert (sheet.freeze_panes, sheet.print_title_rows) == ("A4", "$1:$3")
        assert "审核人：" in str(sheet.cell(sheet.max_row, 1).value)
        units = [cell.value for cell in sheet[2] if cell.value][-1]
        assert units == "填报时间：2025-01-10　　单位：人次、人、学时"


def test_the_cover_says_who_reports_and_how_was_counted(busy: City) -> None:
    texts = [cell.value for row in workbook()["封面"].iter_rows() for cell in row if cell.value]
    assert texts[0] == "2024年度全市培训台账"
    for words in (
        "填报单位",
        "市科协",
        "填表人",
        "审核人",
        "2025-01-10 17:30",
        "83 人次",
        "2 人",
        "统计口径",
    ):
        assert words in texts


def test_totals_are_the_figures_and_people_no_sum(busy: City) -> None:
    whole = totals(Selection(YEAR))
    book = workbook()
    for name in SHEETS[1:4]:
        rows = [line(book[name], row) for row in range(4, book[name].max_row)]
        total = next(row for row in rows if row["序号"] == "合计")
        assert total["人次"] == whole.person_times == 83
        assert total["人数"] == whole.people == 2
        assert total["总学时"] == whole.hours == 24
        assert (total["期数"], total["场次"], total["发证数"]) == (2, 1, 1)
    districts = [line(book[SHEETS[2]], row) for row in (4, 5, 6)]
    assert [row["人数"] for row in districts] == [2, 1, 0]
    assert [row["人次"] for row in districts] == [82, 1, 0]


def test_not_applicable_is_a_dash_and_none_is_zero(busy: City) -> None:
    seniors = line(workbook()[SHEETS[1]], 5)
    assert (seniors["县市区"] if "县市区" in seniors else seniors["群体"]) == "老年人"
    assert (seniors["人数"], seniors["总学时"], seniors["合格率"], seniors["同比"]) == ("—",) * 4
    assert (seniors["期数"], seniors["发证数"], seniors["上年人次"]) == (0, 0, 0)


def test_quotas_stand_in_their_sheet(busy: City) -> None:
    quota = line(workbook()["指标进度"], 4)
    assert (quota["项目"], quota["目标"], quota["完成"], quota["计量单位"]) == (
        "培训科技辅导员",
        200,
        3,
        "人次",
    )
    assert quota["完成率"] == 0.015


def test_runs_and_lectures_add_up_to_the_whole(busy: City) -> None:
    sheet = workbook()["班次台账"]
    rows = [line(sheet, row) for row in (4, 5, 6)]
    assert [(row["类别"], row["班次或讲座"], row["人次"], row["人数"]) for row in rows] == [
        ("班次", "一期", 2, 2),
        ("班次", "二期", 1, 1),
        ("讲座", "防诈骗", 80, "—"),
    ]
    assert line(sheet, 7)["人次"] == 83


def test_learners_stand_with_masked_numbers_as_text(busy: City) -> None:
    sheet = workbook()["学员台账"]
    first, second, again = (line(sheet, row) for row in (4, 5, 6))
    assert (first["姓名"], first["身份证号"], first["联系电话"]) == (
        "张三",
        "439***********001X",
        "138****1234",
    )
    assert (second["姓名"], second["身份证号"], second["联系电话"]) == ("李四", "—", "—")
    assert (first["学时"], first["考核"], first["证书编号"], first["状态"]) == (8, "合格", "20240001", "结业")
    assert (again["县市区"], again["考核"], again["理论"]) == ("潭县", "—", "—")
    assert first["开班日期"] == datetime.datetime(2024, 3, 1)
    columns = [cell.value for cell in sheet[3]]
    for heading in ("身份证号", "联系电话", "证书编号"):
        assert sheet.cell(4, columns.index(heading) + 1).data_type == "s"
    assert not any("出生" in str(heading) for heading in columns)
    assert NUMBER not in b"".join(unzipped(written(Selection(YEAR)))).decode()


def test_certificate_numbers_are_text(busy: City) -> None:
    cell = workbook()["证书登记"]["B4"]
    assert (cell.value, cell.data_type, cell.number_format) == ("20240001", "s", "@")


@pytest.mark.parametrize("words", NASTY)
def test_no_text_becomes_a_formula_or_breaks_the_file(city: City, words: str) -> None:
    city.enrol(city.run(words), words, employer=words, position=words)
    sheet = workbook()["学员台账"]
    row = line(sheet, 4)
    plain = words.replace("\x07", "").replace("_x0041_", "_x005F_x0041_")
    assert row["姓名"] == row["单位"] == row["职务"] == row["班次"] == plain
    assert not any(cell.data_type == "f" for cells in sheet.iter_rows() for cell in cells)
    assert b"<f>" not in b"".join(unzipped(written(Selection(YEAR))))


def test_an_empty_year_is_a_whole_workbook(city: City) -> None:
    book = workbook(Selection(2021))
    assert book.sheetnames == SHEETS
    assert line(book["学员台账"], 4)["序号"] == "合计"


def test_files_are_named_for_their_reach(city: City) -> None:
    officer = city.user("经办", city.health)
    coordinator = city.user("统筹", city.science, "coordinator")
    assert file_name(Selection(YEAR)) == "2024年度全市培训台账.xlsx"
    assert file_name(Selection(YEAR, user=coordinator)) == "2024年度全市培训台账.xlsx"
    assert file_name(Selection(YEAR, bureau=city.science)) == "2024年度市科协培训台账.xlsx"
    assert file_name(Selection(YEAR, user=officer)) == "2024年度市卫生健康委培训台账.xlsx"
    narrowed = Selection(YEAR, group=city.teachers, district=city.county)
    assert file_name(narrowed) == "2024年度全市培训台账（教师、潭县）.xlsx"


def test_a_user_gets_what_the_user_sees_and_the_audit_a_line(busy: City) -> None:
    officer = busy.user("经办", busy.health)
    file = io.BytesIO()
    name = export_yearly(Selection(YEAR), officer, file)
    assert name == "2024年度市卫生健康委培训台账.xlsx"
    sheet = openpyxl.load_workbook(file)["学员台账"]
    assert line(sheet, 4)["序号"] == "合计"
    event = AuditEvent.objects.get(deed=AuditEvent.Deed.LEDGER_EXPORTED)
    assert (event.user, event.object_label, event.after) == (officer, name, {"year": YEAR})


def test_many_learners_cost_no_query_each(
    busy: City, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    run = busy.run("大班")
    busy.enrol(run, *(f"学员{number}" for number in range(60)))
    with django_assert_max_num_queries(60):
        written(Selection(YEAR))


@pytest.mark.parametrize(
    ("phone", "masked"),
    [("13812341234", "138****1234"), ("0731-58581234", "073****1234"), ("12345", "123****")],
)
def test_phones_show_their_ends_only(phone: str, masked: str) -> None:
    assert mask_phone(phone) == masked


def unzipped(content: bytes) -> list[bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return [archive.read(name) for name in archive.namelist()]
