"""What single cells are read as."""

from datetime import date, datetime, time
from decimal import Decimal

import pytest

from ledgers.reading.amounts import DayRule, parse_hours, parse_people
from ledgers.reading.dates import parse_span
from ledgers.reading.persons import parse_assessment, parse_birth, parse_phone

RULE = DayRule(Decimal(8), Decimal(4))


@pytest.mark.parametrize(
    "written",
    [
        "2024.3.5",
        "2024/3/5",
        "2024-03-05",
        "20240305",
        "2024年3月5日",
        "2024年3月5号",
        "２０２４．３．５",
        "3月5日",
        "3.5",
        "2024-03-05 09:00:00",
        "2024-03-05T09:00:00",
        "2024年3月5日 上午9:00",
        "2024年3月5日9时30分",
        "2024/3/5 9:00-11:30",
        "2024年3月5日下午2点",
        "2024年3月5日（星期二）",
        "45356",
        45356,
        45356.0,
        45356.375,
        20240305.0,
        date(2024, 3, 5),
        datetime(2024, 3, 5, 9, 30),
    ],
)
def test_a_day_is_read_in_every_form(written):
    assert parse_span(written, year=2024) == (date(2024, 3, 5), date(2024, 3, 5))


@pytest.mark.parametrize(
    "written",
    [
        "2024.3.5-3.7",
        "2024.3.5—3.7",
        "2024.3.5-7",
        "3.5-3.7",
        "2024-03-05至2024-03-07",
        "2024-03-05-2024-03-07",
        "20240305-20240307",
        "2024年3月5日至3月7日",
        "2024年3月5日至7日",
        "2024年3月5日——7日",
        "2024年3月5-7日",
        "2024.03.05~2024.03.07",
        "3月5日-7日",
        "2024-03-05 09:00至2024-03-07 17:00",
        "自2024年3月5日起至3月7日止",
    ],
)
def test_a_range_is_read_in_every_form(written):
    assert parse_span(written, year=2024) == (date(2024, 3, 5), date(2024, 3, 7))


def test_a_range_over_new_year_ends_in_the_next_year():
    assert parse_span("2024.12.28-1.3", year=2024) == (date(2024, 12, 28), date(2025, 1, 3))


def test_an_end_before_the_start_is_left_to_the_caller():
    assert parse_span("2024.3.15—3.11", year=2024) == (date(2024, 3, 15), date(2024, 3, 11))


@pytest.mark.parametrize(
    "written",
    [
        "2024.13.5",
        "2024年2月30日",
        "待定",
        "2024年3月",
        "24.3.5",
        -1,
        0,
        60,
        2958466,
        1e308,
        3.5,
        True,
        time(0),
    ],
)
def test_what_is_no_day_is_not_guessed(written):
    assert parse_span(written, year=2024) is None


def test_a_year_left_out_is_not_guessed_where_the_year_is_unknown():
    assert parse_span("3月5日", year=None) is None


@pytest.mark.parametrize(
    ("written", "hours"),
    [
        (24, 24),
        (8.5, "8.5"),
        ("８", 8),
        ("40学时", 40),
        ("12 课时", 12),
        ("3天", 24),
        ("两天", 16),
        ("半天", 4),
        ("1天半", 12),
        ("2.5天", 20),
        ("3天（24学时）", 24),
        (0, 0),
    ],
)
def test_hours_are_read(written, hours):
    assert parse_hours(written, rule=RULE) == Decimal(hours)


@pytest.mark.parametrize("written", ["若干", "多天", "-8", -1, "80%", True, "8-16", 1e9, date(2024, 1, 2)])
def test_hours_that_are_negative_or_unreadable_are_none(written):
    assert parse_hours(written, rule=RULE) is None


def test_days_count_by_the_rule_given():
    rule = DayRule(Decimal(6), Decimal("3.5"))
    assert [parse_hours(text, rule=rule) for text in ("2天", "半天", "1.5天")] == [
        12,
        Decimal("3.5"),
        Decimal("9.5"),
    ]


@pytest.mark.parametrize(("written", "people"), [("88人", 88), (54.0, 54), ("1,200人次", 1200), ("0", 0)])
def test_people_are_counted(written, people):
    assert parse_people(written) == people


@pytest.mark.parametrize("written", ["很多", "约80人", "80余人", 3.5, -1, True, "", None])
def test_what_is_no_number_of_people_is_none(written):
    assert parse_people(written) is None


@pytest.mark.parametrize(
    ("written", "number"),
    [
        (13900000001.0, "13900000001"),
        ("+86 139-0000-0002", "13900000002"),
        ("139 0000 0003", "13900000003"),
        ("0731-58580000", "0731-58580000"),
        ("13900000001/0731-58580000", "13900000001"),
        ("无", ""),
        (None, ""),
    ],
)
def test_phones_are_read(written, number):
    assert parse_phone(written) == (number, True)


@pytest.mark.parametrize("written", ["139000000", "1390000", "电话", "12345678901"])
def test_a_phone_that_is_none_is_told(written):
    assert not parse_phone(written)[1]


@pytest.mark.parametrize(
    ("written", "birth"),
    [
        ("1991.03", "1991-03"),
        ("1985年6月", "1985-06"),
        ("198506", "1985-06"),
        ("19850601", "1985-06-01"),
        (date(1991, 3, 1), "1991-03-01"),
        (1991.03, "1991-03"),
        (1982.1, "1982"),
        ("1985-13", ""),
        ("50后", ""),
    ],
)
def test_births_are_read_as_far_as_they_tell(written, birth):
    assert parse_birth(written) == birth


@pytest.mark.parametrize(
    ("written", "result"),
    [
        ("合格", "passed"),
        ("优秀", "passed"),
        ("考核合格", "passed"),
        ("是", "passed"),
        ("85", "passed"),
        ("不合格", "failed"),
        ("未通过", "failed"),
        ("59.5", "failed"),
        ("待定", ""),
        ("", ""),
    ],
)
def test_assessments_are_read(written, result):
    assert parse_assessment(written) == result
