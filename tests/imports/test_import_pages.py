"""A ledger in, in the browser: upload, as understood, preview, done; and its undoing."""

import datetime
from io import BytesIO

import pytest
from django.conf import settings
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from bureaus.models import AuditEvent, Bureau, YearClose
from courses.models import Enrolment, Session
from ledgers.importing import jobs
from ledgers.importing.expiring import drop_expired
from ledgers.importing.receiving import shown_name
from ledgers.models import LedgerImport
from tests.imports.conftest import ANNA, BO, LEDGERS, row, text_ledger

State = LedgerImport.State
NEW = "/imports/new/"


pytestmark = pytest.mark.usefixtures("_jobs_inline")


def page_of(client, batch, query=""):
    response = client.get(reverse("ledgers:import", args=[batch.pk]) + query)
    assert response.status_code == 200
    return response.content.decode()


def test_the_whole_way_from_file_to_figures(client, send, go, programme):
    batch = send(text_ledger(row(1, ANNA), row(2, BO, 学时="若干")))
    assert batch.state == State.ASKING
    assert "识别" in page_of(client, batch)

    batch = go(batch, "terms", programme=programme.pk, year=2024)
    assert batch.state == State.PREVIEW
    assert not Enrolment.objects.exists()
    page = page_of(client, batch)
    assert "李秀英" in page
    assert "张建国" not in page  # the faulty rows stand first
    assert "张建国" in page_of(client, batch, "?state=new")
    assert BO[1] not in page

    batch = go(batch, "confirm")
    assert batch.state == State.APPLIED
    assert Enrolment.objects.get().run.year == 2024
    assert AuditEvent.objects.get(deed=AuditEvent.Deed.LEDGER_IMPORTED).user.username == "李经办"

    batch = go(batch, "weigh")
    batch = go(batch, "undo", reason="传错了", digest=batch.undo_report["digest"])
    assert batch.state == State.UNDONE
    assert not Enrolment.objects.exists()


def test_the_programme_and_the_year_are_guessed_from_the_file(send, officer):
    batch = send((LEDGERS / "seniors-2024.csv").read_bytes(), "seniors.csv")
    assert (batch.year, batch.programme.name) == (2024, "智慧助老行动")


def test_lectures_are_previewed_with_their_headcounts(client, send, go, plan):
    lecture = plan.programmes.get(name="智慧助老行动")
    batch = send((LEDGERS / "seniors-2024.csv").read_bytes(), "seniors.csv")
    batch = go(batch, "terms", programme=lecture.pk, year=2024)
    assert "智能手机使用讲座" in page_of(client, batch, "?state=all")
    go(batch, "confirm")
    assert Session.objects.count() == 46


def test_what_the_file_lacks_is_asked_for_once(client, send, go, programme):
    batch = send("姓名,身份证号\n{},{}\n".format(*ANNA[:2]).encode())
    assert batch.understood["missing"] == ["run", "hours", "dates"]
    assert go(batch, "terms", programme=programme.pk, year=2024).state == State.ASKING
    response = client.post(
        reverse("ledgers:import-terms", args=[batch.pk]), {"programme": programme.pk, "year": "两千"}
    )
    assert response.status_code == 422
    batch = go(batch, "terms", programme=programme.pk, year=2024, set_run="补录班", set_hours="8")
    go(batch, "confirm")
    assert (Enrolment.objects.get().run.name, Enrolment.objects.get().hours) == ("补录班", 8)


def test_changed_rows_show_old_and_new(client, send, go, programme):
    for hours in ("24", "16"):
        batch = go(send(text_ledger(row(1, ANNA, 学时=hours))), "terms", programme=programme.pk, year=2024)
        if hours == "24":
            go(batch, "confirm")
    page = page_of(client, batch, "?state=changed")
    assert "<del>24</del>" in page
    assert "<ins>16</ins>" in page


def test_a_confirm_that_would_do_something_else_is_refused_with_a_new_preview(
    send, go, programme, bring_in, ledger
):
    batch = go(send(text_ledger(row(1, ANNA))), "terms", programme=programme.pk, year=2024)
    bring_in(ledger(row(1, ANNA)), programme=programme.name, bureau="市农业农村局")
    batch = go(batch, "confirm")
    assert batch.state == State.PREVIEW
    assert "新的预览" in batch.message
    assert batch.figures["same"] == 1


def test_a_closed_year_leaves_the_preview_and_says_why(send, go, programme, bureau):
    batch = go(send(text_ledger(row(1, ANNA))), "terms", programme=programme.pk, year=2024)
    YearClose.objects.create(bureau=bureau, year=2024)
    batch = go(batch, "confirm")
    assert batch.state == State.PREVIEW
    assert "已封账" in batch.message
    assert not Enrolment.objects.exists()


def test_confirming_twice_writes_once(send, go, programme):
    batch = go(send(text_ledger(row(1, ANNA))), "terms", programme=programme.pk, year=2024)
    go(batch, "confirm")
    go(batch, "confirm")
    assert AuditEvent.objects.filter(deed=AuditEvent.Deed.LEDGER_IMPORTED).count() == 1


