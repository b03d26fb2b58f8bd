"""The calendar by week and by month."""

import datetime

import pytest
from django.urls import reverse

from courses.calendars import month_of, week_of
from courses.models import Session, Trainer

WEDNESDAY = datetime.date(2026, 3, 4)


@pytest.fixture
def show(login, officer, text):
    def page(user=officer, **parameters):
        given = {"day": "2026-03-04"} | parameters
        return text(login(user).get(reverse("courses:calendar"), given))

    return page


@pytest.fixture
def spring(classes, teacher) -> list[Session]:
    """One on each of these days, the first by 罗老师."""
    days = [(3, 2), (3, 8), (3, 9), (3, 31), (4, 1)]
    found = [
        classes.session(None, f"讲座{number}", held_on=datetime.date(2026, *day))
        for number, day in enumerate(days)
    ]
    found[0].trainers.add(teacher)
    return found


def test_a_week_goes_from_monday_to_sunday(show, spring):
    page = show()
    assert "讲座0" in page
    assert "讲座1" in page
    assert "讲座2" not in page
    assert "day=2026-03-01" in page
    assert "day=2026-03-09" in page


def test_a_month_has_the_days_of_its_weeks(show, spring):
    page = show(view="month")
    assert all(f"讲座{number}" in page for number in range(5))
    assert "共 4 场" in page
    assert "day=2026-02-28" in page
    assert "day=2026-04-01" in page


def test_what_cannot_be_read_shows_this_week(show, classes):
    classes.session(None, "今天的讲座")
    for parameters in ({"day": "昨天"}, {"day": "0001-01-01"}, {"day": "9999-12-31"}, {"view": "年"}):
        assert "今天的讲座" in show(**({"day": ""} | parameters))
    assert "今天的讲座" in show(day="", bureau="x", trainer="-1")


def test_an_empty_week_says_what_to_do(show):
    assert "这一周没有课次" in show()


def test_one_sees_ones_own_bureaus_and_what_one_teaches(
    show, spring, classes, other_bureau, outsider, trainer
):
    classes.session(None, "别家的讲座", held_on=WEDNESDAY, bureau=other_bureau)
    assert "别家的讲座" not in show()
    page = show(user=outsider)
    assert "别家的讲座" in page
    assert "讲座0" not in page
    assert "讲座0" in show(user=trainer)


def test_filters(show, spring, coordinator, bureau, other_bureau, trainer, teacher):
    assert "讲座0" not in show(user=coordinator, bureau=other_bureau.pk)
    assert "讲座0" in show(user=coordinator, bureau=bureau.pk)
    page = show(user=coordinator, trainer=teacher.pk)
    assert "讲座0" in page
    assert "讲座1" not in page
    Trainer.objects.update(user=coordinator)
    page = show(user=coordinator, mine="1")
    assert "讲座0" in page
    assert "讲座1" not in page


def test_no_name_stands_in_an_address(show, spring, teacher):
    assert f"trainer={teacher.name}" not in show()


def test_a_cell_counts_what_it_cannot_hold(show, classes):
    for number in range(6):
        classes.session(None, f"讲座{number}", held_on=WEDNESDAY)
    page = show(view="month")
    assert "另有 3 场" in page
    assert "讲座2" in page
    assert "讲座3" not in page


def test_a_cancelled_one_stays_and_says_so(show, classes):
    classes.session(None, "停办的讲座", held_on=WEDNESDAY, state="cancelled")
    page = show()
    assert "停办的讲座" in page
    assert "已取消" in page


def test_many_sessions_take_no_more_queries(login, officer, classes, teacher, django_assert_max_num_queries):
    for number in range(25):
        run = classes.run(f"第{number}期")
        classes.session(run, held_on=WEDNESDAY).trainers.add(teacher)
    client, address = login(officer), f"{reverse('courses:calendar')}?day=2026-03-04"
    with django_assert_max_num_queries(18):
        client.get(address)


def test_the_way_to_the_calendar_stands_on_every_page(login, officer, learner_user, text):
    assert reverse("courses:calendar") in text(login(officer).get("/"))
    assert login(learner_user).get(reverse("courses:calendar")).status_code == 403


@pytest.mark.parametrize(
    "day", [datetime.date(2026, 2, 1), datetime.date(2027, 2, 28), datetime.date(2000, 1, 1)]
)
def test_sheets_are_whole_weeks(day):
    for sheet in (week_of(day), month_of(day)):
        assert {len(week) for week in sheet.weeks} == {7}
        assert sheet.shown[0].weekday() == 0
        assert sheet.shown[0] <= day <= sheet.shown[1]
