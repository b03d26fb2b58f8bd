"""Scanning the code: in time, too late, by an account, by name and digits, once a person."""

import logging
import re
from decimal import Decimal

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from bureaus.models import AuditEvent, User, YearClose
from courses.check_in.codes import SECONDS, code_for
from courses.models import Attendance, Enrolment, Session
from courses.registering import Presence, register
from learners.models import AccountLink
from tests.classes.conftest import DAY


@pytest.fixture(autouse=True)
def fresh_limits():
    cache.clear()


@pytest.fixture
def scan(session, clock):
    """Opens the address of the code that stands on the screen now: (address, response)."""

    def opened(client: Client):
        address = reverse("courses:check-in", args=[code_for(session, timezone.now())])
        return address, client.get(address)

    return opened


@pytest.fixture
def account(enrolments):
    """Looks after the first person."""
    user = User.objects.create(username="本人")
    AccountLink.objects.create(user=user, learner=enrolments[0].learner)
    return user


def entry_of(response) -> str:
    return re.search(r'name="pass" value="([^"]+)"', response.content.decode())[1]


def by_name(scan, name: str, digits: str, client: Client | None = None):
    client = client or Client()
    address, page = scan(client)
    return client.post(address, {"pass": entry_of(page), "name": name, "digits": digits})


def attendance() -> Attendance:
    return Attendance.objects.get()


def test_an_account_checks_in_with_one_tap(scan, account, enrolments, login, text):
    client = login(account)
    address, page = scan(client)
    assert "王小明，签到" in text(page)
    assert "李秀英" not in text(page)
    done = client.post(address, {"pass": entry_of(page), "enrolment": enrolments[0].pk})
    assert "签到成功" in text(done)
    assert (attendance().enrolment, attendance().state, attendance().way) == (
        enrolments[0],
        "present",
        "code",
    )
    assert attendance().noted_by == account
    enrolments[0].refresh_from_db()
    assert enrolments[0].state == Enrolment.State.ATTENDING
    assert "王小明已签到" in text(client.get(address))


def test_a_second_account_cannot_check_in_for_the_first(scan, account, enrolments, login, outsider):
    client = login(outsider)
    address, page = scan(client)
    client.post(address, {"pass": entry_of(page), "enrolment": enrolments[0].pk})
    assert not Attendance.objects.exists()


def test_whose_link_has_run_out_gets_the_form(scan, account, login, text):
    AccountLink.objects.update(until=timezone.localdate() - DAY)
    assert "后四位" in text(scan(login(account))[1])


@pytest.mark.parametrize("name", ["王小明", " 王 小明 "])
def test_name_and_last_four_of_the_id_number_check_in(scan, numbers, enrolments, text, name):
    assert "签到成功" in text(by_name(scan, name, numbers[0][-4:]))
    assert (attendance().enrolment, attendance().noted_by) == (enrolments[0], None)


@pytest.mark.parametrize("digits", ["5678", "1234"])
def test_so_do_those_of_a_phone_that_the_bureau_wrote_down(scan, numbers, enrolments, text, digits):
    assert "签到成功" in text(by_name(scan, "李秀英", digits))


def test_an_x_may_be_typed_as_a_star(scan, session, enrolments, numbers, text):
    identity = enrolments[0].learner.identities.get()
    identity.value = "43030419850612123X"
    identity.save()
    assert "签到成功" in text(by_name(scan, "王小明", "123*"))


def test_unknown_and_wrong_get_the_same_answer(scan, numbers, classes, run):
    classes.enrol(classes.run("第二期"), "别班的人")
    answers = set()
    for name, digits in (("王小明", "0000"), ("没有的人", numbers[0][-4:]), ("别班的人", numbers[0][-4:])):
        response = by_name(scan, name, digits)
        assert response.status_code == 422
        answers.add(
            re.search(r'<div class="error-summary".*?</div>', response.content.decode(), re.DOTALL)[0]
        )
    assert len(answers) == 1
    assert not Attendance.objects.exists()


def test_nothing_on_the_page_says_who_else_is_expected(scan, numbers, text):
    response = by_name(scan, "王小明", "0000")
    for name in ("李秀英", "张建国"):
        assert name not in text(scan(Client())[1])
        assert name not in response.content.decode()


@pytest.mark.parametrize("digits", ["12", "abcd", "", "12345678"])
def test_what_are_no_four_digits_is_said_at_the_field(scan, numbers, digits):
    response = by_name(scan, "王小明", digits)
    assert response.status_code == 422
    assert "id_digits_error" in response.content.decode()


def test_guessing_the_digits_of_one_name_ends_soon(scan, numbers, text):
    statuses = [by_name(scan, "王小明", f"{number:04}").status_code for number in range(8)]
    assert statuses == [422] * 6 + [429] * 2
    assert by_name(scan, "王小明", numbers[0][-4:]).status_code == 429
    assert "签到成功" in text(by_name(scan, "李秀英", "5678"))


