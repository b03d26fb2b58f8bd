"""A ledger in: upload → as understood → preview → done. Its undoing: `ledgers.views.undoing`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from bureaus.access import SignedInRequest, allowed, bureaus_for, may, memberships_of
from bureaus.exporting import form_wanted, list_file
from bureaus.models import Bureau, User
from ledgers.forms import TermsForm, UploadForm
from ledgers.importing import jobs
from ledgers.importing.history import history_of
from ledgers.importing.receiving import receive
from ledgers.importing.report import FaultyRow, workbook_of
from ledgers.importing.rows import shown_of
from ledgers.list_columns import IMPORTS
from ledgers.models import LedgerImport, LedgerLayout, LedgerRow
from ledgers.views.fetching import editable, visible
from ledgers.views.import_rows import rows_context
from ledgers.views.layouts import set_columns, show_columns
from ledgers.views.working import show_work, sweep_where_nobody_else_does
from peixun.lib.downloads import workbook_response
from peixun.lib.search import searchable

State = LedgerImport.State
ROWS_A_PAGE = 50


@require_GET
@allowed("ledger.export")
def imports(request: SignedInRequest) -> HttpResponseBase:
    """Every import of the bureaus in reach, newest first."""
    sweep_where_nobody_else_does()
    found = LedgerImport.objects.visible_to(request.user).select_related("bureau", "programme", "uploaded_by")
    if (state := request.GET.get("state", "")) in State.values:
        found = found.filter(state=state)
    if form_wanted(request):
        return list_file(request, _("台账导入"), IMPORTS, rows=found)
    page = Paginator(found, ROWS_A_PAGE).get_page(request.GET.get("page"))
    return render(
        request,
        "ledgers/imports/list.html",
        {"page": page, "states": State.choices, "may_import": may(request.user, "ledger.import")},
    )


@require_http_methods(["GET", "HEAD", "POST"])
@allowed("ledger.import")
def new_import(request: SignedInRequest) -> HttpResponse:
    form = UploadForm(
        request.POST or None,
        request.FILES or None,
        bureaus=bureaus_for(request.user, "ledger.import"),
        default=own_bureau(request.user),
    )
    if request.method == "POST" and form.is_valid():
        batch = start_import(form.cleaned_data["file"], form.cleaned_data["bureau"], request.user)
        return redirect("ledgers:import", batch.pk)
    context = {"form": form, "on_sqlite": settings.SQLITE}
    return render(request, "ledgers/imports/new.html", context, status=422 if form.errors else 200)


def own_bureau(user: User) -> Bureau | None:
    return next((member.bureau for member in memberships_of(user)), None)


def start_import(file: UploadedFile[Any], bureau: Bureau, user: User) -> LedgerImport:
    batch = receive(file.read(), name=file.name or "", bureau=bureau, user=user)
    jobs.queue(batch)
    return batch


@searchable
@allowed("ledger.export")
def one_import(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """The import in whichever state it is."""
    sweep_where_nobody_else_does()
    batch = visible(request, pk)
    shows: dict[str, Callable[..., HttpResponse]] = {
        State.READING: show_work,
        State.APPLYING: show_work,
        State.MAPPING: show_columns,
        State.ASKING: show_terms,
        State.PREVIEW: show_rows,
        State.APPLIED: show_rows,
        State.UNDOING: show_work,
        State.UNDONE: show_rows,
        State.PARTLY: show_rows,
    }
    return shows.get(batch.state, show_end)(request, batch)


def show_end(request: SignedInRequest, batch: LedgerImport) -> HttpResponse:
    return render(request, "ledgers/imports/ended.html", {"batch": batch})


def show_terms(request: SignedInRequest, batch: LedgerImport, form: TermsForm | None = None) -> HttpResponse:
    context = {
        "batch": batch,
        "form": form or TermsForm(batch=batch),
        "mine": batch.uploaded_by == request.user,
    }
    return render(request, "ledgers/imports/terms.html", context, status=422 if form else 200)


def show_rows(request: SignedInRequest, batch: LedgerImport) -> HttpResponse:
    imports_for_it = LedgerImport.objects.undoable_by(request.user).filter(pk=batch.pk).exists()
    marked = bool(batch.figures.get("faulty") or batch.figures.get("warned"))
    context = rows_context(request, batch) | {
        "batch": batch,
        "figures": batch.figures,
        "history": history_of(batch),
        "mine": batch.uploaded_by == request.user,
        "may_undo": batch.state in LedgerImport.WRITTEN and imports_for_it,
        "may_give_back": imports_for_it and batch.has_file and marked,
        "open_doubts": batch.doubts.filter(decision=None).count(),
    }
    return render(request, "ledgers/imports/rows.html", context)


@require_POST
@allowed("ledger.import")
def set_terms(request: SignedInRequest, pk: UUID) -> HttpResponse:
    batch = editable(request, pk)
    if batch.state not in (State.ASKING, State.PREVIEW):
        return redirect("ledgers:import", pk)
    form = TermsForm(request.POST, batch=batch)
    if not form.is_valid():
        return show_terms(request, batch, form)
    batch.programme, batch.year = form.cleaned_data["programme"], form.cleaned_data["year"]
    batch.constants, batch.state, batch.message = form.constants(), State.READING, ""
    batch.stage = "compare"
    batch.save()
    if batch.layout:
        layouts = LedgerLayout.objects.filter(pk=batch.layout.pk)
        layouts.update(programme=batch.programme, constants=batch.constants)
    jobs.queue(batch)
    return redirect("ledgers:import", pk)


@require_POST
@allowed("ledger.import")
def reopen_terms(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Back from the preview, or from the columns of a file that was understood, to what was filled in."""
    batch = editable(request, pk)
    back = LedgerImport.objects.filter(pk=batch.pk, state__in=(State.PREVIEW, State.MAPPING))
    if batch.understood.get("tables"):
        back.update(state=State.ASKING, message="")
    return redirect("ledgers:import", pk)


