"""Registers in and out as tables, in the admin: read as ledgers are, and told in Chinese."""

import datetime
import json
import re
from io import BytesIO
from pathlib import Path
from urllib.parse import unquote

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from django.utils.html import strip_tags

from bureaus.models import AuditEvent, Bureau, YearClose
from bureaus.registers.own import BureauResource
from bureaus.registers.tables import NOT_WRITABLE
from courses.copying_plans import copy_plan
from courses.models import ClassRun, Course, Plan, Programme, Quota, QuotaPeriod, Trainer
from courses.registers import CourseResource, ProgrammeResource, QuotaPeriodResource, QuotaResource
from ledgers.reading import apart
from peixun.lib.table_reading import MOST_LINES
from tests.reading.test_apart import with_memory_of

HOSTILE = Path(__file__).resolve().parent / "hostile"
BUREAU = ["名称", "类别", "上级业务单位", "所在县市区", "班次年度按"]
COURSE = ["课程名称", "项目", "维护单位", "学时", "大纲"]
QUOTA = ["方案", "原文", "项目", "数值", "单位", "周期"]
REGISTERS = {
    "bureaus/district": ["代码", "名称", "简称", "园区", "所在县市区"],
    "bureaus/bureau": BUREAU,
    "courses/programme": ["方案", "名称", "行动", "群体", "类别", "人次口径", "计入口径", "所属综合项目"],
    "courses/quota": QUOTA,
    "courses/quotaperiod": ["方案", "指标", "项目", "起", "止", "数值", "完成日期", "佐证"],
    "courses/course": ["方案", "项目", "维护单位", "课程名称", "学时", "大纲"],
    "courses/trainer": ["单位", "姓名", "职称、专长", "在任"],
}


@pytest.fixture
def client(login, technician):
    technician.is_staff = technician.is_superuser = True
    technician.save()
    return login(technician)


def workbook(*rows, **sheets):
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    for name, lines in sheets.items():
        sheet = book.create_sheet(name)
        for line in lines:
            sheet.append(line)
    file = BytesIO()
    book.save(file)
    return file.getvalue()


def send(client, model, content, name="表.xlsx"):
    """The page that an upload leads to."""
    file = SimpleUploadedFile(name, content)
    return client.post(f"/admin/{model}/import/", {"import_file": file, "format": "0", "resource": ""})


def confirm(client, model, preview):
    form = preview.context["confirm_form"]
    return client.post(f"/admin/{model}/process_import/", form.initial, follow=True)


def bring_in(client, model, *rows):
    """Uploads a table that is right, and confirms the preview; gives the last page."""
    preview = send(client, model, workbook(*rows))
    assert preview.status_code == 200, faults(preview) or refusal(preview)
    return confirm(client, model, preview).content.decode()


def faults(page):
    """(line, column, sentence) of what is wrong with the rows."""
    return page.context["result"].faults if page.context.get("result") else []


def refusal(page):
    """Why the whole file was refused."""
    [sentence] = page.context["form"].errors["import_file"]
    return sentence


def totals(page):
    found = page.context["result"].totals
    return found["new"], found["update"], found["skip"]


# --- Out, and in again


@pytest.fixture
def filled(plan, bureau):
    """Something of each register that is awkward in a table."""
    programme = Programme.objects.get(name="培训科技辅导员")
    lines = "一、概念\r\n\r\n  二、实践 _x000D_ <b>"
    Course.objects.create(name="=1+1", programme=programme, bureau=bureau, hours="4.5", outline=lines)
    Course.objects.create(name='通用，"课程"', hours=8)
    Trainer.objects.create(bureau=bureau, name="罗老师", title="01", active=False)
    Trainer.objects.create(bureau=bureau, name="陈老师")
    period = QuotaPeriod.objects.filter(quota__value=200).first()
    period.value, period.done_on, period.evidence = 210, datetime.date(2024, 3, 5), "-会议纪要"
    period.save()
    for programmes in (["国培计划"], ["国培计划", "省培计划"]):
        quota = Quota.objects.create(plan=plan, value="1.5", unit="期", cycle=Quota.Cycle.PLAN)
        quota.programmes.set(Programme.objects.filter(name__in=programmes))


@pytest.mark.parametrize("form", range(3))
@pytest.mark.parametrize("model", REGISTERS)
def test_a_register_comes_in_again_as_it_went_out(client, filled, model, form):
    out = client.post(f"/admin/{model}/export/", {"format": str(form), "resource": "0"})
    page = send(client, model, out.content, name="导出")
    assert page.status_code == 200, faults(page) or refusal(page)
    assert page.context["result"].diff_headers == REGISTERS[model]
    new, update, skip = totals(page)
    assert (new, update) == (0, 0)
    assert skip > 0
    assert AuditEvent.objects.filter(deed=AuditEvent.Deed.LIST_EXPORTED).count() == 1


