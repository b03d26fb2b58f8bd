"""Whole ID numbers go out only with the right, against a reason, marked, and with a line of the audit."""

import zipfile
from io import BytesIO

import openpyxl
import pytest

from bureaus.models import AuditEvent, Bureau
from courses.models import ClassRun, Enrolment, Programme
from learners.models import Holder, Identity, Learner

NUMBER, PHONE = "439999198601221825", "13912345678"
ADDRESS = "/export/learners/?year=2024"
REASON = "报送省厅核对信息"


@pytest.fixture
def run(plan, bureau):
    return run_of(bureau, plan, "李秀英", NUMBER)


def run_of(bureau, plan, name, number):
    run = ClassRun.objects.create(
        programme=Programme.objects.get(name="农村实用人才培训计划"),
        name="第1期",
        bureau=bureau,
        district=plan.city,
        year=2024,
        state="finished",
    )
    learner = Learner.objects.create(name=name, birth="1986")
    key = dict(zip(("kind", "value", "digest"), Identity.by_id_number(number), strict=True))
    Identity.objects.create(learner=learner, **key)
    Holder.objects.create(learner=learner, bureau=bureau, phone=PHONE)
    Enrolment.objects.create(
        run=run, learner=learner, name=name, employer="甲村", district=plan.city, state="completed", hours=8
    )
    return run


def workbook(response):
    return openpyxl.load_workbook(BytesIO(response.content))


def texts(response):
    return [str(cell.value) for row in workbook(response).active.iter_rows() for cell in row if cell.value]


def whole(client, **more):
    return client.post(ADDRESS, {"form": "xlsx", "whole": "on", "reason": REASON} | more)


def test_with_the_right_and_a_reason_the_numbers_are_whole(run, login, administrator):
    found = texts(whole(login(administrator)))
    assert NUMBER in found
    assert PHONE in found


def test_the_file_bears_who_took_it_when_and_why_on_every_page(run, login, administrator):
    response = whole(login(administrator))
    book = workbook(response)
    sheet = book.active
    mark = sheet["A3"].value
    assert "周管理" in mark
    assert REASON in mark
    assert sheet.print_title_rows == "$1:$4"
    assert mark in sheet.oddHeader.right.text
    assert (book.properties.creator, book.properties.description) == ("周管理", mark)


def test_a_mark_of_codes_for_printers_stays_a_text(run, login, administrator):
    response = whole(login(administrator), reason="核对&P&D页<b>")
    part = zipfile.ZipFile(BytesIO(response.content)).read("xl/worksheets/sheet1.xml").decode()
    assert "核对&amp;&amp;P&amp;&amp;D页&lt;b&gt;" in part


def test_it_is_a_line_of_the_audit_with_the_reason_and_no_number(run, login, administrator, bureau):
    whole(login(administrator))
    event = AuditEvent.objects.get(deed="id_numbers.exported")
    assert (event.user, event.bureau, event.reason) == (administrator, bureau, REASON)
    assert event.after == {"year": 2024, "enrolments": 1}
    assert NUMBER not in f"{event.object_label}{event.before}{event.after}"


def test_without_the_audit_there_is_no_file(run, login, administrator, monkeypatch):
    def refuse(*_args, **_more):
        raise RuntimeError

    monkeypatch.setattr(AuditEvent, "record", refuse)
    with pytest.raises(RuntimeError):
        whole(login(administrator))


@pytest.mark.parametrize("reason", ["", "  ", "看看"])
def test_without_a_reason_there_is_no_file(reason, run, login, administrator):
    response = whole(login(administrator), reason=reason)
    assert response.status_code == 422
    assert "要写明用途" in response.content.decode()
    assert not AuditEvent.objects.filter(deed="id_numbers.exported").exists()


@pytest.mark.parametrize("role", ["officer", "reviewer"])
def test_without_the_right_there_is_no_whole_number(role, run, login, request):
    client = login(request.getfixturevalue(role))
    assert whole(client).status_code == 403
    assert "完整的证件号码" not in client.get(ADDRESS).content.decode()


@pytest.mark.parametrize("form", ["xlsx", "csv", "gb18030"])
def test_without_asking_for_it_numbers_are_masked(form, run, login, administrator):
    response = login(administrator).post(ADDRESS, {"form": form})
    shown = texts(response) if form == "xlsx" else [response.content.decode("gb18030", "replace")]
    assert not any(NUMBER in text or PHONE in text for text in shown)
    assert any("439***********1825" in text for text in shown)
    assert AuditEvent.objects.get().deed == "ledger.exported"


def test_another_bureaus_numbers_are_not_among_them(run, plan, login, administrator, other_bureau):
    run_of(other_bureau, plan, "王外人", "439999199510251070")
    found = texts(whole(login(administrator)))
    assert NUMBER in found
    assert "439999199510251070" not in found


def test_a_district_sees_masked_what_it_may_not_take_whole(run, plan, login, administrator, other_bureau):
    """The lead bureau's figures reach runs that others hold; their numbers stay with those."""
    county = Bureau.objects.create(name="县局", parent=other_bureau, district=plan.city)
    run_of(county, plan, "王外人", "439999199510251070")
    assert "439999199510251070" not in texts(whole(login(administrator)))


def test_text_files_bear_the_mark_as_a_line(run, login, administrator):
    response = whole(login(administrator), form="csv")
    text = response.content.decode("utf-8-sig")
    assert REASON in text.splitlines()[2]
    assert f'"\t{NUMBER}"' in text


def test_the_number_is_a_text_cell(run, login, administrator):
    sheet = workbook(whole(login(administrator))).active
    [cell] = [cell for row in sheet.iter_rows() for cell in row if cell.value == NUMBER]
    assert (cell.data_type, cell.number_format) == ("s", "@")


def test_nothing_of_it_stands_in_a_cache_or_a_name(run, login, administrator):
    response = whole(login(administrator))
    assert "no-store" in response["Cache-Control"]
    assert NUMBER not in response["Content-Disposition"]


def test_the_yearly_workbook_holds_no_whole_number(run, login, administrator):
    content = login(administrator).get("/export/file/?year=2024").content
    archive = zipfile.ZipFile(BytesIO(content))
    assert not any(
        number.encode() in archive.read(name) for name in archive.namelist() for number in (NUMBER, PHONE)
    )
