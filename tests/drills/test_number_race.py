"""Many issue at once and some fail: no number is missing, none is there twice.

Short by default; `make drills` sets PEIXUN_DRILLS=full.
"""

import datetime
import os
import threading

import pytest
from django.db import connection, connections, transaction
from django.db.models import QuerySet

from bureaus.models import Bureau
from certificates import numbering
from certificates.issuing import Issue, issue
from certificates.models import Certificate, Counter, Issuer, Template, TemplateVersion
from courses.catalogue import read_catalogue
from courses.loading import load_catalogue
from courses.management.commands.load_plan import SHIPPED
from courses.models import ClassRun, Programme
from tests.certificates.conftest import PATTERN, YEAR, enrol

FULL = os.environ.get("PEIXUN_DRILLS") == "full"
CALLERS = 200 if FULL else 20
AT_ONCE = 20 if FULL else 10
pytestmark = pytest.mark.django_db(transaction=True)


class ThinksBetter(Exception):
    """The transaction of this issue is rolled back."""


@pytest.fixture
def runs():
    """As many runs as callers, one person each: only the counter is shared."""
    load_catalogue(read_catalogue(SHIPPED), user=None)
    programme = Programme.objects.get(name="乡村致富带头人培训计划")
    bureau = Bureau.objects.get(name="市农业农村局")
    made = []
    for number in range(CALLERS):
        run = ClassRun.objects.create(
            programme=programme, name=f"第{number}期", bureau=bureau, district=programme.plan.city, year=YEAR
        )
        enrol(run, f"学员{number}")
        made.append(run)
    return made


@pytest.fixture
def terms(runs):
    bureau = runs[0].bureau
    issuer = Issuer.objects.create(name=bureau.name, bureau=bureau, pattern=PATTERN)
    template = Template.objects.create(bureau=bureau, name="结业证书", title="结业证书")
    version = TemplateVersion.objects.create(template=template, number=1, layout={})
    return Issue(issuer, version, datetime.date(YEAR, 11, 20))


def call(run, terms, *, fails, errors, room):
    """Issues one certificate; one in ten changes its mind after it drew the number."""
    with room:
        try:
            with transaction.atomic():
                issue(run, list(run.enrolments.all()), terms, user=None)
                if fails:
                    raise ThinksBetter
        except ThinksBetter:
            pass
        except Exception as error:  # noqa: BLE001 (the drill counts what went wrong)
            errors.append(error)
        finally:
            connections.close_all()


def all_at_once(runs, terms, *, one_in=10):
    errors: list[Exception] = []
    room = threading.BoundedSemaphore(AT_ONCE)
    threads = [
        threading.Thread(
            target=call,
            args=(run, terms),
            kwargs={"fails": number % one_in == one_in - 1, "errors": errors, "room": room},
        )
        for number, run in enumerate(runs)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    return errors


def test_no_gap_and_no_double(runs, terms):
    assert all_at_once(runs, terms) == []
    issued = CALLERS - CALLERS // 10
    numbers = sorted(Certificate.objects.values_list("number", flat=True))
    assert numbers == [terms.issuer.number_of(YEAR, sequence) for sequence in range(1, issued + 1)]
    assert Counter.objects.get().last == issued


def test_without_the_lock_numbers_would_collide(runs, terms, monkeypatch):
    if connection.vendor == "sqlite":
        pytest.skip(
            "SQLite takes its one write lock when the transaction opens: there is no lock to take out."
        )
    monkeypatch.setattr(QuerySet, "select_for_update", lambda rows, *args, **kwargs: rows)
    Counter.objects.create(issuer=terms.issuer, year=YEAR)
    barrier = threading.Barrier(2)
    held = numbering.held_counter

    def slowly(issuer, year):
        counter = held(issuer, year)
        try:
            barrier.wait(2)
        except threading.BrokenBarrierError:
            return counter
        return counter

    monkeypatch.setattr(numbering, "held_counter", slowly)
    assert all_at_once(runs[:2], terms, one_in=10**6) != []
