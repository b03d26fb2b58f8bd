"""The registers: the same rows as the figures, searched, sorted and by page."""

import datetime
from urllib.parse import urlencode

import pytest
from django.urls import reverse

from bureaus.models import Bureau, District
from courses.models import ClassRun, Enrolment, Programme
from ledgers.figures import totals
from tests.conftest import Reach, Role, account
from tests.pages.conftest import YEAR

PAGES = ("runs", "sessions", "enrolments", "learners", "certificates")


def address(name, **query):
    return f"{reverse(f'ledgers:{name}')}?{urlencode({'year': YEAR} | query)}"


@pytest.fixture
def held(training, first, second, lecture, foreign):
    """A little of everything, counted in every way."""
    series = training.run("系列讲座", programme=training.lectures, district=training.county)
    some = training.enrol(series, "王小明", "周听课")
    training.attend(training.session("第一讲", run=series, district=training.county), *some)
    training.attend(training.session("第二讲", run=series, district=training.county), some[0])
    training.certificate(first.enrolments.get(name="王小明"), "测〔2024〕1号")
    training.certificate(first.enrolments.get(name="李秀英"), "测〔2024〕2号", state="revoked")
    training.run("明年的班", state=ClassRun.State.PLANNED)
    training.session("下次讲座", state="planned")


def count(client, name, **query):
    return client.get(address(name, **query)).context["page"].paginator.count


def search(client, name, words):
    return client.post(address(name), {"q": words}, follow=True)


# --- The same numbers as everywhere ---------------------------------------------------------------


def chosen():
    """Filters of every kind."""
    yield {}
    yield {"district": District.objects.get(name="湘潭县").pk}
    yield {"programme": Programme.objects.get(name="乡村致富带头人培训计划").pk}
    yield {"programme": Programme.objects.get(name="智慧助老行动").pk}
    yield {"group": "farmers"}
    yield {"bureau": Bureau.objects.get(name="市农业农村局").pk}
    yield {"lead": Bureau.objects.get(name="市农业农村局").pk}
    yield {"year": YEAR - 1}


@pytest.mark.parametrize("role", ["coordinator", "officer", "outsider"])
def test_behind_each_figure_are_as_many_rows(held, login, role, request):
    client = login(request.getfixturevalue(role))
    for query in chosen():
        found = {name: client.get(address(name, counted=1, **query)).context for name in PAGES}
        rows = {name: context["page"].paginator.count for name, context in found.items()}
        figures = totals(found["runs"]["selection"])
        assert rows["runs"] == figures.runs, query
        assert rows["sessions"] == figures.sessions, query
        assert rows["learners"] == (figures.people or 0), query
        assert rows["certificates"] == figures.certificates, query
        assert rows["enrolments"] + found["enrolments"]["elsewhere"] == figures.person_times, query
        assert found["learners"]["totals"]["all_hours"] in (figures.hours, None), query


def test_the_totals_of_runs_count_people_afresh(held, login, officer):
    sums = login(officer).get(address("runs")).context["totals"]
    assert (sums.person_times, sums.people) == (3 + 3, 3)


def test_the_totals_of_a_search_are_those_of_its_rows(held, login, officer):
    sums = search(login(officer), "runs", "第一期").context["totals"]
    assert (sums.person_times, sums.people, sums.passed) == (2, 2, 2)
    sums = search(login(officer), "sessions", "智能手机").context["totals"]
    assert (sums.person_times, sums.people, sums.women) == (80, None, 45)
    sums = search(login(officer), "learners", "李秀英").context["totals"]
    assert (sums["all_times"], sums["all_hours"]) == (1, 24)


def test_what_is_not_counted_yet_is_listed_too(held, login, officer, text):
    client = login(officer)
    assert "明年的班" in text(client.get(address("runs")))
    assert "明年的班" not in text(client.get(address("runs", counted=1)))
    assert "下次讲座" in text(client.get(address("sessions")))
    assert "下次讲座" not in text(client.get(address("sessions", counted=1)))


def test_enrolments_say_where_the_other_person_times_are(held, login, officer, text):
    page = text(login(officer).get(address("enrolments")))
    assert "另有 83 人次按场次计" in page
    assert "按场次计" not in text(search(login(officer), "enrolments", "王小明"))


def test_a_revoked_certificate_is_found_by_its_state(held, login, officer, text):
    client = login(officer)
    assert "测〔2024〕2号" not in text(client.get(address("certificates")))
    assert "测〔2024〕2号" in text(client.get(address("certificates", state="revoked")))


def test_an_umbrella_brings_the_rows_of_its_parts(held, training, login, officer):
    parent = Programme.objects.create(
        plan=training.programme.plan, name="综合", group=training.programme.group, kind="umbrella"
    )
    training.programme.part_of = parent
    training.programme.save()
    assert count(login(officer), "enrolments", programme=parent.pk) == 3


# --- Search, order, pages, filters ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "words", "found"),
    [
        ("runs", "第二期", 1),
        ("runs", "市农校", 1),
        ("runs", "致富带头人", 3),
        ("sessions", "社区礼堂", 1),
        ("enrolments", "李秀英", 1),
        ("enrolments", "合作社", 3),
        ("learners", "合作社", 3),
        ("learners", "第二期", 1),
        ("certificates", "〔2024〕1", 1),
        ("certificates", "没有", 0),
    ],
)
def test_it_is_searched(held, login, officer, name, words, found):
    assert search(login(officer), name, words).context["page"].paginator.count == found


def test_what_is_searched_for_stands_in_no_address(held, login, officer):
    client = login(officer)
    response = client.post(address("learners", page=3, sort="name"), {"q": "王小明"})
    assert response["Location"] == f"/learners/?year={YEAR}&sort=name&found=1"
    page = client.get(response["Location"]).content.decode()
    assert 'value="王小明"' in page
    assert "%E7%8E%8B" not in page
    assert count(client, "learners") > 1  # a plain link shows everything again


