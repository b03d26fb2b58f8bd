"""Numbers are drawn without a gap, and move on past what came from elsewhere."""

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction

from certificates.models import Certificate, Counter, Issuer, number_key
from certificates.models.issuers import demand_pattern
from certificates.numbering import catch_up, draw, move_on
from tests.certificates.conftest import YEAR


def number(sequence: int, year: int = YEAR) -> str:
    return f"潭农培〔{year}〕{sequence:04}号"


def test_numbers_follow_one_another_and_a_year_starts_at_1(issuer):
    assert draw(issuer, YEAR, count=2) == [number(1), number(2)]
    assert draw(issuer, YEAR, count=1) == [number(3)]
    assert draw(issuer, YEAR + 1, count=1) == [number(1, YEAR + 1)]


def test_what_is_rolled_back_leaves_no_gap(issuer):
    class Trouble(Exception):
        pass

    with pytest.raises(Trouble), transaction.atomic():
        draw(issuer, YEAR, count=5)
        raise Trouble
    assert draw(issuer, YEAR, count=1) == [number(1)]


@pytest.mark.django_db(transaction=True)
def test_outside_of_a_transaction_nothing_is_drawn(django_db_blocker):
    issuer = Issuer.objects.create(name="市科协", pattern="科〔{year}〕{seq}号")
    with pytest.raises(transaction.TransactionManagementError):
        draw(issuer, YEAR, count=1)
    assert not Counter.objects.exists()


def test_an_issuer_without_a_pattern_says_what_to_do(bureau):
    with pytest.raises(ValidationError, match="编号格式"):
        draw(Issuer.objects.create(name="外单位"), YEAR, count=1)


@pytest.mark.parametrize(
    ("written", "found"),
    [
        (number(120), (YEAR, 120)),
        ("潭农培（2026）0120号", (YEAR, 120)),
        ("潭农培[2026]120 号", (YEAR, 120)),
        ("潭农培〔2026〕12345号", (YEAR, 12345)),
        ("潭科协培〔2026〕0001号", None),
        ("潭农培〔2026〕号", None),
    ],
)
def test_a_number_of_the_own_pattern_is_known_however_it_is_written(issuer, written, found):
    assert issuer.sequence_in(number_key(written)) == found


def test_a_number_from_elsewhere_moves_the_counter_on_and_never_back(issuer):
    move_on(issuer, [number_key(number(42)), number_key("别的号码"), number_key(number(7, 2025))])
    assert draw(issuer, YEAR, count=1) == [number(43)]
    move_on(issuer, [number_key(number(5))])
    assert draw(issuer, YEAR, count=1) == [number(44)]
    assert draw(issuer, 2025, count=1) == [number(8, 2025)]


def test_a_new_pattern_catches_up_with_what_there_is(issuer, people):
    Certificate.objects.create(
        issuer=issuer,
        number=number(9),
        learner=people[0].learner,
        enrolment=people[0],
        name="王小明",
        year=YEAR,
    )
    catch_up(issuer)
    assert draw(issuer, YEAR, count=1) == [number(10)]


@pytest.mark.parametrize("pattern", ["潭〔{year}〕{seq:04}号", "{year}年第{seq}号", "KX-{year}-{seq:05}"])
def test_patterns_that_will_do(pattern):
    demand_pattern(pattern)


@pytest.mark.parametrize(
    "pattern",
    [
        "潭{seq}号",
        "{year}号",
        "{year}{seq}",
        "{year}-{seq}{seq}",
        "{year}-{seq}-{x}",
        "20{year}-{seq}",
        "{year:02}-{seq}",
    ],
)
def test_patterns_that_could_repeat_a_number_are_refused(pattern):
    with pytest.raises(ValidationError):
        demand_pattern(pattern)
