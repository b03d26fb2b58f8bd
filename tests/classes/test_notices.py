"""What is said to whom, and when: queued with the deed, once each."""

import copy
import datetime

import pytest
from django.db import connection
from django.utils import timezone

from bureaus.models import Membership
from courses.models import Appeal, ClassRun, Enrolment, Notice, Session
from courses.noticing import (
    appeal_decided,
    decided,
    queue_reminders,
    run_cancelled,
    run_reopened,
    session_cancelled,
    session_moved,
    session_restored,
)
from courses.recipients import mobile_in
from learners.models import AccountLink, Holder
from tests.classes.conftest import DAY

SMS, MAIL = "courses.channels.sms.SmsChannel", "courses.channels.mail.MailChannel"
Kind = Notice.Kind


@pytest.fixture(autouse=True)
def channels(settings, tmp_path):
    settings.PEIXUN_CHANNELS = [SMS, MAIL]
    settings.PEIXUN_SMS_FOLDER = tmp_path / "sms"


@pytest.fixture
def phones(enrolments):
    """Each of the three has left a phone with the bureau."""
    for number, enrolment in enumerate(enrolments):
        Holder.objects.filter(learner=enrolment.learner).update(phone=f"1380013800{number}")


@pytest.fixture
def tomorrow(session, phones, trainer):
    """The session is tomorrow; its trainer reads mail."""
    trainer.email = "luo@example.cn"
    trainer.save()
    session.held_on += DAY
    session.place = "市农校"
    session.save()
    return session


@pytest.fixture
def evening():
    return timezone.localtime().replace(hour=18, minute=5)


def move(session, **values):
    """Moves the session and tells of it, as the deed does."""
    before = copy.copy(session)
    for name, value in values.items():
        setattr(session, name, value)
    session.save()
    return session_moved(session, before=before)


def addresses():
    return sorted(notice.address for notice in Notice.objects.all())


# --- A session


def test_a_move_is_told_to_those_expected_and_to_the_trainer(tomorrow):
    assert move(tomorrow, place="县农广校") == 4
    assert addresses() == ["13800138000", "13800138001", "13800138002", "luo@example.cn"]


def test_a_move_says_what_was_and_what_is_in_a_short_message(tomorrow):
    move(tomorrow, starts_at=datetime.time(14), ends_at=datetime.time(17))
    body = Notice.objects.get(enrolment__name="王小明").body
    day = f"{tomorrow.held_on.month}月{tomorrow.held_on.day}日"
    assert body.startswith(f"王小明您好，原定{day}（")
    assert "9:00的“第一期”《水稻栽培》调整为" in body
    assert body.endswith("14:00，地点：市农校，请留意。")
    assert len(body) <= 70


def test_only_the_name_of_whom_it_goes_to_stands_in_a_message(tomorrow):
    move(tomorrow, place="县农广校")
    body = Notice.objects.get(enrolment__name="王小明").body
    assert "李秀英" not in body
    assert "张建国" not in body


def test_the_address_is_sealed(tomorrow):
    move(tomorrow, place="县农广校")
    with connection.cursor() as cursor:
        cursor.execute("SELECT address FROM courses_notice")
        assert "13800138000" not in str(cursor.fetchall())


def test_a_change_that_moves_nothing_is_not_told(tomorrow):
    assert move(tomorrow, title="水稻栽培（二）") == 0


def test_a_correction_of_what_is_over_is_not_told(session, phones):
    assert move(session, held_on=session.held_on - DAY) == 0


def test_telling_the_same_twice_queues_it_once(tomorrow):
    before = copy.copy(tomorrow)
    tomorrow.place = "县农广校"
    tomorrow.save()
    assert session_moved(tomorrow, before=before) == 4
    assert session_moved(tomorrow, before=before) == 0


def test_there_and_back_again_is_told_each_time(tomorrow):
    assert [move(tomorrow, place=place) for place in ("县农广校", "市农校", "县农广校")] == [4, 4, 4]


def test_who_withdrew_is_not_told(tomorrow):
    Enrolment.objects.filter(name="王小明").update(state=Enrolment.State.WITHDRAWN)
    move(tomorrow, place="县农广校")
    assert "13800138000" not in addresses()


def test_an_account_that_looks_after_a_learner_is_told_by_mail(tomorrow, learner_user, enrolments):
    learner_user.email = "wang@example.cn"
    learner_user.save()
    AccountLink.objects.create(user=learner_user, learner=enrolments[0].learner)
    move(tomorrow, place="县农广校")
    assert "wang@example.cn" in addresses()


def test_a_link_that_has_run_out_is_not_told(tomorrow, learner_user, enrolments):
    learner_user.email = "wang@example.cn"
    learner_user.save()
    over = timezone.localdate() - DAY
    AccountLink.objects.create(user=learner_user, learner=enrolments[0].learner, until=over)
    move(tomorrow, place="县农广校")
    assert "wang@example.cn" not in addresses()


def test_a_cancelled_session_is_told_with_its_reason(tomorrow):
    tomorrow.state, tomorrow.cancel_reason = Session.State.CANCELLED, "暴雨"
    tomorrow.save()
    assert session_cancelled(tomorrow) == 4
    assert "已取消，原因：暴雨" in Notice.objects.first().body


