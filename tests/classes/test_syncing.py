"""Marks of a phone that was without a network arrive: once each, judged by when they were made."""

import datetime
import io
import json
import uuid
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from PIL import Image

from bureaus.models import AuditEvent, YearClose
from courses.models import Attendance, ClassRun, Enrolment, Evidence, Mark, Session
from tests.classes.conftest import DAY

DEVICE = str(uuid.uuid4())


@pytest.fixture
def phone(login, trainer):
    return login(trainer)


def mark(session, enrolment=None, state="present", **values):
    values = {
        "key": str(uuid.uuid4()),
        "number": 1,
        "session": session.pk,
        "enrolment": enrolment and enrolment.pk,
        "state": state,
        "marked_at": timezone.now().isoformat(),
        "done": True,
    } | values
    return values


def send(phone, *marks, sent_at=None, device=DEVICE):
    """The answers by key, and by place."""
    body = {"device": device, "sent_at": (sent_at or timezone.now()).isoformat(), "marks": marks}
    response = phone.post("/offline/marks/", json.dumps(body), content_type="application/json")
    assert response.status_code == 200, response.content
    answers = {answer["key"]: answer for answer in response.json()["answers"]}
    return [answers[str(one["key"])] for one in marks]


def outcomes(answers):
    return [answer["outcome"] for answer in answers]


def test_marks_are_written_with_hours_and_the_roster_is_complete(phone, session, enrolments, trainer):
    answers = send(phone, *(mark(session, one, number=at) for at, one in enumerate(enrolments)))
    assert outcomes(answers) == ["written"] * 3
    session.refresh_from_db()
    assert (session.registered_by, session.state) == (trainer, Session.State.HELD)
    assert {one.hours for one in Enrolment.objects.all()} == {Decimal(4)}
    assert AuditEvent.objects.filter(deed="attendance.registered").count() == 1


def test_sent_again_they_get_the_first_answer_and_count_once(phone, session, enrolments):
    marks = [mark(session, one) for one in enrolments]
    first = send(phone, *marks)
    lines = AuditEvent.objects.count()
    assert send(phone, *marks) == first
    assert (Mark.objects.count(), AuditEvent.objects.count()) == (3, lines)


def test_twice_in_one_request_counts_once(phone, session, enrolments):
    one = mark(session, enrolments[0])
    send(phone, one, one)
    assert Mark.objects.count() == 1


def test_the_later_mark_of_a_phone_wins_in_any_order(phone, session, enrolments):
    early, late = (
        mark(session, enrolments[0], state, number=at) for at, state in enumerate(["present", "late"])
    )
    assert outcomes(send(phone, late)) == ["written"]
    [answer] = send(phone, early)
    assert answer["outcome"] == "same"
    assert "后来又点过" in answer["why"]
    assert Attendance.objects.get().state == "late"


def test_one_faulty_mark_loses_no_other(phone, session, enrolments, classes):
    [stranger] = classes.enrol(classes.run("第二期"), "外人")
    good = mark(session, enrolments[0])
    answers = send(
        phone,
        mark(session, stranger),
        mark(session, enrolments[1], state="asleep"),
        good,
        mark(session, enrolments[2], minutes=900),
        mark(session),
    )
    assert outcomes(answers) == ["refused", "refused", "written", "refused", "refused"]
    assert "不在这个班次" in answers[0]["why"]
    assert "180" in answers[3]["why"]
    assert Attendance.objects.get().enrolment == enrolments[0]


def test_made_in_time_and_delivered_days_later_it_needs_no_reason(phone, session, enrolments):
    Session.objects.update(held_on=timezone.localdate() - 5 * DAY, registered_at=timezone.now() - 5 * DAY)
    in_time = (timezone.now() - 5 * DAY).isoformat()
    assert outcomes(send(phone, mark(session, enrolments[0], marked_at=in_time))) == ["written"]
    assert timezone.localdate(Attendance.objects.get().marked_at) == timezone.localdate() - 5 * DAY