def test_only_who_uploaded_may_confirm(send, go, programme, login, administrator):
    batch = go(send(text_ledger(row(1, ANNA))), "terms", programme=programme.pk, year=2024)
    address = reverse("ledgers:import-confirm", args=[batch.pk])
    assert login(administrator).post(address).status_code == 403


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("空.xlsx", b"", "空"),
        ("坏.xlsx", b"PK\x03\x04broken", "损坏"),
        ("网页.xls", b"<html><table><tr><td>x</td></tr></table></html>", "另存为"),
        ("别的.csv", "甲,乙\n1,2\n".encode(), "姓名"),
        ("无行.csv", "姓名,身份证号\n".encode(), "没有"),
    ],
)
def test_a_file_that_cannot_be_read_gets_a_sentence(client, send, name, content, words):
    batch = send(content, name)
    assert batch.state == State.FAILED
    assert words in page_of(client, batch)
    assert not batch.has_file


@pytest.mark.parametrize("name", ["台账.docx", "台账.xlsx.exe", "台账"])
def test_a_wrong_ending_is_refused_at_once(client, officer, name):
    bureau = officer.memberships.get().bureau
    response = client.post(NEW, {"file": SimpleUploadedFile(name, b"x"), "bureau": bureau.pk})
    assert response.status_code == 422
    assert ".xlsx" in response.content.decode()
    assert not LedgerImport.objects.exists()


def test_a_file_over_the_limit_is_refused_with_what_to_do(client, officer, settings):
    settings.PEIXUN_LEDGER_MAX_MIB = 1
    bureau = officer.memberships.get().bureau
    big = SimpleUploadedFile("大.csv", b"x" * (3 * 1024 * 1024))
    response = client.post(NEW, {"file": big, "bureau": bureau.pk})
    assert response.status_code == 422
    assert "拆成" in response.content.decode()


def test_an_upload_for_another_bureau_is_refused(client, other_bureau):
    response = client.post(NEW, {"file": SimpleUploadedFile("a.csv", b"x"), "bureau": other_bureau.pk})
    assert response.status_code == 422


def test_the_stored_file_and_the_preview_are_sealed(send, go, programme):
    batch = go(send(text_ledger(row(1, ANNA))), "terms", programme=programme.pk, year=2024)
    with default_storage.open(batch.stored_as) as file:
        stored = file.read()
    for content in (stored, *(bytes(piece.data) for piece in batch.pieces.all())):
        assert ANNA[1].encode() not in content
        assert "张建国".encode() not in content
    assert batch.pieces.count() == 1


def test_dropping_deletes_the_file_and_writes_nothing(send, go, programme):
    batch = go(send(text_ledger(row(1, ANNA))), "terms", programme=programme.pk, year=2024)
    stored = batch.stored_as
    batch = go(batch, "drop")
    assert batch.state == State.DROPPED
    assert not default_storage.exists(stored)


def test_an_upload_that_nobody_confirms_expires(send):
    batch = send(text_ledger(row(1, ANNA)))
    late = timezone.now() + datetime.timedelta(days=settings.PEIXUN_UPLOAD_KEEP_DAYS + 1)
    assert drop_expired(late) == 1
    batch.refresh_from_db()
    assert (batch.state, batch.has_file) == (State.DROPPED, False)
    assert not default_storage.listdir("ledgers")[1]


def test_the_faulty_rows_can_be_downloaded_with_the_reasons(client, send, go, programme):
    batch = go(
        send(text_ledger(row(1, ANNA), row(2, BO, 学时="若干"))), "terms", programme=programme.pk, year=2024
    )
    response = client.get(reverse("ledgers:import-faulty", args=[batch.pk]))
    sheet = load_workbook(BytesIO(response.content)).active
    assert sheet.max_row == 3
    assert sheet["E3"].value == "李秀英"
    assert "filename*=utf-8''" in response["Content-Disposition"]


def test_a_defect_ends_in_a_sentence_and_keeps_nothing(send, go, programme, monkeypatch):
    batch = go(send(text_ledger(row(1, ANNA))), "terms", programme=programme.pk, year=2024)

    def broken(*args, **kwargs):
        raise RuntimeError

    monkeypatch.setattr(jobs, "apply", broken)
    batch = go(batch, "confirm")
    assert batch.state == State.FAILED
    assert "没有写入" in batch.message


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("../../../../tmp/up.xlsx", "up.xlsx"),
        ("..\\..\\up.xlsx", "up.xlsx"),
        ("台账\u202excod.xlsx", "台账xcod.xlsx"),
        ("台账\n注入: x.xlsx", "台账注入: x.xlsx"),
        ("\x00.xlsx", ".xlsx"),
        ("", "未命名文件"),
    ],
)
def test_a_file_name_is_shown_without_tricks(name, shown):
    assert shown_name(name) == shown


def test_a_long_file_name_is_cut_but_keeps_its_ending():
    assert len(shown_name("长" * 300 + ".xlsx")) <= 101
    assert shown_name("长" * 300 + ".xlsx").endswith("….xlsx")


def test_the_list_shows_imports_of_ones_bureau_only(client, send, plan):
    send(text_ledger(row(1, ANNA)))
    other = Bureau.objects.get(name="市教育局")
    LedgerImport.objects.create(bureau=other, file_name="别人的.xlsx", state=State.APPLIED)
    page = client.get("/imports/").content.decode()
    assert "2024年台账.csv" in page
    assert "别人的" not in page


@pytest.mark.parametrize("group", ["teachers", "farmers", "workers", "seniors", "cadres"])
def test_a_blank_ledger_can_be_filled_in_and_brought_in(client, group):
    response = client.get(reverse("ledgers:template", args=[group]))
    book = load_workbook(BytesIO(response.content))
    assert book.sheetnames == ["台账", "填表说明"]
    assert book["台账"]["A3"].value == "序号"


def test_there_is_no_blank_ledger_of_an_unknown_group(client):
    assert client.get(reverse("ledgers:template", args=["nobody"])).status_code == 404
