"""The same ledger brought in by several at once counts once; without the lock it would not.

Short by default; `make drills` sets PEIXUN_DRILLS=full.
"""

import contextlib
import os
import threading

import pytest
from django.db import connection, connections
from django.db.models import QuerySet

from bureaus.models import Bureau
from courses.catalogue import read_catalogue
from courses.loading import load_catalogue
from courses.management.commands.load_plan import SHIPPED
from courses.models import Enrolment, Programme
from learners.models import Learner
from ledgers.importing import applying
from ledgers.importing.jobs import order_for, rule_for
from ledgers.importing.outcomes import Terms
from ledgers.models import LedgerImport
from ledgers.reading.apart import reading
from tests.imports.conftest import LEDGERS

FULL = os.environ.get("PEIXUN_DRILLS") == "full"
ROUNDS, CALLERS = (20, 6) if FULL else (1, 3)
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
