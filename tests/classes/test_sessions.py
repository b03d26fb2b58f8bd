"""Arranging sessions: new ones, also every week; changed, moved, cancelled, deleted."""

import datetime

import pytest
from django.urls import reverse
from django.utils import timezone

from bureaus.models import AuditEvent, YearClose
from courses.models import Attendance, ClassRun, Course, Enrolment, Notice, Session
from courses.registering import Presence, register
from tests.classes.conftest import DAY

State = Session.State
MONDAY = datetime.date(2026, 3, 2)


@pytest.fixture
def spring(classes) -> ClassRun:
    """A run of March 2026 to which nobody belongs yet."""
    return classes.run(
        "春季班", year=2026, starts_on=MONDAY, ends_on=datetime.date(2026, 3, 31), state="planned"
    )


def values(**changes):
    """What the form of a session sends."""
    given = {
        "title": "水稻栽培",
        "course": "",
        "held_on": "2026-03-03",
        "starts_at": "09:00",
        "ends_at": "12:00",
        "place": "市农校",
        "span": "minutes",
        "mode": "offline",
    }
    return given | changes


@pytest.fixture
def add(login, officer):
    def send(run, **changes):
        return login(officer).post(reverse("courses:run-session-new", args=[run.pk]), values(**changes))

    return send


@pytest.fixture
def post(login, officer):
    def send(name, session, user=officer, **data):
        return login(user).post(reverse(f"courses:{name}", args=[session.pk]), data, follow=True)

    return send


def days_of(run):
    return [session.held_on.isoformat() for session in run.sessions.order_by("held_on")]


# --- New -------------------------------------------------------------------------------------------


def test_a_session_belongs_where_its_run_does(add, spring, teacher):
    response = add(spring, trainers=[teacher.pk], part="practice")
    session = Session.objects.get()
    assert response["Location"] == reverse("courses:session", args=[session.pk])
    assert (session.bureau, session.programme, session.year) == (spring.bureau, spring.programme, 2026)
    assert (session.district, session.part, session.series) == (spring.district, "practice", None)
    assert list(session.trainers.all()) == [teacher]
    assert AuditEvent.objects.get(deed="session.changed").after == {"added": 1}


def test_the_next_one_begins_like_the_last(login, officer, spring, classes, teacher, text):
    last = classes.session(spring, "插秧", held_on=MONDAY, place="试验田")
    last.trainers.add(teacher)
    page = text(login(officer).get(reverse("courses:run-session-new", args=[spring.pk])))
    assert 'value="插秧"' in page
    assert 'value="2026-03-03"' in page
    assert 'value="试验田"' in page
    assert "checked" in page


def test_without_a_title_the_course_gives_it(add, spring, classes):
    course = Course.objects.create(name="水稻高产", programme=classes.programme, bureau=classes.bureau)
    add(spring, title="", course=course.pk)
    assert Session.objects.get().title == "水稻高产"
    response = add(spring, title="", held_on="2026-03-10")
    assert "请填写名称，或者选择课程" in response.content.decode()


def test_every_week_so_many_times_without_the_days_off(add, spring):
    add(spring, weekdays=["1", "3"], times="4", skip="2026-03-05，2026-03-10")
    assert days_of(spring) == ["2026-03-03", "2026-03-12", "2026-03-17", "2026-03-19"]
    assert Session.objects.values("series").distinct().count() == 1


def test_every_week_until_a_day(add, spring):
    add(spring, until="2026-03-20")
    assert days_of(spring) == ["2026-03-03", "2026-03-10", "2026-03-17"]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"ends_at": "08:00"}, "结束时间不能早于开始时间"),
        ({"held_on": ""}, "日期"),
        ({"weekdays": ["1"]}, "请填写共几次"),
        ({"until": "2026-03-01"}, "不能早于第一次的日期"),
        ({"times": "4", "skip": "国庆"}, "“国庆”不是日期"),
        ({"times": "1000"}, "100"),
        ({"until": "2026-03-03", "skip": "2026-03-03"}, "一次课也没有"),
        ({"minutes": "2000"}, "1440"),
    ],
)
def test_what_is_wrong_is_told(add, spring, changes, sentence):
    response = add(spring, **changes)
    assert response.status_code == 422
    assert sentence in response.content.decode()
    assert not Session.objects.exists()


def test_a_day_outside_stretches_the_run_and_says_so(login, officer, spring):
    client = login(officer)
    address = reverse("courses:run-session-new", args=[spring.pk])
    page = client.post(address, values(held_on="2026-04-07"), follow=True).content.decode()
    spring.refresh_from_db()
    assert spring.ends_on == datetime.date(2026, 4, 7)
    assert "班次日期随之改为 2026-03-02 至 2026-04-07" in page


