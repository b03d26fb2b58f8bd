"""Many who want the last seats at once: exactly as many as there are get one; without the lock more would.

Short by default; `make drills` sets PEIXUN_DRILLS=full.
"""

import contextlib
import datetime
import os
import threading

import pytest
from django.db import connections, transaction
from django.db.models import QuerySet
from django.test import Client
from django.urls import reverse

from bureaus.models import Bureau, District, User
from courses.catalogue import read_catalogue
from courses.enrolling import deciding, entering, seats
from courses.enrolling.people import Person
from courses.loading import load_catalogue
from courses.management.commands.load_plan import SHIPPED
from courses.models import ClassRun, Enrolment, Programme
from learners.models import AccountLink, Learner
from ledgers.importing.applying import apply
from ledgers.importing.jobs import order_for, rule_for
from ledgers.importing.outcomes import Terms
from ledgers.models import LedgerImport
from ledgers.reading.apart import reading

FULL = os.environ.get("PEIXUN_DRILLS") == "full"
ROUNDS, CALLERS, SEATS = (10, 200, 50) if FULL else (1, 24, 6)
WORKERS = 40 if FULL else 8
DAY = datetime.date(2025, 3, 3)
State = Enrolment.State
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def run():
    load_catalogue(read_catalogue(SHIPPED), user=None)
    return ClassRun.objects.create(
        programme=Programme.objects.get(name="培训科技辅导员"),
        bureau=Bureau.objects.get(name="市科协"),
        district=District.objects.get(is_city=True),
        name="名额紧张的班",
        year=2025,
        seats=SEATS,
        approval=False,
        state=ClassRun.State.OPEN,
    )


@pytest.fixture
def people(run):
    """(account, learner) of every caller."""
    users = User.objects.bulk_create(User(username=f"xueyuan{n}", name=f"学员{n}") for n in range(CALLERS))
    learners = Learner.objects.bulk_create(Learner(name=f"学员{n}") for n in range(CALLERS))
    pairs = list(zip(users, learners, strict=True))
    AccountLink.objects.bulk_create(AccountLink(user=user, learner=learner) for user, learner in pairs)
    return pairs


def at_once(deeds):
    """Runs the deeds in as many threads; what went wrong in them."""
    errors: list[BaseException] = []
    start = threading.Barrier(len(deeds))

    def call(deed):
        try:
            start.wait(60)
            deed()
        except Exception as error:  # noqa: BLE001 (the drill counts what went wrong)
            errors.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=call, args=(deed,)) for deed in deeds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(300)
    return errors


def in_shares(deeds, workers=WORKERS):
    """The same deeds in `workers` threads: a server answers so many at once, and the rest stand in line."""

    def one_after_the_other(share):
        for deed in share:
            deed()

    return at_once([lambda share=deeds[n::workers]: one_after_the_other(share) for n in range(workers)])


def application(run, user, learner):
    """Sends the form of applying as this account; the answer must lead on, not be an error page."""
    client = Client()
    client.force_login(user)

    def send():
        values = {"learner": learner.pk, "employer": "韶山学校", "position": "教师", "phone": "13800000000"}
        response = client.post(reverse("courses:apply", args=[run.pk]), values)
        assert response.status_code == 302, response.status_code

    return send


def demand_whole(run, *, admitted, waiting):
    """As many as there are seats are in, and the others wait in the order in which they came."""
    rows = list(run.enrolments.order_by("pk"))
    states = [row.state for row in rows]
    assert states.count(State.ADMITTED) == admitted
    assert states.count(State.WAITING) == waiting
    queue = [row for row in rows if row.state == State.WAITING]
    assert [row.pk for row in queue] == list(run.enrolments.waiting().values_list("pk", flat=True))


@pytest.mark.parametrize("round_", range(ROUNDS))
def test_every_seat_is_given_once(run, people, round_):
    assert in_shares([application(run, user, learner) for user, learner in people]) == []
    demand_whole(run, admitted=SEATS, waiting=CALLERS - SEATS)
    assert [row.state for row in run.enrolments.order_by("pk")] == (
        [State.ADMITTED] * SEATS + [State.WAITING] * (CALLERS - SEATS)
    )


