"""Arranging class runs: new, changed, copied, opened for enrolling, cancelled."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from bureaus.access import SignedInRequest, allowed, bureaus_for
from bureaus.models import YearClosed
from courses.forms.refusals import refusals_on
from courses.forms.runs import ReasonForm, RunCopyForm, RunForm, RunsCopyFilter, RunsCopyForm
from courses.models import ClassRun, Enrolment, Programme, Session
from courses.models.runs import ClassRunQuerySet
from courses.scheduling import copying
from courses.scheduling import runs as scheduling
from peixun.lib.listing import key_in, page_of

COPIES_A_PAGE = 100
WITH = ("programme__plan__city", "bureau__district", "district")


@require_http_methods(["GET", "HEAD", "POST"])
@allowed("runs.edit")
def new_run(request: SignedInRequest) -> HttpResponse:
    """An empty form; with `?programme=` of the address chosen already."""
    bureaus = bureaus_for(request.user, "runs.edit")
    initial = {"programme": key_in(request, "programme")}
    form = RunForm(
        request.POST if request.method == "POST" else None,
        instance=ClassRun(),
        bureaus=bureaus,
        initial=initial,
    )
    if request.method == "POST" and form.is_valid():
        run = form.save(commit=False)
        with refusals_on(form):
            scheduling.add_run(run, user=request.user)
        if not form.errors:
            messages.success(request, _("班次已建立。接下来安排课次，再开放报名。"))
            return redirect("courses:run", run.pk)
    return render(request, "courses/run_form.html", {"form": form}, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@allowed("runs.edit")
def edit_run(request: SignedInRequest, pk: int) -> HttpResponse:
    run = run_of(request, pk)
    name = run.name
    form = RunForm(
        request.POST if request.method == "POST" else None,
        instance=run,
        bureaus=bureaus_for(request.user, "runs.edit"),
    )
    if request.method == "POST" and form.is_valid():
        with refusals_on(form):
            scheduling.change_run(form.save(commit=False), user=request.user)
        if not form.errors:
            messages.success(request, _("班次已修改。"))
            return redirect("courses:run", pk)
    context = {"form": form, "run": run, "name": name}
    return render(request, "courses/run_form.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@allowed("runs.edit")
def copy_run(request: SignedInRequest, pk: int) -> HttpResponse:
    """A new run like this one: name and first day are asked for, everything else moves along."""
    source = run_of(request, pk)
    form = RunCopyForm(request.POST if request.method == "POST" else None, source=source)
    if request.method == "POST" and form.is_valid():
        with refusals_on(form):
            copied = copying.copy_run(source, **form.cleaned_data, user=request.user)
            messages.success(request, _("已复制。请核对日期、地点和课次。"))
            return redirect("courses:run", copied.pk)
    context = {
        "form": form,
        "run": source,
        "sessions": source.sessions.exclude(state=Session.State.CANCELLED).count(),
    }
    return render(request, "courses/run_copy.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@allowed("runs.edit")
def copy_runs(request: SignedInRequest) -> HttpResponse:
    """从去年复制班次: the runs of a year, each with what its copy will be; the ticked ones are copied."""
    filters = RunsCopyFilter(request.GET)
    year = filters.chosen_year(timezone.localdate())
    runs = ClassRun.objects.editable_by(request.user).held_in(year).exclude(state=ClassRun.State.CANCELLED)
    form = RunsCopyForm(request.POST if request.method == "POST" else None, runs=runs)
    if request.method == "POST" and form.is_valid():
        with refusals_on(form):
            chosen = form.cleaned_data["runs"].select_related(*WITH)
            return after_copying(request, copying.copy_runs(chosen, user=request.user), year)
    if programme := filters.cleaned_data.get("programme"):
        runs = runs.filter(programme=programme)
    context = {"form": form, "year": year, "next_year": year + 1} | what_to_copy(request, runs)
    return render(request, "courses/runs_copy.html", context, status=422 if form.errors else 200)


def what_to_copy(request: SignedInRequest, runs: ClassRunQuerySet) -> dict[str, object]:
    """A page of runs with the outlines of their copies, and the filters' choices."""
    counted = runs.annotate(held=Count("sessions", filter=~Q(sessions__state=Session.State.CANCELLED)))
    page = page_of(request, counted.select_related(*WITH).order_by("starts_on", "pk"), size=COPIES_A_PAGE)
    this_year = timezone.localdate().year
    mine = ClassRun.objects.editable_by(request.user)
    programmes = Programme.objects.filter(pk__in=mine.order_by().values("programme"))
    return {
        "page": page,
        "outlines": copying.outlines(list(page.object_list)),
        "years": [(year, _("%(year)d 年") % {"year": year}) for year in range(this_year, this_year - 6, -1)],
        "programmes": programmes.values_list("pk", "name"),
    }


