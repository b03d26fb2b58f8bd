"""An officer issues the certificates of a class: the list, the check before, the job."""

import datetime

import pytest
import time_machine
from django.urls import reverse

from bureaus.models import YearClose
from certificates.drawing.defaults import default_layouts
from certificates.models import Certificate, Counter, IssueBatch, IssueRule
from courses.models import ClassRun, Enrolment
from tests.certificates.conftest import YEAR, enrol

pytestmark = pytest.mark.django_db
LAYOUT = default_layouts()["结业证书"]
NOON = datetime.datetime(YEAR, 11, 25, 4, tzinfo=datetime.UTC)


@pytest.fixture(autouse=True)
def today():
    with time_machine.travel(NOON, tick=False):
        yield NOON.date()


@pytest.fixture
def version(version, bureau):
    """With the layout of a certificate that is shipped, so that it can be drawn."""
    return version.template.versions.create(number=2, layout=LAYOUT)


@pytest.fixture
def page(run):
    return reverse("certificates:issue", args=[run.pk])


@pytest.fixture
def sent(rule, issuer):
    """What the form sends for these people."""

    def form(*people, **values):
        chosen = [enrolment.pk for enrolment in people]
        day = {"issued_on": f"{YEAR}-11-20", "issuer": issuer.pk, "by": f"rule-{rule.pk}"}
        return {"chosen": chosen, "expires_on": "", "reason": ""} | day | values

    return form


def text_of(response) -> str:
    return response.content.decode()


def test_the_list_says_who_qualifies_and_why_the_others_do_not(login, officer, page, people, rule, issuer):
    Enrolment.objects.filter(pk=people[1].pk).update(assessment="failed")
    shown = login(officer).get(page)
    assert [one.enrolment.name for one in shown.context["qualified"]] == ["王小明", "张建国"]
    assert "考核不合格" in text_of(shown)
    assert shown.context["ticked"] == {people[0].pk, people[2].pk}


def test_the_check_before_writes_nothing(login, officer, page, people, sent):
    shown = login(officer).post(page, sent(*people))
    assert shown.status_code == 200
    text = text_of(shown)
    assert f"潭农培〔{YEAR}〕0001号 至 潭农培〔{YEAR}〕0003号" in text
    assert "data:image/png;base64," in text
    assert not Certificate.objects.exists()
    assert not Counter.objects.exists()
    assert not IssueBatch.objects.exists()


