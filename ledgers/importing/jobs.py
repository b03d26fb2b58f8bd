"""The steps of an import that may take long, as background jobs.

A job is given the import's id only; the import's row says how far it is. A step that fails leaves the import
in a state from which a person can go on.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable
from functools import wraps

from django.db import DatabaseError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django_tasks import task

from bureaus.models import District, YearClosed
from courses.models import HourRule, Programme
from ledgers.importing import differing, fields, guessing, taking_back
from ledgers.importing.applying import PreviewOutdated, apply, write_rows
from ledgers.importing.matching import compare
from ledgers.importing.outcomes import Outcome, Outcomes, State, Terms
from ledgers.importing.receiving import content_of, keep_preview, preview_of, size_limit
from ledgers.models import LedgerImport, LedgerRow
from ledgers.reading import Ledger, UnreadableFile, read_ledger


class StepFailed(RuntimeError):
    """The database refused a step; its own words are left out."""


def terms_of(batch: LedgerImport) -> Terms:
    """The terms that the import's page was given. Raises ValueError while some are missing."""
    if batch.programme is None or batch.year is None:
        raise ValueError("The import has no programme or no year yet.")
    return Terms(
        programme=batch.programme,
        year=batch.year,
        bureau=batch.bureau,
        rule=rule_for(batch.programme, batch.year),
        constants=batch.constants,
    )


def rule_for(programme: Programme, year: int) -> HourRule:
    """The rule at the end of `year`, or of today while it lasts; else the newest general one there was."""
    at = min(timezone.localdate(), datetime.date(year, 12, 31))
    rule = HourRule.objects.for_programme(programme, at=at)
    general = HourRule.objects.filter(programme=None).order_by("pk")
    return rule or general.last() or HourRule.objects.create()


def on_import(step: Callable[[LedgerImport], None]) -> Callable[[str], None]:
    """Runs `step` on the import of an id; an unreadable file, or a defect, ends it with a sentence."""

    @wraps(step)
    def run(import_id: str) -> None:
        batch = LedgerImport.objects.select_related("bureau", "programme__plan").get(pk=import_id)
        try:
            step(batch)
        except UnreadableFile as error:
            fail(batch, error.message)
        except DatabaseError as error:
            # Its text may hold the row's values, which must not stand in a log.
            fail(batch, _("处理时出了错，没有写入任何数据。请稍后重试；仍不行请联系技术管理员。"))
            raise StepFailed(type(error).__name__) from None
        except Exception:
            fail(batch, _("处理时出了错，没有写入任何数据。请稍后重试；仍不行请联系技术管理员。"))
            raise

    return run


def fail(batch: LedgerImport, message: str) -> None:
    """Ends the import, unless another worker has brought it further meanwhile."""
    at_work = LedgerImport.objects.filter(pk=batch.pk, state__in=LedgerImport.COMING_IN)
    if at_work.update(state=LedgerImport.State.FAILED, message=message):
        batch.drop_file()


def ledger_of(batch: LedgerImport) -> Ledger:
    return read_ledger(content_of(batch), size_limit=size_limit())


@task()
def read(import_id: str) -> None:
    """Reads the file; then the page asks for what it lacks."""
    on_import(read_step)(import_id)


def read_step(batch: LedgerImport) -> None:
    ledger = ledger_of(batch)
    batch.understood = guessing.describe(ledger)
    batch.year = batch.year or guessing.year_of(ledger, batch.file_name) or timezone.localdate().year
    batch.programme = batch.programme or guessing.programme_of(ledger, batch.file_name, year=batch.year)
    batch.total = ledger.row_count
    batch.state = LedgerImport.State.ASKING
    with transaction.atomic():
        if still_reading(batch):
            batch.save()


def still_reading(batch: LedgerImport) -> bool:
    """Takes the import's row; a job that was queued twice finds that the first was there before."""
    rows = LedgerImport.objects.select_for_update()
    return rows.filter(pk=batch.pk, state=LedgerImport.State.READING).exists()


@task()
def preview(import_id: str) -> None:
    """Judges and compares all rows; writes nothing but the preview."""
    on_import(preview_step)(import_id)


def preview_step(batch: LedgerImport) -> None:
    batch.tell("compare")
    keep(batch, compare(ledger_of(batch), terms_of(batch), today=timezone.localdate()))


@transaction.atomic
def keep(batch: LedgerImport, outcomes: Outcomes) -> None:
    if not still_reading(batch):
        return
    names = {district.pk: str(district) for district in District.objects.all()}
    keep_preview(
        batch,
        {
            "fingerprint": outcomes.fingerprint(),
            "shown": {place_key(outcome): dict(outcome.row.shown) for outcome in outcomes.rows},
            "changes": {
                place_key(outcome): fields.in_words(outcome.changes, names)
                for outcome in outcomes.rows
                if outcome.state == State.CHANGED
            },
        },
    )
    batch.state, batch.figures, batch.stage = LedgerImport.State.PREVIEW, outcomes.figures(), ""
    batch.previewed_at = timezone.now()
    write_rows(batch, outcomes)
    batch.save()


def place_key(outcome: Outcome) -> str:
    return LedgerRow.key(outcome.row.sheet, outcome.row.number)


@task()
def confirm(import_id: str) -> None:
    """Writes the good rows, if they would still do what was shown."""
    on_import(confirm_step)(import_id)


def confirm_step(batch: LedgerImport) -> None:
    if batch.state != LedgerImport.State.APPLYING:
        return
    batch.tell("write")
    expected = preview_of(batch).get("fingerprint")
    try:
        apply(batch, ledger_of(batch), terms_of(batch), user=batch.uploaded_by, expected=expected)
    except PreviewOutdated:
        LedgerImport.objects.filter(pk=batch.pk).update(state=LedgerImport.State.READING)
        shown = differing.fates_of(batch)
        preview_step(batch)
        differing.mark(batch, shown)
    except YearClosed as error:
        batch.state, batch.message = LedgerImport.State.PREVIEW, str(error)
        batch.save(update_fields=["state", "message"])
    except LedgerImport.DoesNotExist:
        return  # another worker has written it meanwhile


def restart_if_stalled(batch: LedgerImport) -> bool:
    """Starts the step of a killed worker again: reading writes nothing, and writing was rolled back.

    Should the worker live after all, the state of the import lets only one of them write.
    """
    now = timezone.now()
    if not batch.has_stalled(now):
        return False
    stalled = LedgerImport.objects.filter(pk=batch.pk, state=batch.state, touched_at=batch.touched_at)
    if not stalled.update(touched_at=now):
        return False
    if batch.state == LedgerImport.State.UNDOING:
        taking_back.enqueue(batch, batch.stage)
        return True
    step = confirm if batch.state == LedgerImport.State.APPLYING else preview if batch.stage else read
    step.enqueue(str(batch.pk))
    return True
