"""我的资料: what is stored, who saw the number, corrections; and the officer who shows a whole number."""

from io import BytesIO

import pytest
from django.urls import reverse
from openpyxl import load_workbook

from bureaus.models import AuditEvent
from learners.models import DataRequest, Holder, Identity, Learner

NUMBER = "439999198506122826"
DATA = reverse("certificates:own-data")
FILE = reverse("certificates:own-data-file")


@pytest.fixture
def held(learner, bureau, other_bureau) -> Learner:
    """Held by two bureaus, each with its own phone; with an ID number."""
    Holder.objects.create(learner=learner, bureau=bureau, phone="13800000001")
    Holder.objects.create(learner=learner, bureau=other_bureau, phone="13900000002")
    kind, value, digest = Identity.by_id_number(NUMBER)
    Identity.objects.create(learner=learner, kind=kind, value=value, digest=digest)
    return learner


def test_all_that_is_stored_is_shown_with_the_number_masked(held, login, learner_user):
    page = login(learner_user).get(DATA).content.decode()
    for words in (
        "13800000001",
        "13900000002",
        "439***********2826",
        "市农业农村局",
        "1985 年",
        "没有人看过",
    ):
        assert words in page
    assert NUMBER not in page
    assert "1985-06" not in page


def test_the_file_holds_it_too_and_never_the_whole_number(held, login, learner_user):
    answer = login(learner_user).get(FILE)
    book = load_workbook(BytesIO(answer.content))
    cells = [str(cell) for sheet in book for row in sheet.iter_rows(values_only=True) for cell in row]
    assert "439***********2826" in cells
    assert "13900000002" in cells
    assert NUMBER not in "".join(cells)
    assert held.name not in answer["Content-Disposition"]


@pytest.mark.parametrize("address", [DATA, FILE])
def test_anothers_data_do_not_exist(held, login, learner_user, address):
    stranger = Learner.objects.create(name="别人")
    assert login(learner_user).get(address, {"of": stranger.pk}).status_code == 404


def test_an_account_without_a_learner_has_no_file(login, officer):
    assert "还没有关联学员" in login(officer).get(DATA).content.decode()
    assert login(officer).get(FILE).status_code == 404


# --- Corrections --------------------------------------------------------------------------------


def test_a_correction_is_asked_answered_and_read(held, login, learner_user, officer):
    client = login(learner_user)
    assert client.post(DATA, {"words": "单位写错了"}).status_code == 302
    asked = DataRequest.objects.get()
    assert "单位写错了" in login(officer).get(reverse("certificates:data-requests")).content.decode()
    address = reverse("certificates:data-request", args=[asked.pk])
    form = login(officer).get(address).context["form"]
    said = {name: field.initial or "" for name, field in form.fields.items()}
    said |= {"state": "done", "answer": "已改为韶山村"}
    assert login(officer).post(address, said).status_code == 302
    page = client.get(DATA).content.decode()
    assert "已改为韶山村" in page
    assert "已更正" in page
    event = AuditEvent.objects.get(deed=AuditEvent.Deed.DATA_REQUEST_DECIDED)
    assert held.name not in event.object_label
    assert login(officer).post(address, said).status_code == 409


def test_so_many_may_wait_and_no_more(held, login, learner_user):
    client = login(learner_user)
    answers = [client.post(DATA, {"words": f"第 {number} 项"}).status_code for number in range(6)]
    assert answers == [302] * 5 + [422]


@pytest.mark.parametrize("words", ["", "  ", "长" * 401])
def test_empty_words_ask_for_nothing(held, login, learner_user, words):
    assert login(learner_user).post(DATA, {"words": words}).status_code == 422
    assert not DataRequest.objects.exists()


@pytest.mark.parametrize("wrong", [{"state": "open"}, {"state": ""}, {"answer": ""}])
def test_an_answer_says_what_and_why(held, login, officer, wrong):
    asked = DataRequest.objects.create(learner=held, words="错了")
    answer = login(officer).post(
        reverse("certificates:data-request", args=[asked.pk]),
        {"state": "done", "answer": "好", "name": held.name} | wrong,
    )
    assert answer.status_code == 422
    asked.refresh_from_db()
    assert asked.state == "open"


def test_only_bureaus_that_hold_the_learner_answer(learner, bureau, login, outsider, reviewer, officer):
    Holder.objects.create(learner=learner, bureau=bureau)
    asked = DataRequest.objects.create(learner=learner, words="错了")
    address = reverse("certificates:data-request", args=[asked.pk])
    assert login(officer).get(address).status_code == 200
    assert login(outsider).get(address).status_code == 404
    assert login(reviewer).get(address).status_code == 403


# --- A whole number -----------------------------------------------------------------------------


def test_an_officer_sees_it_once_and_the_learner_reads_who_and_why(held, login, learner_user, officer):
    address = reverse("certificates:id-number", args=[held.pk])
    client = login(officer)
    assert NUMBER not in client.get(address).content.decode()
    answer = client.post(address, {"reason": "核对职业资格报名"})
    assert NUMBER in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]
    event = AuditEvent.objects.get(deed=AuditEvent.Deed.ID_NUMBER_SEEN)
    assert (event.reason, event.user, event.bureau.name) == ("核对职业资格报名", officer, "市农业农村局")
    assert held.name not in event.object_label
    assert NUMBER not in str(vars(event))
    page = login(learner_user).get(DATA).content.decode()
    assert "核对职业资格报名" in page
    assert officer.name in page


def test_without_a_reason_nothing_is_shown(held, login, officer):
    answer = login(officer).post(reverse("certificates:id-number", args=[held.pk]), {"reason": " "})
    assert answer.status_code == 422
    assert NUMBER not in answer.content.decode()
    assert not AuditEvent.objects.exists()


def test_others_see_none(learner, bureau, login, outsider, reviewer, learner_user):
    Holder.objects.create(learner=learner, bureau=bureau)
    address = reverse("certificates:id-number", args=[learner.pk])
    assert login(outsider).post(address, {"reason": "想看一看"}).status_code == 404
    for user in (reviewer, learner_user):
        assert login(user).post(address, {"reason": "想看一看"}).status_code == 403
