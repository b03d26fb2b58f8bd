"""The roster on the trainer's phone: everybody is there, the exceptions are tapped, done."""

import datetime
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from bureaus.models import AuditEvent, YearClose
from courses.models import Attendance, ClassRun, Enrolment, Session
from courses.registering import Presence, register
from tests.classes.conftest import DAY


@pytest.fixture
def address(session):
    return reverse("courses:register", args=[session.pk])


@pytest.fixture
def client(login, trainer):
    return login(trainer)


def filled(enrolments, *states, **more):
    given = dict(zip([row.pk for row in enrolments], states, strict=False))
    return {f"state-{row.pk}": given.get(row.pk, "present") for row in enrolments} | more


def states():
    return list(Attendance.objects.order_by("enrolment").values_list("state", flat=True))


def test_the_roster_presets_everybody_as_here(client, address, enrolments, text):
    page = text(client.get(address))
    assert page.count('value="present" checked') == 3
    assert 'data-register data-session="' in page
    for row in enrolments:
        assert f'data-enrolment="{row.pk}" data-seen=""' in page


def test_all_present_with_two_exceptions_is_one_form(client, address, enrolments, session, trainer):
    response = client.post(address, filled(enrolments, "present", "absent", "late", **{
        f"minutes-{enrolments[2].pk}": "90"
    }))  # fmt: skip
    assert response["Location"] == reverse("courses:today")
    assert states() == ["present", "absent", "late"]
    session.refresh_from_db()
    assert (session.registered_by, session.state) == (trainer, Session.State.HELD)
    assert [row.hours for row in Enrolment.objects.order_by("pk")] == [Decimal(4), 0, Decimal(2)]
    event = AuditEvent.objects.get()
    assert (event.deed, event.after) == (AuditEvent.Deed.ATTENDANCE_REGISTERED, {"added": 3, "changed": 0})


def test_the_reason_of_a_leave_is_kept_and_that_of_who_came_after_all_is_not(client, address, enrolments):
    one = enrolments[0].pk
    client.post(address, filled(enrolments, "leave", **{f"reason-{one}": "农忙"}))
    assert Attendance.objects.get(enrolment=one).reason == "农忙"
    client.post(address, filled(enrolments, "present", **{f"reason-{one}": "农忙"}))
    assert Attendance.objects.get(enrolment=one).reason == ""


def test_minutes_count_only_for_who_came_late_or_left_early(client, address, enrolments):
    minutes = {f"minutes-{row.pk}": "60" for row in enrolments}
    client.post(address, filled(enrolments, "present", "left_early", "absent", **minutes))
    assert list(Attendance.objects.order_by("enrolment").values_list("minutes", flat=True)) == [180, 60, 0]


def test_a_correction_shows_what_stands_and_goes_by_the_same_page(client, address, enrolments, text):
    client.post(address, filled(enrolments, "absent"))
    page = text(client.get(address))
    assert 'value="absent" checked' in page
    assert 'data-seen="absent"' in page
    assert "保存更正" in page
    client.post(address, filled(enrolments))
    assert states() == ["present"] * 3
    assert AuditEvent.objects.filter(deed=AuditEvent.Deed.ATTENDANCE_CORRECTED).count() == 1


def test_long_after_a_correction_needs_a_reason(client, address, enrolments, session):
    client.post(address, filled(enrolments))
    Session.objects.update(held_on=session.held_on - 3 * DAY)
    response = client.post(address, filled(enrolments, "absent"))
    assert response.status_code == 422
    assert "写明更正的原因" in response.content.decode()
    client.post(address, filled(enrolments, "absent", reason="签到表有误"))
    assert states()[0] == "absent"
    assert AuditEvent.objects.get(deed=AuditEvent.Deed.ATTENDANCE_CORRECTED).reason == "签到表有误"


def test_a_closed_year_a_cancelled_session_and_a_day_to_come_say_why(
    client, address, enrolments, session, text
):
    for values, words in (
        ({"held_on": session.held_on + DAY}, "还没有到日期"),
        ({"held_on": session.held_on, "state": Session.State.CANCELLED}, "已取消"),
    ):
        Session.objects.update(**values)
        assert words in text(client.get(address))
        assert client.post(address, filled(enrolments)).status_code == 422
    Session.objects.update(state=Session.State.PLANNED)
    YearClose.objects.create(bureau=session.bureau, year=session.year)
    assert "封账" in text(client.get(address))
    assert client.post(address, filled(enrolments)).status_code == 422
    assert not Attendance.objects.exists()


def test_what_cannot_be_read_is_told_at_its_row_and_nothing_typed_is_lost(client, address, enrolments):
    one, two, three = (row.pk for row in enrolments)
    sent = filled(enrolments, "late", "leave", "nonsense", **{
        f"minutes-{one}": "999", f"reason-{two}": "家里有事"
    })  # fmt: skip
    response = client.post(address, sent)
    page = response.content.decode()
    assert response.status_code == 422
    assert f'href="#row-{one}"' in page
    assert "不能超过这次课的 180 分钟" in page
    assert 'value="家里有事"' in page
    assert f'href="#row-{three}"' in page
    assert not Attendance.objects.exists()


