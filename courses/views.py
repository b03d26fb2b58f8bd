"""One class run with its people, one session."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.db.models import Count, Q, Sum
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from bureaus.access import SignedInRequest, allowed, may
from courses.models import ClassRun, Enrolment, Session

PEOPLE_A_PAGE = 100


@require_GET
@allowed("runs.read")
def run(request: SignedInRequest, pk: int) -> HttpResponse:
    """A run's facts and figures, and its people by page, searched by name or employer."""
    runs = ClassRun.objects.visible_to(request.user).select_related("programme", "bureau", "district")
    found = get_object_or_404(runs, pk=pk)
    people = Enrolment.objects.visible_to(request.user).filter(run=found)
    took_part = people.took_part()
    figures = took_part.aggregate(
        person_times=Count("pk"), passed=Count("pk", filter=Q(assessment="passed")), hours=Sum("hours")
    )
    wanted = request.GET.get("q", "").strip()
    if wanted:
        people = people.filter(Q(name__icontains=wanted) | Q(employer__icontains=wanted))
    page = Paginator(people.select_related("district").order_by("pk"), PEOPLE_A_PAGE)
    context = {
        "run": found,
        "figures": figures,
        "page": page.get_page(request.GET.get("page")),
        "searched": bool(wanted),
        "sessions": found.sessions.order_by("held_on", "starts_at"),
        "may_read_learners": may(request.user, "learners.read"),
    }
    return render(request, "courses/run.html", context)


@require_GET
@allowed("runs.read")
def session(request: SignedInRequest, pk: int) -> HttpResponse:
    sessions = Session.objects.visible_to(request.user).select_related(
        "run", "programme", "bureau", "district", "course"
    )
    found = get_object_or_404(sessions.prefetch_related("trainers"), pk=pk)
    return render(request, "courses/session.html", {"session": found})