def test_a_whole_room_checks_in_from_one_address(scan, numbers, classes, run):
    people = classes.enrol(run, *(f"学员{number}" for number in range(60)))
    for number, person in enumerate(people):
        person.learner.holders.update(phone=f"1380000{number:04}")
    assert {by_name(scan, f"学员{number}", f"{number:04}").status_code for number in range(60)} == {200}


def test_two_of_one_name_and_digits_are_not_told_apart(scan, numbers, classes, run):
    for person in classes.enrol(run, "李秀英"):
        person.learner.holders.update(phone="13900005678")
    assert by_name(scan, "李秀英", "5678").status_code == 422


def test_a_person_checks_in_once(scan, numbers, clock, text):
    by_name(scan, "王小明", numbers[0][-4:])
    first, lines = attendance().marked_at, AuditEvent.objects.count()
    clock(10, 0)
    assert "已经签到过了" in text(by_name(scan, "王小明", numbers[0][-4:]))
    assert (attendance().marked_at, AuditEvent.objects.count()) == (first, lines)


def test_typing_may_take_longer_than_the_code_stands(scan, numbers, clock, text):
    client = Client()
    address, page = scan(client)
    clock(8, 54)
    answer = client.post(address, {"pass": entry_of(page), "name": "王小明", "digits": numbers[0][-4:]})
    assert "签到成功" in text(answer)


def test_but_not_longer_than_five_minutes(scan, numbers, clock):
    client = Client()
    address, page = scan(client)
    clock(8, 55, 1)
    answer = client.post(address, {"pass": entry_of(page), "name": "王小明", "digits": numbers[0][-4:]})
    assert answer.status_code == 410
    assert not Attendance.objects.exists()


def test_a_photo_that_was_sent_on_comes_too_late_and_says_why(session, clock):
    address = reverse("courses:check-in", args=[code_for(session, timezone.now())])
    clock(8, 50, 2 * SECONDS)
    response = Client().get(address)
    assert response.status_code == 410
    assert "照片和转发的码不能用" in response.content.decode()


def test_a_forged_code_leads_nowhere(session, clock):
    assert Client().get("/in/1.zzz.AAAAAAAAAAAAAAAA/").status_code == 404


def test_without_a_pass_nothing_is_taken(session, clock, numbers):
    address = reverse("courses:check-in", args=[code_for(session, timezone.now())])
    for entry in ("", "x"):
        data = {"pass": entry, "name": "王小明", "digits": numbers[0][-4:]}
        assert Client().post(address, data).status_code == 410


@pytest.mark.parametrize(
    ("time", "state", "minutes", "hours"),
    [
        ((9, 10), "present", 180, Decimal(4)),
        ((9, 11), "late", 169, Decimal(4)),
        ((10, 30), "late", 90, Decimal(2)),
        ((12, 30), "late", 0, Decimal(0)),
    ],
)
def test_who_comes_after_ten_minutes_is_late_with_what_is_left(
    scan, numbers, clock, time, state, minutes, hours
):
    clock(*time)
    by_name(scan, "王小明", numbers[0][-4:])
    assert (attendance().state, attendance().minutes) == (state, minutes)
    assert attendance().hours == hours


@pytest.mark.parametrize(("time", "words"), [((7, 30), "签到还没有开始"), ((13, 30), "签到已结束")])
def test_out_of_its_time_the_page_says_so(scan, clock, text, time, words):
    clock(*time)
    assert words in text(scan(Client())[1])


def test_a_scan_does_not_change_what_the_trainer_noted(scan, session, numbers, enrolments, trainer, text):
    register(session, [Presence(enrolments[0].pk, "leave")], user=trainer, at=timezone.now())
    assert "请当面告诉老师更正" in text(by_name(scan, "王小明", numbers[0][-4:]))
    assert attendance().state == "leave"


def test_a_closed_year_is_said_on_the_page(scan, session, numbers):
    YearClose.objects.create(bureau=session.bureau, year=session.year)
    response = by_name(scan, "王小明", numbers[0][-4:])
    assert response.status_code == 409
    assert "已封账" in response.content.decode()


def test_a_lecture_takes_no_scan(scan, session, text):
    Session.objects.update(run=None)
    assert "不用签到" in text(scan(Client())[1])


def test_names_and_digits_stand_in_no_log_and_no_audit(scan, numbers, caplog):
    with caplog.at_level(logging.DEBUG):
        by_name(scan, "王小明", "0000")
        by_name(scan, "王小明", numbers[0][-4:])
    lines = " ".join(f"{line.object_label} {line.after} {line.reason}" for line in AuditEvent.objects.all())
    for secret in ("王小明", numbers[0], numbers[0][-4:]):
        assert secret not in lines
        assert not [
            entry
            for entry in caplog.records
            if entry.name != "django.db.backends" and secret in entry.getMessage()
        ]


def test_a_scan_takes_few_queries_however_long_the_roster(
    scan, numbers, classes, run, django_assert_max_num_queries
):
    classes.enrol(run, *(f"学员{number}" for number in range(100)))
    client = Client()
    address, page = scan(client)
    with django_assert_max_num_queries(50):
        client.post(address, {"pass": entry_of(page), "name": "王小明", "digits": numbers[0][-4:]})
