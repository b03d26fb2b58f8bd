"""`manage.py db_worker`: the library's worker, which also sweeps, and outlives a database that goes away.

It bears the library's name, so that nobody starts the one that does not sweep by mistake.
"""

import gc
import logging
import os
import threading
import time
from typing import Any

from django.conf import settings
from django.db import Error, connections
from django.utils.autoreload import DJANGO_AUTORELOAD_ENV, run_with_reloader
from django_tasks_db.management.commands import db_worker

from ledgers.sweeping import sweep, tidy

log = logging.getLogger(__name__)

SWEEP_EVERY = 20.0  # seconds
TIDY_EVERY = 180  # sweeps: an hour
WAIT = 2.0  # seconds, before the database is tried again
PASSED_ON = ("interval", "batch", "backend_name", "startup_delay", "max_tasks", "worker_id")


class Sweeper(threading.Thread):
    """Sweeps at once and then every 20 seconds, by a connection of its own, also while a task runs."""

    def __init__(self) -> None:
        super().__init__(name="sweeper", daemon=True)
        self.over = threading.Event()

    def run(self) -> None:
        sweeps = 0
        while not self.over.is_set():
            self.sweep_once(tidies=sweeps % TIDY_EVERY == 0)
            sweeps += 1
            self.over.wait(SWEEP_EVERY)

    def sweep_once(self, *, tidies: bool) -> None:
        """A fault of one sweep must not end the thread: the next one may find the database again."""
        try:
            done = sweep()
            if tidies:
                tidy()
            if done.imports or done.batches:
                log.warning("Took up %s imports and %s batches.", done.imports, done.batches)
        except Exception as error:  # noqa: BLE001
            log.warning("Sweeping: %s", type(error).__name__)
        finally:
            connections.close_all()


class Worker(db_worker.Worker):
    """Goes on when the database is back: the library's own ends where it loses its connection."""

    def run(self) -> None:
        settings.DEBUG = False  # or each query of an import would be kept, with all its values
        gc.freeze()  # what is loaded by now stays; to go through it again takes a sixth of an import
        sweeper = Sweeper()
        sweeper.start()
        try:
            while self.running and not self.works_to_the_end():
                time.sleep(WAIT)
        finally:
            sweeper.over.set()

    def works_to_the_end(self) -> bool:
        """Whether it ended by itself, and not by losing the database."""
        try:
            super().run()
        except Error as error:
            # The task in hand stays as running; whose it was, is taken up again by a sweep.
            log.warning("Worker: %s; going on when the database answers.", type(error).__name__)
            connections.close_all()
            return False
        return True


class Command(db_worker.Command):
    help = "Run jobs, and take up those of killed workers. Any number may run, on any machine."

    def handle(self, **options: Any) -> None:
        self.configure_logging(options["verbosity"])
        excluded = options["exclude_queues"]
        worker = Worker(
            queue_names=options["queue_name"].split(","),
            excluded_queue_names=excluded.split(",") if excluded else [],
            **{name: options[name] for name in PASSED_ON},
        )
        reloads = options["reload"] and not options["batch"]
        if not reloads or os.environ.get(DJANGO_AUTORELOAD_ENV) == "true":
            worker.configure_signals()
        if reloads:
            run_with_reloader(worker.run)
        else:
            worker.run()
