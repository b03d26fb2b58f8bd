"""Arranging sessions: of a run or alone, one or every week; changing, moving, cancelling."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from bureaus.access import SignedInRequest, allowed, bureaus_for
from bureaus.models import User, YearClosed
from courses.forms.refusals import refusals_on
from courses.forms.runs import home_bureau
from courses.forms.sessions import CancelSessionForm, MoveForm, NewSessionForm, SessionForm
from courses.models import ClassRun, Session
from courses.scheduling import sessions as scheduling
from courses.scheduling.clashes import Clash, Occupied, clashes_of, occupied
from courses.scheduling.sessions import Arranged, alike

HANDED_ON = ("title", "starts_at", "ends_at", "minutes", "span", "part", "mode", "place", "speaker")


@require_http_methods(["GET", "HEAD", "POST"])
@allowed("runs.edit")
def new_run_session(request: SignedInRequest, pk: int) -> HttpResponse:
    """A session of this run, filled in like its last one."""
    runs = ClassRun.objects.editable_by(request.user).select_related("programme", "bureau", "district")
    run = get_object_or_404(runs, pk=pk)
    session = Session(
        run=run, programme=run.programme, bureau=run.bureau, district=run.district, year=run.year
    )
    last = run.sessions.exclude(state=Session.State.CANCELLED).order_by("held_on", "starts_at").last()
    return add(request, session, initial=like_last(run, last))


@require_http_methods(["GET", "HEAD", "POST"])
@allowed("runs.edit")
def new_session(request: SignedInRequest) -> HttpResponse:
    """A lecture that stands alone."""
    bureau = home_bureau(bureaus_for(request.user, "runs.edit"))
    session = Session(bureau=bureau) if bureau else Session()
    return add(request, session, initial={"held_on": timezone.localdate()})


def like_last(run: ClassRun, last: Session | None) -> dict[str, Any]:
    """What to begin with: a day after the last session, at its hour and place; else the run's first day."""
    if last is None:
        return {"held_on": run.starts_on or timezone.localdate(), "place": run.place}
    following = last.held_on + datetime.timedelta(days=1)
    return {name: getattr(last, name) for name in HANDED_ON} | {
        "held_on": min(following, run.ends_on) if run.ends_on else following,
        "trainers": list(last.trainers.values_list("pk", flat=True)),
    }


