"""The trainer's first page: what is on today, what nobody registered, one more session in one tap."""

import datetime

import pytest
from django.urls import reverse
from django.utils import timezone

from bureaus.models import AuditEvent, YearClose
from courses.models import ClassRun, Session
from courses.registering import Presence, register
from tests.classes.conftest import DAY

TODAY = reverse("courses:today")


@pytest.fixture
def last(classes, run, teacher):
    """The trainer taught a week ago."""
    last = classes.session(run, "育秧", held_on=classes.today - 7 * DAY, place="市农校")
    last.trainers.add(teacher)
    return last


def again(session):
    return reverse("courses:session-again", args=[session.pk])


def test_a_trainer_comes_home_to_todays_sessions(login, trainer, officer):
    assert login(trainer).get("/")["Location"] == TODAY
    assert login(officer).get("/").status_code == 200


def test_a_session_shows_whom_to_expect_and_what_to_do(login, trainer, session, text):
    page = text(login(trainer).get(TODAY))
    for words in ("水稻栽培", "09:00–12:00", "第一期", "未点名", '<b class="number">3</b>'):
        assert words in page
    assert reverse("courses:register", args=[session.pk]) in page


def test_a_registered_session_says_how_many_came(login, trainer, session, enrolments, text):
    states = ("present", "late", "absent")
    marks = [Presence(row.pk, state) for row, state in zip(enrolments, states, strict=True)]
    register(session, marks, user=trainer, at=timezone.now())
    assert "已点名 2/3" in text(login(trainer).get(TODAY))


def test_a_trainer_sees_ones_own_sessions_and_an_officer_those_of_the_bureau(
    login, trainer, officer, outsider, session, classes, run, text
):
    classes.session(run, "别人的课")
    assert "别人的课" not in text(login(trainer).get(TODAY))
    assert "别人的课" in text(login(officer).get(TODAY))
    assert "水稻栽培" not in text(login(outsider).get(TODAY))


def test_what_nobody_registered_in_the_last_week_is_listed_below(login, trainer, last, text):
    assert "还没点名的课次" in text(login(trainer).get(TODAY))
    Session.objects.update(held_on=last.held_on - DAY)
    assert "还没点名的课次" not in text(login(trainer).get(TODAY))


def test_what_is_not_registered_stands_first(
    login, trainer, session, classes, run, teacher, enrolments, text
):
    later = classes.session(run, "下午的课", starts_at=datetime.time(14), ends_at=datetime.time(17))
    later.trainers.add(teacher)
    register(session, [Presence(enrolments[0].pk, "present")], user=trainer, at=timezone.now())
    page = text(login(trainer).get(TODAY))
    assert page.index("下午的课") < page.index("水稻栽培")


def test_cancelled_sessions_are_not_shown(login, trainer, session, text):
    Session.objects.update(state=Session.State.CANCELLED)
    assert "今天没有课次" in text(login(trainer).get(TODAY))


def test_one_tap_makes_a_session_like_the_last_and_opens_its_roster(login, trainer, last, teacher, classes):
    response = login(trainer).post(again(last))
    new = Session.objects.get(held_on=classes.today)
    assert response["Location"] == reverse("courses:register", args=[new.pk])
    assert (new.title, new.place, new.starts_at, new.run) == ("育秧", "市农校", last.starts_at, last.run)
    assert (new.state, list(new.trainers.all())) == (Session.State.PLANNED, [teacher])
    assert AuditEvent.objects.get().deed == AuditEvent.Deed.SESSION_CHANGED


def test_the_same_tap_twice_makes_one_session(login, trainer, last, classes):
    client = login(trainer)
    assert client.post(again(last))["Location"] == client.post(again(last))["Location"]
    assert Session.objects.filter(held_on=classes.today).count() == 1


def test_a_second_session_of_the_day_begins_now(login, trainer, session, classes):
    login(trainer).post(again(session))
    new = Session.objects.filter(held_on=classes.today).order_by("pk").last()
    assert new != session
    now = timezone.localtime()
    assert abs(60 * new.starts_at.hour + new.starts_at.minute - (60 * now.hour + now.minute)) <= 6