def test_an_id_number_is_not_searched_for_and_not_kept(held, login, officer):
    client = login(officer)
    response = client.post(address("learners"), {"q": "439999198601221825"}, follow=True)
    assert "不能用身份证号查找" in response.content.decode()
    assert "439999198601221825" not in str(dict(client.session))


@pytest.mark.parametrize("words", ["\x00", "%_' OR 1=1", "长" * 500, ""])
def test_odd_words_are_searched_for_without_harm(held, login, officer, words):
    for name in PAGES:
        assert search(login(officer), name, words).status_code == 200


@pytest.mark.parametrize(
    ("name", "sort", "first_row"),
    [
        ("runs", "-people", "第一期"),
        ("runs", "start", "第一期"),
        ("sessions", "-times", "智能手机讲座"),
        ("enrolments", "-name", "王小明"),
        ("learners", "-hours", "王小明"),
        ("learners", "-times", "王小明"),
        ("certificates", "-day", "测〔2024〕1号"),
    ],
)
def test_it_is_sorted_by_a_column_of_the_address(held, login, officer, name, sort, first_row):
    row = login(officer).get(address(name, sort=sort)).context["page"][0]
    assert first_row in (getattr(row, "name", ""), getattr(row, "title", ""), getattr(row, "number", ""))


def test_fifty_rows_a_page(training, first, login, officer):
    training.enrol(first, *(f"学员{number:02}" for number in range(50)))
    for name in ("enrolments", "learners"):
        assert len(login(officer).get(address(name)).context["page"]) == 50
        assert len(login(officer).get(address(name, page=2)).context["page"]) == 2


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize(
    "query",
    [
        {"year": "xx"},
        {"year": "99999999999999999999"},
        {"page": "abc"},
        {"page": "0"},
        {"page": "9" * 30},
        {"programme": "abc"},
        {"programme": "9" * 30},
        {"group": "nobody"},
        {"bureau": "-1", "lead": "x", "district": "1.5"},
        {"sort": "--name"},
        {"sort": "run__bureau__name"},
        {"state": "zz", "counted": "yes"},
        {"found": "1"},
    ],
)
def test_an_address_with_mistakes_still_shows_the_page(held, login, officer, name, query):
    assert login(officer).get(address(name, **query)).status_code == 200


@pytest.mark.parametrize("name", PAGES)
def test_nothing_found_says_what_to_do(plan, login, officer, reviewer, name, text):
    assert "导入台账</a>" in text(login(officer).get(address(name)))
    assert "换一个年度" in text(login(reviewer).get(address(name)))


@pytest.mark.parametrize("name", PAGES)
def test_it_prints_with_title_unit_and_day(held, login, officer, name, text):
    page = text(login(officer).get(address(name)))
    assert "data-print" in page
    assert "print-title" in page
    assert "市农业农村局" in page


def test_the_filters_stay_in_the_links_of_pages_and_columns(training, first, login, officer, text):
    training.enrol(first, *(f"学员{number:02}" for number in range(50)))
    page = text(login(officer).get(address("enrolments", group="farmers", counted=1, sort="-name")))
    assert f"?year={YEAR}&amp;group=farmers&amp;counted=1&amp;sort=-name&amp;page=2" in page


# --- What one sees ----------------------------------------------------------------------------------


def test_another_bureaus_rows_are_not_listed(held, login, officer, outsider, text):
    assert "外单位的班" not in text(login(officer).get(address("runs")))
    assert "孙外人" not in text(login(officer).get(address("learners")))
    assert "第一期" not in text(login(outsider).get(address("enrolments")))


def test_choosing_another_bureau_shows_nothing_of_it(held, login, officer, other_bureau, text):
    assert "外单位的班" not in text(login(officer).get(address("runs", bureau=other_bureau.pk)))


def test_a_trainer_lists_only_ones_own_runs_and_sessions(held, training, first, login, trainer, text):
    training.trainer(training.session("开班课", run=first, programme=first.programme), trainer)
    client = login(trainer)
    runs = client.get(address("runs")).context["page"]
    assert [run.name for run in runs] == ["第一期"]
    assert [session.title for session in client.get(address("sessions")).context["page"]] == ["开班课"]


def test_a_district_sees_its_people_in_runs_held_elsewhere_without_dead_links(training, login, text):
    county = Bureau.objects.create(name="湘潭县科协", district=training.county)
    user = account("县里", county, Role.REVIEWER, Reach.DISTRICT)
    run = training.run("市里的班")
    training.enrol(run, "王小明", district=training.county)
    client = login(user)
    for name in ("runs", "enrolments", "learners"):
        page = text(client.get(address(name)))
        assert "市里的班" in page or "王小明" in page
        learner = Enrolment.objects.get().learner
        assert reverse("certificates:record", args=[learner.pk]) not in page
        assert f'href="{reverse("courses:run", args=[run.pk])}"' not in page


# --- Cost -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PAGES)
def test_the_number_of_queries_does_not_grow_with_the_rows(held, training, officer, queries, name):
    few = queries(officer, address(name))
    for number in range(5):
        day = datetime.date(YEAR, 7, 1 + number)
        run = training.run(f"班 {number}", starts_on=day, ends_on=day)
        for enrolment in training.enrol(run, f"甲{number}", f"乙{number}"):
            training.certificate(enrolment, f"{number}-{enrolment.pk}")
        training.session(f"讲座 {number}", held_on=day, headcount=number)
    assert queries(officer, address(name)) == few
    assert few <= 30