def test_stretching_into_a_closed_year_is_refused(add, spring, bureau):
    YearClose.objects.create(bureau=bureau, year=2027)
    assert "已封账" in add(spring, held_on="2027-01-05").content.decode()
    spring.refresh_from_db()
    assert (spring.ends_on, Session.objects.count()) == (datetime.date(2026, 3, 31), 0)


@pytest.mark.parametrize(("state", "word"), [("cancelled", "班次已取消"), ("finished", "班次已结业")])
def test_a_run_that_is_over_takes_no_more(add, spring, state, word):
    ClassRun.objects.update(state=state)
    assert word in add(spring).content.decode()


def test_a_lecture_stands_alone_and_counts_in_its_days_year(login, officer, classes):
    data = values(held_on="2026-12-30", until="2027-01-10", bureau=classes.bureau.pk)
    login(officer).post(reverse("courses:session-new"), data | {"programme": classes.lectures.pk})
    assert list(Session.objects.values_list("run", "year", "district")) == [
        (None, 2026, classes.city.pk),
        (None, 2027, classes.city.pk),
    ]


def test_a_lecture_of_another_bureau_is_refused(login, officer, classes, other_bureau):
    data = values(bureau=other_bureau.pk, programme=classes.lectures.pk)
    assert login(officer).post(reverse("courses:session-new"), data).status_code == 422


# --- Changed ---------------------------------------------------------------------------------------


def edit(session, **changes):
    return values(title=session.title, place=session.place) | changes


def test_the_form_does_not_move_what_is_to_come(post, session):
    post("session-edit", session, **edit(session, title="旱稻栽培", held_on="2020-01-01", starts_at="07:00"))
    session.refresh_from_db()
    assert (session.title, session.held_on) == ("旱稻栽培", timezone.localdate())
    assert session.starts_at == datetime.time(9)


def test_true_times_of_what_was_held_move_the_hours(post, session, enrolments, trainer):
    register(session, [Presence(enrolments[0].pk, "present")], user=trainer, at=timezone.now())
    post("session-edit", session, **edit(session, starts_at="09:00", ends_at="10:30"))
    assert (Attendance.objects.get().minutes, Enrolment.objects.get(pk=enrolments[0].pk).hours) == (90, 2)


def test_people_are_told_of_another_place(post, session, trainer):
    trainer.email = "luo@example.cn"
    trainer.save()
    post("session-edit", session, **edit(session, place="乡镇礼堂", trainers=[session.trainers.get().pk]))
    assert Notice.objects.filter(session=session, kind="moved").exists()


# --- Moved -----------------------------------------------------------------------------------------


def slot(session, **changes):
    given = {"held_on": session.held_on, "starts_at": "09:00", "ends_at": "12:00", "place": session.place}
    return given | {"reason": "教师出差"} | changes


@pytest.fixture
def series(add, spring):
    """Three Tuesdays of March."""
    add(spring, times="3")
    return list(spring.sessions.order_by("held_on"))


def test_one_is_moved_alone(post, series, spring):
    post(
        "session-move", series[0], **slot(series[0], held_on="2026-03-05", starts_at="14:00", ends_at="17:00")
    )
    assert days_of(spring) == ["2026-03-05", "2026-03-10", "2026-03-17"]
    assert AuditEvent.objects.filter(deed="session.changed").first().reason == "教师出差"


def test_the_later_ones_move_along_where_asked(post, series, spring):
    Session.objects.filter(pk=series[2].pk).update(place="试验田")
    post("session-move", series[1], **slot(series[1], held_on="2026-03-12", place="礼堂", following="on"))
    assert days_of(spring) == ["2026-03-03", "2026-03-12", "2026-03-19"]
    places = spring.sessions.order_by("held_on").values_list("place", flat=True)
    assert list(places) == ["市农校", "礼堂", "试验田"]


def test_moving_beyond_the_run_stretches_it(post, series, spring):
    post("session-move", series[2], **slot(series[2], held_on="2026-04-02"))
    spring.refresh_from_db()
    assert spring.ends_on == datetime.date(2026, 4, 2)


def test_a_lone_session_takes_the_year_of_its_new_day(post, classes, bureau):
    lecture = classes.session(None, held_on=datetime.date(2026, 12, 30))
    YearClose.objects.create(bureau=bureau, year=2027)
    assert "已封账" in post("session-move", lecture, **slot(lecture, held_on="2027-01-05")).content.decode()
    YearClose.objects.all().delete()
    post("session-move", lecture, **slot(lecture, held_on="2027-01-05"))
    lecture.refresh_from_db()
    assert lecture.year == 2027


