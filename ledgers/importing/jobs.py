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
from ledgers.importing import differing, guessing, mapping, taking_back
from ledgers.importing.applying import PreviewOutdated, apply
from ledgers.importing.boards import board
from ledgers.importing.matching import Comparison
from ledgers.importing.outcomes import Outcome, Tally, Terms
from ledgers.importing.progress import Cancelled, Held, LeaseLost, Stage, take
from ledgers.importing.receiving import content_of, size_limit
from ledgers.importing.rows import fingerprints, keep_piece, write_rows
from ledgers.models import ImportWork, LedgerImport
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
    if batch.state == LedgerImport.State.UNDOING:
        return taking_back.step
    if batch.state == LedgerImport.State.APPLYING:
        return confirm_step
    return {"": read_step, "columns": columns_step}.get(batch.stage, preview_step)


def went_wrong() -> str:
    return _("处理时出了错，没有写入任何数据。请稍后重试；仍不行请联系技术管理员。")


def words_of_undoing() -> str:
    return _("撤销时出了错，没有改动任何数据。请稍后重试；仍不行请联系技术管理员。")


def fail(batch: LedgerImport, message: str) -> bool:
    """Ends the import, unless another worker has brought it further meanwhile. Whether it did."""
    if batch.state == LedgerImport.State.UNDOING:
        return taking_back.back(batch, message=words_of_undoing())
    ended = {"state": LedgerImport.State.FAILED, "message": message, "touched_at": timezone.now()}
    if not LedgerImport.objects.at_work().filter(pk=batch.pk).update(**ended):
        return False
    batch.drop_file()
    return True


def call_off(batch: LedgerImport) -> bool:
    """Back to where a person can go on: nothing was written. Whether the step was still under way."""
    if batch.state == LedgerImport.State.UNDOING:
        return taking_back.back(batch, message=_("已取消，没有改动任何数据。"))
    if batch.state == LedgerImport.State.APPLYING:
        back, words = LedgerImport.State.PREVIEW, _("已取消，没有写入任何数据。可以重新导入，或放弃。")
    elif batch.understood.get("said"):
        back, words = LedgerImport.State.MAPPING, ""
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


def read_step(batch: LedgerImport, held: Held) -> None:
    """Where the headings are not understood a person is asked; where all is known no question is left."""
    try:
        ledger = describe(content_of(batch), size_limit=size_limit(), words=mapping.words_for(batch))
    except HeaderUnknown as unknown:
        ask_for_columns(batch, held, unknown)
        return
    said = batch.understood.get("said", [])
    if not set(said) <= set(ledger.layouts):
        ask_for_columns(batch, held, HeaderUnknown(_("按您指定的列没有读出台账，请再核对表头和各列。")))
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
        if still_reading(held):
            batch.save()
            mapping.count_use(layout)
            if straight:
                queue(batch)


def ask_for_columns(batch: LedgerImport, held: Held, unknown: HeaderUnknown | None = None) -> None:
    """Puts before a person what the columns may mean; raises `unknown` where nothing looks like a ledger."""
    headings = mapping.headings_so_far(batch)
    places = survey(content_of(batch), size_limit=size_limit(), headings=headings)
    if not places:
        what = unknown.message if unknown else _("文件里没有像台账的表。")
        raise UnreadableFile(what + _("请对照空白模板检查表头后再上传。"))
    mapping.keep_places(batch, places)
    mapping.guess_terms(batch, places)
    batch.state, batch.stage = LedgerImport.State.MAPPING, ""
    batch.message = unknown.message if unknown else ""
    with transaction.atomic():
        if still_reading(held):
            batch.save()


def columns_step(batch: LedgerImport, held: Held) -> None:
    """Lists the columns of a file that was understood, for a person to say what they mean."""
    ask_for_columns(batch, held)


def still_reading(held: Held) -> bool:
    """Takes the import's row; who was taken for dead, or comes late, finds that it is another's."""
    rows = LedgerImport.objects.select_for_update(of=("self",))
    return rows.filter(pk=held.pk, state=LedgerImport.State.READING, work__holder=held.holder).exists()


def preview_step(batch: LedgerImport, held: Held) -> None:
    """Judges and compares all rows; writes nothing but the preview."""
    held.enter(Stage.CHECK)
    terms, words = terms_of(batch), mapping.words_for(batch)
    clear_preview(batch, held)
    with reading(content_of(batch), order_for(terms, shows_all=True, words=words)) as found:
        held.enter(Stage.COMPARE)
        tally = keep_chunks(batch, held, found, terms)
    batch.state, batch.figures, batch.stage = LedgerImport.State.PREVIEW, tally.figures(), ""
    batch.previewed_at = timezone.now()
    with transaction.atomic():
        demand_lease(held)
        batch.save()


@transaction.atomic
def clear_preview(batch: LedgerImport, held: Held) -> None:
    """Takes away what an earlier preview, or a worker that was killed, has left."""
    demand_lease(held)
    batch.pieces.all().delete()
    batch.doubts.all().delete()
    batch.rows.all()._raw_delete(batch.rows.db)


def keep_chunks(batch: LedgerImport, held: Held, found: Reading, terms: Terms) -> Tally:
    """Keeps the outcomes chunk by chunk, each in a transaction of its own: others may write in between."""
    comparison = Comparison(found.ledger.tables, terms, timezone.localdate())
    districts = {district.pk: str(district) for district in District.objects.all()}
    tally = Tally()
    for rows in found.chunks:
        outcomes = comparison.feed(rows)
        keep_chunk(batch, held, outcomes, districts)
        tally.add(outcomes)
        held.tell(tally.read, found.ledger.row_count)
    return tally


@transaction.atomic
def keep_chunk(batch: LedgerImport, held: Held, outcomes: list[Outcome], districts: dict[int, str]) -> None:
    demand_lease(held)
    first = write_rows(batch, outcomes)
    keep_piece(batch, outcomes, first_row=first, districts=districts)


def demand_lease(held: Held) -> None:
    """Takes the import's row. Raises `LeaseLost` where another worker has it in hand by now."""
    if not still_reading(held):
        raise LeaseLost


def confirm_step(batch: LedgerImport, held: Held) -> None:
    """Writes the good rows, if they would still do what was shown."""
    terms, words = terms_of(batch), mapping.words_for(batch)
    expected = fingerprints(batch)
    try:
        with reading(content_of(batch), order_for(terms, shows_all=False, words=words)) as found:
            held.enter(Stage.WRITE)
            apply(batch, found, terms, user=batch.uploaded_by, expected=expected, tell=held.tell)
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
    shown = differing.fates_of(batch)
    batch.save(update_fields=["state", "stage", "message"])
    preview_step(batch, held)
    differing.mark(batch, shown)


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
    return _("预览之后数据有了变化，没有写入。请看过新的预览再确认。")
