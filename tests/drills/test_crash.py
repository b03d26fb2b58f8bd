"""A worker is killed again and again while it reads, compares and writes: nothing is lost, nothing doubled.

Short by default; `make drills` sets PEIXUN_DRILLS=full: 50,000 rows, 20 kills at random moments.
"""

import os
import random
import time

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django_tasks_db.models import DBTaskResult

from bureaus.models import AuditEvent
from courses.models import Programme
from learners.models import Learner
from ledgers.importing import jobs
from ledgers.models import LedgerImport
from tests.drills.crash import WorkerProcess, big_ledger, in_hand, state_of, wait_for, written

FULL = os.environ.get("PEIXUN_DRILLS") == "full"
# An import that ended five workers is given up; so the kills are spread over several.
ROWS, IMPORTS, KILLS_A_STEP, CONTROL_ROWS = (50_000, 5, 2, 5_000) if FULL else (300, 1, 1, 600)
PATIENCE = 1_800 if FULL else 240
SEED = 20_250_301
State = LedgerImport.State
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def client(login, officer, settings, tmp_path):
    """An officer whose jobs are left to worker processes."""
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.PEIXUN_JOBS = "worker"
    settings.TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend", "ENQUEUE_ON_COMMIT": True}}
    return login(officer)


@pytest.fixture
def worker(tmp_path, client):
    """Starts a worker process on the database of this test; all are ended afterwards."""
    started = []

    def start(*options):
        one = WorkerProcess(tmp_path / "worker.log", *options, MEDIA_ROOT=str(tmp_path / "media"))
        started.append(one)
        return one

    yield start
    for one in started:
        one.__exit__()


class Office:
    """Uploads and confirms by the pages, as an officer does."""

    def __init__(self, client, officer) -> None:
        self.client = client
        self.bureau = officer.memberships.get().bureau
        self.programme = Programme.objects.get(name="乡村致富带头人培训计划")

    def upload(self, content: bytes) -> LedgerImport:
        file = SimpleUploadedFile("台账.csv", content)
        response = self.client.post("/imports/new/", {"file": file, "bureau": self.bureau.pk})
        return LedgerImport.objects.get(pk=response["Location"].split("/")[-2])

    def preview(self, batch: LedgerImport) -> None:
        wait_for(lambda: state_of(batch) == State.ASKING, seconds=PATIENCE)
        self.post(batch, "terms", programme=self.programme.pk, year=2024)

    def confirm(self, batch: LedgerImport) -> None:
        wait_for(lambda: state_of(batch) == State.PREVIEW, seconds=PATIENCE)
        self.post(batch, "confirm")

    def post(self, batch: LedgerImport, step: str, **data) -> None:
        self.client.post(reverse(f"ledgers:import-{step}", args=[batch.pk]), data)


@pytest.fixture
def office(client, officer):
    return Office(client, officer)


class Clean:
    """An import that nobody disturbs: what it writes, and how long its steps take."""

    def __init__(self, office: Office, rows: int, *, first: int) -> None:
        before = written()
        batch = office.upload(big_ledger(rows, first=first))
        office.preview(batch)
        self.preview = seconds_until(batch, State.PREVIEW)
        office.confirm(batch)
        self.confirm = seconds_until(batch, State.APPLIED)
        self.wrote = written() - before


def seconds_until(batch: LedgerImport, state: str) -> float:
    began = time.monotonic()
    wait_for(lambda: state_of(batch) == state, seconds=PATIENCE)
    return time.monotonic() - began


def kill_within(batch, worker, duration: float, moments: random.Random) -> None:
    """Starts a worker, lets it take the import in hand, and kills it at some moment of the step."""
    with worker() as victim:
        wait_for(lambda: in_hand(batch) or state_of(batch) not in LedgerImport.AT_WORK, seconds=PATIENCE)
        time.sleep(moments.random() * duration)
        victim.kill()


def test_a_worker_killed_at_any_moment_loses_and_doubles_nothing(office, worker):
    with worker():
        clean = Clean(office, ROWS, first=0)
    moments = random.Random(SEED)
    for number in range(1, IMPORTS + 1):
        before = written()
        batch = office.upload(big_ledger(ROWS, first=number * ROWS))
        with worker():
            wait_for(lambda: state_of(batch) == State.ASKING, seconds=PATIENCE)  # noqa: B023
        office.preview(batch)
        for _kill in range(KILLS_A_STEP):
            kill_within(batch, worker, clean.preview, moments)
        with worker():
            wait_for(lambda: state_of(batch) == State.PREVIEW, seconds=PATIENCE)  # noqa: B023
        office.confirm(batch)
        for _kill in range(KILLS_A_STEP):
            kill_within(batch, worker, clean.confirm, moments)
        with worker():
            wait_for(lambda: state_of(batch) == State.APPLIED, seconds=PATIENCE)  # noqa: B023
        assert written() - before == clean.wrote


def test_without_the_one_transaction_a_kill_would_lose_rows(office, worker):
    """The control: half of the ledger is written, and nobody knows by which import."""
    with worker():
        clean = Clean(office, CONTROL_ROWS, first=0)
        batch = office.upload(big_ledger(CONTROL_ROWS, first=CONTROL_ROWS))
        before = written()
        office.preview(batch)
        wait_for(lambda: state_of(batch) == State.PREVIEW, seconds=PATIENCE)
    people = Learner.objects.count()
    office.confirm(batch)
    with worker("--broken") as victim:
        wait_for(lambda: Learner.objects.count() > people, seconds=PATIENCE, every=0.001)
        victim.kill()
    with worker("--broken"):
        wait_for(lambda: state_of(batch) not in LedgerImport.AT_WORK, seconds=PATIENCE)
    assert written() - before != clean.wrote


def test_several_workers_divide_the_work_and_one_of_them_writes_an_import(office, worker):
    with worker(), worker():
        wait_for(lambda: both_work(office), seconds=PATIENCE, every=0.5)
        batch = office.upload(big_ledger(60))
        before = written()
        office.preview(batch)
        wait_for(lambda: state_of(batch) == State.PREVIEW, seconds=PATIENCE)
        office.confirm(batch)
        for _again in range(4):
            jobs.work.enqueue(str(batch.pk))
        wait_for(lambda: not DBTaskResult.objects.filter(status__in=("READY", "RUNNING")).exists())
    assert state_of(batch) == State.APPLIED
    assert (written() - before)["Enrolment"] == 60
    deed = AuditEvent.Deed.LEDGER_IMPORTED
    assert AuditEvent.objects.filter(deed=deed, object_key=str(batch.pk)).count() == 1


def both_work(office: Office) -> bool:
    """Gives both something to read until each has read."""
    office.upload(big_ledger(20))
    done = DBTaskResult.objects.exclude(worker_ids=[]).values_list("worker_ids", flat=True)
    return len({worker for workers in done for worker in workers}) > 1
