"""An import back: first what that would do, then a reason, then it is done; and what became of each row."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from bureaus.access import SignedInRequest, allowed
from ledgers.forms import UndoForm
from ledgers.importing import jobs, taking_back
from ledgers.importing.report import FaultyRow, of_undoing, workbook_of
from ledgers.importing.rows import shown_of
from ledgers.models import LedgerImport, LedgerRow
from ledgers.views.fetching import visible
from ledgers.views.working import show_work
from peixun.lib.downloads import workbook_response

State = LedgerImport.State
# The figures of a report, in the order of the page.
FIGURES = ("person_times", "people", "hours", "certificates", "runs", "sessions")


def undoable(request: SignedInRequest, pk: UUID) -> LedgerImport:
    """The import, for who may import for its bureau; 404 where it is not visible, 403 for others."""
    batch = visible(request, pk)
    if not LedgerImport.objects.undoable_by(request.user).filter(pk=pk).exists():
        raise PermissionDenied(_("您不能撤销这个单位的导入。"))
    return batch


@require_POST
@allowed("ledger.import")
def weigh_undo(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Starts to find out what undoing would do."""
    batch = undoable(request, pk)
    if taking_back.start_weighing(batch):
        jobs.queue(batch)
    return redirect("ledgers:import-undo", pk)


@require_http_methods(["GET", "HEAD", "POST"])
@allowed("ledger.import")
def undo_import(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """What undoing would do, to be looked at; posted with a reason, it is done."""
    batch = undoable(request, pk)
    if batch.state == State.UNDOING:
        return show_work(request, batch)
    if batch.state not in LedgerImport.WRITTEN:
        return redirect("ledgers:import", pk)
    form = UndoForm(request.POST or None, initial={"digest": batch.undo_report.get("digest")})
    if request.method == "POST" and form.is_valid():
        return start_undoing(request, batch, form)
    return render(
        request, "ledgers/imports/undo.html", context_of(batch, form), status=422 if form.errors else 200
    )


def start_undoing(request: SignedInRequest, batch: LedgerImport, form: UndoForm) -> HttpResponse:
    reason, digest = form.cleaned_data["reason"], form.cleaned_data["digest"]
    if taking_back.start_undoing(batch, user=request.user, reason=reason, digest=digest):
        jobs.queue(batch)
        return redirect("ledgers:import", batch.pk)
    messages.warning(request, _("核对结果已经更新，没有撤销。请看过新的结果再确认。"))
    return redirect("ledgers:import-undo", batch.pk)


def context_of(batch: LedgerImport, form: UndoForm) -> dict[str, Any]:
    report = batch.undo_report
    kinds = [
        (LedgerRow.Undone(verdict).label, kind, count) for verdict, kind, count in report.get("kinds", [])
    ]
    figures = [
        (line, [(line["before"][name], line["after"][name]) for name in FIGURES])
        for line in report.get("figures", [])
    ]
    at = parse_datetime(report["at"]) if report else None
    return {"batch": batch, "form": form, "report": report, "kinds": kinds, "figures": figures, "at": at}


@require_GET
@allowed("ledger.export")
def undone_rows(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """The rows that were not taken back, with the reasons, as a workbook."""
    batch = visible(request, pk)
    stayed = (LedgerRow.Undone.KEPT, LedgerRow.Undone.FAILED)
    found = list(batch.rows.filter(undone__in=stayed).order_by("pk"))
    shown = shown_of(batch, found)
    rows = (
        FaultyRow(
            row.sheet,
            row.number,
            row.get_undone_display(),
            row.undone_why,
            shown[row.pk].texts if row.pk in shown else {},
        )
        for row in found
    )
    title = _("%(file)s 撤销后保留的行") % {"file": batch.file_name}
    return workbook_response(workbook_of(rows, title=title, words=of_undoing()), f"{title}.xlsx")
