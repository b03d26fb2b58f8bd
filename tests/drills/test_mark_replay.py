"""Marks of phones in villages: sent again and again, in any order, days later, and each counts once.

Short by default; `make drills` sets PEIXUN_DRILLS=full. What comes out is compared with what the phones said,
and a control without the keys counts too much.
"""

import datetime
import os
import random
import threading
import uuid
from collections import Counter, defaultdict

import pytest
from django.db import connections
from django.utils import timezone

from bureaus.models import AuditEvent
from courses import syncing
from courses.models import Attendance, Enrolment, Mark, Trainer
from courses.syncing import Sender, Tap, receive
from tests.classes.conftest import Classes

FULL = os.environ.get("PEIXUN_DRILLS") == "full"
SESSIONS, PEOPLE, SEEDS = (40, 84, 2) if FULL else (2, 12, 2)
PHONES = [uuid.UUID(int=number) for number in (1, 2, 3)]
STATES = ["present", "present", "present", "late", "absent", "leave"]
LOST = 0.3
MOST_AT_ONCE = 120
pytestmark = pytest.mark.django_db
CALLERS = 12 if FULL else 4


@pytest.fixture
def users(trainer, officer, administrator):
    return [trainer, officer, administrator]


@pytest.fixture
def rosters(bureau, trainer):
    """Sessions of today, each of a run of its own, with the people of it."""
    classes = Classes(bureau)
    teacher = Trainer.objects.create(name="罗老师", bureau=bureau, user=trainer)
    found = []
    for number in range(SESSIONS):
        run = classes.run(f"第{number}期")
        session = classes.session(run, f"第{number}课")
        session.trainers.add(teacher)
        people = classes.enrol(run, *(f"学员{number}-{place}" for place in range(PEOPLE)))
        found.append((session, people))
    return found


def said(rosters, dice):
    """What three phones say: everybody once by each, some a second time, and walk-ins. By phone, in order."""
    taps = []
    # Not before the day of the sessions: that would be refused.
    midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    morning = max(timezone.now() - datetime.timedelta(hours=4), midnight)
    for phone in range(len(PHONES)):
        number = 0
        for session, people in rosters:
            roster = [*people, *dice.sample(people, len(people) // 8)]
            for enrolment in roster:
                taps.append((phone, tap_of(session, dice, number, morning, enrolment=enrolment.pk)))
                number += 1
            taps.append(
                (phone, tap_of(session, dice, number, morning, name=f"新来{phone}", employer="清溪镇"))
            )
            number += 1
    return taps


def tap_of(session, dice, number, morning, **who):
    return Tap(
        key=uuid.UUID(int=dice.getrandbits(128)),
        number=number,
        session=session.pk,
        state="present" if "name" in who else dice.choice(STATES),
        marked_at=morning + datetime.timedelta(seconds=number),
        done=True,
        **who,
    )


def deliver(taps, users, dice, days=4):
    """Brings all marks to the server over some days; answers are lost, so what arrived is sent again.

    Each phone sends what it thinks is waiting, shuffled, at most five times; the last answer arrives.
    """
    waiting = defaultdict(dict)
    for phone, tap in taps:
        waiting[phone][tap.key] = tap
    tries = Counter()
    at = timezone.now()
    while any(waiting.values()):
        phone = dice.choice([phone for phone, queue in waiting.items() if queue])
        batch = list(waiting[phone].values())
        dice.shuffle(batch)
        batch = batch[:MOST_AT_ONCE]
        at += datetime.timedelta(seconds=days * 24 * 3600 / 400)
        answers = receive(batch, Sender(users[phone], PHONES[phone], at))
        assert len(answers) == len(batch)
        for tap in batch:
            tries[tap.key] += 1
            if dice.random() > LOST or tries[tap.key] == 5:
                del waiting[phone][tap.key]
    return tries


def last_words(taps):
    """What each phone said last of each person, by session and enrolment."""
    words = defaultdict(dict)
    for phone, tap in sorted(taps, key=lambda one: one[1].number):
        if tap.enrolment:
            words[tap.session, tap.enrolment][phone] = tap.state
    return words


@pytest.mark.parametrize("seed", range(SEEDS))
def test_each_mark_counts_once_and_no_difference_is_lost(rosters, users, seed):
    dice = random.Random(seed)
    taps = said(rosters, dice)
    tries = deliver(taps, users, dice)
    assert max(tries.values()) > 1
    assert Mark.objects.count() == len(taps)
    assert not Mark.objects.refused().exists()

    standing = {(row.session_id, row.enrolment_id): row.state for row in Attendance.objects.all()}
    assert len(standing) == Attendance.objects.count() == SESSIONS * (PEOPLE + len(PHONES))
    still = defaultdict(set)
    for mark in Mark.objects.open_conflicts():
        still[mark.session_id, mark.enrolment_id].add(mark.state)
    for place, words in last_words(taps).items():
        assert {standing[place], *still[place]} == set(words.values())

    walk_ins = Enrolment.objects.filter(came_by=Enrolment.CameBy.WALK_IN)
    assert walk_ins.count() == SESSIONS * len(PHONES)
    hours = {row.pk: row.hours for row in Enrolment.objects.all()}
    granted = {row.enrolment_id: row.hours for row in Attendance.objects.all()}
    assert hours == {pk: granted[pk] for pk in hours}


def test_without_the_keys_it_would_count_too_much(rosters, users, monkeypatch):
    """The control: every arrival is taken for a new tap."""
    consider = syncing.consider

    def as_if_new(tap, room, sender):
        mark = consider(tap, room, sender)
        mark.key = uuid.uuid4()
        return mark

    monkeypatch.setattr(syncing, "consider", as_if_new)
    dice = random.Random(0)
    taps = said(rosters[:2], dice)
    tries = deliver(taps, users, dice)
    assert Mark.objects.count() == sum(tries.values()) > len(taps)


def test_a_correction_between_two_sendings_stays(rosters, users):
    """An answer is lost, an officer corrects, the phone sends again: the old mark does not come back."""
    (session, people), *_rest = rosters
    dice = random.Random(1)
    tap = tap_of(session, dice, 1, timezone.now(), enrolment=people[0].pk)
    phone = Sender(users[0], PHONES[0], timezone.now())
    receive([tap], phone)
    Attendance.objects.update(state="absent" if tap.state == "leave" else "leave")
    lines = AuditEvent.objects.count()
    [again] = receive([tap], phone)
    assert (again.outcome, again.open) == ("written", False)
    assert Attendance.objects.get().state != tap.state
    assert AuditEvent.objects.count() == lines


@pytest.mark.django_db(transaction=True)
def test_the_same_mark_at_once_counts_once(rosters, users):
    """A phone that sends again while its first try is still under way."""
    (session, people), *_rest = rosters
    dice = random.Random(2)
    now = timezone.now()
    taps = [tap_of(session, dice, number, now, enrolment=one.pk) for number, one in enumerate(people)]
    taps.append(tap_of(session, dice, len(people), now, name="新来", employer="清溪镇"))
    found, errors = [], []

    def call():
        try:
            found.append(receive(taps, Sender(users[0], PHONES[0], now)))
        except Exception as error:  # noqa: BLE001 (the drill counts what went wrong)
            errors.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=call) for _ in range(CALLERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert errors == []
    assert all(answers == found[0] for answers in found)
    assert Mark.objects.count() == Attendance.objects.filter(session=session).count() == len(taps)
