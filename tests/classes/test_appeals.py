"""A learner asks to be excused or has a mark corrected; an officer decides; the sheet follows."""

import pytest
from django.urls import reverse
from django.utils import timezone

from bureaus.models import AuditEvent, User, YearClose
from courses.appeals import CannotAppeal, Decision, ask, decide
from courses.models import Appeal, Attendance, Enrolment, Session
from courses.registering import Presence, register
from learners.models import AccountLink
from tests.classes.conftest import DAY


@pytest.fixture
def wang(enrolments):
    """The first of the run, and the account that looks after them."""
    user = User.objects.create(username="王小明", name="王小明")
    AccountLink.objects.create(user=user, learner=enrolments[0].learner)
    return user


@pytest.fixture
def address(session, enrolments):
    return reverse("courses:appeal", args=[enrolments[0].pk, session.pk])


def asked(session, enrolment, kind="excuse", user=None):
    return ask(enrolment, session, kind=kind, words="家里有急事", user=user)


def decision(appeal):
    return reverse("courses:appeal-decide", args=[appeal.pk])


# --- Asking -------------------------------------------------------------------------------------


def test_a_learner_asks_and_sees_that_it_waits(login, wang, address, session, enrolments, text):
    client = login(wang)
    assert "请假：这次课不能来" in text(client.get(address))
    response = client.post(address, {"kind": "appeal", "words": "我来了，没点到"})
    own = reverse("courses:hours", args=[enrolments[0].pk])
    assert response["Location"] == own
    appeal = Appeal.objects.get()
    assert (appeal.kind, appeal.words, appeal.asked_by) == ("appeal", "我来了，没点到", wang)
    assert "待处理" in text(client.get(own))


def test_one_request_at_a_time(login, wang, address, session, enrolments):
    asked(session, enrolments[0], user=wang)
    response = login(wang).post(address, {"kind": "excuse", "words": "再请一次"})
    assert response.status_code == 422
    assert "已有待处理的申请" in response.content.decode()
    with pytest.raises(CannotAppeal):
        asked(session, enrolments[0], user=wang)


def test_before_the_day_only_leave_can_be_asked_for(login, wang, address, session, text):
    Session.objects.update(held_on=session.held_on + 2 * DAY)
    assert "更正出勤：我来了" not in text(login(wang).get(address))
    assert login(wang).post(address, {"kind": "appeal", "words": "早说"}).status_code == 422
    assert login(wang).post(address, {"kind": "excuse", "words": "农忙"}).status_code == 302


@pytest.mark.parametrize(
    "values", [{"kind": "excuse", "words": ""}, {"words": "为何"}, {"kind": "x", "words": "y"}]
)
def test_what_is_missing_is_told(login, wang, address, values):
    response = login(wang).post(address, values)
    assert response.status_code == 422
    assert "需要改正" in response.content.decode()


def test_nobody_asks_for_somebody_else(login, wang, officer, trainer, session, enrolments):
    other = reverse("courses:appeal", args=[enrolments[1].pk, session.pk])
    for user in (wang, officer, trainer):
        assert login(user).post(other, {"kind": "excuse", "words": "x"}).status_code == 404
    AccountLink.objects.update(until=timezone.localdate() - DAY)
    own = reverse("courses:appeal", args=[enrolments[0].pk, session.pk])
    assert login(wang).get(own).status_code == 404


def test_a_session_of_another_run_is_not_there(login, wang, enrolments, classes):
    other = classes.session(classes.run("第二期"))
    address = reverse("courses:appeal", args=[enrolments[0].pk, other.pk])
    assert login(wang).get(address).status_code == 404


def test_nothing_to_ask_of_a_cancelled_session(login, wang, address):
    Session.objects.update(state=Session.State.CANCELLED)
    assert login(wang).post(address, {"kind": "excuse", "words": "x"}).status_code == 422


def test_the_officers_home_says_how_many_wait(login, officer, outsider, session, enrolments, text):
    asked(session, enrolments[0])
    assert "学员的 1 份请假、申诉等您处理" in text(login(officer).get("/"))
    assert "等您处理" not in text(login(outsider).get("/"))


# --- Deciding -----------------------------------------------------------------------------------


def test_the_officer_sees_what_waits_and_grants_leave(login, officer, session, enrolments, wang, text):
    appeal = asked(session, enrolments[0], user=wang)
    client = login(officer)
    assert decision(appeal) in text(client.get(reverse("courses:appeals")))
    assert "家里有急事" in text(client.get(decision(appeal)))
    response = client.post(decision(appeal), {"granted": "yes", "answer": "同意"})
    assert response["Location"] == reverse("courses:appeals")
    attendance = Attendance.objects.get()
    assert (attendance.state, attendance.way, attendance.hours) == ("leave", "appeal", 0)
    appeal.refresh_from_db()
    assert (appeal.state, appeal.decided_by) == (Appeal.State.GRANTED, officer)
    event = AuditEvent.objects.get(deed=AuditEvent.Deed.APPEAL_DECIDED)
    assert "家里有急事" not in str(event.after) + str(event.reason)


