"""Closing a year, and opening it again with a reason."""

import pytest
from django.urls import reverse

from bureaus.models import AuditEvent, YearClose

PAGE = reverse("bureaus:years")
CLOSE = reverse("bureaus:close-year")


@pytest.fixture
def closed(bureau, administrator):
    return YearClose.objects.create(bureau=bureau, year=2024, closed_by=administrator)


def reopen(closed):
    return reverse("bureaus:reopen-year", args=[closed.pk])


def test_the_closed_years_of_ones_bureaus_are_listed(closed, other_bureau, login, administrator, text):
    YearClose.objects.create(bureau=other_bureau, year=2023)
    page = text(login(administrator).get(PAGE))
    assert "2024 年" in page
    assert "周管理" in page
    assert other_bureau.name not in page


def test_nothing_closed_yet_says_what_closing_is_for(login, administrator, text):
    assert "还没有封账的年度" in text(login(administrator).get(PAGE))


def test_closing_writes_who_closed_what(login, administrator, bureau, text):
    answer = login(administrator).post(CLOSE, {"bureau": bureau.pk, "year": 2024}, follow=True)
    assert "市农业农村局 2024 年度已封账" in text(answer)
    event = AuditEvent.objects.get(deed=AuditEvent.Deed.YEAR_CLOSED)
    assert (event.user, event.bureau, event.after) == (administrator, bureau, {"year": 2024})


def test_closing_twice_is_closing_once(closed, login, administrator, bureau):
    login(administrator).post(CLOSE, {"bureau": bureau.pk, "year": 2024})
    assert YearClose.objects.count() == 1
    assert not AuditEvent.objects.filter(deed=AuditEvent.Deed.YEAR_CLOSED).exists()


@pytest.mark.parametrize("values", [{}, {"year": 2024}, {"year": "xx", "bureau": "yy"}, {"year": 1}])
def test_what_cannot_be_read_is_told_and_nothing_is_closed(login, administrator, values):
    answer = login(administrator).post(CLOSE, values)
    assert answer.status_code == 422
    assert "需要改正" in answer.content.decode()
    assert not YearClose.objects.exists()


def test_another_bureaus_year_cannot_be_closed(login, administrator, other_bureau):
    assert login(administrator).post(CLOSE, {"bureau": other_bureau.pk, "year": 2024}).status_code == 422
    assert not YearClose.objects.exists()


def test_opening_again_keeps_the_reason(closed, login, administrator, bureau, text):
    answer = login(administrator).post(reopen(closed), {"reason": "漏报一期"}, follow=True)
    assert "已解除封账" in text(answer)
    assert not YearClose.objects.exists()
    event = AuditEvent.objects.get(deed=AuditEvent.Deed.YEAR_REOPENED)
    assert (event.reason, event.before) == ("漏报一期", {"year": 2024})


def test_without_a_reason_it_stays_closed(closed, login, administrator, text):
    assert "请填写解除封账的原因" in text(
        login(administrator).post(reopen(closed), {"reason": " "}, follow=True)
    )
    assert YearClose.objects.exists()


def test_another_bureaus_closed_year_is_not_there(login, administrator, other_bureau):
    other = YearClose.objects.create(bureau=other_bureau, year=2024)
    assert login(administrator).post(reopen(other), {"reason": "x"}).status_code == 404


def test_fifty_a_page_at_the_same_cost(closed, login, administrator, bureau, queries):
    few = queries(administrator, PAGE)
    YearClose.objects.bulk_create(YearClose(bureau=bureau, year=year) for year in range(1900, 1960))
    assert queries(administrator, PAGE) == few
    assert len(login(administrator).get(PAGE).context["page"]) == 50
