"""An officer brings people into a run, and decides on those who applied."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from django.contrib import messages
from django.core.paginator import Page
from django.db.models import Count, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from bureaus.access import SignedInRequest, allowed
from bureaus.models import User, YearClosed
from courses.enrolling import choosing, deciding, entering, moves, seats
from courses.enrolling.limits import limits_hit
from courses.enrolling.moves import CannotEnrol
from courses.forms.enrolling import DecideForm, PeopleForm, SourceForm
from courses.models import ClassRun, Enrolment
from learners.models import Learner, TargetGroup
from peixun.lib.listing import containing, page_of
from peixun.lib.search import kept_search, searchable

State = Enrolment.State
PEOPLE_A_PAGE = 100
CLASS = 300  # people of another run are shown together: a class is brought in whole
SOURCES = ("search", "group", "run", "paste")
TABS: dict[str, tuple[str, ...]] = {
    "applied": (State.APPLIED,),
    "waiting": (State.WAITING,),
    "inside": Enrolment.HOLDS_SEAT,
    "out": (State.REJECTED, State.WITHDRAWN),
}


def run_of(request: SignedInRequest, pk: int) -> ClassRun:
    runs = ClassRun.objects.editable_by(request.user).select_related("programme", "bureau", "district")
    return get_object_or_404(runs, pk=pk)


@searchable
@allowed("enrolments.decide")
def enrol(request: SignedInRequest, pk: int) -> HttpResponse:
    """People to tick, from one of four sources."""
    return show_enrol(request, run_of(request, pk))


def show_enrol(request: SignedInRequest, run: ClassRun, form: PeopleForm | None = None) -> HttpResponse:
    source = request.GET.get("from", "")
    source = "paste" if form else source if source in SOURCES else SOURCES[0]
    words = kept_search(request)
    runs = choosing.runs_to_bring_from(request.user, run)
    given = SourceForm(request.GET, runs=runs)
    given.is_valid()
    learners = learners_from(request, source, given.cleaned_data, words)
    page = page_of(request, learners, size=CLASS if source == "run" else PEOPLE_A_PAGE)
    context = {
        "run": run,
        "from": source,
        "sources": sources(),
        "words": words,
        "groups": TargetGroup.objects.values_list("pk", "name") if source == "group" else (),
        "runs": runs[: choosing.RUNS] if source == "run" else (),
        "asked": bool(words if source == "search" else given.cleaned_data.get(source)),
        "page": page,
        "choices": choosing.choices(request.user, run, list(page.object_list)),
        "form": form or PeopleForm(user=request.user),
    }
    return render(request, "courses/enrol.html", context, status=422 if form and form.errors else 200)


def sources() -> list[tuple[str, str]]:
    words = (_("查找学员"), _("从群体带入"), _("从往期班次带入"), _("粘贴名单"))
    return list(zip(SOURCES, words, strict=True))


def learners_from(
    request: SignedInRequest, source: str, given: dict[str, Any], words: str
) -> QuerySet[Learner]:
    """Whom the chosen source offers; nobody until it is said by which words, which group or which run."""
    if source == "search" and words:
        return choosing.found_by(request.user, words)
    if source == "group" and given.get("group"):
        return choosing.of_group(request.user, given["group"], day=timezone.localdate())
    if source == "run" and given.get("run"):
        return choosing.of_run(request.user, given["run"])
    return Learner.objects.none()


@require_POST
@allowed("enrolments.decide")
def enrol_people(request: SignedInRequest, pk: int) -> HttpResponse:
    """Shows what enrolling the chosen people comes to; once confirmed, does it."""
    run = run_of(request, pk)
    form = PeopleForm(request.POST, user=request.user)
    if not form.is_valid() and "lines" not in request.POST:
        messages.error(request, _("请先勾选学员。"))
        return redirect(f"{reverse('courses:enrol', args=[pk])}?{request.GET.urlencode()}")
    if not form.is_valid() or "edit" in request.POST:
        return show_enrol(request, run, form)
    try:
        moves.demand_open(run)
        if "confirm" in request.POST:
            done = entering.enrol_all(run.pk, form.people, by=request.user)
            messages.success(request, said(done.enrolments, refused=len(done.refused)))
            return redirect("courses:applications", run.pk)
    except (CannotEnrol, YearClosed) as error:
        form.add_error(None, str(error))
    context = {"run": run, "form": form, "preview": choosing.preview(run, form.people)}
    return render(request, "courses/enrol_preview.html", context, status=422 if form.errors else 200)


def said(enrolments: Iterable[Enrolment], *, refused: int = 0) -> str:
    """How many are in which state now, in a sentence."""
    counts = Counter(State(enrolment.state) for enrolment in enrolments)
    parts = [
        _("%(state)s %(count)d 人") % {"state": state.label, "count": count}
        for state, count in counts.items()
    ]
    if refused:
        parts.append(_("未加入 %(count)d 人") % {"count": refused})
    return _("%(counts)s。") % {"counts": "，".join(parts)}


@searchable
@allowed("enrolments.decide")
def applications(request: SignedInRequest, pk: int) -> HttpResponse:
    """Who applied, waits, is in or has left, and what can be done about it."""
    return show_applications(request, run_of(request, pk))


def show_applications(
    request: SignedInRequest, run: ClassRun, form: DecideForm | None = None
) -> HttpResponse:
    counts = dict(run.enrolments.values_list("state").annotate(Count("pk")).order_by())
    tab = chosen_tab(request, counts)
    words = kept_search(request)
    people = run.enrolments.filter(state__in=TABS[tab]).order_by("waits_from", "pk")
    page = page_of(request, people.filter(containing(words, "name", "employer")), size=PEOPLE_A_PAGE)
    taken = sum(counts.get(state, 0) for state in Enrolment.HOLDS_SEAT)
    context = {
        "run": run,
        "state": tab,
        "tabs": [(name, label, sum(counts.get(one, 0) for one in TABS[name])) for name, label in tab_words()],
        "taken": taken,
        "over_seats": 0 if run.seats is None else max(0, taken - run.seats),
        "waiting": counts.get(State.WAITING, 0),
        "applied": counts.get(State.APPLIED, 0),
        "page": with_notes(run, page),
        "to_match": run.enrolments.filter(to_match=True).count(),
        "words": words,
        "form": form or DecideForm(run=run),
        "ticked": form["chosen"].value() or [] if form else [],
        "over": run.state in (ClassRun.State.FINISHED, ClassRun.State.CANCELLED),
    }
    return render(request, "courses/enrol_applications.html", context, status=422 if form else 200)


def chosen_tab(request: SignedInRequest, counts: dict[str, int]) -> str:
    """The tab of the address; without one whatever there is to decide."""
    wanted = request.GET.get("state", "")
    if wanted in TABS:
        return wanted
    todo = (name for name in ("applied", "waiting") if any(counts.get(state) for state in TABS[name]))
    return next(todo, "inside")


def tab_words() -> list[tuple[str, str]]:
    return list(zip(TABS, (_("待审核"), _("候补"), _("已录取"), _("已退出")), strict=True))


def with_notes(run: ClassRun, page: Page[Enrolment]) -> Page[Enrolment]:
    """Each enrolment with `place` on the waiting list and `hits`, what speaks against admitting."""
    places = seats.places([run])
    applied = {one.learner_id: one.level for one in page.object_list if one.state == State.APPLIED}
    hits = limits_hit(run, applied) if applied else {}
    for one in page.object_list:
        one.place = places.get(one.pk)  # type: ignore[attr-defined]
        one.hits = hits.get(one.learner_id, [])  # type: ignore[attr-defined]
    return page


@require_POST
@allowed("enrolments.decide")
def decide(request: SignedInRequest, pk: int) -> HttpResponse:
    """Admits, turns down, takes out or takes back those who were ticked: all of them, or nobody."""
    run = run_of(request, pk)
    form = DecideForm(request.POST, run=run)
    if form.is_valid():
        try:
            messages.success(request, said(carry_out(run, form.cleaned_data, by=request.user)))
        except (CannotEnrol, YearClosed) as error:
            form.add_error(None, str(error))
        else:
            return redirect("courses:applications", run.pk)
    return show_applications(request, run, form)


def carry_out(run: ClassRun, given: dict[str, Any], *, by: User) -> list[Enrolment]:
    move, chosen = given["move"], given["chosen"]
    if move == moves.ADMIT:
        return deciding.admit(run.pk, chosen, by=by)
    if move == moves.REINSTATE:
        return deciding.reinstate(run.pk, chosen, by=by)
    deed = deciding.reject if move == moves.REJECT else deciding.withdraw
    return deed(run.pk, chosen, by=by, reason=given["reason"])
