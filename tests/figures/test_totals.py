"""人次, 人数, 期数, 场次 of a selection, and the rows behind them."""

import datetime
from decimal import Decimal

import pytest

from ledgers import figures
from ledgers.figures import Selection, totals
from tests.figures.city import YEAR, City

SELECTION = Selection(YEAR)


def test_a_person_in_two_runs_is_two_person_times_and_one_person(city: City) -> None:
    city.enrol(city.run("一期"), "张三", "李四")
    city.enrol(city.run("二期"), "张三")
    found = totals(SELECTION)
    assert (found.person_times, found.people, found.runs, found.sessions) == (3, 2, 2, 0)
    assert found.hours == Decimal("24.0")
    assert found.hours_each == Decimal("12.0")


@pytest.mark.parametrize("state", ["applied", "admitted", "no_show", "withdrawn", "rejected"])
def test_who_did_not_take_part_is_no_person_time(city: City, state: str) -> None:
    city.enrol(city.run("一期"), "张三", state=state)
    found = totals(SELECTION)
    assert (found.person_times, found.people, found.runs) == (0, 0, 0)


@pytest.mark.parametrize("state", ["attending", "completed", "not_completed"])
def test_who_took_part_counts_also_without_having_passed(city: City, state: str) -> None:
    city.enrol(city.run("一期"), "张三", state=state, assessment="failed")
    found = totals(SELECTION)
    assert (found.person_times, found.people, found.passed, found.pass_rate) == (1, 1, 0, 0)


def test_a_cancelled_run_counts_nothing(city: City) -> None:
    city.enrol(city.run("一期", state="cancelled"), "张三")
    assert totals(SELECTION).person_times == 0


def test_the_people_of_a_lecture_counted_by_heads_are_unknown_not_none(city: City) -> None:
    city.lecture("防诈骗", 80, women=50)
    found = totals(SELECTION)
    assert (found.person_times, found.people, found.women, found.sessions) == (80, None, 50, 1)
    assert (found.hours, found.passed, found.pass_rate) == (None, None, None)


def test_a_lecture_without_heads_counts_who_was_here_and_with_heads_the_heads(city: City) -> None:
    first, second, third = city.enrol(city.run("班", city.talks), "张三", "李四", "王五")
    signed = city.lecture("签到的")
    city.attend(signed, first)
    city.attend(signed, second, state="late")
    city.attend(signed, third, state="absent")
    counted = city.lecture("数人头的", 40)
    city.attend(counted, first)
    found = totals(SELECTION)
    # The run has no session of its own: its three enrolments count as one session.
    assert (found.person_times, found.people, found.sessions) == (2 + 40 + 3, 3, 2)


def test_a_run_counted_by_session_has_a_person_time_for_each_person_and_session(city: City) -> None:
    run = city.run("班", city.talks)
    first, second = city.enrol(run, "张三", "李四")
    withdrawn = city.enrol(run, "王五", state="withdrawn")
    for title, people in (("第一讲", [first, second, *withdrawn]), ("第二讲", [first])):
        city.attend(city.lecture(title, run=run), *people)
    found = totals(SELECTION)
    assert (found.person_times, found.people, found.runs, found.sessions) == (3, 2, 1, 2)


@pytest.mark.parametrize("state", ["planned", "cancelled"])
def test_a_session_that_was_not_held_counts_nothing(city: City, state: str) -> None:
    city.lecture("防诈骗", 80, state=state)
    found = totals(SELECTION)
    assert (found.person_times, found.people, found.sessions) == (0, 0, 0)


def test_sessions_of_a_run_counted_by_run_are_sessions_but_no_person_times(city: City) -> None:
    run = city.run("一期")
    people = city.enrol(run, "张三", "李四")
    city.attend(city.lecture("第一课", programme=city.tutors, run=run), *people)
    found = totals(SELECTION)
    assert (found.person_times, found.sessions, found.runs) == (2, 1, 1)


def test_a_run_of_which_only_sessions_were_recorded_is_a_run(city: City) -> None:
    city.lecture("第一讲", 30, run=city.run("班", city.talks))
    found = totals(SELECTION)
    assert (found.runs, found.person_times, found.people) == (1, 30, None)


def test_named_people_and_heads_together_count_the_named_as_people(city: City) -> None:
    city.enrol(city.run("一期"), "张三")
    city.lecture("防诈骗", 80)
    found = totals(SELECTION)
    assert (found.person_times, found.people, found.programmes) == (81, 1, 2)


def test_women_are_person_times_and_unknown_where_no_sex_is(city: City) -> None:
    city.learner("李四", "male")
    city.enrol(city.run("一期"), "张三", "李四")
    assert totals(SELECTION).women == 1
    assert totals(Selection(YEAR, group=city.seniors)).women == 0
    city.lecture("防诈骗", 80)
    assert totals(Selection(YEAR, group=city.seniors)).women is None


def test_last_year_and_year_on_year(city: City) -> None:
    city.enrol(city.run("去年", year=YEAR - 1), "张三", "李四")
    city.enrol(city.run("今年"), "张三", "李四", "王五")
    found = totals(SELECTION)
    assert (found.person_times, found.last_person_times) == (3, 2)
    assert found.year_on_year == Decimal("0.5")
    assert totals(Selection(YEAR - 1)).year_on_year is None


def test_the_year_is_the_one_stored_on_the_run(city: City) -> None:
    over_new_year = {"starts_on": datetime.date(2023, 12, 20), "ends_on": datetime.date(2024, 1, 10)}
    city.enrol(city.run("跨年", year=2023, **over_new_year), "张三")
    assert totals(Selection(2023)).person_times == 1
    assert totals(Selection(2024)).person_times == 0


def test_certificates_count_once_when_reissued_and_never_when_revoked(city: City) -> None:
    first, second = city.enrol(city.run("一期"), "张三", "李四")
    lost = city.certificate(first, "1", state="replaced")
    city.certificate(first, "2", replaces=lost)
    city.certificate(second, "3", state="revoked")
    city.certificate(second, "4", year=YEAR - 1)
    assert totals(SELECTION).certificates == 1


def test_figures_equal_the_rows_that_a_click_on_them_shows(city: City) -> None:
    people = city.enrol(city.run("一期"), "张三", "李四")
    city.certificate(people[0], "1")
    city.lecture("防诈骗", 80)
    found = totals(SELECTION)
    assert figures.enrolments(SELECTION).count() == 2
    assert figures.runs(SELECTION).count() == found.runs
    assert figures.sessions(SELECTION).count() == found.sessions
    assert figures.certificates(SELECTION).count() == found.certificates
    assert [lecture.person_times for lecture in figures.lectures(SELECTION)] == [80]


def test_months_are_of_the_runs_last_day_and_of_the_lectures_day(city: City) -> None:
    city.enrol(city.run("一期"), "张三", "李四")
    city.enrol(city.run("只有开班日", ends_on=None), "张三")
    city.enrol(city.run("跨年", ends_on=datetime.date(2025, 1, 10)), "张三")
    city.enrol(city.run("无日期", starts_on=None, ends_on=None), "张三")
    city.lecture("防诈骗", 80)
    months = {line.month: line.person_times for line in figures.by_month(SELECTION)}
    assert {month: count for month, count in months.items() if count} == {0: 1, 3: 3, 5: 80, 12: 1}
    assert sum(months.values()) == totals(SELECTION).person_times