def after_copying(request: SignedInRequest, copied: copying.Copied, year: int) -> HttpResponse:
    words = {"count": len(copied.runs), "skipped": copied.skipped}
    if copied.skipped:
        messages.success(
            request, _("已复制 %(count)d 期；另有 %(skipped)d 期已经有了，没有重复建立。") % words
        )
    else:
        messages.success(request, _("已复制 %(count)d 期。请逐期核对日期、地点和课次。") % words)
    return redirect(f"{reverse('ledgers:runs')}?year={year + 1}")


@require_POST
@allowed("runs.edit")
def open_run(request: SignedInRequest, pk: int) -> HttpResponse:
    run = run_of(request, pk)
    today = timezone.localdate()
    return decided(
        request,
        run,
        lambda: scheduling.open_enrolling(run, day=today, user=request.user),
        _("已开放报名。可以把培训通知发出去了。"),
    )


@require_POST
@allowed("runs.edit")
def stop_run(request: SignedInRequest, pk: int) -> HttpResponse:
    run = run_of(request, pk)
    today = timezone.localdate()
    return decided(
        request,
        run,
        lambda: scheduling.stop_enrolling(run, day=today, user=request.user),
        _("已停止报名，学员不能再自己报名。"),
    )


@require_POST
@allowed("runs.edit")
def reopen_run(request: SignedInRequest, pk: int) -> HttpResponse:
    run = run_of(request, pk)
    done = _("班次已恢复，随班次取消的课次也已恢复。请核对日期，并告知学员。")
    return decided(request, run, lambda: scheduling.reopen_run(run, user=request.user), done)


@require_http_methods(["GET", "HEAD", "POST"])
@allowed("runs.edit")
def cancel_run(request: SignedInRequest, pk: int) -> HttpResponse:
    """Asks for the reason, and says how many sessions and people it concerns."""
    run = run_of(request, pk)
    form = ReasonForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        with refusals_on(form):
            scheduling.cancel_run(run, reason=form.cleaned_data["reason"], user=request.user)
            messages.success(request, _("班次已取消。"))
            return redirect("courses:run", pk)
    people = run.enrolments.filter(state__in=Enrolment.HOLDS_SEAT).count()
    waiting = run.enrolments.filter(state__in=(Enrolment.State.APPLIED, Enrolment.State.WAITING)).count()
    planned = run.sessions.filter(state=Session.State.PLANNED).count()
    context = {"form": form, "run": run, "sessions": planned, "people": people, "waiting": waiting}
    return render(request, "courses/run_cancel.html", context, status=422 if form.errors else 200)


def run_of(request: SignedInRequest, pk: int) -> ClassRun:
    """The run, if the user may arrange it."""
    runs = ClassRun.objects.editable_by(request.user).select_related(*WITH)
    return get_object_or_404(runs, pk=pk)


def decided(request: SignedInRequest, run: ClassRun, deed: Callable[[], None], done: str) -> HttpResponse:
    """Does it, says what was done or why not, and goes back to the run."""
    try:
        deed()
    except ValidationError as refusal:
        messages.error(request, " ".join(refusal.messages))
    except YearClosed as closed:
        messages.error(request, str(closed))
    else:
        messages.success(request, done)
    return redirect("courses:run", run.pk)
