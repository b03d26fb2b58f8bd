"""A certificate's page: what was issued, the chain, its PDF, and what may be done; issuers and rules."""

import datetime

import pytest
import time_machine
from django.urls import reverse

from bureaus.models import AuditEvent, YearClose
from certificates.choosing import months_after
from certificates.drawing.defaults import default_layouts
from certificates.issuing import issue
from certificates.models import Certificate, Counter, IssueBatch, Issuer, IssueRule
from tests.certificates.conftest import DAY, PATTERN, YEAR

pytestmark = pytest.mark.django_db
NOON = datetime.datetime(YEAR, 11, 25, 4, tzinfo=datetime.UTC)
TODAY = NOON.date()


@pytest.fixture(autouse=True)
def today():
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def version(version):
    return version.template.versions.create(number=2, layout=default_layouts()["结业证书"])


@pytest.fixture
def certificate(run, people, terms, officer) -> Certificate:
    return issue(run, people[:1], terms, user=officer)[0]


def address(name: str, certificate: Certificate, *more: str) -> str:
    return reverse(f"certificates:{name}", args=[certificate.pk, *more])


def text_of(response) -> str:
    return response.content.decode()


def test_the_page_shows_what_was_frozen(login, officer, certificate, run):
    run.name = "改名班"
    run.save()
    facts = login(officer).get(address("certificate", certificate)).context["facts"]
    assert (facts.run, facts.name, facts.signatory) == ("第一期", "王小明", "周局长")


def test_the_pdf_is_saved_under_the_number_and_not_kept_by_caches(login, reviewer, certificate):
    response = login(reviewer).get(address("certificate-pdf", certificate))
    assert response.content.startswith(b"%PDF")
    assert "%E6%BD%AD%E5%86%9C" in response["Content-Disposition"]
    assert "no-store" in response["Cache-Control"]


def test_one_from_elsewhere_has_a_page_and_no_pdf(login, officer, people, issuer):
    recorded = Certificate.objects.create(
        issuer=issuer, number="外-1", learner=people[0].learner, enrolment=people[0], name="王小明", year=YEAR
    )
    client = login(officer)
    assert "外-1" in text_of(client.get(address("certificate", recorded)))
    assert client.get(address("certificate-pdf", recorded)).status_code == 404
    assert client.get(address("revoke", recorded)).status_code == 403


def test_revoking_shows_day_and_reason_at_once(login, officer, certificate):
    client = login(officer)
    client.post(address("revoke", certificate), {"reason": "填错学时"})
    shown = text_of(client.get(address("certificate", certificate)))
    assert f"{TODAY}：填错学时" in shown
    assert client.get(address("certificate-pdf", certificate)).status_code == 200


def test_revoking_wants_a_reason_and_happens_once(login, officer, certificate):
    client = login(officer)
    assert client.post(address("revoke", certificate), {"reason": " "}).status_code == 422
    client.post(address("revoke", certificate), {"reason": "填错学时"})
    again = client.post(address("revoke", certificate), {"reason": "再来"})
    assert again.status_code == 422
    assert "不能再办理" in text_of(again)


def test_a_reissue_is_seen_from_both_ends(login, officer, certificate):
    client = login(officer)
    response = client.post(address("replace", certificate, "reissue"), {"reason": "遗失"})
    new = Certificate.objects.get(replaces=certificate)
    assert response["Location"] == address("certificate", new)
    assert (new.number, new.ground, new.issued_on) == (f"潭农培〔{YEAR}〕0002号", "reissue", TODAY)
    for one in (certificate, new):
        assert client.get(address("certificate", one)).context["chain"] == [certificate, new]


def test_a_name_is_corrected_by_another_certificate(login, officer, certificate):
    client = login(officer)
    same = client.post(address("replace", certificate, "correction"), {"name": "王小明", "reason": "错字"})
    assert same.status_code == 422
    client.post(address("replace", certificate, "correction"), {"name": "王晓明", "reason": "错字"})
    new = Certificate.objects.get(replaces=certificate)
    assert (new.name, new.frozen["name"], new.frozen["hours"]) == ("王晓明", "王晓明", "24")


