"""The worker command: it sweeps by itself, and goes on after the database was away."""

import threading

import pytest
from django.core.management import call_command
from django.db import OperationalError
from django_tasks_db.management.commands.db_worker import Worker as Library

from ledgers.management.commands import db_worker


@pytest.fixture(autouse=True)
def no_signals(monkeypatch, settings):
    """The handlers of this process stay as they are."""
    monkeypatch.setattr(db_worker.Worker, "configure_signals", lambda _worker: None)
    monkeypatch.setattr(db_worker, "WAIT", 0)
    settings.TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend", "ENQUEUE_ON_COMMIT": True}}


def test_it_is_the_command_that_sweeps(monkeypatch):
    swept = threading.Event()
    monkeypatch.setattr(db_worker, "sweep", swept.set)
    monkeypatch.setattr(Library, "run", lambda _worker: swept.wait(10))
    call_command("db_worker", "--batch", "--no-startup-delay")
    assert swept.is_set()


def test_it_goes_on_when_the_database_is_back(monkeypatch):
    tries = []

    def run(_worker):
        tries.append(1)
        if len(tries) < 3:
            raise OperationalError("server closed the connection")

    monkeypatch.setattr(Library, "run", run)
    monkeypatch.setattr(db_worker.Sweeper, "start", lambda _sweeper: None)
    call_command("db_worker", "--batch", "--no-startup-delay")
    assert len(tries) == 3


def test_a_sweep_that_fails_does_not_end_the_sweeping(monkeypatch, caplog):
    def broken():
        raise OperationalError("张建国")

    monkeypatch.setattr(db_worker, "sweep", broken)
    db_worker.Sweeper().sweep_once(tidies=False)
    assert "OperationalError" in caplog.text
    assert "张建国" not in caplog.text
