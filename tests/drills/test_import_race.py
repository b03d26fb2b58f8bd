"""The same ledger brought in by several at once counts once; without the lock it would not.

Short by default; `make drills` sets PEIXUN_DRILLS=full.
"""

import contextlib
import os
import threading

import pytest
from django.db import connection, connections
from django.db.models import QuerySet

from bureaus.models import AuditEvent, Bureau, User
from courses.catalogue import read_catalogue
from courses.loading import load_catalogue
from courses.management.commands.load_plan import SHIPPED
from courses.models import Enrolment, Programme
from learners.models import Learner
from ledgers.importing import applying, jobs
from ledgers.importing.jobs import order_for, rule_for
from ledgers.importing.outcomes import Terms
from ledgers.importing.receiving import receive
from ledgers.models import LedgerImport
from ledgers.reading.apart import reading
from tests.imports.conftest import LEDGERS

FULL = os.environ.get("PEIXUN_DRILLS") == "full"
ROUNDS, CALLERS = (20, 6) if FULL else (1, 3)
State = LedgerImport.State
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def terms():
    load_catalogue(read_catalogue(SHIPPED), user=None)
    programme = Programme.objects.select_related("plan").get(name="培训科技辅导员")
    return Terms(programme, 2024, Bureau.objects.get(name="市科协"), rule_for(programme, 2024))


@pytest.fixture(scope="module")
def ledger():
    return (LEDGERS / "teachers-2024.xlsx").read_bytes()


def call(ledger, terms, errors):
    try:
        batch = LedgerImport.objects.create(
            bureau=terms.bureau, file_name="台账.xlsx", state=LedgerImport.State.APPLYING, year=terms.year
        )
        with reading(ledger, order_for(terms, shows_all=False)) as found:
            applying.apply(batch, found, terms, user=None)
    except Exception as error:  # noqa: BLE001 (the drill counts what went wrong)
        errors.append(error)
    finally:
        connections.close_all()


def all_at_once(ledger, terms, callers=CALLERS):
    errors: list[Exception] = []
    threads = [threading.Thread(target=call, args=(ledger, terms, errors)) for _ in range(callers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    return errors


def meet_after_comparing(monkeypatch, callers):
    """Makes callers wait for one another between comparing and writing, for two seconds at most."""
    barrier = threading.Barrier(callers)
    feed = applying.Comparison.feed

    def slowly(comparison, rows):
        outcomes = feed(comparison, rows)
        with contextlib.suppress(threading.BrokenBarrierError):
            barrier.wait(2)
        return outcomes

    monkeypatch.setattr(applying.Comparison, "feed", slowly)


@pytest.mark.parametrize("round_", range(ROUNDS))
def test_the_same_ledger_at_once_counts_once(terms, ledger, monkeypatch, round_):
    meet_after_comparing(monkeypatch, CALLERS)
    assert all_at_once(ledger, terms) == []
    assert (Enrolment.objects.count(), Learner.objects.count()) == (234, 204)


def test_without_the_lock_they_would_collide(terms, ledger, monkeypatch):
    if connection.vendor == "sqlite":
        pytest.skip(
            "SQLite takes its one write lock when the transaction opens: there is no lock to take out."
        )
    monkeypatch.setattr(QuerySet, "select_for_update", lambda rows, *args, **kwargs: rows)
    meet_after_comparing(monkeypatch, CALLERS)
    assert all_at_once(ledger, terms) != []


# --- The same file, uploaded and confirmed by two people at once


@pytest.fixture
def both_confirmed(terms, settings, tmp_path):
    """Two imports of one file, each with its own preview that was confirmed, and no task for them yet."""
    settings.MEDIA_ROOT = tmp_path
    content = (LEDGERS / "teachers-2024.xlsx").read_bytes()
    batches = []
    for name in ("李经办", "王经办"):
        user = User.objects.create(username=name, name=name)
        batch = receive(content, name="台账.xlsx", bureau=terms.bureau, user=user)
        jobs.work.call(str(batch.pk))
        found = LedgerImport.objects.filter(pk=batch.pk)
        found.update(programme=terms.programme, year=terms.year, state=State.READING, stage="compare")
        jobs.work.call(str(batch.pk))
        assert found.update(state=State.APPLYING) == 1
        batches.append(batch)
    return batches


def write_both(batches):
    threads = [threading.Thread(target=write_one, args=(batch,)) for batch in batches]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)


def write_one(batch):
    try:
        with contextlib.suppress(jobs.StepFailed):
            jobs.work.call(str(batch.pk))
    finally:
        connections.close_all()


def is_counted_once(batches) -> bool:
    """One wrote the file; the other ended in a preview that says so and has nothing to do."""
    ended = {batch.state: batch for batch in LedgerImport.objects.filter(pk__in=[one.pk for one in batches])}
    if set(ended) != {State.APPLIED, State.PREVIEW}:
        return False
    other = ended[State.PREVIEW]
    nothing = (other.figures["new"], other.figures["changed"]) == (0, 0)
    return nothing and "同一份文件已由" in other.message and Enrolment.objects.count() == 234


@pytest.mark.parametrize("round_", range(ROUNDS))
def test_one_file_confirmed_twice_at_once_counts_once(both_confirmed, monkeypatch, round_):
    meet_after_comparing(monkeypatch, 2)
    write_both(both_confirmed)
    assert is_counted_once(both_confirmed)
    assert AuditEvent.objects.filter(deed=AuditEvent.Deed.LEDGER_IMPORTED).count() == 1


def test_without_lock_and_transaction_it_would_not(both_confirmed, monkeypatch):
    """The control, for both databases: on SQLite the transaction itself is the lock."""
    monkeypatch.setattr(QuerySet, "select_for_update", lambda rows, *args, **kwargs: rows)
    monkeypatch.setattr(applying, "transaction", NoTransaction())
    meet_after_comparing(monkeypatch, 2)
    write_both(both_confirmed)
    assert not is_counted_once(both_confirmed)


class NoTransaction:
    """Stands for `django.db.transaction`, and holds nothing together."""

    atomic = contextlib.nullcontext