@pytest.mark.parametrize("round_", range(ROUNDS))
def test_withdrawing_at_once_moves_each_waiting_person_up_once(run, people, round_):
    everybody = [Person(str(learner), learner=learner.pk) for _user, learner in people]
    first = entering.enrol_all(run.pk, everybody, by=None).enrolments
    leaving = [one.pk for one in first[:SEATS]]
    deeds = [lambda pk=pk: deciding.withdraw(run.pk, [pk], by=None, reason="临时有事") for pk in leaving]
    assert in_shares(deeds, workers=min(WORKERS, SEATS)) == []
    admitted = run.enrolments.filter(state=State.ADMITTED).order_by("pk").values_list("pk", flat=True)
    assert list(admitted) == [one.pk for one in first[SEATS : 2 * SEATS]]
    demand_whole(run, admitted=SEATS, waiting=CALLERS - 2 * SEATS)


def test_enrolling_leaving_and_moving_up_at_once_keep_the_seats(run, people):
    """Half are in; while they leave, the others apply and an officer fills up, again and again."""
    half = CALLERS // 2
    everybody = [Person(str(learner), learner=learner.pk) for _user, learner in people]
    inside = entering.enrol_all(run.pk, everybody[:half], by=None).enrolments
    deeds = [lambda pk=one.pk: deciding.withdraw(run.pk, [pk], by=None, reason="有事") for one in inside[::2]]
    deeds += [lambda one=one: entering.enrol(run.pk, one, by=None) for one in everybody[half:]]
    deeds += [lambda: deciding.fill_seats(run.pk, by=None)] * (half // 2)
    assert in_shares(deeds) == []
    here = CALLERS - len(inside[::2])
    demand_whole(run, admitted=min(SEATS, here), waiting=here - min(SEATS, here))


def bring_in(run, lines):
    """Imports a ledger of these lines for the run, as an officer of its bureau does."""
    headings = "姓名,身份证号,单位,班次,培训时间,学时"
    content = "\n".join([headings, *lines]).encode()
    terms = Terms(run.programme, run.year, run.bureau, rule_for(run.programme, run.year))
    batch = LedgerImport.objects.create(
        bureau=run.bureau, file_name="台账.csv", state=LedgerImport.State.APPLYING, year=run.year
    )
    with reading(content, order_for(terms, shows_all=False)) as found:
        apply(batch, found, terms, user=None)


def test_a_ledger_beside_them_takes_no_more_than_is_free(run, people):
    """Ledgers bring others into the same run while people apply, leave and move up."""
    ClassRun.objects.update(starts_on=DAY, ends_on=datetime.date(2099, 1, 1))
    everybody = [Person(str(learner), learner=learner.pk) for _user, learner in people]
    inside = entering.enrol_all(run.pk, everybody[:SEATS], by=None).enrolments
    lines = [f"台账学员{n},,第{n}小学,{run.name},2025-03-03,8" for n in range(CALLERS)]
    deeds = [lambda pk=one.pk: deciding.withdraw(run.pk, [pk], by=None, reason="有事") for one in inside[::2]]
    deeds += [lambda n=n: bring_in(run, lines[n : n + 4]) for n in range(0, CALLERS, 4)]
    deeds += [lambda one=one: entering.enrol(run.pk, one, by=None) for one in everybody[SEATS:]]
    assert in_shares(deeds) == []
    assert run.enrolments.holding_seats().count() == SEATS


def test_without_the_lock_seats_would_be_sold_twice(run, people, monkeypatch):
    """The control: nothing is held, and all count the free seats before one after the other takes them."""
    callers = 4
    ClassRun.objects.filter(pk=run.pk).update(seats=1)
    counted, turn = threading.Barrier(callers), threading.Lock()
    count, promote = seats.free_seats, seats.promote

    def count_together(run):
        free = count(run)
        counted.wait(60)
        turn.acquire()
        return free

    def promote_in_turn(run):
        try:
            return promote(run)
        finally:
            turn.release()

    monkeypatch.setattr(transaction, "atomic", lambda *args, **kwargs: contextlib.nullcontext())
    monkeypatch.setattr(QuerySet, "select_for_update", lambda rows, *args, **kwargs: rows)
    monkeypatch.setattr(seats, "free_seats", count_together)
    monkeypatch.setattr(seats, "promote", promote_in_turn)
    everybody = [Person(str(learner), learner=learner.pk) for _user, learner in people[:callers]]
    assert at_once([lambda one=one: entering.enrol(run.pk, one, by=None) for one in everybody]) == []
    assert run.enrolments.holding_seats().count() == callers
