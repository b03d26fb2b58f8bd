"""Any list page as a file: what it shows, in the form that one wants."""

import csv
import datetime
from io import BytesIO, StringIO
from urllib.parse import unquote

import openpyxl
import pytest
from django.urls import reverse

from bureaus.models import AuditEvent
from courses.models import Appeal, ClassRun, Enrolment, Programme, Session, Trainer
from learners.models import Holder, Learner
from ledgers.models import LedgerImport

RARE = "𬱖䶮𠮷"
LISTS = [
    "ledgers:runs",
    "ledgers:sessions",
    "ledgers:enrolments",
    "ledgers:learners",
    "ledgers:certificates",
    "ledgers:imports",
    "courses:courses",
    "courses:trainers",
    "courses:workload",
    "courses:appeals",
    "courses:walk-ins",
    "courses:notices",
    "certificates:issue-runs",
    "certificates:rules",
    "certificates:duties",
    "certificates:data-requests",
    "bureaus:audit",
]


@pytest.fixture
def run(plan, bureau):
    """A run of 2024 with three people, one of them of a rare name."""
    programme = Programme.objects.get(name="农村实用人才培训计划")
    run = ClassRun.objects.create(
        programme=programme,
        name="第1期",
        bureau=bureau,
        district=plan.city,
        year=2024,
        starts_on="2024-03-01",
        ends_on="2024-03-05",
        state="finished",
    )
    for at, name in enumerate(["张三", f"王{RARE}", "=1+1"]):
        learner = Learner.objects.create(name=name)
        Holder.objects.create(learner=learner, bureau=bureau, phone="13800000001")
        Enrolment.objects.create(
            run=run,
            learner=learner,
            name=name,
            employer=f"单位,{at}\n“乙”",
            district=plan.city,
            state="completed",
            hours=8 + at / 2,
        )
    return run


def content_of(response):
    return b"".join(response.streaming_content)


def rows_of(response):
    book = openpyxl.load_workbook(BytesIO(content_of(response)))
    return [[cell.value for cell in row] for row in book.active.iter_rows(min_row=3)]


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("form", ["xlsx", "csv", "gb18030"])
def test_every_list_goes_out_in_every_form(name, form, run, login, coordinator):
    response = login(coordinator).get(reverse(name), {"as": form, "year": 2024})
    assert response.status_code == 200
    assert content_of(response)
    ending = "xlsx" if form == "xlsx" else "csv"
    assert unquote(response["Content-Disposition"]).endswith(f".{ending}")


@pytest.mark.parametrize("name", LISTS)
def test_every_list_that_shows_rows_offers_its_file(name, run, login, coordinator, bureau, plan):
    person = run.enrolments.first()
    session = Session.objects.create(
        programme=run.programme,
        run=run,
        bureau=bureau,
        district=plan.city,
        year=2024,
        title="第一课",
        held_on="2024-03-01",
    )
    Appeal.objects.create(enrolment=person, session=session, kind="leave", words="家中有事")
    Trainer.objects.create(name="罗老师", bureau=bureau)
    LedgerImport.objects.create(bureau=bureau, file_name="台账.xlsx", year=2024)
    page = login(coordinator).get(reverse(name), {"year": 2024})
    shown = "pagination-count" in page.content.decode()
    assert ("as=xlsx" in page.content.decode()) == shown


def test_a_file_has_the_rows_of_all_pages_and_the_columns_of_the_page(run, login, officer, plan):
    Enrolment.objects.bulk_create(
        Enrolment(
            run=run,
            learner=Learner.objects.create(name=f"学员{at}"),
            name=f"学员{at}",
            district=plan.city,
            state="completed",
        )
        for at in range(60)
    )
    rows = rows_of(login(officer).get("/enrolments/", {"as": "xlsx", "year": 2024}))
    assert rows[0][:3] == ["姓名", "单位", "职务"]
    assert len(rows) == 1 + 63


