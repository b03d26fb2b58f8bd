"""The steps of an import that may take long, as background jobs.

A job is given the import's id only; the import's row says how far it is. A step that fails leaves the import
in a state from which a person can go on.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable
from uuid import UUID

from django.db import DatabaseError, InterfaceError, OperationalError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django_tasks import task

from bureaus.models import District, YearClosed
from courses.models import HourRule, Programme
from ledgers.importing import fields, guessing
from ledgers.importing.applying import PreviewOutdated, apply, write_rows
from ledgers.importing.boards import board
from ledgers.importing.matching import compare
from ledgers.importing.outcomes import Outcome, Outcomes, State, Terms
from ledgers.importing.progress import Cancelled, Held, LeaseLost, Stage, take
from ledgers.importing.receiving import content_of, keep_preview, preview_of, size_limit
from ledgers.models import ImportWork, LedgerImport, LedgerRow
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


@task()
def work(import_id: str) -> None:
    """Does the step that the import stands at. Any number may be queued: one worker has it in hand."""
    pk = UUID(import_id)
    if LedgerImport.objects.at_work().filter(pk=pk).exists() and (held := take(pk)):
        with held:
            do_step(held)


def queue(batch: LedgerImport) -> None:
    """Has a worker do the step that the import stands at now, with all attempts before it."""
    afresh = {"holder": None, "attempts": 0, "started_at": None}
    ImportWork.objects.update_or_create(pk=batch.pk, defaults=afresh)
    board().clear(batch.pk)
    transaction.on_commit(lambda: work.enqueue(str(batch.pk)))


def do_step(held: Held) -> None:
    """An unreadable file, or a defect, ends the import with a sentence; what may pass is tried again."""
    batch = LedgerImport.objects.select_related("bureau", "programme__plan").get(pk=held.pk)
    try:
        held.tell(0, batch.total)  # it may have been called off while it waited
        step_of(batch)(batch, held)
    except LeaseLost:
        return
    except Cancelled:
        call_off(batch)
    except UnreadableFile as error:
        fail(batch, error.message)
    except (OperationalError, InterfaceError) as error:
        # A lost connection or a lock: nothing was written, and the sweeper has the step done again.
        raise StepFailed(type(error).__name__) from None
    except DatabaseError as error:
        # Its text may hold the row's values, which must not stand in a log.
        fail(batch, went_wrong())
        raise StepFailed(type(error).__name__) from None
    except Exception:
        fail(batch, went_wrong())
        raise


def step_of(batch: LedgerImport) -> Callable[[LedgerImport, Held], None]:
    if batch.state == LedgerImport.State.APPLYING:
        return confirm_step
    return preview_step if batch.stage else read_step


def went_wrong() -> str:
    return _("处理时出了错，没有写入任何数据。请稍后重试；仍不行请联系技术管理员。")


def fail(batch: LedgerImport, message: str) -> bool:
    """Ends the import, unless another worker has brought it further meanwhile. Whether it did."""
    ended = {"state": LedgerImport.State.FAILED, "message": message, "touched_at": timezone.now()}
    if not LedgerImport.objects.at_work().filter(pk=batch.pk).update(**ended):
        return False
    batch.drop_file()
    return True


def call_off(batch: LedgerImport) -> bool:
    """Back to where a person can go on: nothing was written. Whether the step was still under way."""
    if batch.state == LedgerImport.State.APPLYING:
        back, words = LedgerImport.State.PREVIEW, _("已取消，没有写入任何数据。可以重新导入，或放弃。")
    elif batch.stage:
        back, words = LedgerImport.State.ASKING, ""
    else:
        back, words = LedgerImport.State.DROPPED, _("读取时已取消。需要时请重新上传。")
    under_way = LedgerImport.objects.filter(pk=batch.pk, state=batch.state, stage=batch.stage)
    if not under_way.update(state=back, message=words, stage=""):
        return False
    if back == LedgerImport.State.DROPPED:
        batch.drop_file()
    return True


def ledger_of(batch: LedgerImport) -> Ledger:
    return read_ledger(content_of(batch), size_limit=size_limit())


def read_step(batch: LedgerImport, held: Held) -> None:
    """Reads the file; then the page asks for what it lacks."""
    ledger = ledger_of(batch)
    held.tell(ledger.row_count, ledger.row_count)
    batch.understood = guessing.describe(ledger)
    batch.year = batch.year or guessing.year_of(ledger, batch.file_name) or timezone.localdate().year
    batch.programme = batch.programme or guessing.programme_of(ledger, batch.file_name, year=batch.year)
    batch.total = ledger.row_count
    batch.state = LedgerImport.State.ASKING
    with transaction.atomic():
        if still_reading(held):
            batch.save()


def still_reading(held: Held) -> bool:
    """Takes the import's row; who was taken for dead, or comes late, finds that it is another's."""
    rows = LedgerImport.objects.select_for_update(of=("self",))
    return rows.filter(pk=held.pk, state=LedgerImport.State.READING, work__holder=held.holder).exists()


def preview_step(batch: LedgerImport, held: Held) -> None:
    """Judges and compares all rows; writes nothing but the preview."""
    ledger = ledger_of(batch)
    held.enter(Stage.COMPARE)
    held.tell(0, batch.total)
    outcomes = compare(ledger, terms_of(batch), today=timezone.localdate())
    held.tell(batch.total, batch.total)
    keep(batch, outcomes, held)


@transaction.atomic
def keep(batch: LedgerImport, outcomes: Outcomes, held: Held) -> None:
    if not still_reading(held):
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
    write_rows(batch, outcomes)
    batch.save()


def place_key(outcome: Outcome) -> str:
    return LedgerRow.key(outcome.row.sheet, outcome.row.number)


def confirm_step(batch: LedgerImport, held: Held) -> None:
    """Writes the good rows, if they would still do what was shown."""
    expected = preview_of(batch).get("fingerprint")
    ledger = ledger_of(batch)
    held.enter(Stage.WRITE)
    try:
        apply(batch, ledger, terms_of(batch), user=batch.uploaded_by, expected=expected, tell=held.tell)
    except PreviewOutdated:
        preview_again(batch, held)
    except YearClosed as error:
        batch.state, batch.message = LedgerImport.State.PREVIEW, str(error)
        batch.save(update_fields=["state", "message"])
    except LedgerImport.DoesNotExist:
        return  # another worker has written it meanwhile


def preview_again(batch: LedgerImport, held: Held) -> None:
    """Compares with what is stored by now, and says why; a killed worker's successor goes on from here."""
    batch.state, batch.stage, batch.message = LedgerImport.State.READING, "compare", outdated_by(batch)
    batch.save(update_fields=["state", "stage", "message"])
    preview_step(batch, held)


def outdated_by(batch: LedgerImport) -> str:
    """Why the preview holds no longer; names the import that brought the same file meanwhile."""
    same = LedgerImport.objects.filter(
        state=LedgerImport.State.APPLIED,
        bureau=batch.bureau,
        file_digest=batch.file_digest,
        programme=batch.programme,
        year=batch.year,
        applied_at__gt=batch.uploaded_at,
    )
    if twin := same.select_related("uploaded_by").order_by("-applied_at").first():
        words = _("同一份文件已由%(who)s于 %(at)s 导入，这次没有再写入。下面是新的预览。")
        at = timezone.localtime(twin.applied_at).strftime("%Y-%m-%d %H:%M")
        return words % {"who": twin.uploaded_by or _("命令行"), "at": at}
    return _("预览之后数据有了变化，没有写入。下面是新的预览，请重新确认。")
