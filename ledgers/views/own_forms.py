"""Bureaus' own forms: the list, a new one, what its columns show, and filling it."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from bureaus.access import SignedInRequest, allowed, bureaus_for, may
from ledgers.filters import SelectionForm
from ledgers.outgoing.exporting import Outgoing
from ledgers.outgoing.forms import LearnersForm
from ledgers.own_forms.deeds import change_form, drop_form, export_form, keep_form, look_at
from ledgers.own_forms.kinds import Kind
from ledgers.own_forms.models import OwnForm
from ledgers.own_forms.page_forms import ColumnsForm, KindForm, NewForm
from ledgers.reading.results import UnreadableFile
from ledgers.views.imports import own_bureau
from peixun.lib.downloads import workbook_response
from peixun.lib.tables import Form


@require_GET
@allowed("ledger.export")
def own_forms(request: SignedInRequest) -> HttpResponse:
    """The forms of the bureaus in reach."""
    found = OwnForm.objects.visible_to(request.user).defer("content").select_related("bureau", "added_by")
    context = {"forms": found, "may_edit": may(request.user, "forms.edit")}
    return render(request, "ledgers/own_forms/list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@allowed("forms.edit")
def new_form(request: SignedInRequest) -> HttpResponse:
    """A blank form is uploaded once; then its page shows what was understood."""
    bureaus = bureaus_for(request.user, "forms.edit")
    default = own_bureau(request.user)
    form = NewForm(request.POST or None, request.FILES or None, bureaus=bureaus, default=default)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        file, words = given["file"], {"name": given["name"], "bureau": given["bureau"]}
        try:
            kept = keep_form(file.read(), file_name=file.name or "", user=request.user, **words)
        except UnreadableFile as error:
            form.add_error("file", error.message)
        else:
            return redirect("ledgers:form-edit", kept.pk)
    return render(request, "ledgers/own_forms/new.html", {"form": form}, status=422 if form.errors else 200)


def form_of(request: SignedInRequest, pk: int) -> OwnForm:
    return get_object_or_404(OwnForm.objects.visible_to(request.user).select_related("bureau"), pk=pk)


def editable(request: SignedInRequest, pk: int) -> OwnForm:
    found = form_of(request, pk)
    if not OwnForm.objects.editable_by(request.user).filter(pk=pk).exists():
        raise PermissionDenied(_("这个表样由它的单位维护。"))
    return found


@require_http_methods(["GET", "HEAD", "POST"])
@allowed("forms.edit")
def edit_form(request: SignedInRequest, pk: int) -> HttpResponse:
    """What was understood, column by column, to be changed; another content is understood anew."""
    found = editable(request, pk)
    layout = found.understood()
    kinds = KindForm(request.POST or None, initial={"kind": found.kind})
    columns = ColumnsForm(request.POST or None, layout=layout)
    if request.method == "POST" and kinds.is_valid() and columns.is_valid():
        kind = kinds.cleaned_data["kind"]
        try:
            change_form(found, kind=kind, columns=columns.columns(), user=request.user)
        except UnreadableFile as error:
            kinds.add_error("kind", error.message)
        else:
            messages.success(request, _("已保存。"))
            return redirect("ledgers:form" if kind == layout.kind else "ledgers:form-edit", pk)
    context = {"own": found, "layout": layout, "kinds": kinds, "columns": columns}
    failed = kinds.errors or columns.errors
    return render(request, "ledgers/own_forms/edit.html", context, status=422 if failed else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@allowed("ledger.export")
def fill_form(request: SignedInRequest, pk: int) -> HttpResponse:
    """The form with its first rows; a posted choice is answered with the file."""
    own = form_of(request, pk)
    may_whole = own.kind == Kind.LEARNERS and may(request.user, "id_numbers.export")
    if request.POST.get("whole") and not may_whole:
        raise PermissionDenied(_("您的角色不能导出完整的证件号码。"))
    filters = SelectionForm(request.GET, user=request.user)
    outgoing = Outgoing(filters.selection(), request.user, Form.XLSX, timezone.now())
    posted = {**request.POST.dict(), "form": Form.XLSX.value} if request.method == "POST" else None
    choices = LearnersForm(posted, may_whole=may_whole)
    if posted and choices.is_valid():
        return filled_file(own, outgoing, reason=choices.reason_given)
    return show_form(request, own, outgoing, form=filters, choices=choices)


def filled_file(own: OwnForm, outgoing: Outgoing, *, reason: str) -> HttpResponse:
    file = BytesIO()
    whole = Outgoing(outgoing.selection, outgoing.user, outgoing.form, outgoing.at, reason)
    filled = export_form(own, whole, file)
    return workbook_response(file.getvalue(), filled.name)


def show_form(request: SignedInRequest, own: OwnForm, outgoing: Outgoing, **more: Any) -> HttpResponse:
    context = {
        "own": own,
        "selection": outgoing.selection,
        "lines": look_at(own, outgoing),
        "may_edit": OwnForm.objects.editable_by(request.user).filter(pk=own.pk).exists(),
    }
    status = 422 if more["choices"].errors else 200
    return render(request, "ledgers/own_forms/fill.html", context | more, status=status)


@require_POST
@allowed("forms.edit")
def remove_form(request: SignedInRequest, pk: int) -> HttpResponse:
    drop_form(editable(request, pk), user=request.user)
    messages.success(request, _("表样已删除。"))
    return redirect("ledgers:forms")
