"""Merges of the same record at once: one of them happens, whole, and the others are told so.

Short by default; `make drills` sets PEIXUN_DRILLS=full.
"""

import os
import threading

import pytest
from django.db import connection, connections

from bureaus.models import Bureau, Membership, User
from courses.catalogue import read_catalogue
from courses.loading import load_catalogue
from courses.management.commands.load_plan import SHIPPED
from courses.models import Enrolment
from learners.models import Learner
from ledgers.models import Merge
from ledgers.people import merging
from ledgers.people.merging import CannotMerge, Choice, merge
from tests.people.conftest import Town

FULL = os.environ.get("PEIXUN_DRILLS") == "full"
ROUNDS, CALLERS = (10, 8) if FULL else (1, 3)
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def here():
    load_catalogue(read_catalogue(SHIPPED), user=None)
    return Town(Bureau.objects.get(name="市农业农村局"), seed=4)


@pytest.fixture
def user(here):
    user = User.objects.create(username="经办")
    Membership.objects.create(user=user, bureau=here.bureau, role=Membership.Role.OFFICER)
    return user


def at_once(pairs, user):
    """Merges each pair in a thread of its own; what went wrong in them."""
    errors: list[BaseException] = []
    start = threading.Barrier(len(pairs))

    def call(gone, kept):
        try:
            start.wait(60)
            merge(gone, kept, choice=Choice("核实"), by=User.objects.get(pk=user.pk))
        except Exception as error:  # noqa: BLE001 (the drill counts what went wrong)
            errors.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=call, args=pair) for pair in pairs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    return errors


def unlocked(monkeypatch, callers):
    """Takes the locks out and lets all callers in at once."""
    barrier = threading.Barrier(callers)

    def read(*numbers):
        found = [Learner.objects.get(pk=number) for number in numbers]
        try:
            barrier.wait(5)
        except threading.BrokenBarrierError:
            return found
        return found

    monkeypatch.setattr(merging, "locked", read)


def test_one_record_goes_into_one_other(here, user):
    for _round in range(ROUNDS):
        gone, others = here.learner(), [here.learner() for _n in range(CALLERS)]
        runs = set(gone.enrolments.values_list("run", flat=True))
        errors = at_once([(gone.pk, other.pk) for other in others], user)
        assert [type(error) for error in errors] == [CannotMerge] * (CALLERS - 1)
        done = Merge.objects.get(gone_number=gone.pk)
        assert runs <= set(Enrolment.objects.filter(learner=done.kept).values_list("run", flat=True))
        assert not Learner.objects.filter(pk=gone.pk).exists()


def test_two_records_into_one_another_leave_one(here, user):
    for _round in range(ROUNDS):
        one, other = here.learner(), here.learner()
        errors = at_once([(one.pk, other.pk), (other.pk, one.pk)], user)
        assert [type(error) for error in errors] == [CannotMerge]
        assert Learner.objects.filter(pk__in=(one.pk, other.pk)).count() == 1


def test_without_the_locks_it_would_not_end_so(here, user, monkeypatch):
    if connection.vendor == "sqlite":
        pytest.skip("there the transaction itself is the lock")
    gone, others = here.learner(), [here.learner() for _n in range(CALLERS)]
    unlocked(monkeypatch, CALLERS)
    errors = at_once([(gone.pk, other.pk) for other in others], user)
    assert [type(error) for error in errors] != [CannotMerge] * (CALLERS - 1)
