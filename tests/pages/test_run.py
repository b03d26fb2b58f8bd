"""The page of a class run."""

import datetime
from decimal import Decimal

import pytest
from django.urls import reverse

from bureaus.models import Bureau, District
from courses.counting import figures_of
from courses.models import ClassRun, Enrolment, Programme
from ledgers.figures import Selection, by_run
from tests.conftest import Reach, Role, account
from tests.pages.conftest import YEAR


def address(run, query=""):
    return reverse("courses:run", args=[run.pk]) + query


def test_it_shows_facts_figures_and_people(login, officer, first, text):
    page = text(login(officer).get(address(first)))
    for words in ("第一期", "市农校", "2024-03-04", "2024-03-08", "王小明", "韶山村合作社", "未参训"):
        assert words in page
    assert "<b>2</b><span>人次</span>" in page
    assert "<b>48</b><span>学时</span>" in page


def test_one_who_never_came_is_no_person_time(first, login, officer):
    found = login(officer).get(address(first)).context["figures"]
    assert (found.person_times, found.people, found.passed, found.hours) == (2, 2, 2, Decimal(48))


def test_a_run_over_new_year_is_shown_as_carried_over(training, login, officer, text):
    days = {"starts_on": datetime.date(2023, 12, 25), "ends_on": datetime.date(2024, 1, 5)}
    assert "结转" in text(login(officer).get(address(training.run("跨年班", **days))))


def test_a_run_without_days_or_people_says_what_to_do(training, login, officer, text):
    page = text(login(officer).get(address(training.run("空班", starts_on=None, ends_on=None))))
    assert "导入台账后，学员会列在这里" in page


def test_people_are_searched_by_name_and_employer(first, login, officer, text):
    client = login(officer)

    def search(words):
        return text(client.post(address(first), {"q": words}, follow=True))

    page = search("秀英")
    assert "李秀英" in page
    assert "王小明" not in page
    assert "王小明" in search("合作社")
    assert "没有符合条件的学员" in search("没有这个人")


def test_people_are_narrowed_to_a_state_and_sorted(first, login, officer):
    client = login(officer)
    page = client.get(address(first, "?state=no_show")).context["page"]
    assert [row.name for row in page] == ["赵未到"]
    page = client.get(address(first, "?sort=-hours")).context["page"]
    assert page[-1].name == "赵未到"


def test_hours_are_shown_by_kind(training, login, officer, text):
    run = training.run("实操班")
    training.enrol(run, "王小明", hours_theory=Decimal(8), hours_practice=Decimal(16))
    page = text(login(officer).get(address(run)))
    assert "理论 8 · 实操 16" in page


def test_fifty_people_a_page(training, login, officer):
    run = training.run("大班")
    training.enrol(run, *(f"学员{number}" for number in range(51)))
    client = login(officer)
    assert len(client.get(address(run)).context["page"]) == 50
    assert len(client.get(address(run, "?page=2")).context["page"]) == 1
    assert len(client.get(address(run, "?all=1")).context["page"]) == 51  # for paper


@pytest.mark.parametrize(
    "query",
    ["?page=abc", "?page=-1", "?page=999999999999", "?found=1", "?state=zz", "?sort=--"],
)
def test_an_address_with_mistakes_still_shows_the_run(first, login, officer, query):
    assert login(officer).get(address(first, query)).status_code == 200


def test_a_number_too_large_for_a_row_is_not_found(login, officer):
    assert login(officer).get(f"/runs/{10**25}/").status_code == 404


def test_a_trainer_sees_ones_own_run_without_links_to_records(training, first, second, login, trainer, text):
    training.trainer(training.session("开班课", run=first, programme=first.programme), trainer)
    page = text(login(trainer).get(address(first)))
    assert "王小明" in page
    assert "/learners/" not in page
    assert login(trainer).get(address(second)).status_code == 404


def test_a_name_links_to_a_record_only_where_it_opens(training, first, login, officer, text):
    stranger = Enrolment.objects.get(name="李秀英").learner
    stranger.holders.all().delete()
    page = text(login(officer).get(address(first)))
    assert reverse("certificates:record", args=[stranger.pk]) not in page
    assert reverse("certificates:record", args=[Enrolment.objects.get(name="王小明").learner_id]) in page


def test_the_number_of_queries_does_not_grow_with_the_people(training, first, officer, queries):
    training.session("一课", run=first, programme=first.programme)
    few = queries(officer, address(first))
    training.enrol(first, *(f"学员{number}" for number in range(20)))
    training.session("二课", run=first, programme=first.programme)
    assert queries(officer, address(first)) <= few


# --- The same figures as everywhere ---------------------------------------------------------------


def same_as_official(run: ClassRun) -> bool:
    official = by_run(Selection(year=YEAR))[run.pk]
    here = figures_of(run, Enrolment.objects.filter(run=run))
    return (here.person_times, here.people, here.hours) == (
        official.person_times,
        official.people,
        official.hours or 0,
    )


def test_a_run_counted_by_run_has_the_official_figures(first, second):
    assert same_as_official(first)
    assert same_as_official(second)


def test_a_run_counted_by_session_has_the_official_figures(training):
    programme = Programme.objects.get(name="智慧助老行动")
    assert programme.counts == Programme.Counts.SESSION
    run = training.run("系列讲座", programme=programme)
    some = training.enrol(run, "王小明", "李秀英")
    assert same_as_official(run)  # no session recorded: each enrolment is one
    training.attend(training.session("第一讲", run=run), *some)
    training.attend(training.session("第二讲", run=run), some[0], state="absent")
    assert same_as_official(run)
    training.session("第三讲", run=run, headcount=30)
    assert same_as_official(run)
    assert figures_of(run, Enrolment.objects.filter(run=run)).person_times == 2 + 0 + 30


def test_a_cancelled_run_counts_nothing(training, first):
    first.state = ClassRun.State.CANCELLED
    first.save()
    assert first.pk not in by_run(Selection(year=YEAR))
    assert figures_of(first, Enrolment.objects.filter(run=first)).person_times == 0


def test_a_district_sees_the_people_that_it_may(training, login, plan):
    """Of a run held in its district by another bureau it sees its own people."""
    place = District.objects.get(name="湘潭县")
    county = Bureau.objects.create(name="湘潭县科协", district=place)
    user = account("县里", county, Role.REVIEWER, Reach.DISTRICT)
    run = training.run("县里的班", district=place)
    training.enrol(run, "王小明")
    training.enrol(run, "李秀英", district=training.city)
    assert [row.name for row in login(user).get(address(run)).context["page"]] == ["王小明"]
