"""An open lecture is registered by counting heads: all, women, elders."""

import pytest
from django.urls import reverse
from django.utils import timezone

from bureaus.models import AuditEvent, YearClose, YearClosed
from courses.models import Session
from courses.registering import Heads, NotRegistrable, Presence, register, register_heads
from tests.classes.conftest import DAY


@pytest.fixture
def lecture(classes, teacher):
    lecture = classes.session(None, "智能手机讲座")
    lecture.trainers.add(teacher)
    return lecture


@pytest.fixture
def address(lecture):
    return reverse("courses:register", args=[lecture.pk])


def test_a_lecture_is_registered_by_its_heads(login, trainer, lecture, address):
    client = login(trainer)
    assert "参加人数" in client.get(address).content.decode()
    response = client.post(address, {"headcount": "80", "women": "45", "elders": "70"})
    assert response["Location"] == reverse("courses:today")
    lecture.refresh_from_db()
    assert (lecture.headcount, lecture.women, lecture.elders) == (80, 45, 70)
    assert (lecture.state, lecture.registered_by) == (Session.State.HELD, trainer)
    event = AuditEvent.objects.get()
    assert (event.deed, event.after["headcount"]) == (AuditEvent.Deed.ATTENDANCE_REGISTERED, 80)


def test_parts_that_were_not_counted_stay_unknown(login, trainer, lecture, address):
    login(trainer).post(address, {"headcount": "80", "women": "", "elders": "0"})
    lecture.refresh_from_db()
    assert (lecture.women, lecture.elders) == (None, 0)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"headcount": ""}, "请填写参加人数"),
        ({"headcount": "80", "women": "81"}, "不能多于参加人数 80"),
        ({"headcount": "80", "elders": "90"}, "不能多于参加人数 80"),
        ({"headcount": "-1"}, "不能小于 0"),
        ({"headcount": "八十"}, "整数"),
        ({"headcount": "99999999999999"}, "不能大于"),
    ],
)
def test_counts_that_cannot_be_are_told(login, trainer, lecture, address, values, words):
    response = login(trainer).post(address, values)
    assert response.status_code == 422
    assert words in response.content.decode()
    lecture.refresh_from_db()
    assert (lecture.headcount, lecture.state) == (None, Session.State.PLANNED)


def test_the_same_count_again_changes_nothing_and_another_is_a_correction(lecture, trainer):
    now = timezone.now()
    assert register_heads(lecture, Heads(80), user=trainer, at=now)
    assert not register_heads(lecture, Heads(80), user=trainer, at=now)
    assert register_heads(lecture, Heads(82), user=trainer, at=now)
    event = AuditEvent.objects.get(deed=AuditEvent.Deed.ATTENDANCE_CORRECTED)
    assert (event.before["headcount"], event.after["headcount"]) == (80, 82)


def test_long_after_only_with_a_reason_and_never_in_a_closed_year(lecture, trainer):
    now = timezone.now()
    register_heads(lecture, Heads(80), user=trainer, at=now)
    with pytest.raises(NotRegistrable):
        register_heads(lecture, Heads(90), user=trainer, at=now + 2 * DAY)
    assert register_heads(lecture, Heads(90), user=trainer, at=now + 2 * DAY, reason="漏数了后排")
    YearClose.objects.create(bureau=lecture.bureau, year=lecture.year)
    with pytest.raises(YearClosed):
        register_heads(lecture, Heads(91), user=trainer, at=now)


def test_fewer_heads_than_names_cannot_be(session, enrolments, trainer):
    now = timezone.now()
    register(session, [Presence(row.pk, "present") for row in enrolments], user=trainer, at=now)
    with pytest.raises(NotRegistrable, match="3 人"):
        register_heads(session, Heads(2), user=trainer, at=now)
    with pytest.raises(NotRegistrable, match="不能多于"):
        register_heads(session, Heads(5, women=6), user=trainer, at=now)


def test_heads_can_be_counted_beside_the_names_of_a_run(login, trainer, session, enrolments):
    marks = {f"state-{row.pk}": "present" for row in enrolments}
    login(trainer).post(reverse("courses:register", args=[session.pk]), marks | {"headcount": "30"})
    session.refresh_from_db()
    assert (session.headcount, session.attendances.count()) == (30, 3)


def test_heads_and_names_are_written_together_or_not_at_all(login, trainer, session, enrolments):
    marks = {f"state-{row.pk}": "present" for row in enrolments}
    response = login(trainer).post(reverse("courses:register", args=[session.pk]), marks | {"headcount": "1"})
    assert response.status_code == 422
    assert "3 人" in response.content.decode()
    session.refresh_from_db()
    assert (session.attendances.count(), session.registered_at) == (0, None)
