"""A bureau brings its blank form, sees what was understood, changes it, and has it filled."""

from io import BytesIO

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from bureaus.models import AuditEvent
from courses.models import ClassRun, Enrolment, Programme
from learners.models import Holder, Identity, Learner
from ledgers.models import OwnForm
from ledgers.own_forms.deeds import keep_form
from tests.outgoing.blank_forms import learners_form, saved

NUMBER = "439999198601221825"


@pytest.fixture
def people(plan, bureau):
    run = ClassRun.objects.create(
        programme=Programme.objects.get(name="农村实用人才培训计划"),
        name="第1期",
        bureau=bureau,
        district=plan.city,
        year=2024,
        starts_on="2024-03-01",
        ends_on="2024-03-05",
        state="finished",
    )
    for at in range(5):
        learner = Learner.objects.create(name=f"王{at}")
        Holder.objects.create(learner=learner, bureau=bureau, phone="13800000001")
        Enrolment.objects.create(
            run=run,
            learner=learner,
            name=f"王{at}",
            employer="甲村",
            district=plan.city,
            state="completed",
            hours=8,
        )
    key = Identity.by_id_number(NUMBER)
    Identity.objects.create(learner=learner, **dict(zip(("kind", "value", "digest"), key, strict=True)))
    return run


@pytest.fixture
def own(bureau, officer):
    return keep_form(learners_form(), file_name="表样.xlsx", name="学员台账", bureau=bureau, user=officer)


def upload(client, content, **more):
    file = SimpleUploadedFile("省厅台账.xlsx", content)
    return client.post("/forms/new/", {"file": file, "name": "省厅台账"} | more)


def sheet_of(response):
    return openpyxl.load_workbook(BytesIO(response.content)).worksheets[0]


def test_a_blank_form_is_kept_sealed_and_shown_as_understood(login, officer, bureau):
    client = login(officer)
    response = upload(client, learners_form(), bureau=bureau.pk)
    own = OwnForm.objects.get()
    assert response["Location"] == reverse("ledgers:form-edit", args=[own.pk])
    assert (own.bureau, own.name, own.kind, own.file_name) == (
        bureau,
        "省厅台账",
        "learners",
        "省厅台账.xlsx",
    )
    assert b"PK" not in bytes(own.content)[:40]
    page = client.get(response["Location"]).content.decode()
    assert "第 4 行，照它的格式往下填" in page
    assert '<option value="id_number" selected>身份证号</option>' in page
    assert AuditEvent.objects.get(deed="form.changed").bureau == bureau


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"abc", "表样要用 .xlsx"),
        (saved(openpyxl.Workbook()), "没有认出表头"),
        (b"PK\x03\x04" + b"\0" * 50, "损坏"),
    ],
    ids=["text", "empty", "broken"],
)
def test_what_is_no_form_is_refused_in_a_sentence(content, words, login, officer, bureau):
    response = upload(login(officer), content, bureau=bureau.pk)
    assert response.status_code == 422
    assert words in response.content.decode()
    assert not OwnForm.objects.exists()


def test_a_name_that_is_taken_is_told(own, login, officer, bureau):
    response = upload(login(officer), learners_form(), bureau=bureau.pk, name="学员台账")
    assert response.status_code == 422
    assert "已经有这个名称" in response.content.decode()


def test_another_bureau_cannot_be_chosen(login, officer, other_bureau):
    assert upload(login(officer), learners_form(), bureau=other_bureau.pk).status_code == 422


def test_columns_can_be_changed_to_fields_and_constants(own, people, login, officer):
    client = login(officer)
    answers = {"kind": "learners"}
    for column in own.understood().columns:
        answers[f"field_{column.at}"] = column.field
    answers |= {"field_11": "text", "text_11": "已核", "field_6": "position"}
    client.post(reverse("ledgers:form-edit", args=[own.pk]), answers)
    sheet = sheet_of(client.post(f"/forms/{own.pk}/?year=2024"))
    assert [sheet.cell(4, at).value for at in (2, 6, 11)] == ["王0", None, "已核"]


def test_a_field_that_does_not_exist_is_refused(own, login, officer):
    response = login(officer).post(
        reverse("ledgers:form-edit", args=[own.pk]), {"kind": "learners", "field_2": "password"}
    )
    assert response.status_code == 422


