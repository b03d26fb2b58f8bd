"""The rows behind the figures: runs, sessions, enrolments, learners, certificates."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.paginator import Paginator
from django.db.models import Count, Max, Q, QuerySet, Sum
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from bureaus.access import SignedInRequest, allowed
from courses.models import Enrolment
from learners.models import Learner
from ledgers import figures
from ledgers.filters import SelectionForm

ROWS_A_PAGE = 50
Sorts = Mapping[str, str]


def show(
    request: SignedInRequest,
    rows: QuerySet[Any],
    *,
    form: SelectionForm,
    template: str,
    searchable: str,
    sorts: Sorts,
    default: str,
    sums: Mapping[str, Any] | None = None,
) -> HttpResponse:
    """One page of `rows`, sorted by a key of the address that `sorts` knows."""
    sort = request.GET.get("sort", "")
    key = sort.removeprefix("-")
    order = sorts.get(key) or sorts[default.removeprefix("-")]
    backwards = (sort if key in sorts else default).startswith("-")
    page = Paginator(rows.order_by(f"-{order}" if backwards else order, "pk"), ROWS_A_PAGE)
    context = {
        "form": form,
        "selection": form.selection(),
        "page": page.get_page(request.GET.get("page")),
        "sort": default,
        "sums": sums or {},
        "searchable": searchable,
    }
    return render(request, template, context)


def counted_only(request: SignedInRequest) -> bool:
    """Whether the page was reached from a figure: then it shows the rows of that figure and no others."""
    return request.GET.get("counted") == "1"


@require_GET
@allowed("runs.read")
def runs(request: SignedInRequest) -> HttpResponse:
    form = SelectionForm(request.GET, user=request.user)
    chosen = figures.runs if counted_only(request) else figures.all_runs
    rows = chosen(form.selection()).select_related("programme", "bureau", "district")
    if form.search:
        rows = rows.filter(Q(name__icontains=form.search) | Q(place__icontains=form.search))
    counted = Count("enrolments", filter=Q(enrolments__state__in=Enrolment.TOOK_PART))
    return show(
        request,
        rows.annotate(person_times=counted),
        form=form,
        template="ledgers/registers/runs.html",
        searchable=_("班次或地点"),
        sorts={"name": "name", "start": "starts_on", "people": "person_times"},
        default="-start",
    )


@require_GET
@allowed("runs.read")
def sessions(request: SignedInRequest) -> HttpResponse:
    form = SelectionForm(request.GET, user=request.user)
    chosen = figures.sessions if counted_only(request) else figures.all_sessions
    rows = chosen(form.selection()).select_related("programme", "bureau", "district", "run")
    if form.search:
        rows = rows.filter(Q(title__icontains=form.search) | Q(place__icontains=form.search))
    return show(
        request,
        rows,
        form=form,
        template="ledgers/registers/sessions.html",
        searchable=_("名称或地点"),
        sorts={"day": "held_on", "title": "title", "headcount": "headcount"},
        default="-day",
        sums=rows.aggregate(headcount=Sum("headcount"), women=Sum("women")),
    )


@require_GET
@allowed("learners.read")
def enrolments(request: SignedInRequest) -> HttpResponse:
    form = SelectionForm(request.GET, user=request.user)
    rows = figures.enrolments(form.selection()).select_related("run__programme", "district")
    if form.search:
        rows = rows.filter(matching(form.search))
    return show(
        request,
        rows,
        form=form,
        template="ledgers/registers/enrolments.html",
        searchable=_("姓名、单位或班次"),
        sorts={"name": "name", "run": "run__name", "hours": "hours"},
        default="run",
        sums=rows.aggregate(hours=Sum("hours"), people=Count("learner", distinct=True)),
    )


def matching(words: str) -> Q:
    return Q(name__icontains=words) | Q(employer__icontains=words) | Q(run__name__icontains=words)


@require_GET
@allowed("learners.read")
def learners(request: SignedInRequest) -> HttpResponse:
    """Each person once, with what one did in the selection."""
    form = SelectionForm(request.GET, user=request.user)
    took_part = figures.enrolments(form.selection())
    if form.search:
        took_part = took_part.filter(matching(form.search))
    inside = Q(enrolments__in=took_part.order_by().values("pk"))
    rows = Learner.objects.filter(inside).annotate(
        times=Count("enrolments", filter=inside),
        hours=Sum("enrolments__hours", filter=inside),
        employer=Max("enrolments__employer", filter=inside),
    )
    return show(
        request,
        rows,
        form=form,
        template="ledgers/registers/learners.html",
        searchable=_("姓名、单位或班次"),
        sorts={"name": "name", "times": "times", "hours": "hours"},
        default="-hours",
        sums=took_part.aggregate(hours=Sum("hours"), times=Count("pk")),
    )


@require_GET
@allowed("certificates.read")
def certificates(request: SignedInRequest) -> HttpResponse:
    form = SelectionForm(request.GET, user=request.user)
    rows = figures.certificates(form.selection()).select_related("issuer", "enrolment__run")
    if form.search:
        rows = rows.filter(Q(name__icontains=form.search) | Q(number__icontains=form.search))
    return show(
        request,
        rows,
        form=form,
        template="ledgers/registers/certificates.html",
        searchable=_("姓名或证书编号"),
        sorts={"number": "number", "name": "name", "day": "issued_on"},
        default="number",
    )