def test_what_has_expired_is_renewed_and_not_reissued(login, officer, certificate):
    Certificate.objects.update(expires_on=TODAY - datetime.timedelta(days=1))
    client = login(officer)
    assert "续期" in text_of(client.post(address("replace", certificate, "reissue"), {"reason": "遗失"}))
    late = {"expires_on": f"{YEAR}-11-25", "reason": "复训合格"}
    assert client.post(address("replace", certificate, "renewal"), late).status_code == 422
    client.post(address("replace", certificate, "renewal"), late | {"expires_on": f"{YEAR + 3}-11-24"})
    assert Certificate.objects.get(replaces=certificate).expires_on == datetime.date(YEAR + 3, 11, 24)


def test_a_closed_year_lets_nothing_be_revoked(login, officer, certificate, bureau):
    YearClose.objects.create(bureau=bureau, year=YEAR)
    response = login(officer).post(address("revoke", certificate), {"reason": "填错"})
    assert response.status_code == 422
    assert "已封账" in text_of(response)


def test_who_may_not(login, outsider, reviewer, certificate):
    for name, more in (("revoke", ()), ("replace", ("reissue",))):
        assert login(outsider).post(address(name, certificate, *more), {"reason": "x"}).status_code == 404
        assert login(reviewer).post(address(name, certificate, *more), {"reason": "x"}).status_code == 403
    assert login(outsider).get(address("certificate-pdf", certificate)).status_code == 404
    certificate.refresh_from_db()
    assert certificate.state == "valid"


def test_there_is_no_other_ground(login, officer, certificate):
    assert login(officer).get(address("replace", certificate, "first")).status_code == 404


# --- Issuers ------------------------------------------------------------------------------------


def issuer_page(bureau, name="issuer-edit") -> str:
    return reverse(f"certificates:{name}", args=[bureau.pk])


def test_an_issuer_is_made_with_the_next_number_as_an_example(login, officer, bureau):
    client = login(officer)
    example = client.get(issuer_page(bureau, "issuer-example"), {"pattern": "农培〔{year}〕{seq}号"})
    assert f"农培〔{YEAR}〕1号" in text_of(example)
    assert "显示下一个编号" in text_of(client.get(issuer_page(bureau, "issuer-example"), {"pattern": "{no"}))
    client.post(issuer_page(bureau), {"name": "市农业农村局", "pattern": PATTERN, "signatory": "周局长"})
    issuer = Issuer.objects.get(bureau=bureau)
    assert (issuer.pattern, issuer.signatory) == (PATTERN, "周局长")
    assert AuditEvent.objects.filter(deed="register.changed", bureau=bureau).exists()
    listed = text_of(client.get(reverse("certificates:issuers")))
    assert (f"潭农培〔{YEAR}〕0001号" in listed, PATTERN in listed) == (True, False)


def test_numbers_that_came_with_ledgers_are_not_drawn_again(login, officer, bureau, people):
    known = Issuer.objects.create(name=bureau.name)
    Certificate.objects.create(
        issuer=known, number=f"潭农培〔{YEAR}〕0040号", learner=people[0].learner, name="王小明", year=YEAR
    )
    client = login(officer)
    example = client.get(issuer_page(bureau, "issuer-example"), {"pattern": PATTERN})
    assert f"潭农培〔{YEAR}〕0041号" in text_of(example)
    client.post(issuer_page(bureau), {"name": bureau.name, "pattern": PATTERN, "signatory": ""})
    assert Counter.objects.get(issuer=known, year=YEAR).last == 40


@pytest.mark.parametrize(
    "pattern", ["潭农培{seq}", "〔{year}〕{seq}{seq}", "潭农培〔{year}{seq}号", "{year.x}{seq}"]
)
def test_a_pattern_that_would_repeat_numbers_is_refused(login, officer, bureau, pattern):
    response = login(officer).post(issuer_page(bureau), {"name": bureau.name, "pattern": pattern})
    assert response.status_code == 422
    assert not Issuer.objects.exists()


def test_two_bureaus_cannot_have_the_same_pattern(login, officer, bureau, other_bureau):
    Issuer.objects.create(name=other_bureau.name, bureau=other_bureau, pattern="潭农培[{year}]{seq}号")
    response = login(officer).post(issuer_page(bureau), {"name": bureau.name, "pattern": PATTERN})
    assert response.status_code == 422
    assert "编号会重复" in text_of(response)