def test_another_content_is_understood_anew(own, login, officer):
    client = login(officer)
    response = client.post(reverse("ledgers:form-edit", args=[own.pk]), {"kind": "runs"})
    assert response["Location"] == reverse("ledgers:form-edit", args=[own.pk])
    own.refresh_from_db()
    fields = {column.heading: column.field for column in own.understood().columns}
    assert (fields["班次"], fields["姓名"]) == ("run", "")


def test_the_page_shows_the_form_with_three_rows(own, people, login, officer):
    page = login(officer).get(f"/forms/{own.pk}/?year=2024").content.decode()
    table = page[page.index('class="own-form"') :]
    assert "2024年度市农业农村局科技辅导员培训台账" in table
    assert 'colspan="11"' in table
    assert ("王2" in table, "王3" in table) == (True, False)
    assert (">8<" in table, "8.00" in table) == (True, False)


def test_the_only_hours_of_a_form_are_those_of_every_kind(own, people, login, officer):
    Enrolment.objects.update(hours=24, hours_offline=20, hours_online=4)
    sheet = sheet_of(login(officer).post(f"/forms/{own.pk}/?year=2024"))
    assert sheet["H4"].value == 24


def test_the_file_has_all_rows_and_is_audited(own, people, login, officer, bureau):
    sheet = sheet_of(login(officer).post(f"/forms/{own.pk}/?year=2024"))
    assert [sheet.cell(row, 2).value for row in range(4, 9)] == [f"王{at}" for at in range(5)]
    assert sheet["A9"].value == "合计"
    assert sheet["C8"].value == "439***********1825"
    event = AuditEvent.objects.get(deed="ledger.exported")
    assert (event.bureau, event.after) == (bureau, {"year": 2024, "rows": 5})


def test_filters_narrow_what_is_filled(own, people, login, officer):
    sheet = sheet_of(login(officer).post(f"/forms/{own.pk}/?year=2023"))
    assert (sheet["B4"].value, sheet["A5"].value) == (None, "合计")


def test_whole_numbers_need_the_right_a_reason_and_leave_a_mark(own, people, login, officer, administrator):
    whole = {"whole": "on", "reason": "报送省厅核对"}
    assert login(officer).post(f"/forms/{own.pk}/?year=2024", whole).status_code == 403
    client = login(administrator)
    assert client.post(f"/forms/{own.pk}/?year=2024", whole | {"reason": ""}).status_code == 422
    sheet = sheet_of(client.post(f"/forms/{own.pk}/?year=2024", whole))
    assert sheet["C8"].value == NUMBER
    assert "报送省厅核对" in sheet.oddHeader.right.text
    assert AuditEvent.objects.get(deed="id_numbers.exported").reason == "报送省厅核对"


def test_a_form_of_runs_is_filled(people, login, officer, bureau):
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["{year}年班次"])
    sheet.append(["项目", "班次名称", "主办单位", "开班时间", "人次", "总学时"])
    sheet.append(["例"] * 6)
    sheet.append(["合计"])
    own = keep_form(saved(book), file_name="a.xlsx", name="班次", bureau=bureau, user=officer)
    sheet = sheet_of(login(officer).post(f"/forms/{own.pk}/?year=2024"))
    assert [cell.value for cell in sheet[3]] == [
        "农村实用人才培训计划",
        "第1期",
        str(bureau),
        "2024-03-01",
        5,
        40,
    ]
    assert [cell.value for cell in sheet[4]][4:] == [5, 40]


def test_a_form_is_dropped(own, login, officer):
    login(officer).post(reverse("ledgers:form-drop", args=[own.pk]))
    assert not OwnForm.objects.exists()


def test_a_reader_may_fill_a_form_and_not_change_it(own, people, login, reviewer):
    client = login(reviewer)
    assert client.post(f"/forms/{own.pk}/?year=2024").status_code == 200
    assert client.get(reverse("ledgers:form-edit", args=[own.pk])).status_code == 403
    assert client.post(reverse("ledgers:form-drop", args=[own.pk])).status_code == 403


def test_an_outsider_finds_no_form(own, login, outsider):
    client = login(outsider)
    for name in ("form", "form-edit"):
        assert client.get(reverse(f"ledgers:{name}", args=[own.pk])).status_code == 404
    assert "学员台账" not in client.get("/forms/").content.decode()