def test_what_went_out_makes_the_same_again(client, filled):
    content = client.post("/admin/courses/course/export/", {"format": "0", "resource": "0"}).content
    before = list(Course.objects.order_by("name").values_list("name", "programme", "bureau", "hours"))
    Course.objects.all().delete()
    confirm(client, "courses/course", send(client, "courses/course", content))
    assert list(Course.objects.order_by("name").values_list("name", "programme", "bureau", "hours")) == before
    assert Course.objects.get(name="=1+1").outline == "一、概念\n\n  二、实践 _x000D_ <b>"


@pytest.mark.parametrize(("form", "ending"), [(0, "xlsx"), (1, "csv"), (2, "csv")])
def test_the_file_has_its_chinese_name_in_the_browser(client, plan, monkeypatch, form, ending):
    monkeypatch.setattr(timezone, "localdate", lambda: datetime.date(2024, 12, 31))
    header = client.post("/admin/bureaus/bureau/export/", {"format": str(form)})["Content-Disposition"]
    kind, encoded = header.split("filename*=utf-8''")
    assert kind == "attachment; "
    assert unquote(encoded) == f"单位_20241231.{ending}"


def test_the_tables_of_two_plans_that_share_names_come_in_unchanged(plan, coordinator):
    programme = Programme.objects.get(name="培训科技辅导员")
    Course.objects.create(name="人工智能基础", programme=programme)
    following = Plan(name="下一个方案", first_year=2026, last_year=2030)
    copy_plan(plan, following, cycles=["yearly"], with_courses=True, user=coordinator)
    for resource in (ProgrammeResource, CourseResource, QuotaResource, QuotaPeriodResource):
        result = resource().import_data(resource().export(), dry_run=True)
        assert result.faults == []
        assert result.totals["new"] + result.totals["update"] == 0


def test_exporting_asks_no_more_for_more_rows(filled, plan, bureau, django_assert_max_num_queries):
    for number in range(20):
        Course.objects.create(name=f"课程{number}", programme=plan.programmes.first(), bureau=bureau)
    for resource in (CourseResource, QuotaPeriodResource, ProgrammeResource, BureauResource):
        with django_assert_max_num_queries(6):
            resource().export()


# --- In, one kind after the other


def test_a_new_bureau_comes_in_by_names_and_is_audited(client, plan):
    row = ["韶山市教育局", "政府部门", "市教育局", "韶山市", "开班日期"]
    assert "单位：新增 1 条，更新 0 条，没有变化 0 条。" in bring_in(client, "bureaus/bureau", BUREAU, row)
    bureau = Bureau.objects.get(name="韶山市教育局")
    assert (bureau.parent.name, bureau.district.name, bureau.year_basis) == ("市教育局", "韶山市", "opening")
    assert AuditEvent.objects.get(deed=AuditEvent.Deed.REGISTER_CHANGED).after == {"new": 1}


def test_courses_come_in(client, plan):
    bring_in(
        client,
        "courses/course",
        COURSE,
        ["人工智能基础", "培训科技辅导员", "市科协", 8, "一、概念"],
        ["人工智能基础", "培训科技辅导员", "", "4.5", "一、概念"],
    )
    hours = Course.objects.values_list("bureau__name", "hours")
    assert sorted(hours, key=str) == [("市科协", 8), (None, 4.5)]


def test_trainers_come_in_and_keep_their_accounts(client, plan, bureau, trainer):
    Trainer.objects.create(bureau=bureau, name="罗老师", user=trainer)
    heads = ["姓名", "单位", "职称、专长", "在任"]
    rows = [["罗老师", bureau.name, "教授", "否"], ["陈老师", bureau.name, "", ""]]
    bring_in(client, "courses/trainer", heads, *rows)
    found = Trainer.objects.order_by("pk").values_list("name", "title", "active", "user")
    assert list(found) == [("罗老师", "教授", False, trainer.pk), ("陈老师", "", True, None)]


def test_a_quota_comes_in_with_its_programmes_and_then_its_periods(client, plan):
    words = "每年培训骨干教师300人次"
    bring_in(client, "courses/quota", QUOTA, [plan.name, words, "国培计划、省培计划", 300, "人次", "每年"])
    quota = Quota.objects.get(words=words)
    assert {one.name for one in quota.programmes.all()} == {"国培计划", "省培计划"}
    assert quota.periods.count() == 5
    heads = ["方案", "指标", "起", "止", "数值"]
    bring_in(client, "courses/quotaperiod", heads, [plan.name, words, "2024年1月1日", "2024/12/31", 320])
    assert [period.target for period in quota.periods.all()] == [300, 300, 300, 320, 300]