def test_what_was_held_is_not_moved(post, session):
    Session.objects.update(state=State.HELD)
    response = post("session-move", session, **slot(session, held_on=session.held_on + DAY))
    assert "已登记出勤的课次不能改日期" in response.content.decode()
    session.refresh_from_db()
    assert session.held_on == timezone.localdate()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [({}, "都没有变化"), ({"reason": ""}, "调整原因"), ({"ends_at": "08:00"}, "不能早于开始时间")],
)
def test_a_move_needs_a_change_and_a_reason(post, session, changes, sentence):
    response = post("session-move", session, **slot(session, **changes))
    assert response.status_code == 422
    assert sentence in response.content.decode()


def test_the_trainer_hears_of_it(post, session, trainer):
    trainer.email = "luo@example.cn"
    trainer.save()
    post("session-move", session, **slot(session, held_on=session.held_on + DAY))
    assert Notice.objects.filter(session=session, kind="moved").exists()


# --- Cancelled, restored, deleted ------------------------------------------------------------------


def test_a_series_is_cancelled_from_here_on_and_one_restored(post, series, spring):
    post("session-cancel", series[1], reason="洪水", following="on")
    states = spring.sessions.order_by("held_on").values_list("state", flat=True)
    assert list(states) == [State.PLANNED, State.CANCELLED, State.CANCELLED]
    event = AuditEvent.objects.get(deed="session.cancelled")
    assert (event.after, event.reason) == ({"sessions": 2}, "洪水")
    post("session-restore", series[1])
    series[1].refresh_from_db()
    assert (series[1].state, series[1].cancel_reason) == (State.PLANNED, "")


def test_what_was_registered_is_not_cancelled(post, session, enrolments, trainer):
    register(session, [Presence(enrolments[0].pk, "present")], user=trainer, at=timezone.now())
    assert "已登记出勤的课次不能取消" in post("session-cancel", session, reason="洪水").content.decode()
    session.refresh_from_db()
    assert session.state == State.HELD


def test_a_cancelled_session_says_why(post, session, login, trainer, text):
    post("session-cancel", session, reason="洪水")
    page = text(login(trainer).get(reverse("courses:session", args=[session.pk])))
    assert "已取消：洪水" in page
    assert reverse("courses:session-restore", args=[session.pk]) not in page


def test_a_session_planned_by_mistake_is_deleted(post, spring, classes):
    session = classes.session(spring, held_on=MONDAY)
    response = post("session-delete", session)
    assert response.redirect_chain[-1][0] == reverse("courses:run", args=[spring.pk])
    assert not Session.objects.exists()
    assert AuditEvent.objects.get().after == {"deleted": 1}


@pytest.mark.parametrize("trace", ["held", "headcount", "notice", "attendance"])
def test_what_left_a_trace_is_not_deleted(post, session, enrolments, trace):
    if trace == "held":
        Session.objects.update(state=State.HELD)
    elif trace == "headcount":
        Session.objects.update(headcount=20)
    elif trace == "notice":
        Notice.objects.create(key="1", kind="moved", session=session, due_at=timezone.now())
    else:
        Attendance.objects.create(enrolment=enrolments[0], session=session, state="leave")
    assert "不能删除" in post("session-delete", session).content.decode()
    assert Session.objects.exists()


def test_a_closed_year_keeps_its_sessions(post, session, bureau):
    YearClose.objects.create(bureau=bureau, year=session.year)
    post("session-delete", session)
    post("session-cancel", session, reason="洪水")
    post("session-move", session, **slot(session, place="礼堂"))
    post("session-edit", session, **edit(session, title="另一课"))
    kept = Session.objects.get()
    assert (kept.state, kept.place, kept.title) == (State.PLANNED, "", "水稻栽培")


NAMES = ["session-edit", "session-move", "session-cancel", "session-restore", "session-delete"]


@pytest.mark.parametrize("name", NAMES)
def test_only_who_arranges_for_the_bureau(post, session, name, outsider, reviewer, trainer):
    assert post(name, session, user=outsider).status_code == 404
    assert post(name, session, user=reviewer).status_code == 403
    assert post(name, session, user=trainer).status_code == 403


def test_others_trainers_can_be_asked_and_say_whose_they_are(
    login, officer, spring, classes, other_bureau, teacher
):
    guest = teacher.__class__.objects.create(name="彭老师", bureau=other_bureau)
    gone = teacher.__class__.objects.create(name="退休老师", bureau=other_bureau, active=False)
    page = login(officer).get(reverse("courses:run-session-new", args=[spring.pk])).content.decode()
    assert page.index("罗老师") < page.index(f"彭老师（{guest.bureau}）")
    assert gone.name not in page
