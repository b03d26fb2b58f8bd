"""Registers in and out as tables, in the admin, through django-import-export."""

from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from openpyxl import Workbook, load_workbook

from bureaus.models import AuditEvent, Bureau
from bureaus.registers.own import BureauResource, DistrictResource
from courses.copying_plans import copy_plan
from courses.models import Course, Plan, Programme
from courses.registers import CourseResource, ProgrammeResource


@pytest.fixture
def client(login, technician):
    technician.is_staff = technician.is_superuser = True
    technician.save()
    return login(technician)


def workbook(*rows):
    book = Workbook()
    for row in rows:
        book.active.append(row)
    file = BytesIO()
    book.save(file)
    return SimpleUploadedFile("表.xlsx", file.getvalue())


def bring_in(client, model, *rows):
    """Uploads a table, confirms the preview; gives the pages."""
    preview = client.post(
        f"/admin/{model}/import/", {"import_file": workbook(*rows), "format": "0", "resource": ""}
    )
    form = preview.context.get("confirm_form")
    if form is None:
        return preview.content.decode(), None
    done = client.post(f"/admin/{model}/process_import/", form.initial, follow=True)
    return preview.content.decode(), done.content.decode()


@pytest.mark.parametrize(
    ("resource", "headings"),
    [
        (BureauResource, ["名称", "类别", "上级业务单位", "所在县市区", "班次年度按"]),
        (DistrictResource, ["代码", "名称", "简称", "园区", "所在县市区"]),
        (ProgrammeResource, ["方案", "名称", "行动", "群体", "类别", "人次口径", "计入口径", "所属综合项目"]),
        (CourseResource, ["方案", "项目", "维护单位", "课程名称", "学时", "大纲"]),
    ],
)
def test_a_register_goes_out_with_chinese_headings_and_comes_in_unchanged(plan, resource, headings):
    table = resource().export()
    assert table.headers == headings
    result = resource().import_data(table, dry_run=True)
    assert not result.has_errors()
    assert not result.has_validation_errors()
    assert result.totals["new"] + result.totals["update"] == 0


def test_a_new_bureau_comes_in_by_names_and_is_audited(client, plan):
    _preview, done = bring_in(
        client,
        "bureaus/bureau",
        ["名称", "类别", "上级业务单位", "所在县市区", "班次年度按"],
        ["韶山市教育局", "政府部门", "市教育局", "韶山市", "开班日期"],
    )
    bureau = Bureau.objects.get(name="韶山市教育局")
    assert (bureau.parent.name, bureau.district.name, bureau.year_basis) == ("市教育局", "韶山市", "opening")
    assert done is not None
    assert AuditEvent.objects.get(deed=AuditEvent.Deed.REGISTER_CHANGED).after == {"new": 1}


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (["甲局", "政府部门", "没有的局", "", "结业日期"], "没有名为“没有的局”的单位"),
        (["甲局", "甲类", "", "", "结业日期"], "只能填写"),
    ],
)
def test_a_wrong_value_is_told_in_chinese_and_nothing_is_written(client, plan, row, words):
    before = Bureau.objects.count()
    preview, done = bring_in(
        client, "bureaus/bureau", ["名称", "类别", "上级业务单位", "所在县市区", "班次年度按"], row
    )
    assert words in preview
    assert done is None
    assert Bureau.objects.count() == before


def test_a_table_without_the_key_column_is_refused_in_one_sentence(client, plan):
    preview, done = bring_in(client, "courses/course", ["课名"], ["人工智能"])
    assert "缺少“项目、维护单位、课程名称”列" in preview
    assert done is None


def test_courses_come_in(client, plan):
    bring_in(
        client,
        "courses/course",
        ["课程名称", "项目", "维护单位", "学时", "大纲"],
        ["人工智能基础", "培训科技辅导员", "市科协", 8, "一、概念"],
        ["人工智能基础", "培训科技辅导员", "", 4, "一、概念"],
    )
    hours = Course.objects.values_list("bureau__name", "hours")
    assert sorted(hours, key=str) == [("市科协", 8), (None, 4)]


def test_the_tables_of_two_plans_that_share_names_come_in_unchanged(plan, coordinator):
    programme = Programme.objects.get(name="培训科技辅导员")
    Course.objects.create(name="人工智能基础", programme=programme)
    following = Plan(name="下一个方案", first_year=2026, last_year=2030)
    copy_plan(plan, following, cycles=[], with_courses=True, user=coordinator)
    for resource in (ProgrammeResource, CourseResource):
        result = resource().import_data(resource().export(), dry_run=True)
        assert not result.has_errors()
        assert result.totals["new"] + result.totals["update"] == 0


def test_hours_that_are_no_number_are_told_in_chinese(client, plan):
    preview, _done = bring_in(
        client,
        "courses/course",
        ["课程名称", "项目", "维护单位", "学时", "大纲"],
        ["人工智能基础", "培训科技辅导员", "", "八", ""],
    )
    assert "学时要写成数字" in preview


def test_a_register_goes_out_as_a_workbook(client, plan):
    response = client.post("/admin/courses/programme/export/", {"format": "0", **export_choices()})
    book = load_workbook(BytesIO(response.content))
    assert book.active.max_row == Programme.objects.count() + 1


def export_choices():
    names = ("plan", "name", "action", "group", "kind", "counts", "basis", "part_of")
    return {"resource": "0"} | {f"programmeresource_{name}": "on" for name in names}


def test_a_change_by_hand_is_audited(client, plan):
    course = Course.objects.create(name="旧名")
    client.post(
        f"/admin/courses/course/{course.pk}/change/",
        {"name": "新名", "materials-TOTAL_FORMS": 0, "materials-INITIAL_FORMS": 0},
    )
    assert Course.objects.get().name == "新名"
    assert AuditEvent.objects.get(deed=AuditEvent.Deed.REGISTER_CHANGED).user.username == "何技术"
