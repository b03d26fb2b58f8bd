"""代签: the trainer notes a person as here and says why."""

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from bureaus.models import AuditEvent
from courses.models import Attendance, Session
from courses.registering import Presence, register
from tests.classes.conftest import DAY


@pytest.fixture
def address(session):
    return reverse("courses:proxy", args=[session.pk])


@pytest.fixture
def sign(address, login, trainer):
    def send(person, *, user=trainer, why="no_phone", words=""):
        return login(user).post(address, {"person": person, "why": why, "words": words})

    return send


def test_a_proxy_is_kept_with_its_reason(enrolments, clock, sign, trainer):
    assert sign(enrolments[0].pk, words="借用邻居电话").status_code == 302
    attendance = Attendance.objects.get()
    assert (attendance.state, attendance.way, attendance.noted_by) == ("present", "proxy", trainer)
    assert attendance.reason == "没带手机或没有智能手机；借用邻居电话"
    assert AuditEvent.objects.filter(deed="attendance.registered").exists()


def test_the_page_and_the_session_show_way_and_reason(
    session, enrolments, clock, sign, address, login, trainer, text
):
    sign(enrolments[0].pk, why="other", words="手受伤")
    for page in (address, reverse("courses:session", args=[session.pk])):
        shown = text(login(trainer).get(page))
        assert "代签" in shown
        assert "手受伤" in shown


@pytest.mark.parametrize(
    "data",
    [
        {"why": ""},
        {"why": "other"},
        {"why": "no_phone", "person": "999999"},
        {"why": "x"},
        {"words": "长" * 101},
    ],
)
def test_without_a_person_or_a_reason_nothing_is_written(enrolments, clock, sign, data):
    given = {"person": enrolments[0].pk} | data
    assert sign(given.pop("person"), **given).status_code == 422
    assert not Attendance.objects.exists()


def test_no_row_is_a_proxy_without_a_reason(session, enrolments):
    with pytest.raises(IntegrityError), transaction.atomic():
        Attendance.objects.create(session=session, enrolment=enrolments[0], state="present", way="proxy")


def test_only_who_is_missing_is_offered(session, enrolments, clock, address, login, trainer, text):
    register(
        session,
        [Presence(enrolments[0].pk, "present"), Presence(enrolments[1].pk, "absent")],
        user=trainer,
        at=timezone.now(),
    )
    page = text(login(trainer).get(address))
    assert "2 人未到" in page
    assert f'value="{enrolments[0].pk}"' not in page
    assert f'value="{enrolments[1].pk}"' in page


def test_when_all_are_here_there_is_nothing_to_do(session, enrolments, clock, address, login, trainer, text):
    presences = [Presence(enrolment.pk, "present") for enrolment in enrolments]
    register(session, presences, user=trainer, at=timezone.now())
    assert "名单上的人都已到" in text(login(trainer).get(address))


def test_long_after_the_reason_stands_in_the_audit_too(session, enrolments, clock, sign, trainer):
    register(session, [], user=trainer, at=timezone.now())
    Session.objects.update(held_on=session.held_on - 3 * DAY)
    assert sign(enrolments[0].pk, why="unable").status_code == 302
    assert AuditEvent.objects.get(deed="attendance.corrected").reason == "不便操作、不便签字"


def test_it_is_for_who_registers_the_session(enrolments, clock, sign, address, login, outsider, reviewer):
    assert sign(enrolments[0].pk, user=outsider).status_code == 404
    assert sign(enrolments[0].pk, user=reviewer).status_code == 403
    assert not Attendance.objects.exists()


def test_a_class_of_300_is_one_page(
    classes, run, clock, address, login, trainer, django_assert_max_num_queries
):
    classes.enrol(run, *(f"学员{number}" for number in range(297)))
    client = login(trainer)
    with django_assert_max_num_queries(20):
        page = client.get(address).content.decode()
    assert page.count('name="person"') == 300
