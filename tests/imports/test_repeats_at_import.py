"""Repeat limits at import: warned of or refused, across bureaus and within one file."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from courses.models import Enrolment, Programme, RepeatLimit
from tests.imports.conftest import ANNA, BO, HEADINGS, row
from tests.imports.test_doubts import codes, number_of, warned

pytestmark = pytest.mark.django_db


@pytest.fixture
def limit(plan):
    def set_limit(repeat="year", effect="warn", programme="培训科技辅导员"):
        found = Programme.objects.get(name=programme) if programme else None
        return RepeatLimit.objects.create(programme=found, repeat=repeat, effect=effect)

    return set_limit


def second(person=ANNA, **changes):
    return row(9, person, 班次="第2期培训班", **changes)


def test_without_a_rule_nothing_is_said(bring_in, ledger):
    bring_in(ledger(row(1, ANNA)))
    _code, result = bring_in(ledger(second()))
    assert (result["new"], warned(result)) == (1, [])


def test_a_second_class_of_the_year_is_warned_of_and_counts(bring_in, ledger, limit):
    bring_in(ledger(row(1, ANNA)))
    limit()
    _code, result = bring_in(ledger(second()), bureau="市教育局")
    assert (result["new"], warned(result)) == (1, ["repeated"])
    assert "市科协" in result["warnings"][0]["message"]


def test_where_the_rule_blocks_the_row_is_refused(bring_in, ledger, limit):
    bring_in(ledger(row(1, ANNA)))
    limit(effect="block", programme=None)
    _code, result = bring_in(ledger(second(), row(5, BO)), "--skip-faulty")
    assert (codes(result), result["new"]) == (["repeat_limit"], 1)
    assert Enrolment.objects.count() == 2


def test_another_year_passes_and_so_does_the_same_ledger_again(bring_in, ledger, limit):
    limit(effect="block")
    bring_in(ledger(row(1, ANNA)))
    _code, again = bring_in(ledger(row(1, ANNA)))
    assert (again["same"], again["faulty"]) == (1, 0)
    later = second(培训时间="2023-03-05至2023-03-07")
    _code, result = bring_in(ledger(later), year=2023)
    assert (result["new"], result["faulty"]) == (1, 0)


def test_two_classes_in_one_file_are_seen_too(bring_in, ledger, limit):
    limit(effect="block")
    _code, result = bring_in(ledger(row(1, ANNA), second()), "--skip-faulty")
    assert codes(result) == ["repeat_limit"]
    assert "第 2 行" in result["problems"][0]["message"]
    assert Enrolment.objects.count() == 1


def test_the_same_level_in_any_year(bring_in, ledger, limit):
    limit(repeat="level")
    headings = [*HEADINGS, "职级"]
    bring_in(ledger([*row(1, ANNA), "中级"], headings=headings))
    later = second(培训时间="2023-03-05至2023-03-07")
    _code, same = bring_in(ledger([*later, "中级"], headings=headings), "--dry-run", year=2023)
    _code, other = bring_in(ledger([*later, "高级"], headings=headings), "--dry-run", year=2023)
    assert (warned(same), warned(other)) == (["repeated"], [])


def test_who_did_not_come_passes_no_limit(bring_in, ledger, limit):
    limit(effect="block")
    bring_in(ledger(row(1, ANNA, 考核结果="未参训")))
    _code, result = bring_in(ledger(second()))
    assert result["faulty"] == 0


def test_the_number_of_queries_does_not_grow_with_the_rows(bring_in, ledger, limit):
    limit()
    people = [(f"张{chr(0x4E00 + n)}", number_of(n), "市一中") for n in range(40)]
    bring_in(ledger(*(row(n, one) for n, one in enumerate(people, 1))))

    def queries(count):
        rows = [row(100 + n, one, 班次="二班") for n, one in enumerate(people[:count])]
        with CaptureQueriesContext(connection) as caught:
            _code, result = bring_in(ledger(*rows), "--dry-run")
        assert warned(result) == ["repeated"] * count
        return len(caught)

    assert queries(3) == queries(40)
