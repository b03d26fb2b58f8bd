"""Which open pages a deed concerns, and that other processes hear of it after commit."""

import datetime

import pytest
from django.db import transaction

from bureaus.announcing import announce, topics_of
from bureaus.models import AuditEvent
from courses.models import Session

Deed = AuditEvent.Deed


@pytest.fixture
def said(monkeypatch, settings):
    """What was announced to other processes."""
    topics = []

    async def note(some):
        topics.append(set(some))

    settings.REDIS_URL = "redis://127.0.0.1:6379/0"
    monkeypatch.setattr("bureaus.announcing.tell", note)
    return topics


def record():
    AuditEvent.record(
        Deed.ATTENDANCE_REGISTERED, Session(pk=12, held_on=datetime.date(2024, 3, 5)), user=None
    )


@pytest.mark.django_db(transaction=True)
def test_with_redis_a_deed_announces_itself_after_commit(said):
    with transaction.atomic():
        record()
        assert said == []
    assert said == [{"figures", "classes", "session-12"}]


@pytest.mark.django_db(transaction=True)
def test_a_deed_that_is_rolled_back_is_not_announced(said):
    with transaction.atomic():
        record()
        transaction.set_rollback(True)
    assert said == []


@pytest.mark.django_db(transaction=True)
def test_a_deed_stands_though_redis_does_not_answer(said, monkeypatch):
    monkeypatch.setattr("bureaus.announcing.async_to_sync", lambda tell: 1 / 0)
    with transaction.atomic():
        record()
    assert AuditEvent.objects.count() == 1


def test_without_redis_nothing_is_sent_from_the_thread_of_a_deed(said, settings):
    settings.REDIS_URL = ""
    announce(Deed.YEAR_CLOSED, "")
    assert said == []


@pytest.mark.parametrize(
    ("deed", "key", "topics"),
    [
        (Deed.LEDGER_IMPORTED, "3", {"figures"}),
        (Deed.APPEAL_DECIDED, "3", {"figures", "classes", "session-3"}),
        (Deed.ENROLMENT_CHANGED, "3", {"figures", "classes", "run-3"}),
        (Deed.RUN_CHANGED, "", {"figures", "classes"}),
    ],
)
def test_a_deed_touches_the_pages_that_show_it(deed, key, topics):
    assert topics_of(deed, key) == topics