def add(request: SignedInRequest, session: Session, *, initial: dict[str, Any]) -> HttpResponse:
    """The form of new sessions; saves them unless they clash and nobody said that they may."""
    form = NewSessionForm(
        request.POST if request.method == "POST" else None,
        instance=session,
        initial=initial,
        bureaus=bureaus_for(request.user, "runs.edit"),
    )
    clashes: list[Clash] = []
    if request.method == "POST" and form.is_valid():
        model, days, trainers = (
            form.save(commit=False),
            form.cleaned_data["days"],
            form.cleaned_data["trainers"],
        )
        wanted = [occupied(alike(model, held_on=day), trainers) for day in days]
        clashes = found_on(form, wanted, user=request.user)
        if form.is_valid():
            with refusals_on(form):
                arranged = scheduling.add_sessions(model, days, trainers=trainers, user=request.user)
                return after(request, arranged, _("已安排 %(count)d 个课次。"))
    context = {"form": form, "run": session.run, "clashes": clashes}
    return render(request, "courses/session_form.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@allowed("runs.edit")
def edit_session(request: SignedInRequest, pk: int) -> HttpResponse:
    session = session_of(request, pk)
    title = session.title
    form = SessionForm(
        request.POST if request.method == "POST" else None,
        instance=session,
        bureaus=bureaus_for(request.user, "runs.edit"),
    )
    clashes: list[Clash] = []
    if request.method == "POST" and form.is_valid():
        changed, trainers = form.save(commit=False), form.cleaned_data["trainers"]
        if {"place", "trainers", "mode", "starts_at", "ends_at"} & set(form.changed_data):
            clashes = found_on(form, [occupied(changed, trainers)], user=request.user)
        if form.is_valid():
            with refusals_on(form):
                scheduling.change_session(changed, trainers=trainers, user=request.user)
                messages.success(request, _("课次已修改。"))
                return redirect("courses:session", pk)
    context = {"form": form, "session": session, "title": title, "run": session.run, "clashes": clashes}
    return render(request, "courses/session_form.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@allowed("runs.edit")
def move_session(request: SignedInRequest, pk: int) -> HttpResponse:
    session = session_of(request, pk)
    later = scheduling.later_in_series(session).prefetch_related("trainers")
    form = MoveForm(request.POST if request.method == "POST" else None, session=session, later=later.count())
    clashes: list[Clash] = []
    if request.method == "POST" and form.is_valid():
        to, following = form.slot(), form.cleaned_data.get("following", False)
        moved = scheduling.moved_to([session, *(later if following else ())], to)
        wanted = [occupied(one, one.trainers.all()) for one in moved]
        clashes = found_on(form, wanted, user=request.user)
        if form.is_valid():
            with refusals_on(form):
                arranged = scheduling.move_session(
                    session, to, following=following, reason=form.cleaned_data["reason"], user=request.user
                )
                return after(request, arranged, _("已调整 %(count)d 个课次。"))
    context = {"form": form, "session": session, "clashes": clashes}
    return render(request, "courses/session_move.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@allowed("runs.edit")
def cancel_session(request: SignedInRequest, pk: int) -> HttpResponse:
    """Asks for the reason; what was planned by mistake can be deleted here instead."""
    session = session_of(request, pk)
    form = CancelSessionForm(
        request.POST if request.method == "POST" else None, later=scheduling.later_in_series(session).count()
    )
    if request.method == "POST" and form.is_valid():
        with refusals_on(form):
            count = scheduling.cancel_sessions(
                session,
                following=form.cleaned_data.get("following", False),
                reason=form.cleaned_data["reason"],
                user=request.user,
            )
            messages.success(request, _("已取消 %(count)d 个课次。") % {"count": count})
            return redirect("courses:session", pk)
    expected = session.run.enrolments.expected().count() if session.run else 0
    context = {
        "form": form,
        "session": session,
        "expected": expected,
        "may_delete": not scheduling.leaves_traces(session),
    }
    return render(request, "courses/session_cancel.html", context, status=422 if form.errors else 200)


@require_POST
@allowed("runs.edit")
def restore_session(request: SignedInRequest, pk: int) -> HttpResponse:
    session = session_of(request, pk)
    if done(request, lambda: scheduling.restore_session(session, user=request.user)):
        messages.success(request, _("课次已恢复。请告知学员。"))
    return redirect("courses:session", pk)


@require_POST
@allowed("runs.edit")
def delete_session(request: SignedInRequest, pk: int) -> HttpResponse:
    session = session_of(request, pk)
    if not done(request, lambda: scheduling.delete_session(session, user=request.user)):
        return redirect("courses:session", pk)
    messages.success(request, _("课次已删除。"))
    return redirect("courses:run", session.run_id) if session.run_id else redirect("ledgers:sessions")


def session_of(request: SignedInRequest, pk: int) -> Session:
    """The session, if the user may arrange it."""
    sessions = Session.objects.editable_by(request.user).select_related(
        "run__programme", "programme", "bureau", "district", "course"
    )
    return get_object_or_404(sessions, pk=pk)


def found_on(form: forms.BaseForm, wanted: Iterable[Occupied | None], *, user: User) -> list[Clash]:
    """What stands against `wanted`. The form then waits for somebody to say that it is wanted anyway."""
    known = [one for one in wanted if one]
    clashes = clashes_of(known, user=user) if known else []
    if clashes and not form.cleaned_data["anyway"]:
        words = _("与 %(count)d 个课次冲突。请改时间、地点或教师；确实要这样安排的，勾选后再保存。")
        form.add_error("anyway", words % {"count": len(clashes)})
    return clashes


def after(request: SignedInRequest, arranged: Arranged, words: str) -> HttpResponse:
    """Says how many were arranged, and what became of the run's days."""
    first = arranged.sessions[0]
    said = words % {"count": len(arranged.sessions)}
    if arranged.run and arranged.stretched:
        days = {"first": arranged.run.starts_on, "last": arranged.run.ends_on}
        said += _("班次日期随之改为 %(first)s 至 %(last)s。") % days
    messages.success(request, said)
    if arranged.run and len(arranged.sessions) > 1:
        return redirect("courses:run", arranged.run.pk)
    return redirect("courses:session", first.pk)


def done(request: SignedInRequest, deed: Callable[[], None]) -> bool:
    """Whether it was done; else the page says why not."""
    try:
        deed()
    except ValidationError as refusal:
        messages.error(request, " ".join(refusal.messages))
    except YearClosed as closed:
        messages.error(request, str(closed))
    else:
        return True
    return False