def test_made_long_after_the_session_it_needs_a_reason(phone, session, enrolments):
    Session.objects.update(held_on=timezone.localdate() - 5 * DAY, registered_at=timezone.now() - 5 * DAY)
    [refused] = send(phone, mark(session, enrolments[0]))
    assert (refused["outcome"], "须写明原因" in refused["why"]) == ("refused", True)
    assert outcomes(send(phone, mark(session, enrolments[0], correction="签到表有误"))) == ["written"]


def test_a_time_that_cannot_be_is_that_of_the_arrival(phone, session, enrolments):
    for number, year in enumerate((1, 1999, 9999)):
        marked_at = f"{year:04d}-12-31T23:59:59+08:00"
        send(phone, mark(session, enrolments[number], marked_at=marked_at))
    assert {timezone.localdate(one.marked_at) for one in Mark.objects.all()} == {timezone.localdate()}


def test_a_phone_whose_clock_is_wrong_is_put_right(phone, session, enrolments):
    wrong = timezone.now() - 3 * DAY
    marked_at = (wrong - datetime.timedelta(minutes=1)).isoformat()
    [answer] = send(phone, mark(session, enrolments[0], marked_at=marked_at), sent_at=wrong)
    assert answer["outcome"] == "written"
    assert timezone.now() - Mark.objects.get().marked_at < datetime.timedelta(minutes=2)


def test_before_its_day_no_session_is_registered(phone, session, enrolments):
    Session.objects.update(held_on=timezone.localdate() + 2 * DAY)
    [answer] = send(phone, mark(session, enrolments[0]))
    assert "还没有到日期" in answer["why"]


@pytest.mark.parametrize("what", [Session, ClassRun])
def test_what_was_cancelled_since_is_refused_and_kept(phone, session, enrolments, what):
    what.objects.update(state="cancelled")
    [answer] = send(phone, mark(session, enrolments[0]))
    assert (answer["outcome"], "已取消" in answer["why"]) == ("refused", True)
    assert Mark.objects.get().outcome == Mark.Outcome.REFUSED


def test_a_year_closed_since_is_refused_with_its_sentence(phone, session, enrolments):
    YearClose.objects.create(bureau=session.bureau, year=session.year)
    [answer] = send(phone, mark(session, enrolments[0]))
    assert (answer["outcome"], "已封账" in answer["why"]) == ("refused", True)
    assert not Attendance.objects.exists()


def test_who_left_the_class_since_is_refused(phone, session, enrolments):
    Enrolment.objects.filter(pk=enrolments[0].pk).update(state=Enrolment.State.WITHDRAWN)
    answers = send(phone, mark(session, enrolments[0]), mark(session, enrolments[1]))
    assert outcomes(answers) == ["refused", "written"]


def test_somebody_elses_session_is_refused_and_leaves_no_trace(login, outsider, session, enrolments):
    [answer] = send(login(outsider), mark(session, enrolments[0]))
    assert (answer["outcome"], "不由您登记" in answer["why"]) == ("refused", True)
    assert not Mark.objects.exists()


def test_another_users_key_tells_nothing(phone, login, officer, session, enrolments):
    one = mark(session, enrolments[0])
    send(phone, one)
    [answer] = send(login(officer), one)
    assert (answer["outcome"], "另一位" in answer["why"]) == ("refused", True)


def test_a_walk_in_is_added_once(phone, session):
    one = mark(session, name="赵新来", employer="清溪镇")
    send(phone, one)
    send(phone, one)
    assert outcomes(
        send(phone, mark(session, name="赵新来", employer="清溪镇"), device=str(uuid.uuid4()))
    ) == ["same"]
    found = Enrolment.objects.get(name="赵新来")
    assert (found.came_by, found.attendances.get().state) == (Enrolment.CameBy.WALK_IN, "present")


def test_nobody_walks_into_a_lecture_by_name(phone, classes, teacher):
    lecture = classes.session(None, "智能手机讲座")
    lecture.trainers.add(teacher)
    [answer] = send(phone, mark(lecture, name="赵新来"))
    assert "没有学员名单" in answer["why"]


def test_signing_for_somebody_needs_a_reason(phone, session, enrolments):
    bare, told = (mark(session, enrolments[0], way="proxy", reason=reason) for reason in ("", "手机没电"))
    assert outcomes(send(phone, bare, told)) == ["refused", "written"]


