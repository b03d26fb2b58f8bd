"""Clashes: one trainer or one place at two sessions at once."""

import datetime
import uuid

import pytest
from django.urls import reverse

from courses.models import Session, Trainer
from courses.scheduling.clashes import clashes_with, clashing
from tests.classes.conftest import DAY

NINE, TEN, NOON, ONE, TWO = (datetime.time(hour) for hour in (9, 10, 12, 13, 14))


@pytest.fixture
def first(classes, run, teacher) -> Session:
    """Today from 9 to 12 at the school, taught by 罗老师."""
    session = classes.session(run, place="市农校 201")
    session.trainers.add(teacher)
    return session


@pytest.fixture
def elsewhere(classes, other_bureau):
    """A session of another bureau, which the officer does not see."""

    def make(*trainers, **values):
        session = classes.session(None, "别家的讲座", bureau=other_bureau, **values)
        session.trainers.add(*trainers)
        return session

    return make


def test_a_trainer_cannot_be_in_two_places(first, classes, teacher, officer):
    second = classes.session(None, "讲座", starts_at=TEN, ends_at=ONE)
    second.trainers.add(teacher)
    (clash,) = clashes_with(first, user=officer)
    assert (clash.other.title, clash.needs, clash.seen) == ("讲座", ["罗老师"], True)
    assert clashing([first, second]) == {first.pk, second.pk}


def test_a_place_written_otherwise_is_the_same_place(first, classes, officer):
    classes.session(None, "讲座", starts_at=TEN, ends_at=ONE, place="市农校２０１")
    (clash,) = clashes_with(first, user=officer)
    assert clash.needs == ["市农校 201"]


@pytest.mark.parametrize(
    "values",
    [
        {"starts_at": NOON, "ends_at": TWO},  # one after the other
        {"starts_at": None, "ends_at": None},
        {"state": "cancelled"},
        {"mode": "online"},
        {"held_on": datetime.date(2020, 1, 1)},
        {"place": ""},
    ],
)
def test_these_do_not_clash(first, classes, officer, values):
    other = classes.session(None, "讲座", **({"place": "市农校 201"} | values))
    assert clashes_with(first, user=officer) == []
    assert clashing([first, other]) == set()


def test_a_session_of_a_cancelled_run_does_not_clash(first, classes, teacher, officer):
    run = classes.run("取消的班", state="cancelled")
    classes.session(run, place="市农校 201").trainers.add(teacher)
    assert clashes_with(first, user=officer) == []


def test_of_another_bureaus_session_only_time_and_bureau_are_told(
    first, elsewhere, teacher, login, officer, text
):
    elsewhere(teacher, starts_at=TEN, ends_at=ONE)
    page = text(login(officer).get(reverse("courses:session", args=[first.pk])))
    assert "另一单位的课次（市人力资源社会保障局）" in page
    assert "10:00–13:00" in page
    assert "别家的讲座" not in page


def test_the_pages_mark_what_clashes(first, elsewhere, teacher, login, officer, text):
    elsewhere(teacher)
    client = login(officer)
    assert "有冲突" in text(client.get(reverse("courses:run", args=[first.run_id])))
    assert "有冲突" in text(client.get(reverse("courses:calendar")))


def new_session(client, run, **changes):
    data = {"title": "新课", "held_on": run.starts_on, "starts_at": "10:00", "ends_at": "11:00"}
    data |= {"span": "minutes", "mode": "offline"} | changes
    return client.post(reverse("courses:run-session-new", args=[run.pk]), data)


def test_a_clash_is_shown_before_it_is_saved(first, classes, teacher, login, officer):
    client, values = login(officer), {"held_on": first.held_on, "trainers": [teacher.pk]}
    response = new_session(client, first.run, **values)
    assert response.status_code == 422
    assert "与 1 个课次冲突" in response.content.decode()
    assert "仍要保存" in response.content.decode()
    assert Session.objects.count() == 1
    new_session(client, first.run, **values, anyway="on")
    assert Session.objects.count() == 2


def test_every_week_of_a_series_is_looked_at(first, classes, teacher, login, officer):
    week = datetime.timedelta(weeks=1)
    values = {"held_on": first.held_on - week, "times": "2", "trainers": [teacher.pk]}
    assert new_session(login(officer), first.run, **values).status_code == 422


def test_a_move_into_a_clash_is_shown(first, classes, teacher, login, officer):
    other = classes.session(first.run, "讲座", held_on=first.held_on - datetime.timedelta(days=1))
    other.trainers.add(teacher)
    data = {"held_on": first.held_on, "starts_at": "09:00", "ends_at": "10:00", "reason": "调课"}
    address = reverse("courses:session-move", args=[other.pk])
    assert login(officer).post(address, data).status_code == 422
    assert login(officer).post(address, data | {"anyway": "on"}).status_code == 302


def test_each_of_a_moved_series_is_looked_at_with_its_own_trainers(first, classes, teacher, login, officer):
    week, series = datetime.timedelta(weeks=1), uuid.uuid4()
    days = [first.held_on - week - DAY, first.held_on - DAY]
    one, two = (classes.session(first.run, "系列课", held_on=day, series=series) for day in days)
    two.trainers.add(teacher)
    data = {"held_on": one.held_on + DAY, "starts_at": "09:00", "ends_at": "12:00", "reason": "调课"}
    address = reverse("courses:session-move", args=[one.pk])
    assert login(officer).post(address, data | {"following": "on"}).status_code == 422
    assert login(officer).post(address, data).status_code == 302


def test_a_session_does_not_clash_with_itself(first, login, officer):
    data = {"title": "水稻栽培", "place": "市农校 201（东）", "span": "minutes", "mode": "offline"}
    data["trainers"] = [first.trainers.get().pk]
    assert login(officer).post(reverse("courses:session-edit", args=[first.pk]), data).status_code == 302


def test_a_whole_page_takes_one_query(classes, run, teacher, django_assert_num_queries):
    sessions = [classes.session(run, f"课{number}", place="同一处") for number in range(10)]
    Trainer.objects.get().sessions.set(sessions)
    with django_assert_num_queries(1):
        assert len(clashing(sessions)) == 10
