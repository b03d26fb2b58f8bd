"""A public list names people so that neighbours know them, and nobody can find out more."""

import datetime
import re
from io import BytesIO

import openpyxl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from courses.models import ClassRun, Enrolment, Programme
from learners.models import Identity, Learner
from learners.names import mask_public
from ledgers.outgoing.publishing import without_numbers

NUMBER, PHONE = "439999198601221825", "13912345678"
WORDS = {
    "title": "2024年度农村实用人才培训学员名单公示",
    "since": "2025-01-06",
    "until": "2025-01-12",
    "unit": "市农业农村局",
    "contact": "纪检组 0731-58580000",
    "who": "all",
}
ADDRESS = "/public-list/?year=2024"


@pytest.fixture
def run(plan, bureau):
    return ClassRun.objects.create(
        programme=Programme.objects.get(name="农村实用人才培训计划"),
        name="2024年第12期",
        bureau=bureau,
        district=plan.city,
        year=2024,
        state="finished",
    )


def enrol(run, name, employer="", state="completed"):
    learner = Learner.objects.create(name=name)
    key = Identity.by_id_number(NUMBER)
    Identity.objects.get_or_create(kind=key[0], digest=key[2], defaults={"learner": learner, "value": key[1]})
    return Enrolment.objects.create(
        run=run, learner=learner, name=name, employer=employer, district=run.district, state=state
    )


def rows_of(response):
    sheet = openpyxl.load_workbook(BytesIO(response.content)).active
    return [[cell.value for cell in row] for row in sheet.iter_rows()]


@pytest.mark.parametrize(
    ("name", "masked"),
    [
        ("张三", "张*"),
        ("张小三", "张*三"),
        ("欧阳小三", "欧**三"),
        ("阿迪力·买买提", "阿*****提"),
        ("𬱖䶮𠮷", "𬱖*𠮷"),
    ],
)
def test_a_name_is_masked(name, masked):
    assert mask_public(name) == masked


def test_the_page_has_masked_names_units_and_what_heads_it(run, login, officer):
    enrol(run, "张小三", "响水乡第3村")
    page = login(officer).post(ADDRESS, WORDS).content.decode()
    assert "张*三" in page
    assert "张小三" not in page
    assert "响水乡第3村" in page
    assert "公示期：2025-01-06 至 2025-01-12" in page
    assert "纪检组 0731-58580000" in page


def test_the_workbook_is_the_page(run, login, officer):
    enrol(run, "王𬱖", "甲村")
    rows = rows_of(login(officer).post(ADDRESS, WORDS | {"as": "xlsx"}))
    assert rows[0][0] == WORDS["title"]
    assert rows[2] == ["序号", "姓名", "单位", "班次", "项目"]
    assert rows[3] == [1, "王*", "甲村", "2024年第12期", "农村实用人才培训计划"]
    assert "0731-58580000" in rows[4][0]


def test_only_who_completed_is_named_where_that_is_asked(run, login, officer):
    enrol(run, "张小三")
    enrol(run, "李小四", state="not_completed")
    page = login(officer).post(ADDRESS, WORDS | {"who": "completed"}).content.decode()
    assert "张*三" in page
    assert "李*四" not in page


@pytest.mark.parametrize(
    "employer",
    [
        f"甲村{NUMBER}",
        f"甲村 {PHONE[:3]} {PHONE[3:7]} {PHONE[7:]}",
        f"甲村（{PHONE}）",
        "甲村１３９１２３４５６７８",
        f"甲村{NUMBER[:6]}-{NUMBER[6:14]}-{NUMBER[14:]}",
    ],
)
def test_a_number_written_into_a_unit_is_hidden_and_told(employer, run, login, officer):
    enrol(run, "张小三", employer)
    page = login(officer).post(ADDRESS, WORDS).content.decode()
    table = page[page.index("<tbody>") : page.index("</tbody>")]
    assert not re.search(r"\d{5}", table)
    assert "有 1 行的单位或班次里有一长串数字" in page


@given(st.text(alphabet="甲村第期0123456789 -·（）.年月０９", max_size=40))
@example(f"甲{NUMBER}乙{PHONE}")
@example("2024年3月5日 43999919860122")
@example("2024-03-05439999198601221825")
def test_no_run_of_digits_as_long_as_a_phone_or_an_id_number_is_left(text):
    assert max(map(len, re.findall(r"\d+", without_numbers(text))), default=0) <= 4


@pytest.mark.parametrize(
    "text", ["第12中学", "2024年第3期培训班", "2024-03-05班", "2024年3月5日班", "八一路108号"]
)
def test_small_numbers_years_and_days_stay(text):
    assert without_numbers(text) == text


def test_what_is_missing_is_told_and_nothing_is_listed(run, login, officer):
    enrol(run, "张小三")
    response = login(officer).post(ADDRESS, WORDS | {"contact": "", "until": "2025-01-01"})
    assert response.status_code == 422
    page = response.content.decode()
    assert "公示结束不能早于公示开始" in page
    assert "张*三" not in page


def test_another_bureaus_people_are_not_listed(run, login, outsider):
    enrol(run, "张小三")
    assert "张*三" not in login(outsider).post(ADDRESS, WORDS).content.decode()


def test_the_day_begins_today(run, login, officer):
    page = login(officer).get(ADDRESS).content.decode()
    assert datetime.date.today().isoformat() in page
