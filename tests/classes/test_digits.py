"""The last four digits on the trainer's phone."""

import pytest
from django.urls import reverse
from django.utils import timezone

from bureaus.models import AuditEvent, YearClose
from courses.models import Attendance
from courses.registering import Presence, register
from tests.classes.conftest import DAY


@pytest.fixture
def address(session):
    return reverse("courses:digits", args=[session.pk])


@pytest.fixture
def tap(session, login, trainer):
    """Checks in this person."""
    address = reverse("courses:digits-check-in", args=[session.pk])
    return lambda person, user=trainer: login(user).post(address, {"person": person})


def test_digits_find_name_and_employer_and_show_no_number(numbers, clock, login, trainer, address, text):
    page = text(login(trainer).post(address, {"digits": "5678"}))
    assert "李秀英" in page
    assert "韶山村合作社" in page
    assert "王小明" not in page
    for secret in (*numbers, "138 0000 5678"):
        assert secret not in page


def test_one_tap_checks_in(enrolments, clock, tap, trainer):
    assert tap(enrolments[1].pk).status_code == 302
    attendance = Attendance.objects.get()
    assert (attendance.enrolment, attendance.state, attendance.way) == (enrolments[1], "present", "digits")
    assert attendance.noted_by == trainer


def test_who_was_checked_in_stands_below(enrolments, clock, tap, login, trainer, address, text):
    tap(enrolments[1].pk)
    page = text(login(trainer).get(address))
    assert "已到 1 人，应到 3 人" in page
    assert "李秀英" in page


def test_several_of_the_same_digits_are_all_offered(
    numbers, enrolments, clock, login, trainer, address, text
):
    enrolments[2].learner.holders.update(phone="13911115678")
    page = text(login(trainer).post(address, {"digits": "5678"}))
    assert "找到 2 人" in page


def test_who_is_here_has_no_button(numbers, enrolments, clock, tap, login, trainer, address, text):
    tap(enrolments[1].pk)
    assert 'name="person"' not in text(login(trainer).post(address, {"digits": "5678"}))


def test_unknown_digits_say_what_to_do(numbers, clock, login, trainer, address, text):
    page = text(login(trainer).post(address, {"digits": "0000"}))
    assert "名单里没有这个尾号" in page
    assert reverse("courses:proxy", args=[address.split("/")[2]]) in page


@pytest.mark.parametrize("digits", ["", "12", "12a4", "123456789"])
def test_what_are_no_four_digits_is_said(clock, login, trainer, address, digits):
    assert login(trainer).post(address, {"digits": digits}).status_code == 422


@pytest.mark.parametrize(
    ("time", "state", "minutes"),
    [((9, 5), "present", 180), ((10, 0), "late", 120), ((12, 30), "present", 180)],
)
def test_who_comes_late_is_late_and_afterwards_the_trainer_knows(
    enrolments, clock, tap, time, state, minutes
):
    clock(*time)
    tap(enrolments[0].pk)
    attendance = Attendance.objects.get()
    assert (attendance.state, attendance.minutes) == (state, minutes)


def test_the_trainer_may_correct_an_absence(session, enrolments, clock, tap, trainer):
    register(session, [Presence(enrolments[0].pk, "absent")], user=trainer, at=timezone.now())
    tap(enrolments[0].pk)
    assert Attendance.objects.get().state == "present"


def test_two_taps_count_once(enrolments, clock, tap):
    tap(enrolments[0].pk)
    lines = AuditEvent.objects.count()
    tap(enrolments[0].pk)
    assert (Attendance.objects.count(), AuditEvent.objects.count()) == (1, lines)


@pytest.mark.parametrize("person", ["", "x", "999999"])
def test_who_is_not_on_the_list_is_not_checked_in(clock, tap, person):
    assert tap(person).status_code == 302
    assert not Attendance.objects.exists()


def test_why_nobody_can_be_checked_in_is_said(session, enrolments, clock, tap):
    session.held_on += DAY
    session.save()
    response = tap(enrolments[0].pk)
    assert response.status_code == 422
    assert "还没有到日期" in response.content.decode()
    YearClose.objects.create(bureau=session.bureau, year=session.year)
    assert "已封账" in tap(enrolments[0].pk).content.decode()


def test_it_is_for_who_registers_the_session(enrolments, clock, login, tap, outsider, reviewer, address):
    for user, status in ((outsider, 404), (reviewer, 403)):
        assert login(user).get(address).status_code == status
        assert tap(enrolments[0].pk, user).status_code == status
    assert login(outsider).get(f"{address}check-in/").status_code == 405


def test_the_search_takes_as_many_queries_for_a_long_roster(
    numbers, classes, run, clock, login, trainer, address, django_assert_max_num_queries
):
    classes.enrol(run, *(f"学员{number}" for number in range(100)))
    client = login(trainer)
    with django_assert_max_num_queries(20):
        client.post(address, {"digits": "5678"})