def test_of_two_quotas_of_the_same_words_that_of_the_programmes_is_meant(client, filled, plan):
    row = [plan.name, "", "国培计划", 2, "期", "规划期"]
    bring_in(client, "courses/quota", QUOTA, row)
    values = Quota.objects.filter(words="").order_by("pk").values_list("value", flat=True)
    assert list(values) == [2, 1.5]


def test_columns_that_are_left_out_stay_as_they_are(client, plan):
    before = Bureau.objects.get(name="市科协")
    bring_in(client, "bureaus/bureau", ["名称", "班次年度按"], ["市科协", "开班日期"])
    after = Bureau.objects.get(name="市科协")
    assert (after.year_basis, after.kind, after.order) == ("opening", before.kind, before.order)


# --- The same reader as for ledgers


def test_the_header_may_stand_below_titles_and_in_any_order(client, plan):
    title = ["2024年单位登记表"]
    heads = ["序号", "类别 ", "名 称*", "班次年度按（必填）"]
    bring_in(client, "bureaus/bureau", title, [], heads, [1, "政府部门", "甲局", "结业日期"], [], heads)
    assert Bureau.objects.filter(name="甲局", kind="government").exists()


def test_merged_cells_give_their_value_to_the_rows_below(client, plan, bureau):
    book = openpyxl.Workbook()
    for row in (["单位", "姓名"], [bureau.name, "罗老师"], [None, "陈老师"]):
        book.active.append(row)
    book.active.merge_cells("A2:A3")
    file = BytesIO()
    book.save(file)
    page = send(client, "courses/trainer", file.getvalue())
    assert totals(page) == (2, 0, 0)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_a_text_is_read_in_its_encoding(client, plan, encoding):
    text = "名称,类别,班次年度按\r\n镕基局,政府部门,结业日期\r\n"
    assert totals(send(client, "bureaus/bureau", text.encode(encoding), name="单位.csv")) == (1, 0, 0)


def test_an_old_workbook_is_opened_too(client, plan):
    content = (HOSTILE.parent / "ledgers" / "workers-2024.xls").read_bytes()
    assert "没有找到表头" in refusal(send(client, "bureaus/bureau", content, name="单位.xls"))


@pytest.mark.usefixtures("apart")
def test_a_table_that_needs_too_much_memory_is_refused(client, plan, monkeypatch):
    monkeypatch.setattr(apart, "started", with_memory_of(1))
    page = send(client, "bureaus/bureau", "名称\n".encode() + "甲\n".encode() * 1_000_000)
    assert refusal(page) == apart.TOO_MUCH.replace("台账", "表格")


MANIFEST = {case["id"]: case for case in json.loads((HOSTILE / "manifest.json").read_text())}


@pytest.mark.parametrize(
    "case", ["Z01", "Z02", "Z03", "Z05", "Z10", "Z11", "X01", "X04", "X06", "X29", "S04", "S06", "D27", "C06"]
)
def test_a_hostile_file_ends_in_a_sentence(client, plan, case):
    name = MANIFEST[case]["file"]
    page = send(client, "bureaus/bureau", (HOSTILE / name).read_bytes(), name=name)
    assert page.status_code == 422
    sentence = refusal(page)
    assert sentence.endswith("。")
    assert not re.search(r"\d{15}|root:|peixun_|Traceback|Error|台账", sentence)


# --- What is wrong is told


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([["学时"], [8]], "缺少“项目、维护单位、课程名称”列"),
        ([["甲", "乙"], [1, 2]], "没有找到表头"),
        ([COURSE], "下面没有数据行"),
        ([COURSE, ["甲", "", "", "#REF!", ""]], "第 2 行“学时”一列是错误值"),
        ([[*COURSE, "学时"], ["甲", "", "", 1, "", 2]], "第 1 行的表头里，“学时”一列重复出现"),
        ([COURSE, *[["甲"]] * (MOST_LINES + 1)], f"超过 {MOST_LINES} 行"),
    ],
)
def test_a_table_that_cannot_be_used_is_refused_in_one_sentence(client, plan, rows, words):
    page = send(client, "courses/course", workbook(*rows))
    assert page.status_code == 422
    assert words in refusal(page)


