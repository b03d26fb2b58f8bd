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
from ledgers.importing import guessing, mapping
from ledgers.importing.applying import PreviewOutdated, apply
from ledgers.importing.matching import Comparison
from ledgers.importing.outcomes import Outcome, Tally, Terms
from ledgers.importing.receiving import content_of, size_limit
from ledgers.importing.rows import fingerprints, keep_piece, write_rows
from ledgers.models import LedgerImport
from ledgers.reading import HeaderUnknown, UnreadableFile
from ledgers.reading.apart import NO_WORDS, Order, Reading, Rules, Words, describe, reading, survey


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
    at_work = LedgerImport.objects.filter(pk=batch.pk, state__in=LedgerImport.AT_WORK)
    if at_work.update(state=LedgerImport.State.FAILED, message=message):
        batch.drop_file()


def order_for(terms: Terms, *, shows_all: bool, words: Words = NO_WORDS) -> Order:
    """How the process that reads the file is to judge its rows."""
    rules = Rules(
        year=terms.year,
        constants=terms.constants,
        hours_per_day=float(terms.rule.hours_per_day),
        hours_per_half_day=float(terms.rule.hours_per_half_day),
        programmes=frozenset(Programme.objects.values_list("name", flat=True)),
        programme=terms.programme.name,
        today=timezone.localdate(),
        shows_all=shows_all,
    )
    return Order(size_limit(), rules, words)


@task()
def read(import_id: str) -> None:
    """Reads the file; then the page asks for what it lacks."""
    on_import(read_step)(import_id)


def read_step(batch: LedgerImport) -> None:
    """Where the headings are not understood a person is asked; where all is known no question is left."""
    try:
        ledger = describe(content_of(batch), size_limit=size_limit(), words=mapping.words_for(batch))
    except HeaderUnknown as unknown:
        ask_for_columns(batch, unknown)
        return
    said = batch.understood.get("said", [])
    if not set(said) <= set(ledger.layouts):
        ask_for_columns(batch, HeaderUnknown(_("按您指定的列没有读出台账，请再核对表头和各列。")))
        return
    layout = mapping.use_layout(batch, ledger)
    year = batch.year or guessing.year_of(ledger, batch.file_name)
    programme = batch.programme or guessing.programme_named(ledger, batch.file_name, year=year)
    programme = programme or mapping.programme_of(layout, year)
    straight = bool(year and programme) and mapping.is_complete(batch, ledger)
    mapping.freeze(batch, ledger)
    batch.understood = guessing.describe(ledger) | {"layout": layout.name if layout else ""}
    batch.year = year or timezone.localdate().year
    batch.programme = programme or guessing.programme_of(ledger, batch.file_name, year=batch.year)
    batch.total = ledger.row_count
    batch.state = LedgerImport.State.READING if straight else LedgerImport.State.ASKING
    batch.stage = "compare" if straight else ""
    with transaction.atomic():
        if still_reading(batch):
            batch.save()
            mapping.count_use(layout)
            if straight:
                transaction.on_commit(lambda: preview.enqueue(str(batch.pk)))


def ask_for_columns(batch: LedgerImport, unknown: HeaderUnknown | None = None) -> None:
    """Puts before a person what the columns may mean; raises `unknown` where nothing looks like a ledger."""
    headings = mapping.headings_so_far(batch)
    places = survey(content_of(batch), size_limit=size_limit(), headings=headings)
    if not places:
        raise unknown or UnreadableFile(_("文件里没有像台账的表。"))
    mapping.keep_places(batch, places)
    mapping.guess_terms(batch, places)
    batch.state, batch.stage = LedgerImport.State.MAPPING, ""
    batch.message = unknown.message if unknown else ""
    with transaction.atomic():
        if still_reading(batch):
            batch.save()


@task()
def ask(import_id: str) -> None:
    """Lists the columns of a file that was understood, for a person to say what they mean."""
    on_import(ask_for_columns)(import_id)


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
    terms, words = terms_of(batch), mapping.words_for(batch)
    batch.pieces.all().delete()
    batch.rows.all()._raw_delete(batch.rows.db)
    batch.doubts.all().delete()
    with reading(content_of(batch), order_for(terms, shows_all=True, words=words)) as found:
        tally = keep_chunks(batch, found, terms)
    batch.state, batch.figures, batch.stage = LedgerImport.State.PREVIEW, tally.figures(), ""
    with transaction.atomic():
        if still_reading(batch):
            batch.save()


def keep_chunks(batch: LedgerImport, found: Reading, terms: Terms) -> Tally:
    """Keeps the outcomes chunk by chunk, each in a transaction of its own: others may write in between."""
    comparison = Comparison(found.ledger.tables, terms, timezone.localdate())
    districts = {district.pk: str(district) for district in District.objects.all()}
    tally = Tally()
    for rows in found.chunks:
        outcomes = comparison.feed(rows)
        keep_chunk(batch, outcomes, districts)
        tally.add(outcomes)
        batch.tell("compare", done=tally.read, total=found.ledger.row_count)
    return tally


@transaction.atomic
def keep_chunk(batch: LedgerImport, outcomes: list[Outcome], districts: dict[int, str]) -> None:
    first = write_rows(batch, outcomes)
    keep_piece(batch, outcomes, first_row=first, districts=districts)


@task()
def confirm(import_id: str) -> None:
    """Writes the good rows, if they would still do what was shown."""
    on_import(confirm_step)(import_id)


def confirm_step(batch: LedgerImport) -> None:
    if batch.state != LedgerImport.State.APPLYING:
        return
    batch.tell("write")
    terms, words = terms_of(batch), mapping.words_for(batch)
    expected = fingerprints(batch)
    try:
        with reading(content_of(batch), order_for(terms, shows_all=False, words=words)) as found:
            apply(batch, found, terms, user=batch.uploaded_by, expected=expected)
    except PreviewOutdated:
        LedgerImport.objects.filter(pk=batch.pk).update(state=LedgerImport.State.READING)
        preview_step(batch)
        batch.message = _("预览之后数据有了变化，没有写入。下面是新的预览，请重新确认。")
        batch.save(update_fields=["message"])
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
    step = {"": read, "columns": ask}.get(batch.stage, preview)
    step = confirm if batch.state == LedgerImport.State.APPLYING else step
    step.enqueue(str(batch.pk))
    return True
