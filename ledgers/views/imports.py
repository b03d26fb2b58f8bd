"""A ledger in: upload → as understood → preview → done; and its undoing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import UploadedFile
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from bureaus.access import SignedInRequest, allowed, bureaus_for, may, memberships_of
from bureaus.exporting import form_wanted, list_file
from bureaus.models import Bureau, User, YearClosed
from ledgers.forms import TermsForm, UndoForm, UploadForm
from ledgers.importing import jobs
from ledgers.importing.receiving import preview_of, receive
from ledgers.importing.report import FaultyRow, workbook_of
from ledgers.importing.undoing import CannotUndo, undo
from ledgers.list_columns import IMPORTS
from ledgers.models import LedgerImport, LedgerRow
from ledgers.views.preview import lay_out
from peixun.lib.downloads import workbook_response

State = LedgerImport.State
ROWS_A_PAGE = 50
TABS = (
    LedgerRow.State.FAULTY,
    LedgerRow.State.NEW,
    LedgerRow.State.CHANGED,
    LedgerRow.State.SAME,
)


@require_GET
@allowed("ledger.export")
def imports(request: SignedInRequest) -> HttpResponseBase:
    """Every import of the bureaus in reach, newest first."""
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
    return render(request, "ledgers/imports/new.html", {"form": form}, status=422 if form.errors else 200)


def own_bureau(user: User) -> Bureau | None:
    return next((member.bureau for member in memberships_of(user)), None)


def start_import(file: UploadedFile[Any], bureau: Bureau, user: User) -> LedgerImport:
    batch = receive(file.read(), name=file.name or "", bureau=bureau, user=user)
    transaction.on_commit(lambda: jobs.read.enqueue(str(batch.pk)))
    return batch


def visible(request: SignedInRequest, pk: UUID) -> LedgerImport:
    found = LedgerImport.objects.visible_to(request.user).select_related("bureau", "programme", "uploaded_by")
    return get_object_or_404(found, pk=pk)


def editable(request: SignedInRequest, pk: UUID) -> LedgerImport:
    """The import, for the one who uploaded it; 404 where it is not visible, 403 for others."""
    batch = visible(request, pk)
    if not LedgerImport.objects.editable_by(request.user).filter(pk=pk).exists():
        raise PermissionDenied(_("只有上传人可以确认或放弃这次导入。"))
    return batch


@require_GET
@allowed("ledger.export")
def one_import(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """The import in whichever state it is."""
    batch = visible(request, pk)
    shows: dict[str, Callable[..., HttpResponse]] = {
        State.READING: show_work,
        State.APPLYING: show_work,
        State.ASKING: show_terms,
        State.PREVIEW: show_rows,
        State.APPLIED: show_rows,
        State.UNDONE: show_rows,
    }
    return shows.get(batch.state, show_end)(request, batch)


def show_work(request: SignedInRequest, batch: LedgerImport) -> HttpResponse:
    return render(request, "ledgers/imports/working.html", {"batch": batch})


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
    tab = chosen_tab(request, batch)
    page = Paginator(rows_of(batch, tab), ROWS_A_PAGE).get_page(request.GET.get("page"))
    context = {
        "batch": batch,
        "figures": batch.figures,
        "page": page,
        "state": tab,
        "tabs": tabs_of(batch),
        "columns": lay_out(batch, page.object_list, preview_of(batch)),
        "mine": batch.uploaded_by == request.user,
        "may_undo": batch.state == State.APPLIED
        and LedgerImport.objects.undoable_by(request.user).filter(pk=batch.pk).exists(),
        "undo_form": UndoForm(),
    }
    return render(request, "ledgers/imports/rows.html", context)


def chosen_tab(request: SignedInRequest, batch: LedgerImport) -> str:
    """The tab of the address; without one the faulty rows first, where there are some."""
    wanted = request.GET.get("state", "")
    if wanted in (*TABS, "warned", "all"):
        return wanted
    return LedgerRow.State.FAULTY if batch.figures.get("faulty") else "all"


def rows_of(batch: LedgerImport, tab: str) -> QuerySet[LedgerRow]:
    if tab == "warned":
        return batch.rows.exclude(warnings=[])
    return batch.rows.filter(state=tab) if tab in TABS else batch.rows.all()


def tabs_of(batch: LedgerImport) -> list[tuple[str, str, int]]:
    figures = batch.figures
    tabs = [(str(tab), str(tab.label), figures.get(tab, 0)) for tab in TABS]
    tabs.insert(1, ("warned", _("提醒"), figures.get("warned", 0)))
    return [*(tab for tab in tabs if tab[2]), ("all", _("全部"), figures.get("read", 0))]


@require_GET
@allowed("ledger.export")
def import_status(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """The progress bar anew; tells the page to load again when the work is over."""
    batch = visible(request, pk)
    jobs.restart_if_stalled(batch)
    response = render(request, "ledgers/imports/bar.html", {"batch": batch})
    if batch.state not in LedgerImport.AT_WORK:
        response["HX-Refresh"] = "true"
    return response


@require_POST
@allowed("ledger.import")
def set_terms(request: SignedInRequest, pk: UUID) -> HttpResponse:
    batch = editable(request, pk)
    if batch.state not in LedgerImport.OPEN:
        return redirect("ledgers:import", pk)
    form = TermsForm(request.POST, batch=batch)
    if not form.is_valid():
        return show_terms(request, batch, form)
    batch.programme, batch.year = form.cleaned_data["programme"], form.cleaned_data["year"]
    batch.constants, batch.state, batch.message = form.constants(), State.READING, ""
    batch.stage = "compare"
    batch.save()
    transaction.on_commit(lambda: jobs.preview.enqueue(str(pk)))
    return redirect("ledgers:import", pk)


@require_POST
@allowed("ledger.import")
def reopen_terms(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Back from the preview to what was filled in."""
    batch = editable(request, pk)
    LedgerImport.objects.filter(pk=batch.pk, state=State.PREVIEW).update(state=State.ASKING)
    return redirect("ledgers:import", pk)