def test_which_of_two_sheets_is_meant_is_not_guessed(client, plan):
    page = send(client, "bureaus/bureau", workbook(BUREAU, **{"另一张": [BUREAU], "说明": [["名称"]]}))
    assert "有几张工作表都像这张表：Sheet、另一张" in refusal(page)


@pytest.mark.parametrize(
    ("row", "column", "words"),
    [
        (["甲局", "政府部门", "没有的局", "", "结业日期"], "上级业务单位", "没有名为“没有的局”的单位"),
        (["甲局", "甲类", "", "", "结业日期"], "类别", "“甲类”不对，只能填写：党委部门、"),
        (["甲" * 81, "政府部门", "", "", "结业日期"], "名称", "80"),
        (["", "政府部门", "", "", "结业日期"], "名称", "请填写这一项"),
        (["市科协", "政府部门", "市科协", "", "结业日期"], "上级业务单位", "又回到了前面"),
        (["乙局", "政府部门", "", "", "结业日期"], "", "与第 2 行是同一条"),
    ],
)
def test_a_faulty_row_is_told_by_line_and_column_and_nothing_is_written(client, plan, row, column, words):
    before = list(Bureau.objects.values())
    good = ["乙局", "政府部门", "", "", "结业日期"]
    page = send(client, "bureaus/bureau", workbook(BUREAU, good, [], row))
    assert page.status_code == 422
    assert page.context.get("confirm_form") is None
    told = [(line, heading) for line, heading, sentence in faults(page) if words in sentence]
    assert (4, column) in told, faults(page)
    assert list(Bureau.objects.values()) == before


@pytest.mark.parametrize(
    ("model", "heads", "row", "column", "words"),
    [
        ("courses/course", COURSE, ["课", "培训科技辅导员", "", "八", ""], "学时", "要写成数字"),
        ("courses/course", COURSE, ["课", "培训科技辅导员", "", "Infinity", ""], "学时", "要写成数字"),
        ("courses/course", COURSE, ["课", "培训科技辅导员", "", "-1", ""], "", "学时不能是负数"),
        ("courses/course", COURSE, ["课", "培训科技辅导员", "", "1e9", ""], "学时", "不能超过 6 位"),
        ("courses/course", ["方案", *COURSE], ["无此方案", "课", "国培计划", "", "", ""], "项目", "无此方案"),
        ("courses/trainer", ["单位", "姓名"], ["", "罗老师"], "单位", "请填写"),
        ("courses/trainer", ["单位", "姓名", "在任"], ["市科协", "罗", "也许"], "在任", "只能填写：是、否"),
        ("courses/quotaperiod", ["指标", "起"], ["无此指标", "2024-01-01"], "指标", "没有名为“无此指标”"),
        ("courses/quotaperiod", ["指标", "起"], ["无此指标", "2024-13-01"], "起", "日期要写成"),
        ("bureaus/district", ["代码", "名称", "所在县市区"], ["1", "甲", "湘潭县"], "", "只有园区才填写"),
    ],
)
def test_a_value_that_is_refused_is_told_with_its_column(client, plan, model, heads, row, column, words):
    told = faults(send(client, model, workbook(heads, row)))
    assert any((line, heading) == (2, column) and words in sentence for line, heading, sentence in told), told


def test_a_programme_of_a_quota_that_is_not_known_is_told(client, plan):
    page = send(client, "courses/quota", workbook(QUOTA, [plan.name, "原文", "国培计划、无", "", "", "每年"]))
    assert faults(page) == [(2, "项目", "没有名为“无”的培训项目，请先登记或改正名称。")]


@pytest.mark.parametrize("broken", [(Bureau, "save"), (BureauResource.fields["kind"].widget, "clean")])
def test_an_error_without_a_sentence_gets_one(client, plan, monkeypatch, broken):
    def fail(*_given, **_named):
        raise ValueError("invalid literal for int()")

    monkeypatch.setattr(*broken, fail)
    page = send(client, "bureaus/bureau", workbook(BUREAU, ["甲局", "政府部门", "", "", "结业日期"]))
    assert [sentence for _line, _heading, sentence in faults(page)] == [NOT_WRITABLE]
    assert "invalid literal" not in page.content.decode()


def test_figures_of_a_closed_year_do_not_move(client, plan, bureau, training_of_a_closed_year):
    row = [plan.name, "培训科技辅导员", "每人每场 1 人次"]
    page = send(client, "courses/programme", workbook(["方案", "名称", "人次口径"], row))
    [(line, _heading, sentence)] = faults(page)
    assert line == 2
    assert "封账" in sentence