@require_POST
@allowed("ledger.import")
def adjust_columns(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Lists the columns of a file that was understood, for changing what they mean."""
    batch = editable(request, pk)
    understood = LedgerImport.objects.filter(pk=batch.pk, state__in=(State.ASKING, State.PREVIEW))
    if understood.update(state=State.READING, stage="columns", touched_at=timezone.now()):
        jobs.queue(batch)
    return redirect("ledgers:import", pk)


@require_POST
@allowed("ledger.import")
def columns(request: SignedInRequest, pk: UUID) -> HttpResponse:
    batch = editable(request, pk)
    if batch.state != State.MAPPING:
        return redirect("ledgers:import", pk)
    return set_columns(request, batch)


@require_POST
@allowed("ledger.import")
def confirm_import(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Takes the import out of the preview once, however often the button is pressed."""
    batch = editable(request, pk)
    if LedgerImport.objects.filter(pk=batch.pk, state=State.PREVIEW).update(state=State.APPLYING, message=""):
        jobs.queue(batch)
    return redirect("ledgers:import", pk)


@require_POST
@allowed("ledger.import")
def drop_import(request: SignedInRequest, pk: UUID) -> HttpResponse:
    batch = editable(request, pk)
    if LedgerImport.objects.filter(pk=batch.pk, state__in=LedgerImport.OPEN).update(state=State.DROPPED):
        batch.drop_file()
        messages.success(request, _("已放弃“%(file)s”，没有写入任何数据。") % {"file": batch})
    return redirect("ledgers:imports")


@require_GET
@allowed("ledger.export")
def faulty_rows(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """The faulty rows with the reasons, as a workbook."""
    batch = visible(request, pk)
    faulty = list(batch.rows.filter(state=LedgerRow.State.FAULTY))
    shown = shown_of(batch, faulty)
    rows = (
        FaultyRow(row.sheet, row.number, row.column, row.message, shown[row.pk].texts if shown else {})
        for row in faulty
    )
    title = _("%(file)s 有问题的行") % {"file": batch.file_name}
    return workbook_response(workbook_of(rows, title=title), f"{title}.xlsx")
