"""Looks after work that nobody looks after any more; every worker does so by itself, see `db_worker`."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils import timezone

from certificates.jobs import take_up_abandoned as take_up_batches
from ledgers.importing.expiring import drop_expired, drop_orphans
from ledgers.importing.recovery import take_up_abandoned as take_up_imports
from ledgers.signing.keeping import drop_expired as drop_expired_sheets


@dataclass(frozen=True, slots=True)
class Swept:
    """How many imports and batches of certificates were taken up, and uploads dropped."""

    imports: int
    batches: int
    dropped: int


def sweep() -> Swept:
    """Any number may sweep at once: each piece of work is taken up by one of them. Four queries, mostly."""
    now = timezone.now()
    return Swept(take_up_imports(), take_up_batches(), drop_expired(now) + drop_expired_sheets(now))


def tidy() -> int:
    """What need not be looked for so often: files that no import knows. The number of them."""
    return drop_orphans(timezone.now())
