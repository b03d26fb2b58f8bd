"""Writes a ledger chunk by chunk: everything or nothing, in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from django.db import transaction
from django.utils import timezone

from bureaus.models import AuditEvent, Bureau, User, YearClose
from certificates.models import Certificate
from courses.models import ClassRun, Enrolment, Plan
from learners.models import Holder, Identity, Learner, Standing
from ledgers.importing import bulk
from ledgers.importing.matching import Comparison
from ledgers.importing.outcomes import Outcome, State, Tally, Terms, fingerprint
from ledgers.importing.progress import Tell, tell_nobody
from ledgers.importing.writing import Writer
from ledgers.models import LedgerImport, LedgerRow
from ledgers.reading.apart import Reading

# What an import writes, and from how many rows on the database is to count it anew.
WRITTEN = (Learner, Identity, Holder, Standing, ClassRun, Enrolment, Certificate, LedgerRow)
MANY = 10_000


class PreviewOutdated(Exception):
    """The rows would now do something else than was confirmed."""


def apply(
    batch: LedgerImport,
    reading: Reading,
    terms: Terms,
    *,
    user: User | None,
    expected: Sequence[str] | None = None,
    each: Callable[[list[Outcome]], None] | None = None,
    tell: Tell = tell_nobody,
) -> Tally:
    """Compares again and writes the good rows. `expected` are the fingerprints of the confirmed chunks.

    `each` is given the outcomes of each chunk, `tell` how many rows of how many are written. Raises
    `YearClosed` or `PreviewOutdated`, or `LedgerImport.DoesNotExist` where another worker was first; then,
    and where `tell` raises, nothing is written.
    """
    with transaction.atomic():
        hold(batch, terms)
        comparison = Comparison(reading.ledger.tables, terms, timezone.localdate())
        writer, tally, total = Writer(batch, terms), Tally(), reading.ledger.row_count
        for at, rows in enumerate(reading.chunks):
            outcomes = comparison.feed(rows)
            if expected is not None and expected[at : at + 1] != [fingerprint(outcomes)]:
                raise PreviewOutdated
            demand_years_open(outcomes, terms)
            writer.write(outcomes)
            tally.add(outcomes)
            if each:
                each(outcomes)
            tell(tally.read, total)
        finish(batch, terms, tally, user=user)
    if tally.read >= MANY:
        bulk.analyse(*WRITTEN)
    return tally


def hold(batch: LedgerImport, terms: Terms) -> None:
    """Takes what an import must have alone, always in this order."""
    # One import at a time writes to a plan: two that bring the same new person would collide.
    Plan.objects.select_for_update().get(pk=terms.programme.plan_id)
    # Nor is a year closed meanwhile.
    Bureau.objects.select_for_update(no_key=True).get(pk=terms.bureau.pk)
    LedgerImport.objects.select_for_update().get(pk=batch.pk, state=LedgerImport.State.APPLYING)
    YearClose.objects.demand_open(terms.bureau, terms.year)
    hold_seats(terms)


def hold_seats(terms: Terms) -> None:
    """No seat of the runs that the ledger may fill is given to anybody else meanwhile."""
    limited = ClassRun.objects.held_in(terms.year).filter(seats__isnull=False)
    own = limited.filter(bureau__in=terms.bureau.with_predecessors()).order_by("pk")
    list(own.select_for_update(no_key=True).values_list("pk"))


def demand_years_open(outcomes: Iterable[Outcome], terms: Terms) -> None:
    """Certificates of new and changed rows count in years of their own."""
    written = (o for o in outcomes if o.good and o.is_participant and o.state != State.SAME)
    years = {o.row.certificate_day.year for o in written if o.row.certificate_day}
    for year in sorted(years - {terms.year}):
        YearClose.objects.demand_open(terms.bureau, year)


def finish(batch: LedgerImport, terms: Terms, tally: Tally, *, user: User | None) -> None:
    batch.state, batch.applied_at = LedgerImport.State.APPLIED, timezone.now()
    batch.figures = tally.figures()
    batch.save()
    after: dict[str, Any] = {"programme": terms.programme.name, "year": terms.year} | batch.figures
    AuditEvent.record(AuditEvent.Deed.LEDGER_IMPORTED, batch, user=user, bureau=terms.bureau, after=after)
