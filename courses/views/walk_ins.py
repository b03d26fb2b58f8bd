"""Walk-ins that wait for somebody to say who they are (待核对的现场登记)."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import Min
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from bureaus.access import SignedInRequest, allowed
from bureaus.exporting import form_wanted, list_file
from bureaus.models import YearClosed
from courses.enrolling import matching
from courses.enrolling.moves import CannotEnrol
from courses.forms.enrolling import WhoForm
from courses.list_columns import WALK_INS
from courses.models import Enrolment
from peixun.lib.listing import page_of


@require_GET
@allowed("enrolments.decide")
def walk_ins(request: SignedInRequest) -> HttpResponseBase:
    """Everybody still to be matched, with how many of that name the user's bureaus know."""
    waiting = (
        matching.to_match(request.user)
        .select_related("run")
        .annotate(came_on=Min("attendances__session__held_on"))
    )
    if form_wanted(request):
        return list_file(request, _("待核对的现场登记"), WALK_INS, rows=waiting)
    page = page_of(request, waiting)
    known = matching.names_known(request.user, list(page.object_list))
    lines = [(one, known[one.name]) for one in page.object_list]
    return render(request, "courses/walk_ins.html", {"page": page, "lines": lines})


def walk_in_of(request: SignedInRequest, pk: int) -> Enrolment:
    waiting = matching.to_match(request.user).select_related("run", "learner")
    return get_object_or_404(waiting, pk=pk)


@require_GET
@allowed("enrolments.decide")
def walk_in(request: SignedInRequest, pk: int) -> HttpResponse:
    found = walk_in_of(request, pk)
    return show_walk_in(request, found, WhoForm(walk_in=found))


def show_walk_in(request: SignedInRequest, found: Enrolment, form: WhoForm) -> HttpResponse:
    candidates = matching.candidates(request.user, found)
    inside = found.run.enrolments.filter(learner__in=[one.learner_id for one in candidates])
    states = {one.learner_id: one.get_state_display() for one in inside}
    for one in candidates:
        one.already = states.get(one.learner_id, "")  # type: ignore[attr-defined]
    context = {
        "walk_in": found,
        "run": found.run,
        "attendances": found.attendances.select_related("session").order_by("session__held_on"),
        "candidates": candidates,
        "form": form,
    }
    return render(request, "courses/walk_in.html", context, status=422 if form.errors else 200)


@require_POST
@allowed("enrolments.decide")
def match(request: SignedInRequest, pk: int) -> HttpResponse:
    """The walk-in is the candidate who was chosen."""
    found = walk_in_of(request, pk)
    chosen = {str(one.learner_id): one.learner for one in matching.candidates(request.user, found)}
    learner = chosen.get(request.POST.get("learner", ""))
    try:
        if learner is None:
            raise CannotEnrol(_("请在列出的人里选一个。"))
        matching.match(found, learner, user=request.user)
    except (CannotEnrol, YearClosed) as error:
        messages.error(request, str(error))
        return redirect("courses:walk-in", found.pk)
    messages.success(request, _("已核对，出勤和学时已归到这名学员名下。"))
    return redirect("courses:walk-ins")


@require_POST
@allowed("enrolments.decide")
def identify(request: SignedInRequest, pk: int) -> HttpResponse:
    """Says by ID number or employer who the walk-in is; tells no more than whether that person was known."""
    found = walk_in_of(request, pk)
    form = WhoForm(request.POST, walk_in=found)
    if form.is_valid() and form.identity:
        try:
            known = matching.identify(
                found,
                form.identity,
                user=request.user,
                employer=form.cleaned_data["employer"],
                sure=form.cleaned_data["sure"],
            )
        except matching.OtherName as error:
            form.ask_whether_sure()
            form.add_error("sure", str(error))
        except (CannotEnrol, YearClosed) as error:
            form.add_error(None, str(error))
        else:
            words = _("已找到同一人，出勤和学时已归到其名下。") if known else _("已登记为新学员。")
            messages.success(request, words)
            return redirect("courses:walk-ins")
    return show_walk_in(request, found, form)
