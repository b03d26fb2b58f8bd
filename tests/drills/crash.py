"""What crash drills need: a made-up ledger, a worker to kill, and counts of all that an import writes."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

from django.db import connection
from django.db.models import Count

from bureaus.models import AuditEvent
from certificates.models import Certificate
from courses.models import ClassRun, Enrolment
from learners.models import Holder, Identity, Learner, Standing
from ledgers.models import LedgerImport, LedgerRow
from tests.imports.conftest import row, text_ledger

ROOT = Path(__file__).resolve().parents[2]
WORKER = Path(__file__).with_name("hasty_worker.py")
FACTORS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
WRITTEN = (Learner, Identity, Holder, Standing, ClassRun, Enrolment, Certificate, LedgerRow)


def id_number(number: int) -> str:
    """That of the n-th made-up person, with its right check digit."""
    days, sequence = divmod(number, 900)
    year, month, day = 1950 + days // 336, days % 336 // 28 + 1, days % 28 + 1
    body = f"439999{year}{month:02}{day:02}{sequence + 50:03}"
    remainder = sum(int(digit) * factor for digit, factor in zip(body, FACTORS, strict=True)) % 11
    return body + "10X98765432"[remainder]


def big_ledger(rows: int, *, first: int = 0) -> bytes:
    """A text ledger of so many people, the first of them being the n-th made-up one; 50 in a class."""
    return text_ledger(
        *(
            row(
                number,
                (f"学员{number}", id_number(number), f"第{number % 97}中学"),
                班次=f"第{number // 50}期培训班",
            )
            for number in range(first, first + rows)
        )
    )


def wait_for(what, *, seconds: float = 120.0, every: float = 0.02):
    """What `what` gives as soon as that is true."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := what():
            return found
        time.sleep(every)
    raise AssertionError("It did not come about.")


class WorkerProcess:
    """A worker on the database of the tests, or on that of `environment`."""

    def __init__(self, log: Path, *options: str, **environment: str) -> None:
        self.log = log
        self.process = subprocess.Popen(  # noqa: S603
            [sys.executable, str(WORKER), *options],
            cwd=ROOT,
            env=os.environ | here() | environment,
            stdout=log.open("a"),
            stderr=subprocess.STDOUT,
        )

    def __enter__(self) -> "WorkerProcess":
        return self

    def __exit__(self, *ended: object) -> None:
        if self.process.poll() is None:
            self.kill()

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(20)


def here() -> dict[str, str]:
    """The environment in which a process sees the database of the tests."""
    now = connection.settings_dict
    if connection.vendor == "sqlite":
        url = f"sqlite:///{now['NAME']}"
    else:
        user = f"{now['USER']}:{now['PASSWORD']}" if now["PASSWORD"] else now["USER"]
        url = f"postgres://{user}@{now['HOST'] or 'localhost'}:{now['PORT'] or 5432}/{now['NAME']}"
    return {"DATABASE_URL": url, "PEIXUN_JOBS": "worker", "DEBUG": "true", "REDIS_URL": ""}


def written() -> Counter[str]:
    """How many there are of each kind that an import writes, and how many rows say that they made one."""
    counts = Counter({model.__name__: model._default_manager.count() for model in WRITTEN})
    for made in LedgerRow.objects.exclude(created={}).values_list("created", flat=True):
        # Issuers outlive the rounds: only the first of them makes one.
        counts.update(f"made {kind}" for kind in made if kind != "issuer")
    counts["doubled people"] = (
        Identity.objects.values("digest").annotate(times=Count("pk")).filter(times__gt=1).count()
    )
    counts["audit"] = AuditEvent.objects.filter(deed=AuditEvent.Deed.LEDGER_IMPORTED).count()
    return counts


def state_of(batch: LedgerImport) -> str:
    return LedgerImport.objects.values_list("state", flat=True).get(pk=batch.pk)


def in_hand(batch: LedgerImport) -> bool:
    return LedgerImport.objects.filter(pk=batch.pk).exclude(work__holder=None).exists()
