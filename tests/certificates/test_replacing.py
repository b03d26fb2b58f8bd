"""What becomes of a certificate after its issue."""

import datetime
from dataclasses import replace as with_values

import pytest
from django.core.exceptions import ValidationError

from bureaus.models import AuditEvent
from certificates.issuing import issue
from certificates.models import Certificate
from certificates.replacing import replace, revoke
from courses.models import ClassRun
from tests.certificates.conftest import DAY, YEAR

State = Certificate.State


@pytest.fixture
def certificate(run, people, terms, officer) -> Certificate:
    return issue(run, people[:1], terms, user=officer)[0]


def test_a_revoked_one_stays_with_day_and_reason(certificate, officer):
    revoke(certificate, on=DAY, reason="填错学时", user=officer)
    certificate.refresh_from_db()
    assert (certificate.state, certificate.revoked_on, certificate.revoke_reason) == (
        State.REVOKED,
        DAY,
        "填错学时",
    )
    assert AuditEvent.objects.filter(deed="certificate.revoked", reason="填错学时").exists()


def test_its_number_is_not_used_again(certificate, run, people, terms, officer):
    revoke(certificate, on=DAY, reason="填错学时", user=officer)
    [again] = issue(run, people[:1], terms, user=officer)
    assert again.number == f"潭农培〔{YEAR}〕0002号"


def test_revoking_needs_a_reason_and_happens_once(certificate, officer):
    with pytest.raises(ValidationError):
        revoke(certificate, on=DAY, reason="  ", user=officer)
    revoke(certificate, on=DAY, reason="填错学时", user=officer)
    with pytest.raises(ValidationError):
        revoke(certificate, on=DAY, reason="再来一次", user=officer)


def test_a_corrected_name_makes_a_new_one_that_points_to_the_old(certificate, run, terms, officer):
    ClassRun.objects.update(name="后来改的班名")
    correction = with_values(terms, reason="姓名用字有误", ground=Certificate.Ground.CORRECTION)
    new = replace(certificate, correction, user=officer, name="王晓明")
    certificate.refresh_from_db()
    assert certificate.state == State.REPLACED
    assert (new.replaces, new.name, new.frozen["name"], new.frozen["run"]) == (
        certificate,
        "王晓明",
        "王晓明",
        "第一期",
    )
    assert certificate.frozen["name"] == "王小明"


def test_what_was_replaced_is_neither_replaced_nor_revoked_again(certificate, terms, officer):
    reissue = with_values(terms, reason="遗失", ground=Certificate.Ground.REISSUE)
    new = replace(certificate, reissue, user=officer)
    with pytest.raises(ValidationError):
        replace(certificate, reissue, user=officer)
    assert replace(new, reissue, user=officer).replaces == new


def test_one_from_elsewhere_is_not_ours_to_revoke(people, issuer, officer):
    foreign = Certificate.objects.create(
        issuer=issuer, number="外-1", learner=people[0].learner, enrolment=people[0], name="王小明", year=YEAR
    )
    with pytest.raises(ValidationError):
        revoke(foreign, on=DAY, reason="不是我们的", user=officer)


def test_a_valid_one_expires_by_its_day(certificate):
    certificate.expires_on = DAY
    assert certificate.state_on(DAY) == State.VALID
    assert certificate.state_on(DAY + datetime.timedelta(days=1)) == State.EXPIRED
