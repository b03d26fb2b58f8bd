"""One class run with its people, one session with who was there."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Count, F, Q, Sum
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from bureaus.access import SignedInRequest, allowed, may
from bureaus.exporting import form_wanted, in_pieces, list_file
from bureaus.models import User
from courses.counting import at_sessions, attended_sessions, figures_of
from courses.enrolling.finishing import late_in
from courses.forms.people import PeopleFilter
from courses.leaves import leave_shares
from courses.list_columns import PEOPLE
from courses.models import Attendance, ClassRun, Enrolment, Session
from courses.models.enrolments import EnrolmentQuerySet
from courses.scheduling.clashes import clashes_with, clashing
from learners.models import Learner
from peixun.lib.search import kept_search, searchable

PEOPLE_A_PAGE = 50
PEOPLE_ON_PAPER = 1_000
SORTS = {"name": "name", "employer": "employer", "district": "district__order", "hours": "hours"}
HOUR_WORDS = {"theory": _("理论"), "practice": _("实操"), "online": _("线上"), "offline": _("线下")}


@searchable
@allowed("runs.read")
def run(request: SignedInRequest, pk: int) -> HttpResponseBase:
    """A run's facts and figures, its sessions, and its people by page."""
    runs = ClassRun.objects.visible_to(request.user).select_related("programme__group", "bureau", "district")
    found = get_object_or_404(runs, pk=pk)
    enrolled = Enrolment.objects.visible_to(request.user).filter(run=found)
    words = kept_search(request)
    people = matching(enrolled, PeopleFilter(request.GET), words)
    ordered = in_order(people.select_related("district"), request.GET.get("sort", ""))
    if form_wanted(request):
        rows = in_pieces(ordered, lambda some: with_attendance(found, some))
        return list_file(request, _("%(run)s学员名单") % {"run": found.name}, PEOPLE, rows=rows)
    page = page_of(ordered, request)
    with_attendance(found, page.object_list)
    sessions = list(found.sessions.prefetch_related("trainers"))
    context = {
        "run": found,
        "figures": figures_of(found, enrolled),
        "sessions": sessions,
        "clashes": clashing(sessions),
        "may_edit": ClassRun.objects.editable_by(request.user).filter(pk=pk).exists(),
        "page": with_hours(page),
        "late": late_in(found).count(),
        "registered": found.sessions.filter(registered_at__isnull=False).exists(),
        "searched": bool(words or request.GET.get("state")),
        "words": words,
        "sums": people.took_part().aggregate(times=Count("pk"), hours=Sum("hours")),
        "states": Enrolment.State.choices,
        "open_learners": learners_open_to(request.user, page),
        "today": timezone.localdate(),
    }
    return render(request, "courses/run.html", context)


def matching(people: EnrolmentQuerySet, form: PeopleFilter, words: str) -> EnrolmentQuerySet:
    """By name or employer, and by state."""
    form.is_valid()
    if words:
        people = people.filter(Q(name__icontains=words) | Q(employer__icontains=words))
    if state := form.cleaned_data.get("state"):
        people = people.filter(state=state)
    return people


def in_order(people: EnrolmentQuerySet, sort: str) -> EnrolmentQuerySet:
    """As enrolled, or by a column of the address; `-` sorts backwards."""
    column = SORTS.get(sort.removeprefix("-"))
    if column is None:
        return people.order_by("pk")
    return people.order_by(F(column).desc() if sort.startswith("-") else F(column).asc(), "pk")


def page_of(rows: Any, request: SignedInRequest) -> Page[Any]:
    size = PEOPLE_ON_PAPER if request.GET.get("all") == "1" else PEOPLE_A_PAGE
    return Paginator(rows, size).get_page(request.GET.get("page"))


def with_hours(page: Page[Enrolment]) -> Page[Enrolment]:
    """Each enrolment with `kinds`: its hours by kind, in words."""
    for enrolment in page.object_list:
        given = enrolment.hours_by_kind()
        enrolment.kinds = [(word, given[kind]) for kind, word in HOUR_WORDS.items() if given.get(kind)]  # type: ignore[attr-defined]
    return page


def with_attendance(run: ClassRun, people: Iterable[Enrolment]) -> list[Enrolment]:
    """Each enrolment with `here` of the `marked` sessions, and its `leave`. Two queries, and the rule's."""
    enrolments = list(people)
    leave = leave_shares(run)
    found = attended_sessions([enrolment.pk for enrolment in enrolments])
    for enrolment in enrolments:
        enrolment.here, enrolment.marked = found.get(enrolment.pk, (0, 0))  # type: ignore[attr-defined]
        enrolment.leave = leave.get(enrolment.pk)  # type: ignore[attr-defined]
    return enrolments


def learners_open_to(user: User, page: Page[Any]) -> set[int]:
    """Those of the page whose record this user may open: another bureau may hold the others."""
    if not may(user, "learners.read"):
        return set()
    shown = {row.learner_id for row in page.object_list}
    return set(Learner.objects.visible_to(user).filter(pk__in=shown).values_list("pk", flat=True))


@require_GET
@allowed("runs.read")
def session(request: SignedInRequest, pk: int) -> HttpResponse:
    """A session's facts and headcount, and by name who was there as far as the user sees them."""
    sessions = Session.objects.visible_to(request.user).select_related(
        "run", "programme__group", "bureau", "district", "course"
    )
    found = get_object_or_404(sessions.prefetch_related("trainers"), pk=pk)
    seen = Enrolment.objects.visible_to(request.user)
    attended = Attendance.objects.filter(session=found, enrolment__in=seen).select_related("enrolment")
    heads, people = at_sessions([found])
    mine = Session.objects.registered_by(request.user).exclude(state=Session.State.CANCELLED)
    may_register = may(request.user, "attendance.register") and mine.filter(pk=pk).exists()
    may_edit = Session.objects.editable_by(request.user).filter(pk=pk).exists()
    context = {
        "session": found,
        "pictures": found.evidence.all(),
        "may_edit": may_edit,
        "clashes": clashes_with(found, user=request.user),
        "may_remove_pictures": may_edit and may(request.user, "enrolments.decide"),
        "may_register": may_register and found.held_on <= timezone.localdate(),
        "may_print_sheet": may_register,
        "heads": heads,
        "people": people,
        "run_is_open": found.run in ClassRun.objects.visible_to(request.user).filter(sessions=found),
        "page": page_of(attended.order_by("enrolment__name", "pk"), request),
        "today": timezone.localdate(),
    }
    return render(request, "courses/session.html", context)