def test_after_another_pattern_the_counter_goes_on(login, officer, bureau, certificate):
    client = login(officer)
    other = {"name": bureau.name, "pattern": "农〔{year}〕第{seq}号", "signatory": ""}
    client.post(issuer_page(bureau), other)
    client.post(issuer_page(bureau), other | {"pattern": PATTERN})
    client.post(address("replace", certificate, "reissue"), {"reason": "遗失"})
    assert Certificate.objects.get(replaces=certificate).number == f"潭农培〔{YEAR}〕0002号"


def test_another_bureau_s_issuer_is_not_there(login, outsider, reviewer, bureau):
    assert login(outsider).post(issuer_page(bureau), {}).status_code == 404
    assert login(reviewer).post(issuer_page(bureau), {}).status_code == 403


# --- Rules --------------------------------------------------------------------------------------


@pytest.fixture
def wanted(programme, version):
    return {
        "programme": programme.pk,
        "template": version.template_id,
        "needs_completion": "on",
        "least_hours": "40",
        "least_share": "",
        "valid_months": "",
    }


def test_a_rule_is_added_and_changed_by_who_leads_the_programme(login, officer, wanted):
    client = login(officer)
    client.post(reverse("certificates:rule-new"), wanted)
    rule = IssueRule.objects.get()
    assert rule.conditions() == ["已结业", "满 40 学时"]
    client.post(reverse("certificates:rule-edit", args=[rule.pk]), wanted | {"least_share": "80"})
    assert IssueRule.objects.get().least_share == 80
    assert "出勤率达 80%" in text_of(client.get(reverse("certificates:rules")))


@pytest.mark.parametrize(
    "fault", [{"least_share": "101"}, {"least_hours": "0"}, {"programme": ""}, {"valid_from": "2026-02-30"}]
)
def test_a_faulty_rule_is_not_kept(login, officer, wanted, fault):
    assert login(officer).post(reverse("certificates:rule-new"), wanted | fault).status_code == 422
    assert not IssueRule.objects.exists()


def test_a_rule_without_any_condition_is_refused(login, officer, wanted):
    bare = {key: value for key, value in wanted.items() if key not in ("needs_completion", "least_hours")}
    assert "至少写一个条件" in text_of(login(officer).post(reverse("certificates:rule-new"), bare))


def test_a_rule_that_was_used_is_ended_and_not_edited(login, officer, wanted, rule, run, terms):
    IssueBatch.objects.create(run=run, rule=rule, issuer=terms.issuer, version=terms.version, issued_on=DAY)
    client = login(officer)
    client.post(reverse("certificates:rule-edit", args=[rule.pk]), wanted)
    rule.refresh_from_db()
    assert rule.least_hours == 24
    client.post(reverse("certificates:rule-end", args=[rule.pk]), {"last_day": f"{YEAR}-11-24"})
    assert IssueRule.objects.for_programme(rule.programme, at=TODAY) == []
    listed = reverse("certificates:rules")
    assert list(client.get(listed).context["page"].object_list) == []
    assert list(client.get(f"{listed}?state=ended").context["page"].object_list) == [rule]


def test_a_rule_does_not_end_before_it_begins(login, officer, rule):
    IssueRule.objects.update(valid_from=TODAY)
    response = login(officer).post(
        reverse("certificates:rule-end", args=[rule.pk]), {"last_day": f"{YEAR}-11-01"}
    )
    assert response.status_code == 422


def test_who_does_not_lead_the_programme_changes_no_rule(login, outsider, reviewer, rule, wanted):
    for name in ("rule-edit", "rule-end"):
        page = reverse(f"certificates:{name}", args=[rule.pk])
        assert login(outsider).post(page, wanted).status_code == 403
        assert login(reviewer).post(page, wanted).status_code == 403
    assert login(outsider).post(reverse("certificates:rule-new"), wanted).status_code == 422


def test_months_end_where_a_month_is_short():
    assert months_after(datetime.date(2024, 1, 31), 1) == datetime.date(2024, 2, 29)
    assert months_after(datetime.date(2024, 2, 29), 12) == datetime.date(2025, 2, 28)
    assert months_after(datetime.date(2024, 12, 5), 1) == datetime.date(2025, 1, 5)
