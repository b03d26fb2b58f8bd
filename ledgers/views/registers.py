"""The rows behind the figures: runs, sessions, enrolments, learners, certificates.

`?counted=1` comes from a figure: then the list holds the rows of that figure and no others.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.paginator import Page
from django.db.models import Count, QuerySet, Sum
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _

from bureaus.access import SignedInRequest, allowed, may, memberships_of
from bureaus.exporting import form_wanted, in_pieces, list_file
from certificates.models import Certificate
from courses.models import ClassRun
from ledgers import listing
from ledgers.figures import Figures, by_run
from ledgers.filters import SelectionForm
from ledgers.list_columns import CERTIFICATES, ENROLMENTS, LEARNERS, RUNS, SESSIONS
from peixun.lib.listing import containing, in_order, page_of
from peixun.lib.search import kept_search, searchable

FIGURES_OF_RUNS = ("person_times", "people", "hours", "passed")


def show(
    request: SignedInRequest, name: str, form: SelectionForm, page: Page[Any], **more: Any
) -> HttpResponse:
    """The register `name` with what all of them need."""
    context = {
        "form": form,
        "selection": form.selection(),
        "page": page,
        "words": kept_search(request),
        "unit": next((str(member.bureau) for member in memberships_of(request.user)), ""),
        "today": timezone.localdate(),
        "may_import": may(request.user, "ledger.import"),
        "may_edit": may(request.user, "runs.edit"),
        "may_merge": may(request.user, "learners.merge"),
    }
    return render(request, f"ledgers/registers/{name}.html", context | more)


def title_of(form: SelectionForm, name: str) -> str:
    """2024 年度班次: what a register is called as a file."""
    return _("%(year)d 年度%(name)s") % {"year": form.selection().year, "name": name}


def counted_only(request: SignedInRequest) -> bool:
    return request.GET.get("counted") == "1"


@searchable
@allowed("runs.read")
def runs(request: SignedInRequest) -> HttpResponseBase:
    form, words = SelectionForm(request.GET, user=request.user), kept_search(request)
    found = listing.runs(form.selection(), counted=counted_only(request))
    if words:
        found = found.filter(containing(words, "name", "number", "place", "programme__name"))
    if (state := request.GET.get("state", "")) in ClassRun.State.values:
        found = found.filter(state=state)
    figures = by_run(form.selection())
    pks = runs_in_order(request, found, figures)
    if form_wanted(request):
        rows = in_pieces(pks, lambda some: lines_of(some, figures))
        return list_file(request, title_of(form, _("班次")), RUNS, rows=rows)
    page = page_of(request, pks)
    page.object_list = lines_of(list(page.object_list), figures)
    return show(
        request,
        "runs",
        form,
        page,
        totals=listing.run_totals(form.selection(), found, [figures[pk] for pk in pks if pk in figures]),
        opens=listing.open_runs(request.user, (run.pk for run in page.object_list)),
        states=ClassRun.State.choices,
        sort="-start",
        searched_by=_("班次、地点或项目"),
    )


def runs_in_order(
    request: SignedInRequest, found: QuerySet[ClassRun], figures: dict[int, Figures]
) -> list[int]:
    """The ids by a column, or by a figure with the runs that have none at the end."""
    ordered = in_order(request, found, {"name": "name", "start": "starts_on"}, default="-start")
    pks = list(ordered.values_list("pk", flat=True))
    sort = request.GET.get("sort", "")
    name = sort.removeprefix("-")
    if name not in FIGURES_OF_RUNS:
        return pks
    known = [pk for pk in pks if pk in figures]
    known.sort(key=lambda pk: getattr(figures[pk], name) or 0, reverse=sort.startswith("-"))
    return known + [pk for pk in pks if pk not in figures]


def lines_of(pks: Sequence[int], figures: dict[int, Figures]) -> list[ClassRun]:
    """These runs in their order, each with its `figures`."""
    runs = ClassRun.objects.select_related("programme", "bureau", "district").in_bulk(pks)
    lines = [runs[pk] for pk in pks]
    for run in lines:
        run.figures = figures.get(run.pk)  # type: ignore[attr-defined]
    return lines


@searchable
@allowed("runs.read")
def sessions(request: SignedInRequest) -> HttpResponseBase:
    form, words = SelectionForm(request.GET, user=request.user), kept_search(request)
    found = listing.sessions(form.selection(), counted=counted_only(request))
    if words:
        found = found.filter(containing(words, "title", "place", "programme__name", "run__name"))
    sorts = {"day": "held_on", "title": "title", "times": "person_times", "people": "here"}
    ordered = in_order(request, found, sorts, default="-day")
    ordered = ordered.select_related("programme", "bureau", "district", "run")
    if form_wanted(request):
        return list_file(request, title_of(form, _("课次、讲座")), SESSIONS, rows=ordered)
    page = page_of(request, ordered)
    return show(
        request,
        "sessions",
        form,
        page,
        totals=listing.session_totals(form.selection(), found),
        sort="-day",
        searched_by=_("名称、地点或项目"),
    )


@searchable
@allowed("learners.read")
def enrolments(request: SignedInRequest) -> HttpResponseBase:
    form, words = SelectionForm(request.GET, user=request.user), kept_search(request)
    found = listing.enrolments(form.selection())
    if words:
        found = found.filter(listing.in_enrolment(words))
    sorts = {"name": "name", "employer": "employer", "run": "run__name", "hours": "hours"}
    ordered = in_order(request, found, sorts, default="run").select_related("run__programme", "district")
    if form_wanted(request):
        return list_file(request, title_of(form, _("参训记录")), ENROLMENTS, rows=ordered)
    page = page_of(request, ordered)
    return show(
        request,
        "enrolments",
        form,
        page,
        totals=found.aggregate(hours=Sum("hours"), people=Count("learner", distinct=True)),
        elsewhere=0 if words else listing.counted_by_session(form.selection()),
        opens=listing.open_learners(request.user, (row.learner_id for row in page.object_list)),
        open_runs=listing.open_runs(request.user, (row.run_id for row in page.object_list)),
        sort="run",
        searched_by=_("姓名、单位或班次"),
    )


@searchable
@allowed("learners.read")
def learners(request: SignedInRequest) -> HttpResponseBase:
    """Each person once, with what one did in the selection."""
    form, words = SelectionForm(request.GET, user=request.user), kept_search(request)
    found = listing.learners(form.selection(), words)
    sorts = {"name": "name", "times": "times", "hours": "hours"}
    ordered = in_order(request, found, sorts, default="name")
    if form_wanted(request):
        rows = in_pieces(ordered, lambda some: listing.with_last_enrolment(form.selection(), some))
        return list_file(request, title_of(form, _("学员")), LEARNERS, rows=rows)
    page = page_of(request, ordered)
    listing.with_last_enrolment(form.selection(), page.object_list)
    return show(
        request,
        "learners",
        form,
        page,
        totals=found.aggregate(all_times=Sum("times"), all_hours=Sum("hours")),
        opens=listing.open_learners(request.user, (row.pk for row in page.object_list)),
        sort="name",
        searched_by=_("姓名、单位或班次"),
    )


@searchable
@allowed("certificates.read")
def certificates(request: SignedInRequest) -> HttpResponseBase:
    form, words = SelectionForm(request.GET, user=request.user), kept_search(request)
    state = request.GET.get("state", "")
    found = listing.certificates(form.selection(), state=state if state in Certificate.State.values else "")
    if words:
        fields = ("name", "number", "title", "issuer__name", "enrolment__employer", "enrolment__run__name")
        found = found.filter(containing(words, *fields))
    sorts = {"number": "number", "name": "name", "day": "issued_on", "issuer": "issuer__name"}
    ordered = in_order(request, found, sorts, default="number")
    ordered = ordered.select_related("issuer", "enrolment__run__programme")
    if form_wanted(request):
        return list_file(request, title_of(form, _("证书")), CERTIFICATES, rows=ordered)
    page = page_of(request, ordered)
    return show(
        request,
        "certificates",
        form,
        page,
        states=Certificate.State.choices,
        may_issue=may(request.user, "certificates.issue"),
        opens=listing.open_learners(request.user, (row.learner_id for row in page.object_list)),
        sort="number",
        searched_by=_("姓名、编号、班次或发证单位"),
    )
