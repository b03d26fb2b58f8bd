"""A paper sign-in sheet in: upload → whose class → preview → done; and its undoing."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from bureaus.access import SignedInRequest, allowed, bureaus_for
from bureaus.models import Bureau, YearClosed
from courses.forms.refusals import refusals_on
from courses.models import ClassRun
from ledgers.models import SheetImport
from ledgers.reading import UnreadableFile
from ledgers.sheet_forms import PeopleForm, RunForm, SheetConfirmForm, SheetUndoForm, SheetUploadForm
from ledgers.signing.applying import SheetOutdated, apply, undo
from ledgers.signing.comparing import Plan, plan_for
from ledgers.signing.keeping import runs_for, sheets_of, take_in
from ledgers.views.imports import own_bureau

State = SheetImport.State
A_PAGE = 50


@require_GET
@allowed("runs.edit")
def sheets(request: SignedInRequest) -> HttpResponse:
    """The sheets of the bureaus in reach, newest first."""
    found = SheetImport.objects.visible_to(request.user).select_related("bureau", "run", "uploaded_by")
    page = Paginator(found, A_PAGE).get_page(request.GET.get("page"))
    return render(request, "ledgers/sheets/list.html", {"page": page})


@require_http_methods(["GET", "HEAD", "POST"])
@allowed("runs.edit")
def new_sheet(request: SignedInRequest) -> HttpResponse:
    """Takes a file in; from a class's page the class is known."""
    run = chosen_run(request)
    form = SheetUploadForm(
        request.POST or None,
        request.FILES or None,
        bureaus=Bureau.objects.filter(pk=run.bureau_id) if run else bureaus_for(request.user, "runs.edit"),
        default=own_bureau(request.user),
    )
    if request.method == "POST" and form.is_valid():
        file, bureau = form.cleaned_data["file"], form.cleaned_data["bureau"]
        try:
            batch = take_in(file.read(), name=file.name or "", bureau=bureau, run=run, user=request.user)
        except UnreadableFile as refusal:
            form.add_error("file", refusal.message)
        else:
            return redirect("ledgers:sheet", batch.pk)
    context = {"form": form, "run": run}
    return render(request, "ledgers/sheets/new.html", context, status=422 if form.errors else 200)


def chosen_run(request: SignedInRequest) -> ClassRun | None:
    """The class of the address, which must be one's own to arrange."""
    key = request.GET.get("run", "")
    if not key.isdecimal():
        return None
    return get_object_or_404(ClassRun.objects.editable_by(request.user).select_related("bureau"), pk=key)


def visible(request: SignedInRequest, pk: UUID) -> SheetImport:
    found = SheetImport.objects.visible_to(request.user)
    return get_object_or_404(found.select_related("bureau", "run__programme", "run__bureau"), pk=pk)


def editable(request: SignedInRequest, pk: UUID) -> SheetImport:
    batch = visible(request, pk)
    if not SheetImport.objects.editable_by(request.user).filter(pk=pk).exists():
        raise PermissionDenied(_("只有上传人可以登记或放弃这张签到表。"))
    return batch


def readable_now(view: Callable[[SignedInRequest, UUID], HttpResponse]) -> Callable[..., HttpResponse]:
    """A file that was read when it came, but for which memory or time does not do now: the list says so."""

    @wraps(view)
    def wrapped(request: SignedInRequest, pk: UUID) -> HttpResponse:
        try:
            return view(request, pk)
        except UnreadableFile as refusal:
            messages.error(request, refusal.message)
            return redirect("ledgers:sheets")

    return wrapped


