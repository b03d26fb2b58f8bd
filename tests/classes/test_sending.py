"""Notices leave the house once each; what is outdated does not leave, what is unsure waits for a person."""

import datetime
import json
import smtplib
import stat
from typing import ClassVar

import pytest
from django.core import mail
from django.core.exceptions import ImproperlyConfigured
from django.core.mail.backends.locmem import EmailBackend
from django.core.management import call_command
from django.utils import timezone

from courses import sending
from courses.channels import Channel, Message, NotSent, open_channels
from courses.jobs import send_notices
from courses.models import ClassRun, Enrolment, Notice, Session
from courses.models.notices import version_of
from tests.classes.conftest import DAY

State = Notice.State
MINUTE = datetime.timedelta(minutes=1)


class Recorder(Channel):
    """Remembers what it was given; raises `fault` where there is one."""

    name = "recorder"
    given: ClassVar[list[Message]] = []
    fault: ClassVar[Exception | None] = None

    def send(self, message):
        type(self).given.append(message)
        if self.fault:
            raise self.fault


@pytest.fixture(autouse=True)
def recorder(settings, monkeypatch):
    settings.PEIXUN_CHANNELS = [f"{__name__}.Recorder"]
    monkeypatch.setattr(Recorder, "given", [])
    monkeypatch.setattr(Recorder, "fault", None)
    return Recorder


@pytest.fixture
def now():
    return timezone.now()


@pytest.fixture
def moved(session, now):
    """A notice to 王小明 that the session, which is tomorrow, was moved."""
    session.held_on += DAY
    session.save()
    enrolment = session.run.enrolments.get(name="王小明")
    return Notice.objects.create(
        key="session:1:e1:recorder:1",
        kind=Notice.Kind.MOVED,
        version=version_of(session),
        channel="recorder",
        run=session.run,
        session=session,
        enrolment=enrolment,
        address="13800138000",
        subject="课次调整",
        body="王小明您好",
        due_at=now,
    )


def states():
    return [(notice.state, notice.attempts) for notice in Notice.objects.all()]


def test_what_waits_is_sent_and_says_when(moved, recorder, now):
    assert sending.send_due(at=now) == sending.Sent(sent=1)
    assert [message.address for message in recorder.given] == ["13800138000"]
    moved.refresh_from_db()
    assert (moved.state, moved.attempts, moved.sent_at is not None) == (State.SENT, 1, True)


def test_what_was_sent_is_not_sent_again(moved, recorder, now):
    sending.send_due(at=now)
    assert sending.send_due(at=now + DAY) == sending.Sent()
    assert len(recorder.given) == 1


def test_what_is_due_later_waits(moved, recorder, now):
    assert sending.send_due(at=now - MINUTE) == sending.Sent()
    assert recorder.given == []


@pytest.mark.parametrize("meanwhile", ["moved", "cancelled", "run cancelled", "over", "withdrawn"])
def test_what_no_longer_holds_is_dropped(moved, recorder, now, meanwhile):
    if meanwhile == "moved":
        Session.objects.update(place="县农广校")
    elif meanwhile == "cancelled":
        Session.objects.update(state=Session.State.CANCELLED)
    elif meanwhile == "run cancelled":
        ClassRun.objects.update(state=ClassRun.State.CANCELLED)
    elif meanwhile == "withdrawn":
        Enrolment.objects.update(state=Enrolment.State.WITHDRAWN)
    at = now + 3 * DAY if meanwhile == "over" else now
    assert sending.send_due(at=at) == sending.Sent(dropped=1)
    assert recorder.given == []


def test_who_was_admitted_and_then_withdrew_is_not_told_of_the_admission(moved, now):
    Notice.objects.update(kind=Notice.Kind.ADMITTED, version="admitted", session=None)
    Enrolment.objects.update(state=Enrolment.State.WITHDRAWN)
    assert sending.send_due(at=now).dropped == 1


def test_a_trainer_who_no_longer_teaches_it_is_not_told(moved, trainer, now):
    Notice.objects.update(enrolment=None, user=trainer)
    Session.objects.get().trainers.clear()
    assert sending.send_due(at=now).dropped == 1


def test_a_cancellation_that_was_taken_back_is_dropped(moved, now):
    Notice.objects.update(kind=Notice.Kind.CANCELLED, version="cancelled")
    assert sending.send_due(at=now).dropped == 1


def test_what_surely_did_not_leave_is_tried_three_times(moved, recorder, now, monkeypatch):
    monkeypatch.setattr(recorder, "fault", NotSent("连不上邮件服务器。"))
    for attempts in (1, 2):
        assert sending.send_due(at=now + attempts * DAY / 24).put_off == 1
        assert states() == [(State.QUEUED, attempts)]
    assert sending.send_due(at=now + DAY / 4).failed == 1
    assert states() == [(State.FAILED, 3)]
    assert Notice.objects.get().error == "连不上邮件服务器。"