@pytest.mark.parametrize("minutes", ["-1", "1.5", "一小时", "99999999999999999999", "\x00"])
def test_bad_minutes_are_a_sentence(client, address, enrolments, minutes):
    sent = filled(enrolments, "late", **{f"minutes-{enrolments[0].pk}": minutes})
    assert client.post(address, sent).status_code == 422


def test_somebody_elses_change_meanwhile_is_shown_before_it_is_overwritten(
    client, address, enrolments, session, officer
):
    opened = timezone.now().timestamp() - 60
    register(session, [Presence(enrolments[0].pk, "absent")], user=officer, at=timezone.now())
    response = client.post(address, filled(enrolments, opened=opened))
    assert response.status_code == 422
    assert "李经办记为“缺席”" in response.content.decode()
    assert Attendance.objects.get().state == "absent"
    client.post(address, filled(enrolments, opened=timezone.now().timestamp()))
    assert states() == ["present"] * 3


def test_who_checked_in_stands_and_the_rest_can_be_preset_as_absent(
    client, address, enrolments, session, text
):
    mark = Presence(enrolments[0].pk, "present", way=Attendance.Way.CODE)
    register(session, [mark], user=None, at=timezone.now(), done=False)
    assert "已有 1 人签到" in text(client.get(address))
    page = text(client.get(address, {"rest": "absent"}))
    assert page.count('value="absent" checked') == 2
    client.post(address, filled(enrolments, "present", "absent", "absent"))
    assert Attendance.objects.get(enrolment=enrolments[0]).way == Attendance.Way.CODE


def test_walk_ins_are_added_and_are_here_at_once(client, address, enrolments, run):
    sent = filled(enrolments) | {
        "walk-in-name": ["彭来宾", "", "谭来宾"],
        "walk-in-employer": ["", "", "清溪镇"],
    }
    client.post(address, sent)
    new = run.enrolments.filter(came_by=Enrolment.CameBy.WALK_IN)
    assert {(row.name, row.employer, row.state) for row in new} == {
        ("彭来宾", "", "attending"),
        ("谭来宾", "清溪镇", "attending"),
    }
    assert states() == ["present"] * 5


def test_a_walk_in_without_a_name_is_asked_for_it(client, address, enrolments):
    response = client.post(address, filled(enrolments) | {"walk-in-name": "", "walk-in-employer": "清溪镇"})
    assert response.status_code == 422
    assert 'value="清溪镇"' in response.content.decode()
    assert not Attendance.objects.exists()


def test_who_is_no_longer_expected_is_left_out(client, address, enrolments):
    Enrolment.objects.filter(pk=enrolments[0].pk).update(state=Enrolment.State.WITHDRAWN)
    client.post(address, filled(enrolments))
    assert Attendance.objects.count() == 2


def test_three_hundred_people_fit_one_page(client, address, classes, run, django_assert_max_num_queries):
    classes.enrol(run, *(f"学员{number}" for number in range(297)))
    people = list(run.enrolments.order_by("pk"))
    more = {f"{name}-{row.pk}": "" for row in people for name in ("minutes", "reason")}
    with django_assert_max_num_queries(40):
        assert client.get(address).status_code == 200
    with django_assert_max_num_queries(60):
        assert client.post(address, filled(people, "absent") | more).status_code == 302
    assert Attendance.objects.count() == 300


def test_the_year_of_a_run_that_was_cancelled_stays_as_it_is(client, address, enrolments, run):
    ClassRun.objects.update(state=ClassRun.State.CANCELLED)
    assert client.post(address, filled(enrolments)).status_code == 422
    assert ClassRun.objects.get().state == ClassRun.State.CANCELLED


def test_it_is_for_the_trainer_and_the_office_of_the_bureau(
    login, officer, administrator, outsider, reviewer, auditor, learner_user, address
):
    assert [login(user).get(address).status_code for user in (officer, administrator)] == [200, 200]
    assert login(outsider).get(address).status_code == 404
    for user in (reviewer, auditor, learner_user):
        assert login(user).post(address).status_code == 403


def test_another_trainers_session_does_not_exist(login, trainer, classes, run):
    other = classes.session(run, "别人的课")
    assert login(trainer).get(reverse("courses:register", args=[other.pk])).status_code == 404


def test_the_session_shows_hours_and_the_way(client, address, session, enrolments, text):
    client.post(address, filled(enrolments, "absent"))
    page = text(client.get(reverse("courses:session", args=[session.pk])))
    assert "更正点名" in page
    assert reverse("courses:hours", args=[enrolments[0].pk]) in page


def test_the_run_shows_who_was_there_how_often(
    login, officer, address, session, enrolments, run, classes, text
):
    client = login(officer)
    client.post(address, filled(enrolments, "absent"))
    second = classes.session(run, "第二课", starts_at=datetime.time(14), ends_at=datetime.time(17))
    client.post(reverse("courses:register", args=[second.pk]), filled(enrolments))
    page = text(client.get(reverse("courses:run", args=[run.pk])))
    assert "1/2" in page
    assert page.count("2/2") == 2