def test_who_checked_in_by_code_and_is_marked_absent_blindly_is_a_conflict(phone, session, enrolments):
    Attendance.objects.create(session=session, enrolment=enrolments[0], state="present", way="code")
    [answer] = send(phone, mark(session, enrolments[0], state="absent"))
    assert (answer["outcome"], answer["open"]) == ("conflict", True)


def test_three_hundred_marks_ask_few_queries(phone, session, classes, django_assert_max_num_queries):
    people = classes.enrol(session.run, *(f"学员{number}" for number in range(300)))
    marks = [mark(session, one, number=at) for at, one in enumerate(people)]
    with django_assert_max_num_queries(60):
        answers = send(phone, *marks)
    assert set(outcomes(answers)) == {"written"}


@pytest.mark.parametrize(
    "body",
    [
        "",
        "[]",
        "null",
        '{"marks": []}',
        '{"device": 3, "sent_at": "x", "marks": []}',
        "[" * 100_000,
        json.dumps({"device": DEVICE, "sent_at": "2025-01-01T00:00:00Z", "marks": [{}] * 501}),
    ],
    # The last body holds a random device: several processes must know its test by one name.
    ids=["nothing", "a list", "null", "no device", "a wrong device", "too deep", "too many"],
)
def test_what_is_no_batch_gets_a_sentence(phone, body):
    response = phone.post("/offline/marks/", body, content_type="application/json")
    assert response.status_code == 422
    assert "刷新" in response.json()["message"]


@pytest.mark.parametrize(
    "fault",
    [
        {"session": 10**30},
        {"session": {"a": 1}},
        {"name": "\x00"},
        {"name": "\ud800"},
        {"marked_at": "gestern"},
        {"number": -1},
        {"minutes": True},
        {"seen": "asleep"},
        {"way": "code"},
        {"reason": "长" * 201},
    ],
)
def test_a_mark_that_cannot_be_read_gets_a_sentence(phone, session, enrolments, fault):
    one = mark(session, enrolments[0]) | fault
    body = json.dumps({"device": DEVICE, "sent_at": timezone.now().isoformat(), "marks": [one]})
    response = phone.post("/offline/marks/", body, content_type="application/json")
    [answer] = response.json()["answers"]
    assert (answer["key"], answer["outcome"]) == (one["key"], "refused")
    assert answer["why"]
    assert not Mark.objects.exists()


def test_a_mark_that_is_no_object_loses_no_other(phone, session, enrolments):
    good = mark(session, enrolments[0])
    body = {"device": DEVICE, "sent_at": timezone.now().isoformat(), "marks": [7, None, [], good]}
    response = phone.post("/offline/marks/", json.dumps(body), content_type="application/json")
    assert sorted(outcomes(response.json()["answers"])) == ["refused"] * 3 + ["written"]


def test_nobody_signed_in_gets_no_page_but_a_status(session, enrolments):
    response = Client().post("/offline/marks/", "{}", content_type="application/json")
    assert (response.status_code, "登录" in response.json()["message"]) == (401, True)


def test_a_reader_may_send_no_marks(login, reviewer):
    assert login(reviewer).post("/offline/marks/", "{}", content_type="application/json").status_code == 403


def test_without_its_token_nothing_is_taken(trainer):
    client = Client(enforce_csrf_checks=True)
    client.force_login(trainer)
    assert client.post("/offline/marks/", "{}", content_type="application/json").status_code == 403
    token = client.get("/offline/state/").json()["csrf"]
    headers = {"X-CSRFToken": token}
    response = client.post("/offline/marks/", "{}", content_type="application/json", headers=headers)
    assert response.status_code == 422


def test_the_phone_is_told_who_is_signed_in_and_what_to_take_along(phone, session, trainer, classes, teacher):
    far = classes.session(session.run, "远的", held_on=timezone.localdate() + 9 * DAY)
    far.trainers.add(teacher)
    state = phone.get("/offline/state/").json()
    assert (state["user"], state["name"]) == (trainer.pk, "罗老师")
    assert state["pages"] == ["/today/", f"/sessions/{session.pk}/register/"]
    assert Client().get("/offline/state/").json()["user"] is None