def test_the_number_of_queries_does_not_grow_with_the_class(
    tomorrow, classes, run, django_assert_max_num_queries
):
    classes.enrol(run, *(f"学员{number}" for number in range(100)))
    Holder.objects.filter(phone="").update(phone="13900139000")
    with django_assert_max_num_queries(12):
        assert move(tomorrow, place="县农广校") == 104


# --- A run, an enrolment, an appeal


def test_a_cancelled_run_is_told_to_those_who_wait_too(tomorrow, run, classes):
    [waiting] = classes.enrol(run, "赵候补", state=Enrolment.State.WAITING, waits_from=timezone.now())
    Holder.objects.filter(learner=waiting.learner).update(phone="13900139000")
    run.state, run.cancel_reason = ClassRun.State.CANCELLED, "报名人数不足"
    run.save()
    assert run_cancelled(run) == 5
    assert run_cancelled(run) == 0


def test_what_was_cancelled_and_takes_place_after_all_is_told(tomorrow, run):
    run_cancelled(run)
    assert run_reopened(run) == 4
    assert "恢复举办" in Notice.objects.filter(kind=Kind.RESTORED).first().body
    session_cancelled(tomorrow)
    assert session_restored(tomorrow) == 4
    assert Notice.objects.latest("pk").body.endswith("9:00，地点：市农校。")


@pytest.mark.parametrize(
    ("state", "words"),
    [("admitted", "您已被“第一期”录取"), ("waiting", "候补名单"), ("rejected", "未能录取，原因：名额已满")],
)
def test_a_decision_is_told(enrolments, phones, state, words):
    enrolment = enrolments[0]
    enrolment.state, enrolment.reason, enrolment.waits_from = state, "名额已满", timezone.now()
    enrolment.save()
    assert decided(enrolment) == 1
    notice = Notice.objects.get()
    assert words in notice.body
    assert (notice.kind, notice.subject[-3:]) == (state, "第一期")


def test_who_moved_up_from_the_waiting_list_hears_of_both(enrolments, phones):
    enrolment = enrolments[0]
    for state in ("waiting", "admitted"):
        enrolment.state, enrolment.waits_from = state, timezone.now()
        enrolment.save()
        assert decided(enrolment) == 1
        assert decided(enrolment) == 0
    assert list(Notice.objects.order_by("pk").values_list("kind", flat=True)) == ["waiting", "admitted"]


def test_who_withdrew_and_is_admitted_again_hears_of_it_again(enrolments, phones):
    enrolment = enrolments[0]
    assert decided(enrolment) == 1
    for state in ("withdrawn", "admitted"):
        enrolment.state = state
        enrolment.save()
    assert decided(enrolment) == 1


def test_many_decisions_at_once_take_as_many_queries_as_one(
    classes, run, phones, django_assert_max_num_queries
):
    found = classes.enrol(run, *(f"学员{number}" for number in range(60)))
    Holder.objects.filter(phone="").update(phone="13900139000")
    with django_assert_max_num_queries(12):
        assert decided(*found) == 60


def test_who_applied_is_told_nothing_yet(enrolments, phones):
    enrolments[0].state = Enrolment.State.APPLIED
    enrolments[0].save()
    assert decided(enrolments[0]) == 0


def test_the_answer_to_an_appeal_is_told(session, enrolments, phones):
    appeal = Appeal.objects.create(
        enrolment=enrolments[0],
        session=session,
        kind="excuse",
        words="看病",
        state="declined",
        answer="请补材料",
    )
    assert appeal_decided(appeal) == 1
    assert Notice.objects.get().body.endswith("提出的请假申请未同意：请补材料。")


# --- Reminders


def test_tomorrow_is_reminded_of_from_six_in_the_evening(tomorrow, evening):
    assert queue_reminders(evening - datetime.timedelta(hours=1)) == 0
    assert queue_reminders(evening) == 4
    assert queue_reminders(evening) == 0


def test_the_trainer_is_reminded_as_the_one_who_teaches(tomorrow, evening):
    queue_reminders(evening)
    assert Notice.objects.get(enrolment=None).body.startswith("罗老师您好，您讲授的“第一期”")


def test_a_session_that_moved_to_another_hour_is_reminded_of_again(tomorrow, evening):
    queue_reminders(evening)
    Session.objects.filter(pk=tomorrow.pk).update(starts_at=datetime.time(10))
    assert queue_reminders(evening) == 4


@pytest.mark.parametrize("what", ["session", "run"])
def test_what_is_cancelled_is_not_reminded_of(tomorrow, evening, what):
    thing = tomorrow if what == "session" else tomorrow.run
    thing.state = "cancelled"
    thing.save()
    assert queue_reminders(evening) == 0


def test_without_a_channel_nothing_is_queued(tomorrow, evening, settings):
    settings.PEIXUN_CHANNELS = []
    assert queue_reminders(evening) == 0


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("13800138000", "13800138000"),
        ("+86 138 0013 8000", "13800138000"),
        ("138-0013-8000", "13800138000"),
        ("13800138000 / 13900139000", "13800138000"),
        ("0731-58221234", ""),
        ("", ""),
    ],
)
def test_a_mobile_number_is_found_in_what_people_write(text, number):
    assert mobile_in(text) == number


def test_a_disabled_account_is_told_nothing(tomorrow, trainer, evening):
    trainer.is_active = False
    trainer.save()
    assert Membership.objects.filter(user=trainer).exists()
    assert queue_reminders(evening) == 3
