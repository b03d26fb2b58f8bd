"""The pages of doubts, decisions, duplicates and merges, as an officer uses them."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from bureaus.models import AuditEvent, YearClose
from courses.models import ClassRun, Enrolment, Programme
from learners.models import FormerRecord, Holder, Identity, Learner, LearnerAlias
from ledgers.models import Doubt, LedgerImport, Merge, PersonDecision
from tests.imports.conftest import ANNA, row, text_ledger
from tests.imports.test_doubts import OTHER

pytestmark = pytest.mark.django_db
State = LedgerImport.State


@pytest.fixture
def send(login, officer, bureau, settings, tmp_path, django_capture_on_commit_callbacks):
    """Uploads a ledger as the officer and gives the import in its preview; `confirm` writes it."""
    settings.MEDIA_ROOT = tmp_path
    client = login(officer)
    programme = Programme.objects.get(name="乡村致富带头人培训计划")

    def upload(*rows: list[str], confirm: bool = False) -> LedgerImport:
        file = SimpleUploadedFile("台账.csv", text_ledger(*rows))
        with django_capture_on_commit_callbacks(execute=True):
            client.post(reverse("ledgers:import-new"), {"file": file, "bureau": bureau.pk})
        batch = LedgerImport.objects.order_by("-uploaded_at").first()
        with django_capture_on_commit_callbacks(execute=True):
            client.post(
                reverse("ledgers:import-terms", args=[batch.pk]), {"programme": programme.pk, "year": 2024}
            )
        if confirm:
            with django_capture_on_commit_callbacks(execute=True):
                client.post(reverse("ledgers:import-confirm", args=[batch.pk]))
        batch.refresh_from_db()
        return batch

    return upload


@pytest.fixture
def doubted(send):
    """Anna is known; a new ledger has her with another number, and her number under another name."""
    send(row(1, ANNA), confirm=True)
    return send(
        row(2, (ANNA[0], OTHER, ANNA[2]), 班次="二班"),
        row(3, ("张建军", ANNA[1], ANNA[2]), 班次="三班"),
    )


def answer(client, batch, callbacks, **answers):
    with callbacks(execute=True):
        return client.post(reverse("ledgers:import-decide", args=[batch.pk]), answers)


def test_the_preview_says_how_many_people_are_to_be_checked(login, officer, doubted):
    client = login(officer)
    page = client.get(reverse("ledgers:import", args=[doubted.pk])).content.decode()
    assert "2 处需要核对人员" in page
    page = client.get(reverse("ledgers:import-doubts", args=[doubted.pk])).content.decode()
    assert "待核对 2 处，已核对 0 处" in page
    assert ANNA[1] not in page
    assert OTHER not in page
    assert f"{OTHER[:3]}***********{OTHER[-4:]}" in page


def test_answers_are_kept_and_the_rows_compared_again(
    login, officer, doubted, django_capture_on_commit_callbacks
):
    client = login(officer)
    number, name = Doubt.objects.order_by("kind").values_list("pk", flat=True).reverse()
    response = answer(client, doubted, django_capture_on_commit_callbacks, **{f"doubt-{number}": "same"})
    assert response["Location"] == reverse("ledgers:import-doubts", args=[doubted.pk])
    response = answer(client, doubted, django_capture_on_commit_callbacks, **{f"doubt-{name}": "same"})
    assert response["Location"] == reverse("ledgers:import", args=[doubted.pk])
    doubted.refresh_from_db()
    assert (doubted.state, doubted.figures["faulty"], doubted.figures["new"]) == (State.PREVIEW, 0, 2)
    with django_capture_on_commit_callbacks(execute=True):
        client.post(reverse("ledgers:import-confirm", args=[doubted.pk]))
    learner = Learner.objects.get()
    assert (learner.enrolments.count(), learner.identities.count()) == (3, 2)
    assert LearnerAlias.objects.get().name == "张建军"
    assert AuditEvent.objects.filter(deed="person.decided").count() == 2


def test_many_are_decided_at_once(login, officer, doubted, django_capture_on_commit_callbacks):
    answer(login(officer), doubted, django_capture_on_commit_callbacks, rest="other")
    assert list(PersonDecision.objects.values_list("same", flat=True)) == [False, False]
    doubted.refresh_from_db()
    assert (doubted.figures["faulty"], doubted.figures["new"]) == (1, 1)


def test_no_answer_is_asked_for(login, officer, doubted, django_capture_on_commit_callbacks):
    response = answer(login(officer), doubted, django_capture_on_commit_callbacks)
    assert response.status_code == 422
    assert "请至少选一处" in response.content.decode()
    response = answer(login(officer), doubted, django_capture_on_commit_callbacks, rest="perhaps")
    assert response.status_code == 422


def test_one_person_is_not_two_learners(login, officer, doubted, bureau, django_capture_on_commit_callbacks):
    doubt = Doubt.objects.get(kind="other_number")
    twin = Learner.objects.create(name=ANNA[0])
    Holder.objects.create(learner=twin, bureau=bureau)
    second = Doubt.objects.create(batch=doubted, number=2, kind="other_number", key=doubt.key, learner=twin)
    answers = {f"doubt-{one.pk}": "same" for one in (doubt, second)}
    response = answer(login(officer), doubted, django_capture_on_commit_callbacks, **answers)
    assert response.status_code == 422
    assert "不能同时是两名学员" in response.content.decode()
    assert not PersonDecision.objects.exists()


def test_a_learner_of_another_bureau_is_not_shown_and_not_decided_by_it(
    login, officer, coordinator, doubted, other_bureau, django_capture_on_commit_callbacks
):
    Holder.objects.update(bureau=other_bureau)
    ClassRun.objects.update(bureau=other_bureau)
    page = login(officer).get(reverse("ledgers:import-doubts", args=[doubted.pk])).content.decode()
    assert "不归口您的单位" in page
    assert 'value="same"' not in page.split("rest")[0]
    response = answer(login(officer), doubted, django_capture_on_commit_callbacks, rest="same")
    assert response.status_code == 422
    answer(login(coordinator), doubted, django_capture_on_commit_callbacks, rest="same")
    assert PersonDecision.objects.count() == 2


def test_an_applied_import_is_not_decided_any_more(
    login, officer, doubted, django_capture_on_commit_callbacks
):
    LedgerImport.objects.filter(pk=doubted.pk).update(state=State.APPLIED)
    answer(login(officer), doubted, django_capture_on_commit_callbacks, rest="same")
    assert not PersonDecision.objects.exists()


def test_a_decision_is_seen_and_withdrawn(login, officer, doubted, django_capture_on_commit_callbacks):
    client = login(officer)
    answer(client, doubted, django_capture_on_commit_callbacks, rest="same")
    with django_capture_on_commit_callbacks(execute=True):
        client.post(reverse("ledgers:import-confirm", args=[doubted.pk]))
    page = client.get(reverse("ledgers:person-decisions")).content.decode()
    assert page.count("同一人") >= 2
    assert OTHER not in page
    for decision in PersonDecision.objects.all():
        address = reverse("ledgers:person-decision-withdraw", args=[decision.pk])
        client.post(address)
        assert PersonDecision.objects.filter(pk=decision.pk).exists()
        client.post(address, {"reason": "看错了"})
    assert not PersonDecision.objects.exists()
    assert not LearnerAlias.objects.exists()
    assert Identity.objects.get().digest == Identity.by_id_number(ANNA[1])[2]


@pytest.fixture
def pair(town):
    here = town(2)
    one, other = here.learner(), here.learner()
    Enrolment.objects.update(employer="市一中")
    return one, other


@pytest.mark.parametrize("rule", ["employer", "phone", "birth", "nonsense"])
def test_likely_pairs_are_listed_by_a_rule(login, officer, pair, rule):
    Holder.objects.update(phone="13800000001")
    Learner.objects.update(birth="1985")
    page = login(officer).get(reverse("ledgers:duplicates"), {"rule": rule}).content.decode()
    assert reverse("ledgers:compare", args=[one.pk for one in pair]) in page


def test_outsiders_find_no_pair(login, outsider, pair):
    assert "没有找到" in login(outsider).get(reverse("ledgers:duplicates")).content.decode()


def test_a_pair_that_is_two_people_is_not_listed_again(login, officer, pair):
    client, numbers = login(officer), [one.pk for one in pair]
    client.post(reverse("ledgers:not-same", args=numbers))
    assert (
        reverse("ledgers:compare", args=numbers)
        not in client.get(reverse("ledgers:duplicates")).content.decode()
    )


def test_the_list_asks_no_query_for_each_pair(login, officer, town):
    here = town(2)
    for _n in range(2):
        here.learner()
    client = login(officer)
    Enrolment.objects.update(employer="市一中")
    client.get(reverse("ledgers:duplicates"))

    def queries():
        with CaptureQueriesContext(connection) as caught:
            client.get(reverse("ledgers:duplicates"))
        return len(caught)

    few = queries()
    for _n in range(4):
        here.learner()
    Enrolment.objects.update(employer="市一中")
    assert queries() == few


def test_two_records_are_merged_and_taken_apart_on_the_page(login, officer, pair):
    client, (one, other) = login(officer), pair
    address = reverse("ledgers:compare", args=[one.pk, other.pk])
    page = client.get(address).content.decode()
    assert "保留哪一份档案" in page
    response = client.post(address, {"keep": other.pk, "reason": "电话核实"})
    merge = Merge.objects.get()
    assert response["Location"] == reverse("ledgers:merge", args=[merge.pk])
    assert client.get(reverse("certificates:record", args=[one.pk])).status_code == 200
    assert FormerRecord.objects.get().learner == other
    assert client.post(reverse("ledgers:merge-undo", args=[merge.pk])).status_code == 422
    client.post(reverse("ledgers:merge-undo", args=[merge.pk]), {"reason": "弄错了"})
    page = client.get(reverse("ledgers:merge", args=[merge.pk])).content.decode()
    assert "已复原" in page
    assert Learner.objects.filter(pk=one.pk).exists()
    deeds = AuditEvent.objects.order_by("pk").values_list("deed", flat=True)
    assert list(deeds) == ["learners.merged", "learners.unmerged"]


def test_bad_input_and_a_closed_year_are_told_and_nothing_typed_is_lost(login, officer, pair, bureau):
    client, (one, other) = login(officer), pair
    address = reverse("ledgers:compare", args=[one.pk, other.pk])
    assert client.post(address, {"keep": 0, "reason": ""}).status_code == 422
    for learner in pair:
        assert learner.enrolments.exists()
    YearClose.objects.create(bureau=bureau, year=2024)
    response = client.post(address, {"keep": one.pk, "reason": "电话核实"})
    assert response.status_code == 422
    assert "已封账" in response.content.decode()
    assert "电话核实" in response.content.decode()


def test_a_pair_with_oneself_or_a_stranger_is_not_found(login, officer, pair, plan):
    client, (one, _other) = login(officer), pair
    stranger = Learner.objects.create(name="王小明")
    for second in (one.pk, stranger.pk, 10**9):
        assert client.get(reverse("ledgers:compare", args=[one.pk, second])).status_code == 404


def test_a_reader_may_not_merge(login, reviewer, pair):
    assert login(reviewer).get(reverse("ledgers:duplicates")).status_code == 403


def test_phones_are_masked_on_both_sides(login, officer, doubted):
    Holder.objects.update(phone="13800000001")
    page = login(officer).get(reverse("ledgers:import-doubts", args=[doubted.pk])).content.decode()
    assert "138****0001" in page
    assert "13800000001" not in page