@require_GET
@allowed("runs.edit")
@readable_now
def one_sheet(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """The sheet in whichever state it is."""
    batch = visible(request, pk)
    if batch.state == State.OPEN:
        return preview(request, batch)
    return render(request, "ledgers/sheets/done.html", {"batch": batch, "form": SheetUndoForm()})


def preview(
    request: SignedInRequest, batch: SheetImport, *, plan: Plan | None = None, **forms: Any
) -> HttpResponse:
    """What the sheet would write; the class is asked for first. A given form with faults makes it a 422."""
    run_form = forms.get("run_form") or RunForm(batch=batch, runs=runs_for(batch.bureau))
    context: dict[str, Any] = {
        "batch": batch,
        "run_form": run_form,
        "mine": batch.uploaded_by_id == request.user.pk,
    }
    if batch.run:
        plan = plan or plan_for(batch, sheets_of(batch), today=timezone.localdate())
        context |= {
            "plan": plan,
            "counts": plan.counts(),
            "targets": plan.by_target(),
            "people_form": forms.get("people_form") or PeopleForm(batch=batch, plan=plan),
            "form": forms.get("form") or SheetConfirmForm(plan=plan),
        }
    faulty = any(form.errors for form in forms.values())
    return render(request, "ledgers/sheets/preview.html", context, status=422 if faulty else 200)


@require_POST
@allowed("runs.edit")
@readable_now
def choose(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Keeps the class, or who the doubtful lines are; then the preview is another."""
    batch = editable(request, pk)
    if batch.state != State.OPEN:
        return redirect("ledgers:sheet", pk)
    if "run" in request.POST or batch.run is None:
        return choose_run(request, batch)
    plan = plan_for(batch, sheets_of(batch), today=timezone.localdate())
    form = PeopleForm(request.POST, batch=batch, plan=plan)
    if not form.is_valid():
        return preview(request, batch, plan=plan, people_form=form)
    batch.choices, batch.blanks_absent = form.choices(), form.cleaned_data["blanks_absent"]
    batch.save(update_fields=["choices", "blanks_absent"])
    messages.success(request, _("已按您的选择重新核对。"))
    return redirect("ledgers:sheet", pk)


def choose_run(request: SignedInRequest, batch: SheetImport) -> HttpResponse:
    form = RunForm(request.POST, batch=batch, runs=runs_for(batch.bureau))
    if not form.is_valid():
        return preview(request, batch, run_form=form)
    if batch.run != form.cleaned_data["run"]:
        batch.run, batch.choices = form.cleaned_data["run"], {}
        batch.save(update_fields=["run", "choices"])
    return redirect("ledgers:sheet", batch.pk)


@require_POST
@allowed("runs.edit")
@readable_now
def confirm(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Writes what the preview showed; where that would be another thing now, shows it anew."""
    batch = editable(request, pk)
    if batch.state != State.OPEN or batch.run is None:
        return redirect("ledgers:sheet", pk)
    read = sheets_of(batch)
    plan = plan_for(batch, read, today=timezone.localdate())
    form = SheetConfirmForm(request.POST, plan=plan)
    if form.is_valid():
        given = form.cleaned_data
        with refusals_on(form):
            try:
                apply(
                    batch,
                    read,
                    user=request.user,
                    expected=given["fingerprint"],
                    reason=given.get("reason", ""),
                    finished=given.get("finished", False),
                )
            except SheetOutdated:
                messages.warning(request, _("预览之后数据有了变化，没有写入。下面是新的预览，请重新确认。"))
    if form.errors:
        return preview(request, batch, plan=plan, form=form)
    return redirect("ledgers:sheet", pk)


@require_POST
@allowed("runs.edit")
def drop(request: SignedInRequest, pk: UUID) -> HttpResponse:
    batch = editable(request, pk)
    if SheetImport.objects.filter(pk=batch.pk, state=State.OPEN).update(state=State.DROPPED):
        batch.drop_file()
        messages.success(request, _("已放弃“%(file)s”，没有登记任何出勤。") % {"file": batch})
    return redirect("ledgers:sheets")


@require_POST
@allowed("runs.edit")
def undo_sheet(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Takes back what the sheet wrote; whoever arranges the bureau's classes may."""
    batch = visible(request, pk)
    form = SheetUndoForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("请填写撤销原因。"))
        return redirect("ledgers:sheet", pk)
    try:
        result = undo(batch, user=request.user, reason=form.cleaned_data["reason"])
    except (ValidationError, YearClosed) as refusal:
        messages.error(request, " ".join(getattr(refusal, "messages", [str(refusal)])))
    else:
        words = {"reversed": result.reversed, "kept": result.kept}
        messages.success(
            request, _("已撤销 %(reversed)d 条出勤，后来改过或已发证的 %(kept)d 条保留。") % words
        )
    return redirect("ledgers:sheet", pk)