@pytest.fixture
def training_of_a_closed_year(plan, bureau, administrator):
    programme = Programme.objects.get(name="培训科技辅导员")
    day = datetime.date(2024, 3, 5)
    run = ClassRun(name="第一期", programme=programme, bureau=bureau, year=2024, district=plan.city)
    run.starts_on = run.ends_on = day
    run.save()
    YearClose.objects.create(bureau=bureau, year=2024, closed_by=administrator)


# --- The confirm


def test_what_cannot_be_written_any_more_is_not_written_at_all(client, plan):
    first = ["甲局", "政府部门", "", "", "结业日期"]
    second = ["乙局", "政府部门", "市档案局", "", "结业日期"]
    Bureau.objects.create(name="市档案局")
    preview = send(client, "bureaus/bureau", workbook(BUREAU, first, second))
    Bureau.objects.get(name="市档案局").delete()
    assert "没有写入" in confirm(client, "bureaus/bureau", preview).content.decode()
    assert not Bureau.objects.filter(name__in=["甲局", "乙局"]).exists()
    assert not AuditEvent.objects.filter(deed=AuditEvent.Deed.REGISTER_CHANGED).exists()


@pytest.mark.parametrize(
    "changed", [{"format": "7"}, {"format": "x"}, {"resource": "9"}, {"import_file_name": "x"}]
)
def test_a_confirm_of_something_else_leads_back(client, plan, changed):
    preview = send(client, "bureaus/bureau", workbook(BUREAU, ["甲局", "政府部门", "", "", "结业日期"]))
    given = preview.context["confirm_form"].initial | changed
    page = client.post("/admin/bureaus/bureau/process_import/", given, follow=True)
    assert "请重新上传" in page.content.decode()
    assert not Bureau.objects.filter(name="甲局").exists()


def test_a_file_over_the_limit_is_refused(client, plan):
    assert "文件超过 5 MB" in refusal(send(client, "bureaus/bureau", b"x" * (5 * 1024 * 1024 + 1)))


# --- The pages


def said(page):
    """What a page of the admin says, its buttons too."""
    text = page.content.decode()
    body = text[text.index('<div class="main"') : text.index("</main>")]
    buttons = re.findall(r'type="submit"[^>]* value="([^"]*)"', body)
    return " ".join([strip_tags(re.sub(r"<script.*?</script>", "", body, flags=re.DOTALL)), *buttons])


@pytest.mark.parametrize("model", REGISTERS)
def test_every_page_on_the_way_is_chinese(client, filled, model):
    pages = [
        client.get(f"/admin/{model}/import/"),
        client.get(f"/admin/{model}/export/"),
        client.post(f"/admin/{model}/export/", {"format": "9"}),
        client.post(f"/admin/{model}/import/", {"format": "0"}),
        send(client, model, b"PK\x03\x04"),
        send(client, model, client.post(f"/admin/{model}/export/", {"format": "0"}).content),
        send(client, model, workbook(REGISTERS[model], ["9" * 200] * len(REGISTERS[model]))),
    ]
    for page in pages:
        english = set(re.findall("[A-Za-z]{2,}", said(page)))
        assert english <= {"xlsx", "xls", "csv", "CSV", "Excel", "WPS", "MB", "UTF", "BOM", "GB"}


def test_what_stands_in_a_cell_is_shown_as_text(client, plan):
    row = ["<script>alert(1)</script>", "政府部门", "", "", "结业日期"]
    page = send(client, "bureaus/bureau", workbook(BUREAU, row, ["市科协", "政府部门", "", "", "开班日期"]))
    text = page.content.decode()
    assert "&lt;script&gt;alert(1)" in text
    assert "<del>结业日期</del> <ins>开班日期</ins>" in text
    assert "style=" not in text[text.index('<div id="content"') :].split("</main>")[0]


def test_who_may_not_change_a_register_brings_nothing_in(login, technician, plan):
    technician.is_staff = True
    technician.save()
    page = send(login(technician), "bureaus/bureau", workbook(BUREAU))
    assert page.status_code == 403
    assert login(technician).post("/admin/bureaus/bureau/export/", {"format": "0"}).status_code == 403


def test_a_change_by_hand_is_audited(client, plan):
    course = Course.objects.create(name="旧名")
    client.post(
        f"/admin/courses/course/{course.pk}/change/",
        {"name": "新名", "materials-TOTAL_FORMS": 0, "materials-INITIAL_FORMS": 0},
    )
    assert Course.objects.get().name == "新名"
    assert AuditEvent.objects.get(deed=AuditEvent.Deed.REGISTER_CHANGED).user.username == "何技术"
