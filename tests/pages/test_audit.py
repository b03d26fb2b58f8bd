"""The audit: what was done in the bureaus in reach."""

from urllib.parse import urlencode

import pytest
from django.urls import reverse

from bureaus.models import AuditEvent

Deed = AuditEvent.Deed


@pytest.fixture
def events(bureau, other_bureau, officer, plan):
    record = AuditEvent.record
    record(Deed.LEDGER_IMPORTED, "本单位.xlsx", user=officer, bureau=bureau, after={"year": 2024, "new": 12})
    record(Deed.LEDGER_UNDONE, "撤掉的.xlsx", user=officer, bureau=bureau, reason="传错了年度")
    record(Deed.LEDGER_IMPORTED, "外单位.xlsx", user=None, bureau=other_bureau)
    record(Deed.REGISTER_CHANGED, "课程", user=None, before={"fields": ["名称"]})


def address(**query):
    return f"{reverse('bureaus:audit')}?{urlencode(query)}"


def test_it_says_who_did_what_and_why_in_words(events, login, auditor, text):
    page = text(login(auditor).get(address()))
    for words in ("李经办", "导入台账", "本单位.xlsx", "年度 2024", "新增 12", "原因：传错了年度"):
        assert words in page
    assert "外单位.xlsx" not in page


def test_a_coordinator_sees_all_of_it(events, login, coordinator, text):
    page = text(login(coordinator).get(address()))
    for words in ("本单位.xlsx", "外单位.xlsx", "课程", "命令行", "载入方案"):
        assert words in page


def test_it_is_narrowed_by_deed_bureau_and_days(events, login, coordinator, bureau, today):
    client = login(coordinator)

    def shown(**query):
        return client.get(address(**query)).context["page"].paginator.count

    assert shown(deed="ledger.imported") == 2
    assert shown(bureau=bureau.pk) == 2
    assert shown(deed="ledger.imported", bureau=bureau.pk) == 1
    assert shown(since=today.isoformat()) == shown() > 0
    assert shown(until="2020-01-01") == 0


def test_another_bureau_cannot_be_chosen(events, login, auditor, other_bureau, text):
    assert "外单位.xlsx" not in text(login(auditor).get(address(bureau=other_bureau.pk)))


@pytest.mark.parametrize(
    "query",
    [{"page": "abc"}, {"deed": "zz"}, {"since": "2024-13-40"}, {"until": "x"}, {"bureau": "9" * 30}],
)
def test_an_address_with_mistakes_still_shows_the_page(events, login, auditor, query):
    assert login(auditor).get(address(**query)).status_code == 200


def test_the_way_to_closed_years_is_for_those_who_may_close(events, login, auditor, administrator, text):
    assert reverse("bureaus:years") in text(login(administrator).get(address()))
    assert reverse("bureaus:years") not in text(login(auditor).get(address()))


def test_fifty_lines_a_page_at_the_same_cost(events, login, auditor, bureau, officer, queries):
    few = queries(auditor, address())
    for number in range(60):
        AuditEvent.record(Deed.LEDGER_IMPORTED, f"{number}.xlsx", user=officer, bureau=bureau)
    assert queries(auditor, address()) == few
    assert len(login(auditor).get(address()).context["page"]) == 50
