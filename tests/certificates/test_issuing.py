"""Who gets a certificate, and that it stays as it was issued."""

import datetime
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from bureaus.models import AuditEvent, YearClose, YearClosed
from certificates.issuing import Issue, candidates, issue
from certificates.models import Certificate, Counter, IssueRule
from courses.models import Attendance, ClassRun, Enrolment, Session
from tests.certificates.conftest import DAY, YEAR, enrol


def test_who_meets_the_rule_qualifies(run, people, rule):
    assert all(candidate.qualifies for candidate in candidates(run, rule))


def test_who_does_not_is_told_why(run, people, rule):
    first, second, third = people
    Enrolment.objects.filter(pk=first.pk).update(hours=Decimal("12.5"))
    Enrolment.objects.filter(pk=second.pk).update(assessment="failed")
    Enrolment.objects.filter(pk=third.pk).update(state=Enrolment.State.NOT_COMPLETED, assessment="")
    assert [candidate.lacks for candidate in candidates(run, rule)] == [
        ("学时 12.5，未满 24",),
        ("考核不合格",),
        ("未办理结业（未结业）", "考核未登记"),
    ]


def test_the_share_of_attendance_counts_sessions_that_were_registered(run, people, rule):
    IssueRule.objects.update(least_share=80)
    rule.refresh_from_db()
    for day in range(5):
        session = Session.objects.create(
            run=run, programme=run.programme, bureau=run.bureau, district=run.district, year=YEAR,
            title="课", held_on=run.starts_on + datetime.timedelta(days=day), state=Session.State.HELD,
        )  # fmt: skip
        for number, enrolment in enumerate(people):
            state = "absent" if day < number else "present"
            Attendance.objects.create(enrolment=enrolment, session=session, state=state)
    found = candidates(run, rule)
    assert [candidate.share for candidate in found] == [Decimal(1), Decimal("0.8"), Decimal("0.6")]
    assert [candidate.qualifies for candidate in found] == [True, True, False]
    assert found[2].lacks == ("出勤率 60%，未满 80%",)


def test_no_shows_and_the_withdrawn_are_no_candidates(run, people, rule):
    Enrolment.objects.update(state=Enrolment.State.WITHDRAWN)
    assert candidates(run, rule) == []


def test_judging_takes_the_same_number_of_queries_for_any_number_of_people(
    run, people, rule, django_assert_num_queries
):
    with django_assert_num_queries(3):
        candidates(run, rule)
    enrol(run, *(f"学员{number}" for number in range(20)))
    with django_assert_num_queries(3):
        candidates(run, rule)


def test_a_certificate_holds_what_is_printed_on_it(run, people, terms, officer):
    [certificate] = issue(run, people[:1], terms, user=officer)
    certificate.refresh_from_db()
    assert certificate.number == f"潭农培〔{YEAR}〕0001号"
    assert len(certificate.code) == 16
    assert certificate.frozen["name"] == "王小明"
    assert certificate.frozen["run"] == "第一期"
    assert certificate.frozen["hours"] == "24"
    assert certificate.frozen["starts_on"] == "2026-11-02"
    assert certificate.frozen["signatory"] == "周局长"


def test_it_stays_so_when_everything_else_changes(run, people, terms, officer, issuer):
    [certificate] = issue(run, people[:1], terms, user=officer)
    Enrolment.objects.update(name="王晓明", hours=Decimal(1))
    ClassRun.objects.update(name="改名的班")
    issuer.name, issuer.signatory = "新名称", "别人"
    issuer.save()
    before = certificate.frozen
    certificate.refresh_from_db()
    assert certificate.frozen == {
        key: value.isoformat() if isinstance(value, datetime.date) else value for key, value in before.items()
    }


def test_asking_twice_issues_once(run, people, terms, officer):
    assert len(issue(run, people[:2], terms, user=officer)) == 2
    assert [certificate.name for certificate in issue(run, people, terms, user=officer)] == ["张建国"]
    assert Certificate.objects.count() == Counter.objects.get().last == 3
    assert AuditEvent.objects.filter(deed="certificate.issued").count() == 2


def test_the_database_refuses_a_second_one_too(run, people, terms, officer):
    [certificate] = issue(run, people[:1], terms, user=officer)
    certificate.pk, certificate.number, certificate.code = None, "另一个号", "X" * 16
    with pytest.raises(IntegrityError), transaction.atomic():
        certificate.save(force_insert=True)


def test_people_of_another_run_are_refused_and_no_number_is_lost(run, people, terms, officer):
    other = ClassRun.objects.create(
        programme=run.programme, name="第二期", bureau=run.bureau, district=run.district, year=YEAR
    )
    with pytest.raises(ValidationError):
        issue(run, [*people, *enrol(other, "外班人")], terms, user=officer)
    assert not Certificate.objects.exists()
    assert not Counter.objects.filter(last__gt=0).exists()


def test_a_closed_year_takes_no_certificate(run, people, terms, officer):
    YearClose.objects.create(bureau=run.bureau, year=YEAR)
    with pytest.raises(YearClosed):
        issue(run, people, terms, user=officer)


def test_an_issuer_that_is_no_bureau_cannot_issue_here(run, people, terms, officer, issuer):
    issuer.bureau = None
    with pytest.raises(ValidationError):
        issue(run, people, Issue(issuer, terms.version, DAY), user=officer)