def test_filters_sort_and_search_hold_for_the_file(run, login, officer):
    client = login(officer)
    rows = rows_of(client.get("/enrolments/", {"as": "xlsx", "year": 2024, "sort": "-hours"}))
    assert [row[0] for row in rows[1:]] == ["=1+1", f"王{RARE}", "张三"]
    client.post("/enrolments/?year=2024", {"q": "张三"})
    rows = rows_of(client.get("/enrolments/", {"as": "xlsx", "year": 2024, "found": "1"}))
    assert [row[0] for row in rows[1:]] == ["张三"]
    assert len(rows_of(client.get("/enrolments/", {"as": "xlsx", "year": 2023}))) == 1


@pytest.mark.parametrize(("form", "encoding"), [("csv", "utf-8-sig"), ("gb18030", "gb18030")])
def test_a_text_file_keeps_rare_characters_commas_and_lines(form, encoding, run, login, officer):
    content = content_of(login(officer).get("/enrolments/", {"as": form, "year": 2024}))
    assert content.startswith(b"\xef\xbb\xbf") == (form == "csv")
    rows = list(csv.reader(StringIO(content.decode(encoding), newline="")))
    by_name = {row[0]: row for row in rows}
    assert by_name[f"王{RARE}"][1] == "单位,1\n“乙”"
    assert by_name["张三"][7] == "8.00"


def test_no_text_becomes_a_formula(run, login, officer):
    client = login(officer)
    book = openpyxl.load_workbook(
        BytesIO(content_of(client.get("/enrolments/", {"as": "xlsx", "year": 2024})))
    )
    assert all(cell.data_type != "f" for row in book.active.iter_rows() for cell in row)
    text = content_of(client.get("/enrolments/", {"as": "csv", "year": 2024})).decode("utf-8-sig")
    assert '"\t=1+1"' in text
    assert "\n=1+1" not in text


def test_the_form_is_remembered_and_stands_first_next_time(run, login, officer):
    client = login(officer)
    first = client.get("/enrolments/?year=2024").content.decode()
    assert first.index("as=xlsx") < first.index("as=gb18030")
    content_of(client.get("/enrolments/?year=2024&as=gb18030"))
    later = client.get("/enrolments/?year=2024").content.decode()
    assert later.index("as=gb18030") < later.index("as=xlsx")
    assert "上次用的" in later


def test_a_file_is_a_line_of_the_audit(run, login, officer, bureau):
    content_of(login(officer).get("/runs/?year=2024&as=csv"))
    event = AuditEvent.objects.get(deed="list.exported")
    assert (event.object_label, event.user, event.bureau) == ("2024 年度班次.csv", officer, bureau)


def test_an_outsider_gets_none_of_the_rows(run, login, outsider):
    assert len(rows_of(login(outsider).get("/enrolments/?year=2024&as=xlsx"))) == 1


def test_who_may_not_open_a_list_gets_no_file_of_it(run, login, trainer):
    assert login(trainer).get("/enrolments/?year=2024&as=xlsx").status_code == 403


def test_a_form_that_does_not_exist_shows_the_page(run, login, officer):
    assert "text/html" in login(officer).get("/enrolments/?as=pdf")["Content-Type"]


def test_the_people_of_a_run_go_out_from_its_page(run, login, officer):
    rows = rows_of(login(officer).get(reverse("courses:run", args=[run.pk]), {"as": "xlsx"}))
    assert [row[0] for row in rows[1:]] == ["张三", f"王{RARE}", "=1+1"]


def test_no_query_is_asked_for_each_row(run, login, officer, plan, django_assert_max_num_queries):
    Enrolment.objects.bulk_create(
        Enrolment(
            run=run,
            learner=Learner.objects.create(name=f"学员{at}"),
            name=f"学员{at}",
            district=plan.city,
            state="completed",
        )
        for at in range(100)
    )
    client = login(officer)
    for address in ("/enrolments/", "/learners/", "/runs/", "/sessions/"):
        with django_assert_max_num_queries(30):
            content_of(client.get(address, {"as": "xlsx", "year": 2024}))


def test_numbers_and_days_are_numbers_and_days(run, login, officer):
    content = content_of(login(officer).get("/runs/?year=2024&as=xlsx"))
    sheet = openpyxl.load_workbook(BytesIO(content)).active
    line = dict(
        zip([cell.value for cell in sheet[3]], [cell.value for cell in sheet[4]], strict=True),
    )
    assert line["开班日期"] == datetime.datetime(2024, 3, 1)
    assert line["人次"] == 3