def test_who_may_not_register_takes_nothing_along(login, reviewer):
    assert login(reviewer).get("/offline/state/").json()["pages"] == []


# --- Headcounts of lectures ---------------------------------------------------------------------


@pytest.fixture
def lecture(classes, teacher):
    lecture = classes.session(None, "智能手机讲座")
    lecture.trainers.add(teacher)
    return lecture


def count(session, headcount, **values):
    values = {"key": str(uuid.uuid4()), "session": session.pk, "headcount": headcount} | values
    return {"marked_at": timezone.now().isoformat(), "women": None, "elders": None, "known": ""} | values


def send_counts(phone, *counts):
    body = {"device": DEVICE, "sent_at": timezone.now().isoformat(), "counts": counts}
    response = phone.post("/offline/marks/", json.dumps(body), content_type="application/json")
    assert response.status_code == 200, response.content
    return response.json()["answers"]


def test_a_headcount_sent_twice_is_written_once(phone, lecture):
    one = count(lecture, 80, women=45, elders=70)
    assert outcomes(send_counts(phone, one) + send_counts(phone, one)) == ["written"] * 2
    lecture.refresh_from_db()
    assert (lecture.headcount, lecture.women, lecture.elders) == (80, 45, 70)
    assert AuditEvent.objects.filter(deed__startswith="attendance.").count() == 1


def test_another_headcount_overwrites_only_what_the_phone_knew(phone, lecture):
    send_counts(phone, count(lecture, 80))
    [blind] = send_counts(phone, count(lecture, 82))
    assert (blind["outcome"], "80 人" in blind["why"]) == ("conflict", True)
    assert outcomes(send_counts(phone, count(lecture, 82, known="79,80"))) == ["written"]


def test_a_headcount_that_cannot_be_gets_a_sentence(phone, lecture, outsider, login):
    parts, many, known = count(lecture, 5, women=9), count(lecture, 10**9), count(lecture, 5, known="x")
    answers = send_counts(phone, parts, many, known)
    assert outcomes(answers) == ["refused"] * 3
    assert all(answer["why"] for answer in answers)
    assert outcomes(send_counts(login(outsider), count(lecture, 5))) == ["refused"]
    YearClose.objects.create(bureau=lecture.bureau, year=lecture.year)
    [closed] = send_counts(phone, count(lecture, 5))
    assert "已封账" in closed["why"]


# --- Photos, pages ------------------------------------------------------------------------------


def picture() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (40, 30), "green").save(out, "JPEG")
    return out.getvalue()


def send_photo(client, session, data):
    photo = SimpleUploadedFile("现场.jpg", data, content_type="image/jpeg")
    return client.post("/offline/photos/", {"session": session.pk, "photo": photo}).json()


def test_a_photo_sent_twice_is_kept_once(phone, session, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    assert [send_photo(phone, session, picture())["outcome"] for _ in range(2)] == ["written"] * 2
    assert Evidence.objects.count() == 1


def test_what_is_no_photo_is_refused_with_a_sentence(phone, session):
    answer = send_photo(phone, session, b"nothing")
    assert answer["outcome"] == "refused"
    assert "照片" in answer["why"]


def test_a_photo_of_somebody_elses_session_is_refused(login, outsider, session):
    assert send_photo(login(outsider), session, picture())["outcome"] == "refused"


@pytest.mark.parametrize("pk", ["", "x", "9" * 40])
def test_a_photo_of_no_session_is_refused(phone, pk):
    assert phone.post("/offline/photos/", {"session": pk}).json()["outcome"] == "refused"


def test_the_worker_stands_at_the_root_and_is_asked_for_each_time():
    response = Client().get("/sw.js")
    assert response.headers["Content-Type"].startswith("text/javascript")
    assert response.headers["Cache-Control"] == "no-cache"


def test_the_page_without_a_network_is_open(login, trainer):
    for client in (Client(), login(trainer)):
        assert "现在没有网络" in client.get("/offline/").content.decode()


def test_the_phone_can_put_it_on_its_home_screen(db):
    manifest = Client().get("/manifest.json").json()
    assert (manifest["start_url"], manifest["display"]) == ("/today/", "standalone")