def test_granted_leave_ahead_of_the_day_holds_no_session(officer, session, enrolments, today_is):
    Session.objects.update(held_on=today_is + 2 * DAY)
    session.refresh_from_db()
    decide(asked(session, enrolments[0]), Decision(True, ""), user=officer, at=timezone.now())
    session.refresh_from_db()
    assert (session.state, session.registered_at) == (Session.State.PLANNED, None)
    assert Attendance.objects.get().state == "leave"


def test_leave_that_was_granted_is_preset_on_the_roster(login, trainer, officer, session, enrolments, text):
    decide(asked(session, enrolments[0]), Decision(True, ""), user=officer, at=timezone.now())
    session.refresh_from_db()
    assert session.state == Session.State.PLANNED
    page = text(login(trainer).get(reverse("courses:register", args=[session.pk])))
    assert page.count('value="leave" checked') == 1


def test_a_correction_gives_the_hours_at_once(login, officer, trainer, session, enrolments):
    register(session, [Presence(row.pk, "absent") for row in enrolments], user=trainer, at=timezone.now())
    Session.objects.update(held_on=session.held_on - 9 * DAY)
    client = login(officer)
    client.post(decision(asked(session, enrolments[0], "appeal")), {"granted": "yes", "state": "present"})
    late = asked(session, enrolments[1], "appeal")
    client.post(decision(late), {"granted": "yes", "state": "late", "minutes": "90"})
    assert [row.hours for row in Enrolment.objects.order_by("pk")] == [4, 2, 0]
    events = AuditEvent.objects.filter(deed=AuditEvent.Deed.ATTENDANCE_CORRECTED)
    assert {event.reason for event in events} == {"更正出勤"}


def test_declined_with_an_answer_changes_no_sheet(login, officer, session, enrolments, wang, text):
    appeal = asked(session, enrolments[0], user=wang)
    response = login(officer).post(decision(appeal), {"granted": "no", "answer": ""})
    assert response.status_code == 422
    login(officer).post(decision(appeal), {"granted": "no", "answer": "当天有人看见您在场外"})
    assert not Attendance.objects.exists()
    page = text(login(wang).get(reverse("courses:hours", args=[enrolments[0].pk])))
    assert "未同意" in page
    assert "当天有人看见您在场外" in page


def test_it_is_decided_once(officer, session, enrolments):
    appeal = asked(session, enrolments[0])
    decide(appeal, Decision(False, "不同意"), user=officer, at=timezone.now())
    with pytest.raises(CannotAppeal):
        decide(appeal, Decision(True, ""), user=officer, at=timezone.now())
    assert not Attendance.objects.exists()


def test_a_closed_year_is_told_and_the_request_stays_open(login, officer, session, enrolments):
    appeal = asked(session, enrolments[0])
    YearClose.objects.create(bureau=session.bureau, year=session.year)
    response = login(officer).post(decision(appeal), {"granted": "yes"})
    assert response.status_code == 422
    assert "封账" in response.content.decode()
    appeal.refresh_from_db()
    assert appeal.state == Appeal.State.OPEN


@pytest.mark.parametrize(
    "values",
    [{}, {"granted": "maybe"}, {"granted": "yes", "state": "x"}, {"granted": "yes", "minutes": "999"}],
)
def test_what_cannot_be_read_decides_nothing(login, officer, session, enrolments, values):
    appeal = asked(session, enrolments[0], "appeal")
    assert login(officer).post(decision(appeal), values).status_code == 422
    appeal.refresh_from_db()
    assert appeal.state == Appeal.State.OPEN


def test_it_is_the_bureaus_office_that_decides(login, reviewer, trainer, outsider, session, enrolments, text):
    appeal = asked(session, enrolments[0])
    for user in (reviewer, trainer):
        assert login(user).post(decision(appeal)).status_code == 403
    assert login(outsider).post(decision(appeal)).status_code == 404
    assert "没有待处理的申请" in text(login(outsider).get(reverse("courses:appeals")))


def test_the_list_asks_no_query_per_row(login, officer, classes, run, session, django_assert_max_num_queries):
    for enrolment in classes.enrol(run, *(f"学员{number}" for number in range(20))):
        asked(session, enrolment)
    client = login(officer)
    with django_assert_max_num_queries(10):
        client.get(reverse("courses:appeals"))


@pytest.fixture
def today_is(classes):
    return classes.today
