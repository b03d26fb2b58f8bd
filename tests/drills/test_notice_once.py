"""Several senders at once send each notice once; without taking it first they would not.

Short by default; `make drills` sets PEIXUN_DRILLS=full.
"""

import os
import threading
from collections import Counter
from typing import ClassVar

import pytest
from django.db import connections
from django.utils import timezone

from bureaus.models import Bureau, District
from courses import sending
from courses.catalogue import read_catalogue
from courses.channels import Channel
from courses.loading import load_catalogue
from courses.management.commands.load_plan import SHIPPED
from courses.models import Notice, Programme, Session

FULL = os.environ.get("PEIXUN_DRILLS") == "full"
ROUNDS, SENDERS, NOTICES = (10, 6, 300) if FULL else (1, 4, 40)
pytestmark = pytest.mark.django_db(transaction=True)


class Counting(Channel):
    """Counts how often each notice was given to it."""

    name = "counting"
    given: ClassVar[Counter[int]] = Counter()

    def send(self, message):
        self.given[message.number] += 1


@pytest.fixture
def notices(settings, monkeypatch):
    settings.PEIXUN_CHANNELS = [f"{__name__}.Counting"]
    monkeypatch.setattr(Counting, "given", Counter())
    load_catalogue(read_catalogue(SHIPPED), user=None)
    today = timezone.localdate()
    session = Session.objects.create(
        programme=Programme.objects.get(name="智慧助老行动"),
        bureau=Bureau.objects.get(name="市科协"),
        district=District.objects.first(),
        year=today.year,
        title="讲座",
        held_on=today,
        state=Session.State.CANCELLED,
    )
    for number in range(NOTICES):
        Notice.objects.create(
            key=f"session:1:e{number}:counting:1",
            kind=Notice.Kind.CANCELLED,
            channel="counting",
            session=session,
            address="13800138000",
            subject="课次取消",
            body="您好",
            due_at=timezone.now(),
        )


def send(barrier, errors):
    try:
        barrier.wait(10)
        sending.send_due(at=timezone.now())
    except Exception as error:  # noqa: BLE001 (the drill counts what went wrong)
        errors.append(error)
    finally:
        connections.close_all()


def all_at_once():
    """Lets the senders loose on the same notices; what went wrong."""
    errors: list[Exception] = []
    barrier = threading.Barrier(SENDERS)
    threads = [threading.Thread(target=send, args=(barrier, errors)) for _ in range(SENDERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    return errors


@pytest.mark.parametrize("round_", range(ROUNDS))
def test_several_senders_send_each_once(notices, round_):
    assert all_at_once() == []
    assert set(Counting.given.values()) == {1}
    assert Notice.objects.filter(state=Notice.State.SENT).count() == NOTICES == len(Counting.given)


def test_without_taking_it_first_it_would_go_out_more_than_once(notices, monkeypatch):
    """The control: each sender believes that it has taken the notice."""
    met = threading.Barrier(SENDERS)

    def believe(pk):
        """Waits until all have read the same list of what is due, then takes without asking."""
        if not met.broken:
            try:
                met.wait(2)
            except threading.BrokenBarrierError:
                met.abort()
        Notice.objects.filter(pk=pk).update(state=Notice.State.SENDING)
        return True

    monkeypatch.setattr(sending, "take", believe)
    all_at_once()
    assert max(Counting.given.values()) > 1
