"""How filters, places and a user's reach narrow the figures."""

import pytest
from pytest_django import DjangoAssertNumQueries

from bureaus.models import Bureau
from ledgers.figures import Selection, by_district, by_group, by_programme, totals
from tests.figures.city import YEAR, City


@pytest.fixture
def busy(city: City) -> City:
    """Two at the city's class of tutors, one of them in the park; one at the county's; a lecture."""
    run = city.run("市里一期")
    city.enrol(run, "张三")
    city.enrol(run, "李四", district=city.park)
    own = city.run("县里一期", bureau=city.county_science, district=city.county)
    city.enrol(own, "张三")
    city.lecture("防诈骗", 80)
    return city


def test_an_umbrella_shows_its_own_and_its_parts_figures_once_each(busy: City) -> None:
    busy.enrol(busy.run("总班", busy.umbrella), "张三", "赵六")
    lines = {line.label: line for line in by_programme(Selection(YEAR))}
    assert (lines["教师提升工程"].person_times, lines["教师提升工程"].people) == (5, 3)
    assert (lines["培训科技辅导员"].person_times, lines["培训科技辅导员"].depth) == (3, 1)
    assert totals(Selection(YEAR, programme=busy.umbrella)).person_times == 5
    assert totals(Selection(YEAR, group=busy.teachers)).person_times == 5


def test_groups_without_activity_show_zeros(busy: City) -> None:
    teachers, seniors = by_group(Selection(YEAR - 1))
    assert (teachers.person_times, teachers.people, seniors.sessions) == (0, 0, 0)


def test_each_person_time_reports_to_one_district_and_people_are_counted_afresh(busy: City) -> None:
    centre, county, park = by_district(Selection(YEAR))
    assert [line.person_times for line in (centre, county, park)] == [81, 1, 1]
    assert [line.people for line in (centre, county, park)] == [1, 1, 1]
    assert [line.runs for line in (centre, county, park)] == [1, 1, 1]
    whole = totals(Selection(YEAR))
    assert (whole.person_times, whole.people, whole.runs) == (83, 2, 2)


def test_a_bureau_brings_those_below_it_and_those_merged_into_it(busy: City) -> None:
    former = Bureau.objects.create(name="原市科协", successor=busy.science)
    busy.enrol(busy.run("旧班", bureau=former), "赵六")
    assert totals(Selection(YEAR, bureau=busy.science)).person_times == 4
    assert totals(Selection(YEAR, bureau=busy.county_science)).person_times == 1
    assert totals(Selection(YEAR, bureau=busy.health)).person_times == 80


def test_a_lead_bureau_chooses_the_programmes_of_its_actions(busy: City) -> None:
    assert totals(Selection(YEAR, lead=busy.science)).person_times == 83
    assert totals(Selection(YEAR, lead=busy.health)).person_times == 0


def test_a_district_narrows_to_its_own_person_times(busy: City) -> None:
    found = totals(Selection(YEAR, district=busy.park))
    assert (found.person_times, found.people, found.runs) == (1, 1, 1)


def test_users_count_what_they_see(busy: City) -> None:
    coordinator = busy.user("统筹", busy.science, "coordinator")
    officer = busy.user("经办", busy.science)
    above = busy.user("管理员", busy.science, "administrator", "below")
    county = busy.user("县里", busy.county_science, reach="district")
    auditor = busy.user("审计", busy.science, "auditor")
    seen = {
        user.username: totals(Selection(YEAR, user=user)).person_times
        for user in (coordinator, officer, above, county, auditor)
    }
    assert seen == {"统筹": 83, "经办": 2, "管理员": 3, "县里": 1, "审计": 0}


def test_summaries_cost_the_same_however_many_rows_there_are(
    busy: City, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(30):
        programme = busy.programme(f"项目{number}")
        busy.enrol(busy.run(f"班{number}", programme), "张三", "赵六")
    with django_assert_num_queries(5):
        totals(Selection(YEAR))
    with django_assert_num_queries(7):
        by_group(Selection(YEAR))
    with django_assert_num_queries(6):
        by_district(Selection(YEAR))
    with django_assert_num_queries(7):
        by_programme(Selection(YEAR))