def test_a_second_try_waits_a_while(moved, recorder, now, monkeypatch):
    monkeypatch.setattr(recorder, "fault", NotSent("连不上邮件服务器。"))
    sending.send_due(at=now)
    assert sending.send_due(at=now + MINUTE) == sending.Sent()


def test_what_nobody_knows_of_is_not_sent_again_by_itself(moved, recorder, now, monkeypatch, caplog):
    monkeypatch.setattr(recorder, "fault", TimeoutError("13800138000 timed out"))
    assert sending.send_due(at=now).failed == 1
    assert sending.send_due(at=now + DAY) == sending.Sent()
    assert "不确定是否已发出" in Notice.objects.get().error
    assert "13800138000" not in caplog.text


def test_a_sender_that_was_killed_leaves_it_to_a_person(moved, recorder, now):
    Notice.objects.update(state=State.SENDING, taken_at=now - 11 * MINUTE)
    assert sending.send_due(at=now) == sending.Sent(failed=1)
    assert "不确定是否已发出" in Notice.objects.get().error
    assert recorder.given == []


def test_a_sender_at_work_is_left_alone(moved, now):
    Notice.objects.update(state=State.SENDING, taken_at=now - MINUTE)
    assert sending.send_due(at=now) == sending.Sent()


def test_a_slow_sender_that_was_given_up_still_says_that_it_sent(moved, now):
    sending.take(moved.pk)
    moved.refresh_from_db()
    assert sending.give_up_stuck(timezone.now() + 11 * MINUTE) == 1
    sending.finish(moved, "sent", state=State.SENT)
    assert states() == [(State.SENT, 1)]


def test_only_one_of_two_senders_takes_it(moved):
    assert [sending.take(moved.pk), sending.take(moved.pk)] == [True, False]


def test_a_channel_that_is_no_longer_in_use_is_a_failure(moved, settings, now):
    settings.PEIXUN_CHANNELS = []
    assert sending.send_due(at=now).failed == 1
    assert Notice.objects.get().error == "这个渠道已停用。"


def test_the_worker_and_the_command_send(moved, recorder):
    send_notices.call()
    call_command("send_notices")
    assert len(recorder.given) == 1


# --- The channels


def send(path, settings, **values):
    settings.PEIXUN_CHANNELS = [path]
    [channel] = open_channels()
    with channel:
        channel.send(Message(7, values.get("address", "13800138000"), "课次调整", "王小明您好"))


def test_an_sms_is_a_file_that_only_we_can_read(settings, tmp_path):
    settings.PEIXUN_SMS_FOLDER = tmp_path / "sms"
    for _twice in range(2):
        send("courses.channels.sms.SmsChannel", settings)
    [file] = (tmp_path / "sms").iterdir()
    assert json.loads(file.read_text()) == {"to": "13800138000", "text": "王小明您好"}
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_folder_that_cannot_be_written_to_is_surely_not_sent(settings, tmp_path):
    (tmp_path / "sms").write_text("no folder")
    settings.PEIXUN_SMS_FOLDER = tmp_path / "sms"
    with pytest.raises(NotSent):
        send("courses.channels.sms.SmsChannel", settings)


def test_a_mail_goes_to_one_person(settings):
    send("courses.channels.mail.MailChannel", settings, address="wang@example.cn")
    [message] = mail.outbox
    assert (message.to, message.subject, message.body) == (["wang@example.cn"], "课次调整", "王小明您好")


@pytest.mark.parametrize(
    ("method", "fault", "raised"),
    [
        ("open", ConnectionRefusedError(), NotSent),
        ("open", smtplib.SMTPAuthenticationError(535, b"no"), NotSent),
        ("send_messages", smtplib.SMTPRecipientsRefused({}), NotSent),
        ("send_messages", smtplib.SMTPServerDisconnected(), smtplib.SMTPServerDisconnected),
        ("send_messages", TimeoutError(), TimeoutError),
    ],
)
def test_a_mail_is_surely_not_sent_only_where_the_server_said_so(
    settings, monkeypatch, method, fault, raised
):
    def fail(*_args):
        raise fault

    monkeypatch.setattr(EmailBackend, method, fail, raising=False)
    with pytest.raises(raised):
        send("courses.channels.mail.MailChannel", settings, address="wang@example.cn")


def test_the_terminal_shows_no_whole_number(settings, capsys):
    send("courses.channels.console.ConsoleChannel", settings)
    assert capsys.readouterr().out == "[课次调整] …8000: 王小明您好\n"


@pytest.mark.parametrize("path", ["courses.channels.nowhere.Channel", "courses.models.Notice"])
def test_a_setting_that_names_no_channel_says_so(settings, path):
    settings.PEIXUN_CHANNELS = [path]
    with pytest.raises(ImproperlyConfigured, match="PEIXUN_CHANNELS"):
        open_channels()