@require_POST
@allowed("ledger.import")
def confirm_import(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Takes the import out of the preview once, however often the button is pressed."""
    batch = editable(request, pk)
    if LedgerImport.objects.filter(pk=batch.pk, state=State.PREVIEW).update(state=State.APPLYING, message=""):
        transaction.on_commit(lambda: jobs.confirm.enqueue(str(pk)))
    return redirect("ledgers:import", pk)


@require_POST
@allowed("ledger.import")
def drop_import(request: SignedInRequest, pk: UUID) -> HttpResponse:
    batch = editable(request, pk)
    if LedgerImport.objects.filter(pk=batch.pk, state__in=LedgerImport.OPEN).update(state=State.DROPPED):
        batch.drop_file()
        messages.success(request, _("已放弃“%(file)s”，没有写入任何数据。") % {"file": batch})
    return redirect("ledgers:imports")


@require_POST
@allowed("ledger.import")
def undo_import(request: SignedInRequest, pk: UUID) -> HttpResponse:
    batch = visible(request, pk)
    if not LedgerImport.objects.undoable_by(request.user).filter(pk=pk).exists():
        raise PermissionDenied(_("您不能撤销这个单位的导入。"))
    form = UndoForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("请填写撤销原因。"))
        return redirect("ledgers:import", pk)
    try:
        undo(batch, user=request.user, reason=form.cleaned_data["reason"])
    except (CannotUndo, YearClosed) as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("已撤销，这次导入写入的数据都已收回。"))
    return redirect("ledgers:import", pk)


@require_GET
@allowed("ledger.export")
def faulty_rows(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """The faulty rows with the reasons, as a workbook."""
    batch = visible(request, pk)
    shown: dict[str, Any] = preview_of(batch).get("shown", {})
    rows = (
        FaultyRow(
            row.sheet,
            row.number,
            row.column,
            row.message,
            shown.get(LedgerRow.key(row.sheet, row.number), {}),
        )
        for row in batch.rows.filter(state=LedgerRow.State.FAULTY)
    )
    title = _("%(file)s 有问题的行") % {"file": batch.file_name}
    return workbook_response(workbook_of(rows, title=title), f"{title}.xlsx")
