"""Takes an import back, row by row: reversed, kept since somebody used it meanwhile, or failed.

One transaction, in a number of queries that grows with the chunks of rows, not with the rows. `weigh` does
the same and rolls it back, so that what is shown before is what happens.
"""

from __future__ import annotations

import json

from django.core.serializers.json import DjangoJSONEncoder
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from bureaus.models import AuditEvent, Bureau, User, YearClose
from certificates.models import Certificate
from courses.models import Plan
from ledgers.importing.matching import chunks
from ledgers.importing.undoing.deeds import Deeds
from ledgers.importing.undoing.deleting import delete_made, delete_unused
from ledgers.importing.undoing.holding_on import block
from ledgers.importing.undoing.report import Report, figures_of, moved, report_of
from ledgers.importing.undoing.restoring import put_back
from ledgers.importing.undoing.trail import Line, Tell, Trail, trail_of, write_fields
from ledgers.models import LedgerImport, LedgerRow

__all__ = ["CannotUndo", "Report", "UndoOutdated", "undo", "weigh"]

State = LedgerImport.State


class CannotUndo(Exception):
    """The import as a whole cannot be taken back. The text is for the user."""


class UndoOutdated(Exception):
    """The rows would fare otherwise than was shown."""


def tell_nobody(done: int, total: int) -> None:
    """For who does not watch."""


def undo(
    batch: LedgerImport,
    *,
    user: User | None,
    reason: str = "",
    expected: str = "",
    tell: Tell = tell_nobody,
) -> Report:
    """Takes back what can be; the rest stays, and each row says why. `expected` is the digest that was shown.

    May be called again for the rows that stayed. Raises `CannotUndo`, `UndoOutdated` or `YearClosed`; then
    nothing is changed.
    """
    try:
        with transaction.atomic():
            batch = held(batch)
            trail = followed(batch, tell)
            report = report_of(trail)
            if expected and report.digest != expected:
                raise UndoOutdated
            mark(trail)
            end(batch, report, user=user, reason=reason)
    except IntegrityError as error:  # ProtectedError is one of these
        raise CannotUndo(_("撤销时这批数据正好被别处用到，没有改动任何数据。请稍后再试。")) from error
    return report


def weigh(batch: LedgerImport, *, tell: Tell = tell_nobody) -> Report:
    """What `undo` would do now, and the figures before and after. Changes nothing."""
    with transaction.atomic():
        batch = held(batch)
        years = years_of(batch)
        before = figures_of(batch, years)
        report = report_of(followed(batch, tell))
        report.figures = moved(before, figures_of(batch, years))
        transaction.set_rollback(True)
    return report


def held(batch: LedgerImport) -> LedgerImport:
    """The import anew, with the locks of `apply`, in their order.

    Its own row is not locked: while the plan's is held, nobody else writes or takes back an import of it.
    """
    if batch.programme is None:
        raise CannotUndo(_("只有已导入的台账可以撤销。"))
    Plan.objects.select_for_update().get(pk=batch.programme.plan_id)
    Bureau.objects.select_for_update(no_key=True).get(pk=batch.bureau_id)  # nor is a year closed meanwhile
    batch = LedgerImport.objects.select_related("bureau", "programme").get(pk=batch.pk)
    if batch.state not in (*LedgerImport.WRITTEN, State.UNDOING) or batch.year is None:
        raise CannotUndo(_("只有已导入的台账可以撤销。"))
    YearClose.objects.demand_open(batch.bureau, batch.year)
    return batch


def years_of(batch: LedgerImport) -> set[int]:
    """The import's year, and those in which its certificates count."""
    certificates = Certificate.objects.filter(pk__in=batch.rows.to_undo().order_by().values("certificate"))
    return {batch.year or 0, *certificates.order_by().values_list("year", flat=True).distinct()}


def followed(batch: LedgerImport, tell: Tell) -> Trail:
    """Takes back what can be taken back; the lines of the trail know what became of each row."""
    applied_at = batch.applied_at or batch.touched_at
    trail = trail_of(batch, applied_at=applied_at, tell=tell)
    deeds = Deeds(applied_at)
    block(trail, deeds)
    delete_made(trail)
    put_back(trail, deeds)
    delete_unused(trail, deeds)
    return trail


def mark(trail: Trail) -> None:
    """Writes on each row what became of it. Rows that stay are few as a rule, and each has its own words."""
    trail.batch.rows.to_undo().update(undone=LedgerRow.Undone.REVERSED, undone_why="")
    staying = [line for line in trail.lines if line.why]
    for some in chunks(staying):
        rows = LedgerRow.objects.in_bulk([line.pk for line in some])
        for line in some:
            row = rows[line.pk]
            row.undone, row.undone_why = line.verdict, line.why
            row.before = what_is_left(line, row.before)
        write_fields(LedgerRow, rows.values(), ("undone", "undone_why", "before"))


def what_is_left(line: Line, before: str) -> str:
    """What another go still has to put back."""
    if line.blocked or not before:
        return before
    if not line.left:
        return ""
    wrote = {kind: line.wrote[kind] for kind in line.left if kind in line.wrote}
    holder = {"holder": line.old["holder"]} if "phone" in line.left else {}
    return json.dumps({"wrote": wrote, **line.left, **holder}, cls=DjangoJSONEncoder)


def end(batch: LedgerImport, report: Report, *, user: User | None, reason: str) -> None:
    stays = report.kept + report.failed
    taken = batch.rows.filter(undone=LedgerRow.Undone.REVERSED).exists()
    batch.state = (State.PARTLY if taken else State.APPLIED) if stays else State.UNDONE
    batch.undone_at, batch.undone_by, batch.undo_reason = timezone.now(), user, reason
    batch.undo_report, batch.stage, batch.message = {}, "", ""
    names = ["state", "undone_at", "undone_by", "undo_reason", "undo_report", "stage", "message"]
    batch.save(update_fields=names)
    AuditEvent.record(
        AuditEvent.Deed.LEDGER_UNDONE,
        batch,
        user=user,
        bureau=batch.bureau,
        before=batch.figures,
        after={
            "reversed": report.reversed,
            "kept_rows": report.kept,
            "failed": report.failed,
            "why": kinds_of(report),
        },
        reason=reason,
    )


def kinds_of(report: Report) -> list[str]:
    """后来又导入 2 行"""
    return [
        _("%(kind)s %(count)d 行") % {"kind": kind, "count": count} for _verdict, kind, count in report.kinds
    ]
