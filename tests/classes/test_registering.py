"""The deed of registering who was at a session."""

from decimal import Decimal

import pytest
from django.utils import timezone

from bureaus.models import AuditEvent, YearClose, YearClosed
from courses.models import Attendance, Enrolment, Session
from courses.registering import NotRegistrable, Presence, register
from tests.classes.conftest import DAY


@pytest.fixture
def now():
    return timezone.now()


def everybody(enrolments, state="present", **values):
    return [Presence(enrolment.pk, state, **values) for enrolment in enrolments]


def test_who_was_here_is_attending_and_has_hours_at_once(session, enrolments, trainer, now):
    result = register(session, everybody(enrolments), user=trainer, at=now)
    assert len(result.new) == 3
    for enrolment in Enrolment.objects.all():
        assert (enrolment.state, enrolment.hours) == (Enrolment.State.ATTENDING, Decimal(4))
    session.refresh_from_db()
    assert (session.state, session.registered_by) == (Session.State.HELD, trainer)


def test_the_absent_stay_admitted_and_have_none(session, enrolments, trainer, now):
    register(session, everybody(enrolments, "absent"), user=trainer, at=now)
    assert {row.state for row in Enrolment.objects.all()} == {Enrolment.State.ADMITTED}
    assert {row.hours for row in Attendance.objects.all()} == {Decimal(0)}


def test_registering_again_changes_nothing_and_writes_no_line(session, enrolments, trainer, now):
    register(session, everybody(enrolments), user=trainer, at=now)
    lines = AuditEvent.objects.count()
    result = register(session, everybody(enrolments), user=trainer, at=now)
    assert (len(result.same), AuditEvent.objects.count()) == (3, lines)


def test_a_correction_moves_the_hours_and_writes_a_line(session, enrolments, trainer, now):
    register(session, everybody(enrolments), user=trainer, at=now)
    register(session, [Presence(enrolments[0].pk, "late", minutes=90)], user=trainer, at=now)
    enrolments[0].refresh_from_db()
    assert enrolments[0].hours == Decimal(2)
    assert AuditEvent.objects.get(deed="attendance.corrected").after["changed"] == 1


def test_long_after_only_with_a_reason(session, enrolments, trainer, now):
    register(session, everybody(enrolments), user=trainer, at=now)
    with pytest.raises(NotRegistrable):
        register(session, everybody(enrolments, "absent"), user=trainer, at=now + 2 * DAY)
    register(session, everybody(enrolments, "absent"), user=trainer, at=now + 2 * DAY, reason="签到表有误")
    assert AuditEvent.objects.get(deed="attendance.corrected").reason == "签到表有误"


def test_a_closed_year_takes_nothing(session, enrolments, trainer, now):
    YearClose.objects.create(bureau=session.bureau, year=session.year)
    with pytest.raises(YearClosed):
        register(session, everybody(enrolments), user=trainer, at=now)
    assert not Attendance.objects.exists()


def test_who_is_not_in_the_run_is_refused_with_everybody(session, enrolments, trainer, now, classes):
    [stranger] = classes.enrol(classes.run("第二期"), "外人")
    with pytest.raises(NotRegistrable):
        register(session, everybody([*enrolments, stranger]), user=trainer, at=now)
    assert not Attendance.objects.exists()


def test_hours_that_a_ledger_stated_are_not_overwritten(session, enrolments, trainer, now):
    Enrolment.objects.update(hours=Decimal(24))
    register(session, everybody(enrolments), user=trainer, at=now)
    assert {row.hours for row in Enrolment.objects.all()} == {Decimal(24)}
