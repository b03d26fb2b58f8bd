"""Marking a commitment in words as done."""

import datetime

import pytest
from django.urls import reverse

from certificates.models import Certificate, Issuer
from courses.models import QuotaPeriod


@pytest.fixture
def period(plan, today) -> QuotaPeriod:
    """A commitment that the officer's bureau leads, from last year's first day to the end of this year."""
    found = QuotaPeriod.objects.get(quota__words__startswith="组织200家以上企业")
    found.starts_on, found.ends_on = (
        datetime.date(today.year - 1, 1, 1),
        datetime.date(today.year + 1, 12, 31),
    )
    found.save()
    return found


def mark(client, period, day):
    address = reverse("ledgers:commitment", args=[period.pk])
    return client.post(address, {"done_on": day.isoformat(), "evidence": "总结材料"})


def test_a_day_of_the_period_that_has_come_is_noted(period, login, officer, today):
    assert mark(login(officer), period, today).status_code == 302
    period.refresh_from_db()
    assert period.done_on == today


@pytest.mark.parametrize(
    ("shift", "words"), [(1, "完成日期不能晚于今天"), (-1_000, "完成日期应在"), (5_000, "完成日期应在")]
)
def test_a_day_to_come_or_outside_the_period_is_refused(period, login, officer, today, shift, words):
    response = mark(login(officer), period, today + datetime.timedelta(days=shift))
    assert response.status_code == 422
    assert words in response.content.decode()
    period.refresh_from_db()
    assert period.done_on is None


def test_a_certificate_number_of_ligatures_is_refused(training, first):
    enrolment = first.enrolments.first()
    values = {"issuer": Issuer.objects.create(name="市科协"), "learner": enrolment.learner, "year": 2024}
    Certificate(number="测〔2024〕1号", name=enrolment.name, **values).clean()
    with pytest.raises(Exception, match="展开后太长"):
        Certificate(number="\ufdfa" * 100, name=enrolment.name, **values).clean()
