"""Quotas and how far they are."""

import datetime
import json
from decimal import Decimal

import pytest
from django.core.management import call_command
from pytest_django import DjangoAssertNumQueries

from courses.models import Allocation
from ledgers.figures import QuotaProgress, Selection, Status, quota_progress
from tests.figures.city import MIDSUMMER, YEAR, City


def lines_of(selection: Selection, at: datetime.date = MIDSUMMER) -> list[QuotaProgress]:
    return quota_progress(selection, at=at)


def first(selection: Selection | None = None, at: datetime.date = MIDSUMMER) -> QuotaProgress:
    return lines_of(selection or Selection(YEAR), at)[0]


def test_a_quota_counts_person_times_beside_people(city: City) -> None:
    city.quota(city.tutors, value=2, words="每年培训科技辅导员2人次")
    city.enrol(city.run("一期"), "张三", "李四")
    city.enrol(city.run("二期"), "张三")
    line = first()
    assert (line.target, line.done, line.person_times, line.people, line.runs) == (2, 3, 3, 2, 2)
    assert line.completion == Decimal("1.5")
    assert line.status == Status.DONE
    assert (line.programme, line.group, line.unit, line.period) == (
        "培训科技辅导员",
        "教师",
        "人次",
        "2024年",
    )
    assert [bureau.name for bureau in line.leads] == ["市科协"]


@pytest.mark.parametrize(
    ("unit", "done"),
    [("人次", 3), ("人", 2), ("名", 2), ("期", 2), ("场次", 1), ("学时", 24), ("证书", 1), ("户", None)],
)
def test_what_is_done_is_told_in_the_quotas_unit(city: City, unit: str, done: int | None) -> None:
    city.quota(city.tutors, value=200, unit=unit)
    run = city.run("一期")
    city.certificate(city.enrol(run, "张三", "李四")[0], "1")
    city.enrol(city.run("二期"), "张三")
    city.lecture("第一课", programme=city.tutors, run=run)
    line = first()
    assert line.done == done
    assert (line.completion is None) == (done is None)


def test_where_passing_counts_only_those_who_passed_are_done(city: City) -> None:
    city.tutors.basis = "passing"
    city.tutors.save()
    city.quota(city.tutors, value=10)
    city.quota(city.tutors, value=10, unit="人")
    run = city.run("一期")
    city.enrol(run, "张三", assessment="passed")
    city.enrol(run, "李四", assessment="failed")
    city.enrol(city.run("二期"), "张三", assessment="passed")
    by_times, by_people = lines_of(Selection(YEAR))[:2]
    assert (by_times.done, by_times.person_times, by_times.passed) == (2, 3, 2)
    assert (by_people.done, by_people.people) == (1, 2)


def test_a_quota_over_an_umbrella_and_its_part_counts_nothing_twice(city: City) -> None:
    city.quota(city.umbrella, city.tutors, city.talks, value=100)
    city.enrol(city.run("总班", city.umbrella), "张三")
    city.enrol(city.run("一期"), "张三", "李四")
    people = city.enrol(city.run("讲座班", city.talks), "李四", "王五", state="admitted")
    city.attend(city.lecture("防诈骗"), *people)
    line = first()
    assert (line.person_times, line.people, line.runs, line.sessions) == (5, 3, 2, 1)
    assert line.programme == "教师提升工程、培训科技辅导员、智慧助老行动"
    assert line.group == "教师、老年人"


def test_people_known_only_by_heads_are_unknown(city: City) -> None:
    city.quota(city.talks, value=100, unit="人")
    city.lecture("防诈骗", 80)
    line = first()
    assert (line.done, line.people, line.person_times, line.status) == (None, None, 80, Status.NO_TARGET)


def test_a_quota_of_the_plans_period_counts_all_of_its_years(city: City) -> None:
    city.quota(city.tutors, value=10, cycle="plan")
    city.quota(city.tutors, value=10)
    for year in (2021, 2022, 2024, 2026):
        city.enrol(city.run(f"{year}班", year=year), "张三", "李四" if year == 2022 else "王五")
    whole, yearly = lines_of(Selection(YEAR))[:2]
    assert (whole.period, whole.done, whole.people) == ("2021—2025年", 6, 3)
    assert (yearly.period, yearly.done, yearly.people) == ("2024年", 2, 2)


def test_a_years_own_value_goes_before_the_quotas(city: City) -> None:
    quota = city.quota(city.tutors, value=200)
    quota.periods.filter(starts_on__year=YEAR).update(value=240)
    assert first().target == 240
    assert first(Selection(2023)).target == 200


def test_words_are_open_until_they_are_marked_done(city: City) -> None:
    quota = city.quota(city.tutors, words="每年培训一批")
    city.enrol(city.run("一期"), "张三")
    line = first()
    assert (line.target, line.done, line.unit, line.completion) == (None, 1, "人次", None)
    assert line.status == Status.WORDS_OPEN
    quota.periods.filter(starts_on__year=YEAR).update(done_on=datetime.date(YEAR, 6, 1), evidence="通知")
    assert first().status == Status.WORDS_DONE


