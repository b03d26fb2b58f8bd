"""Input that no form of ours sends, and deeds in an order that nobody meant: refused, and in words."""

import datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from PIL import Image

from bureaus.live import Watcher
from bureaus.models import Bureau, YearClose, YearClosed
from courses.consumers import SessionSocket
from courses.enrolling import seats
from courses.enrolling.deciding import withdraw
from courses.evidence import NotAPicture, opened
from courses.holding import CannotHold, hold_again
from courses.models import ClassRun, Enrolment, Plan, Programme, Session
from courses.noticing import queue_reminders
from courses.registering import held_open
from courses.scheduling import copying
from courses.scheduling import runs as scheduling

DAY = datetime.timedelta(days=1)
State = ClassRun.State


@pytest.mark.parametrize(
    "address",
    [
        "/open/?group=%00",
        "/programmes/new/?plan=" + "9" * 5000,
        "/runs/new/?programme=" + "9" * 5000,
        "/workload/?year=020260000",
        "/workload/file/?trainer=" + "9" * 5000,
    ],
)
def test_an_address_with_nonsense_shows_the_page(login, coordinator, address):
    assert login(coordinator).get(address).status_code == 200


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_a_day_out_of_the_calendar_is_refused(login, officer, run, session, day):
    client = login(officer)
    for name, pk, field in (
        ("run-copy", run.pk, "starts_on"),
        ("session-move", session.pk, "held_on"),
        ("run-session-new", run.pk, "held_on"),
        ("run-edit", run.pk, "ends_on"),
    ):
        page = client.post(reverse(f"courses:{name}", args=[pk]), {field: day, "times": 3})
        assert page.status_code == 422
        assert "2100" in str(page.context["form"].errors[field])


def test_a_picture_that_the_library_chokes_on_is_refused_in_words(monkeypatch):
    def choke(*_args, **_kwargs):
        raise TypeError

    monkeypatch.setattr(Image, "open", choke)
    with pytest.raises(NotAPicture):
        opened(b"\xff\xd8")


def test_a_socket_for_a_number_that_no_database_knows_hinders_nobody(officer, session):
    mine, nonsense = Watcher(officer, session.pk), Watcher(officer, 10**30)
    assert SessionSocket.admitted([mine, nonsense]) == {mine}


# --- Deeds in an order that nobody meant ---------------------------------------------------------


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer at a time")
def test_holding_a_bureau_lets_others_write_what_only_refers_to_it(bureau):
    """Else a programme that is changed and a class that is added wait for each other."""
    with CaptureQueriesContext(connection) as asked:
        YearClose.objects.hold_open(bureau, 2026)
    assert "FOR NO KEY UPDATE" in asked[0]["sql"]


def test_a_row_that_moved_to_a_closed_year_meanwhile_is_not_written(session):
    stale = Session.objects.select_related("bureau").get(pk=session.pk)
    Session.objects.filter(pk=session.pk).update(year=2001)
    YearClose.objects.create(bureau=session.bureau, year=2001)
    with pytest.raises(YearClosed):
        held_open(stale)


def test_a_run_that_moved_to_a_closed_year_meanwhile_takes_nobody(run, monkeypatch):
    YearClose.objects.create(bureau=run.bureau, year=2001)
    rows = type(YearClose.objects.all())
    hold_open = rows.hold_open

    def slowly(self, bureau: Bureau, year: int) -> None:
        ClassRun.objects.filter(pk=run.pk).update(year=2001)
        hold_open(self, bureau, year)

    monkeypatch.setattr(rows, "hold_open", slowly)
    with pytest.raises(YearClosed), seats.held(run.pk):
        pass


def test_a_class_that_is_over_gets_no_further_session(run, session, trainer):
    ClassRun.objects.filter(pk=run.pk).update(state=State.FINISHED)
    with pytest.raises(CannotHold):
        hold_again(session, user=trainer, at=timezone.now() + DAY)


def test_nobody_is_reminded_of_a_class_that_is_over(classes, run, session, settings):
    settings.PEIXUN_REMINDER_HOUR = 0
    classes.session(run, "明天的课", held_on=classes.today + DAY).trainers.set(session.trainers.all())
    ClassRun.objects.filter(pk=run.pk).update(state=State.FINISHED)
    assert queue_reminders(timezone.now()) == 0


def test_only_what_was_cancelled_with_the_run_comes_back_with_it(classes, officer):
    run = classes.run(state=State.PLANNED)
    before = classes.session(run, "早已取消", state=Session.State.CANCELLED, cancel_reason="洪水")
    with_it = classes.session(run)
    scheduling.cancel_run(run, reason="洪水", user=officer)
    scheduling.reopen_run(ClassRun.objects.get(pk=run.pk), user=officer)
    before.refresh_from_db()
    with_it.refresh_from_db()
    assert (before.state, with_it.state) == (Session.State.CANCELLED, Session.State.PLANNED)


def test_seats_added_to_a_cancelled_run_are_given_when_it_takes_place_again(classes, officer):
    run = classes.run(state=State.OPEN, seats=1)
    classes.enrol(run, "甲")
    waits = classes.enrol(run, "乙", state=Enrolment.State.WAITING, waits_from=timezone.now())[0]
    scheduling.cancel_run(run, reason="洪水", user=officer)
    ClassRun.objects.filter(pk=run.pk).update(seats=2)
    scheduling.reopen_run(ClassRun.objects.get(pk=run.pk), user=officer)
    waits.refresh_from_db()
    assert waits.state == Enrolment.State.ADMITTED
    withdraw(run.pk, [waits.pk], by=officer, reason="不来了")


def test_a_copy_into_the_next_plan_belongs_to_that_plans_programme(classes, officer, plan):
    last = plan.last_year
    later = Plan.objects.create(name="下一个方案", first_year=last + 1, last_year=last + 5)
    same = Programme.objects.create(plan=later, name=classes.programme.name, group=classes.programme.group)
    first = datetime.date(last, 6, 1)
    run = classes.run(f"{last}年班", starts_on=first, ends_on=first + DAY, year=last)
    made = copying.copy_runs([run], user=officer).runs[0]
    assert (made.programme, made.year) == (same, last + 1)
    assert copying.copy_runs([run], user=officer).skipped == 1


def test_a_run_without_days_is_copied_into_the_year_after_its_own(classes, officer):
    run = classes.run("老班", starts_on=None, ends_on=None, year=classes.today.year - 3)
    assert copying.copy_runs([run], user=officer).runs[0].year == classes.today.year - 2
    assert copying.copy_runs([run], user=officer).skipped == 1


def test_who_taught_once_and_has_no_role_now_reads_nobodys_hours(login, session, trainer, enrolments):
    address = reverse("courses:hours", args=[enrolments[0].pk])
    assert login(trainer).get(address).status_code == 200
    trainer.memberships.all().delete()
    assert login(trainer).get(address).status_code == 404
