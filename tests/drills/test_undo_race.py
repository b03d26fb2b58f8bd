"""Attendance is registered, or a ledger comes, while an import is taken back: one after the other.

Short by default; `make drills` sets PEIXUN_DRILLS=full.
"""

import os
import threading

import pytest
from django.db import connection, connections
from django.utils import timezone

from bureaus.models import Bureau
from courses.catalogue import read_catalogue
from courses.loading import load_catalogue
from courses.management.commands.load_plan import SHIPPED
from courses.models import Attendance, ClassRun, Enrolment, Programme, Session
from courses.registering import NotRegistrable, Presence, register
from ledgers.importing import undoing
from ledgers.importing.applying import apply
from ledgers.importing.jobs import order_for, rule_for
from ledgers.importing.outcomes import Terms
from ledgers.importing.undoing import CannotUndo, undo
from ledgers.models import LedgerImport
from ledgers.reading.apart import reading
from tests.imports.conftest import person, row, text_ledger

ROUNDS = 20 if os.environ.get("PEIXUN_DRILLS") == "full" else 1
PEOPLE = 5
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def terms():
    load_catalogue(read_catalogue(SHIPPED), user=None)
    programme = Programme.objects.select_related("plan").get(name="培训科技辅导员")
    return Terms(programme, 2024, Bureau.objects.get(name="市科协"), rule_for(programme, 2024))


def brought_in(terms):
    rows = [row(number, person(number)) for number in range(1, PEOPLE + 1)]
    batch = LedgerImport.objects.create(
        bureau=terms.bureau,
        programme=terms.programme,
        year=terms.year,
        file_name="台账.csv",
        state=LedgerImport.State.APPLYING,
    )
    with reading(text_ledger(*rows), order_for(terms, shows_all=False)) as found:
        apply(batch, found, terms, user=None)
    return batch


def pausing(monkeypatch):
    """Makes undoing wait after it has judged the rows, until the other has come, for two seconds at most."""
    judged, come = threading.Event(), threading.Event()
    block = undoing.block

    def slowly(trail, deeds):
        block(trail, deeds)
        judged.set()
        come.wait(2)

    monkeypatch.setattr(undoing, "block", slowly)
    return judged, come


def meanwhile(batch, monkeypatch, deed):
    """Undoes `batch`; once the rows are judged another thread does `deed`. Gives what went wrong."""
    judged, come = pausing(monkeypatch)
    errors = {}

    def attempt(name, do):
        try:
            do()
        except Exception as error:  # noqa: BLE001 (the drill looks at what went wrong)
            errors[name] = error
        finally:
            if name == "deed":
                come.set()
            connections.close_all()

    def after_judging():
        judged.wait(30)
        deed()

    threads = [
        threading.Thread(target=attempt, args=("undo", lambda: undo(batch, user=None))),
        threading.Thread(target=attempt, args=("deed", after_judging)),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    monkeypatch.undo()
    return errors


def session_of(run):
    return Session.objects.create(
        run=run, programme=run.programme, bureau=run.bureau, district=run.district, year=run.year,
        title="第一课", held_on=run.starts_on,
    )  # fmt: skip


def registering(enrolment, session):
    here = [Presence(enrolment.pk, Attendance.State.PRESENT)]
    return lambda: register(session, here, user=None, at=timezone.now(), reason="补登")


@pytest.mark.parametrize("round_", range(ROUNDS))
def test_attendance_that_comes_while_undoing_finds_nobody(terms, monkeypatch, round_):
    batch = brought_in(terms)
    session = session_of(ClassRun.objects.get())
    errors = meanwhile(batch, monkeypatch, registering(Enrolment.objects.all()[0], session))
    assert set(errors) == {"deed"}
    assert isinstance(errors["deed"], NotRegistrable)
    assert (Enrolment.objects.count(), Attendance.objects.count()) == (0, 0)
    batch.refresh_from_db()
    assert batch.state == LedgerImport.State.UNDONE


@pytest.mark.parametrize("round_", range(ROUNDS))
def test_an_import_that_comes_while_undoing_brings_its_rows_anew(terms, monkeypatch, round_):
    first = brought_in(terms)
    assert meanwhile(first, monkeypatch, lambda: brought_in(terms)) == {}
    second = LedgerImport.objects.exclude(pk=first.pk).get()
    assert (second.state, second.figures["new"]) == (LedgerImport.State.APPLIED, PEOPLE)
    assert Enrolment.objects.count() == PEOPLE
    assert not second.rows.filter(enrolment=None).exists()


@pytest.mark.parametrize("round_", range(ROUNDS))
def test_two_that_undo_at_once_undo_once(terms, monkeypatch, round_):
    batch = brought_in(terms)
    errors = meanwhile(batch, monkeypatch, lambda: undo(batch, user=None))
    assert set(errors) == {"deed"}
    assert isinstance(errors["deed"], CannotUndo)
    assert not Enrolment.objects.exists()


@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has one writer, whatever the code locks")
def test_without_its_locks_undoing_collides(terms, monkeypatch):
    """The control: the attendance is written between the look and the deed, and the database refuses."""
    batch = brought_in(terms)
    session = session_of(ClassRun.objects.get())
    without_locks(monkeypatch)
    errors = meanwhile(batch, monkeypatch, registering(Enrolment.objects.all()[0], session))
    assert set(errors) == {"undo"}
    assert isinstance(errors["undo"], CannotUndo)
    assert Attendance.objects.count() == 1
    assert Enrolment.objects.count() == PEOPLE


def without_locks(monkeypatch):
    def unlocked(model, ids):
        return model._default_manager.filter(pk__in=ids).order_by("pk")

    monkeypatch.setattr(undoing, "held", lambda batch: LedgerImport.objects.get(pk=batch.pk))
    monkeypatch.setattr("ledgers.importing.undoing.trail.held", unlocked)