def test_pace_is_the_share_of_days_gone(city: City) -> None:
    city.quota(city.tutors, value=4)
    city.enrol(city.run("一期"), "张三", "李四")
    on_pace = first(at=datetime.date(2024, 7, 1))
    assert (on_pace.pace, on_pace.status, on_pace.behind_by) == (Decimal("0.5"), Status.STEADY, 0)
    behind = first(at=datetime.date(2024, 9, 20))
    assert (behind.pace, behind.status, behind.behind_by) == (Decimal("0.7213"), Status.BEHIND, 1)
    assert first(at=datetime.date(2026, 1, 1)).pace == 1
    assert first(at=datetime.date(2020, 1, 1)).pace == 0


def test_a_target_of_nothing_has_no_completion(city: City) -> None:
    city.quota(city.tutors, value=0)
    assert (first().completion, first().status) == (None, Status.NO_TARGET)


def test_programmes_without_a_quota_follow_where_something_was_done(city: City) -> None:
    city.programme("没有活动的项目")
    city.quota(city.tutors, value=10)
    city.enrol(city.run("一期"), "张三")
    city.lecture("防诈骗", 80)
    quoted, umbrella, talks = lines_of(Selection(YEAR))
    assert quoted.programme == "培训科技辅导员"
    assert (umbrella.programme, umbrella.done, umbrella.target) == ("教师提升工程", 1, None)
    assert (talks.programme, talks.done, talks.unit, talks.people) == ("智慧助老行动", 80, "人次", None)
    assert (talks.sessions, talks.status) == (1, Status.NO_TARGET)


def test_programme_filters_choose_lines_and_each_line_counts_all_of_its_programmes(city: City) -> None:
    city.quota(city.tutors, city.talks, value=100)
    city.enrol(city.run("一期"), "张三")
    city.lecture("防诈骗", 80)
    (line,) = lines_of(Selection(YEAR, group=city.seniors))
    assert line.person_times == 81


def test_in_a_place_the_target_is_its_share(city: City) -> None:
    quota = city.quota(city.tutors, value=200)
    period = quota.periods.get(starts_on__year=YEAR)
    Allocation.objects.create(period=period, district=city.county, value=90)
    run = city.run("一期")
    city.enrol(run, "张三", district=city.county)
    city.enrol(run, "李四")
    assert [str(share) for share in first().allocations] == ["潭县 90"]
    county = first(Selection(YEAR, district=city.county))
    assert (county.target, county.done) == (90, 1)
    park = first(Selection(YEAR, district=city.park))
    assert (park.target, park.done) == (None, 0)


def test_who_does_not_see_the_city_is_not_measured_by_the_citys_target(city: City) -> None:
    quota = city.quota(city.tutors, value=200)
    period = quota.periods.get(starts_on__year=YEAR)
    officer = Selection(YEAR, user=city.user("经办", city.health))
    assert (first(officer).target, first(officer).done, first(officer).status) == (None, 0, Status.NO_TARGET)
    Allocation.objects.create(period=period, bureau=city.health, value=40)
    Allocation.objects.create(period=period, bureau=city.science, value=60)
    Allocation.objects.create(period=period, district=city.county, value=90)
    assert (first(officer).target, first(officer).status) == (40, Status.BEHIND)
    county = city.user("县里", city.county_science, reach="district")
    assert first(Selection(YEAR, user=county)).target == 90
    coordinator = city.user("统筹", city.science, "coordinator")
    assert first(Selection(YEAR, user=coordinator)).target == 200


@pytest.mark.parametrize("quotas", [1, 200])
def test_any_number_of_quotas_costs_the_same_queries(
    city: City, quotas: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(quotas):
        cycle = "plan" if number % 2 else "yearly"
        city.quota(city.umbrella, city.talks, value=number + 1, cycle=cycle, unit="人")
    city.enrol(city.run("一期"), "张三", "李四")
    with django_assert_num_queries(13):
        lines = lines_of(Selection(YEAR))
    assert {line.people for line in lines if line.quota_period} == {2}


def test_the_command_prints_whole_numbers_as_whole_numbers(
    city: City, capsys: pytest.CaptureFixture[str]
) -> None:
    city.quota(city.tutors, value=200, words="每年培训科技辅导员200人次")
    city.quota(city.tutors, value=200, unit="场次", words="每年200场次")
    city.enrol(city.run("一期"), "张三", "李四", "王五")
    call_command("quota_progress", year=YEAR, json=True)
    times, sessions, *_others = json.loads(capsys.readouterr().out)
    assert times == {
        "programme": "培训科技辅导员",
        "group": "教师",
        "unit": "人次",
        "period": "2024年",
        "target": 200,
        "done": 3,
        "person_times": 3,
        "people": 3,
        "runs": 1,
        "sessions": 0,
        "completion": 0.015,
        "words": "每年培训科技辅导员200人次",
    }
    assert (sessions["unit"], sessions["done"], sessions["target"]) == ("场次", 0, 200)


def test_the_command_prints_an_aligned_table(city: City, capsys: pytest.CaptureFixture[str]) -> None:
    city.lecture("防诈骗", 2841)
    call_command("quota_progress", year=YEAR)
    heading, line = capsys.readouterr().out.splitlines()
    assert heading.split()[:3] == ["项目", "群体", "周期"]
    assert line.split() == [
        "智慧助老行动",
        "老年人",
        "2024年",
        "—",
        "2841",
        "人次",
        "2841",
        "—",
        "0",
        "1",
        "—",
    ]