def test_no_session_is_added_to_a_cancelled_run_or_a_closed_year(login, trainer, last, classes):
    ClassRun.objects.update(state=ClassRun.State.CANCELLED)
    login(trainer).post(again(last))
    ClassRun.objects.update(state=ClassRun.State.RUNNING)
    YearClose.objects.create(bureau=last.bureau, year=last.year)
    page = login(trainer).post(again(last), follow=True).content.decode()
    assert "封账" in page
    assert not Session.objects.filter(held_on=classes.today).exists()


def test_others_cannot_clone_it(login, outsider, reviewer, trainer, last):
    assert login(outsider).post(again(last)).status_code == 404
    assert login(reviewer).post(again(last)).status_code == 403
    assert login(trainer).get(again(last)).status_code == 405


def test_the_page_asks_no_query_per_session(login, officer, classes, run, django_assert_max_num_queries):
    for number in range(12):
        classes.session(run, f"第{number}课")
        classes.session(run, f"前{number}课", held_on=classes.today - DAY)
    client = login(officer)
    with django_assert_max_num_queries(12):
        client.get(TODAY)


def test_the_name_time_and_place_of_todays_session_can_be_put_right(login, trainer, session):
    address = reverse("courses:session-about", args=[session.pk])
    values = {"title": "水稻移栽", "starts_at": "14:00", "ends_at": "17:00", "place": "田头"}
    response = login(trainer).post(address, values)
    assert response["Location"] == reverse("courses:register", args=[session.pk])
    session.refresh_from_db()
    assert (session.title, session.starts_at, session.place) == ("水稻移栽", datetime.time(14), "田头")
    assert AuditEvent.objects.get().after["fields"] == ["名称", "开始", "结束", "地点"]


def test_whoever_checked_in_before_has_hours_by_the_new_times(login, trainer, session, enrolments):
    register(session, [Presence(enrolments[0].pk, "present")], user=trainer, at=timezone.now(), done=False)
    values = {"title": "水稻栽培", "starts_at": "09:00", "ends_at": "10:30", "place": ""}
    login(trainer).post(reverse("courses:session-about", args=[session.pk]), values)
    enrolments[0].refresh_from_db()
    assert enrolments[0].hours == 2


@pytest.mark.parametrize(
    "values", [{"title": ""}, {"starts_at": "12:00", "ends_at": "09:00"}, {"ends_at": "x"}]
)
def test_what_cannot_be_read_is_told_and_changes_nothing(login, trainer, session, values):
    values = {"title": "水稻栽培", "starts_at": "09:00", "ends_at": "12:00", "place": "市农校"} | values
    response = login(trainer).post(reverse("courses:session-about", args=[session.pk]), values)
    assert response.status_code == 422
    assert "需要改正" in response.content.decode()
    session.refresh_from_db()
    assert session.place == ""


def test_a_registered_session_is_the_officers_to_change(login, trainer, session, enrolments):
    register(session, [Presence(enrolments[0].pk, "present")], user=trainer, at=timezone.now())
    values = {"title": "改名", "starts_at": "09:00", "ends_at": "12:00", "place": ""}
    login(trainer).post(reverse("courses:session-about", args=[session.pk]), values)
    session.refresh_from_db()
    assert session.title == "水稻栽培"


def test_one_more_session_after_the_last_day_makes_the_class_longer(login, trainer, last, run, classes):
    ClassRun.objects.update(starts_on=last.held_on, ends_on=last.held_on)
    login(trainer).post(again(last))
    run.refresh_from_db()
    assert (run.starts_on, run.ends_on) == (last.held_on, classes.today)


def test_not_where_the_class_would_count_in_another_year(login, trainer, last, run):
    ClassRun.objects.update(starts_on=last.held_on, ends_on=last.held_on, year=last.held_on.year - 1)
    page = login(trainer).post(again(last), follow=True).content.decode()
    assert "会改变班次的统计年度" in page
    assert run.sessions.count() == 1
