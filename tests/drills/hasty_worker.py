"""A worker that takes up the work of killed ones after seconds; for drills: `hasty_worker.py [--broken]`.

With `--broken` it writes ledgers without the one transaction: what the drills must then find.
"""

import contextlib
import datetime
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "peixun.settings")

import django  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import transaction  # noqa: E402
from django.db.models import QuerySet  # noqa: E402

django.setup()

from ledgers.importing import applying, progress, recovery  # noqa: E402
from ledgers.management.commands import db_worker  # noqa: E402


class NoTransaction:
    """Stands for `django.db.transaction`, and holds nothing together."""

    def __getattr__(self, name):
        return contextlib.nullcontext if name == "atomic" else getattr(transaction, name)


def be_hasty() -> None:
    progress.LEASE = recovery.LEASE = datetime.timedelta(seconds=4)
    recovery.MAY_WAIT = datetime.timedelta(seconds=2)
    db_worker.SWEEP_EVERY = 0.5
    db_worker.WAIT = 0.5


def be_broken() -> None:
    applying.transaction = NoTransaction()
    QuerySet.select_for_update = lambda rows, *args, **kwargs: rows


if __name__ == "__main__":
    be_hasty()
    if "--broken" in sys.argv:
        be_broken()
    call_command("db_worker", "--interval", "0.1", "--no-startup-delay", "--no-reload")