def test_after_confirming_a_job_draws_them(
    login, officer, page, people, sent, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        response = login(officer).post(page, sent(*people, confirmed="1"))
    batch = IssueBatch.objects.get()
    assert response["Location"] == reverse("certificates:batch", args=[batch.pk])
    assert (batch.state, batch.done, batch.made_by) == ("done", 3, officer)
    numbers = Certificate.objects.order_by("number").values_list("number", "name")
    assert list(numbers) == [
        (f"潭农培〔{YEAR}〕000{at}号", name) for at, name in enumerate(("王小明", "李秀英", "张建国"), 1)
    ]


def test_who_is_not_ticked_gets_none(login, officer, page, people, sent, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        login(officer).post(page, sent(people[2], confirmed="1"))
    assert Certificate.objects.get().name == "张建国"


def test_nobody_ticked_is_a_fault(login, officer, page, people, sent):
    shown = login(officer).post(page, sent())
    assert shown.status_code == 422
    assert "请先勾选要发证的人" in text_of(shown)


def test_who_does_not_qualify_gets_one_with_a_reason_only(
    login, officer, page, people, sent, django_capture_on_commit_callbacks
):
    Enrolment.objects.filter(pk=people[0].pk).update(assessment="failed")
    shown = login(officer).post(page, sent(people[0]))
    assert shown.status_code == 422
    assert "有 1 人不符合条件，须写明依据" in text_of(shown)
    with django_capture_on_commit_callbacks(execute=True):
        login(officer).post(page, sent(people[0], reason="补考合格，成绩后补", confirmed="1"))
    assert Certificate.objects.get().reason == "补考合格，成绩后补"


def test_a_list_by_hand_needs_no_rule_but_a_reason(
    login, officer, page, people, sent, rule, django_capture_on_commit_callbacks
):
    by = {"by": f"template-{rule.template_id}"}
    IssueRule.objects.all().delete()
    assert login(officer).post(page, sent(people[0], **by)).status_code == 422
    with django_capture_on_commit_callbacks(execute=True):
        login(officer).post(page, sent(people[0], reason="局务会议定", confirmed="1", **by))
    batch = IssueBatch.objects.get()
    assert (batch.rule, batch.done, batch.reason) == (None, 1, "局务会议定")


def test_who_has_one_cannot_be_ticked_again(
    login, officer, page, people, sent, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        login(officer).post(page, sent(people[0], confirmed="1"))
    assert login(officer).post(page, sent(people[0], reason="再来一张")).status_code == 422
    assert "已有同名证书" in text_of(login(officer).get(page))


def test_who_has_another_certificate_is_not_ticked_beforehand(login, officer, page, people, rule, issuer):
    Certificate.objects.create(
        issuer=issuer, number="外-1", learner=people[0].learner, enrolment=people[0], name="王小明", year=YEAR
    )
    shown = login(officer).get(page)
    assert shown.context["ticked"] == {people[1].pk, people[2].pk}
    assert "已登记有别的证书" in text_of(shown)


def test_characters_that_no_font_has_are_told_before(login, officer, page, run, sent, rule, version):
    strange = enrol(run, "王\U000e0f00\U0002fffe明")[0]
    shown = login(officer).post(page, sent(strange))
    assert "字体里没有的字" in text_of(shown)


@pytest.mark.parametrize("day", [f"{YEAR}-11-26", f"{YEAR}-11-01"])
def test_the_day_of_issue_lies_between_the_class_and_today(login, officer, page, people, sent, day):
    assert login(officer).post(page, sent(*people, issued_on=day)).status_code == 422


def test_the_last_day_follows_from_the_rule(
    login, officer, page, people, sent, rule, django_capture_on_commit_callbacks
):
    IssueRule.objects.update(valid_months=36)
    with django_capture_on_commit_callbacks(execute=True):
        login(officer).post(page, sent(people[0], confirmed="1"))
    assert Certificate.objects.get().expires_on == datetime.date(YEAR + 3, 11, 19)


def test_without_an_issuer_the_page_says_what_to_do(login, officer, page, people, rule):
    assert "设置发证单位" in text_of(login(officer).get(page))


def test_a_closed_year_ends_the_job_with_its_sentence(
    login, officer, page, people, sent, bureau, django_capture_on_commit_callbacks
):
    YearClose.objects.create(bureau=bureau, year=YEAR)
    with django_capture_on_commit_callbacks(execute=True):
        response = login(officer).post(page, sent(*people, confirmed="1"), follow=True)
    batch = IssueBatch.objects.get()
    assert batch.state == "failed"
    assert "已封账" in batch.error
    assert not Certificate.objects.exists()
    assert response.status_code == 200


def test_many_people_are_issued_together(
    login, officer, page, run, sent, rule, django_capture_on_commit_callbacks, monkeypatch
):
    monkeypatch.setattr("certificates.forms.issuing.MOST_TICKED", 5)
    enrol(run, *(f"学员{number}" for number in range(8)))
    assert not login(officer).get(page).context["form"].can_tick
    with django_capture_on_commit_callbacks(execute=True):
        login(officer).post(page, sent(everyone="True", confirmed="1"))
    assert Certificate.objects.count() == 8


def test_the_runs_to_issue_for_are_one_s_own(login, officer, outsider, run, people):
    address = reverse("certificates:issue-runs")
    assert "第一期" in text_of(login(officer).get(address))
    assert "第一期" not in text_of(login(outsider).get(address))
    assert "第一期" not in text_of(login(officer).get(f"{address}?state=done"))


def test_the_list_of_runs_takes_the_same_number_of_queries_for_any_number(
    login, officer, run, people, django_assert_max_num_queries
):
    for number in range(20):
        enrol(
            ClassRun.objects.create(
                programme=run.programme, name=f"第{number}班", bureau=run.bureau, district=run.district,
                year=YEAR, state=ClassRun.State.FINISHED,
            ),
            "王小明",
        )  # fmt: skip
    client = login(officer)
    with django_assert_max_num_queries(14):
        client.get(reverse("certificates:issue-runs"))


def test_outsiders_readers_and_learners_do_not_issue(login, outsider, reviewer, learner_user, page, people):
    assert login(outsider).post(page, {}).status_code == 404
    assert login(reviewer).post(page, {}).status_code == 403
    assert login(learner_user).get(page).status_code == 403
