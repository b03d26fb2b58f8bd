"""Seats and the waiting list: the one place that gives a seat.

Whoever is to get a seat is put at the end of the waiting list; `promote` then gives what is free to those who
wait longest. A deed that frees seats or adds some calls `promote` too. Nothing else makes anybody admitted,
but a walk-in, who is there already (`courses.walk_ins`), and what a ledger says that was brought in.

Locks are taken in one order everywhere: the bureau's row (its year stays open), then the run's.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from django.db import transaction
from django.utils import timezone

from bureaus.models import YearClose
from courses.models import ClassRun, Enrolment

State = Enrolment.State


@contextmanager
def held(pk: int) -> Iterator[ClassRun]:
    """The run, held until the block ends: seats are given one after the other. All or nothing.

    Raises `YearClosed` where the run's year is closed.
    """
    with transaction.atomic():
        run = ClassRun.objects.select_related("bureau").get(pk=pk)
        YearClose.objects.hold_open(run.bureau, run.year)
        stored = ClassRun.objects.select_related("bureau", "programme", "district").locked(pk)
        if stored.year != run.year:  # moved since it was read
            YearClose.objects.hold_open(stored.bureau, stored.year)
        yield stored


def free_seats(run: ClassRun) -> int | None:
    """Seats of `run` that nobody holds; None where they are not limited. One query."""
    if run.seats is None:
        return None
    return max(0, run.seats - run.enrolments.holding_seats().count())


def queue(enrolments: Sequence[Enrolment], *, at: datetime.datetime) -> None:
    """Puts them at the end of the waiting list, in this order; saves nothing."""
    for enrolment in enrolments:
        enrolment.state, enrolment.waits_from, enrolment.reason = State.WAITING, at, ""


def promote(run: ClassRun) -> list[Enrolment]:
    """Gives the free seats of `run`, which the caller holds, to those who wait longest. Three queries.

    Returns who was admitted. A run that is over or cancelled admits nobody.
    """
    if run.state in (ClassRun.State.FINISHED, ClassRun.State.CANCELLED):
        return []
    free = free_seats(run)
    admitted = list(run.enrolments.waiting()[:free])
    for enrolment in admitted:
        enrolment.state, enrolment.waits_from = State.ADMITTED, None
        enrolment.changed_at = timezone.now()
    Enrolment.objects.bulk_update(admitted, ["state", "waits_from", "changed_at"], batch_size=200)
    return admitted


def places(runs: Iterable[ClassRun | int]) -> dict[int, int]:
    """The place (from 1) of everybody who waits for one of these runs, by enrolment. One query."""
    found: dict[int, int] = {}
    counted: dict[int, int] = {}
    waiting = Enrolment.objects.filter(run__in=list(runs)).waiting()
    for run, pk in waiting.values_list("run", "pk"):
        counted[run] = found[pk] = counted.get(run, 0) + 1
    return found
