"""How somebody's hours came about; asking for leave or a correction; and deciding it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Prefetch, QuerySet
from django.http import HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from bureaus.access import SignedInRequest, allowed, may
from bureaus.exporting import form_wanted, list_file
from bureaus.models import User, YearClosed
from courses.appeals import CannotAppeal, Decision, ask, decide, kinds_open_to
from courses.forms.registering import AppealForm, DecisionForm
from courses.leaves import leave_shares
from courses.list_columns import APPEALS
from courses.models import Appeal, Attendance, Enrolment, Session
from courses.models.enrolments import EnrolmentQuerySet
from courses.registering import NotRegistrable
from courses.views.registering import sentence
from learners.models import AccountLink

APPEALS_A_PAGE = 30


@require_GET
def hours(request: SignedInRequest, pk: int) -> HttpResponse:
    """Session by session: how one was there, the minutes, the hours and the rule. Learners may ask here."""
    reader = may(request.user, "runs.read")
    found = Enrolment.objects.visible_to(request.user) if reader else own_enrolments(request.user)
    found = found.select_related("run__programme", "run__bureau")
    enrolment = get_object_or_404(found, pk=pk)
    sessions = list(sessions_of(enrolment))
    own = own_enrolments(request.user).filter(pk=pk).exists()
    day = timezone.localdate()
    lines = [
        (
            session,
            next(iter(session.attended), None),  # type: ignore[attr-defined]
            next(iter(session.asked), None),  # type: ignore[attr-defined]
            own and bool(kinds_open_to(enrolment, session, day=day)),
        )
        for session in sessions
    ]
    granted = sum(row.hours or 0 for _session, row, _asked, _may in lines if row)
    context = {
        "enrolment": enrolment,
        "run": enrolment.run,
        "lines": lines,
        "own": own,
        "rules": {row.hour_rule for _session, row, _asked, _may in lines if row and row.hour_rule},
        "stated": enrolment.hours != granted,
        "leave": leave_shares(enrolment.run).get(enrolment.pk),
    }
    return render(request, "courses/hours.html", context)


def sessions_of(enrolment: Enrolment) -> QuerySet[Session]:
    """The run's sessions, each with `attended` and `asked` of this enrolment, newest first. Three queries."""
    attended = Attendance.objects.filter(enrolment=enrolment).select_related("hour_rule")
    asked = Appeal.objects.filter(enrolment=enrolment)
    return Session.objects.filter(run=enrolment.run_id).prefetch_related(
        Prefetch("attendances", attended, to_attr="attended"),
        Prefetch("appeals", asked, to_attr="asked"),
    )


def sent(request: SignedInRequest) -> QueryDict | None:
    return request.POST if request.method == "POST" else None


def own_enrolments(user: User) -> EnrolmentQuerySet:
    """Those of the learners whom this account looks after today."""
    links = AccountLink.objects.open_to(user, timezone.localdate())
    return Enrolment.objects.filter(learner__in=links.values("learner"))


@require_http_methods(["GET", "HEAD", "POST"])
def appeal(request: SignedInRequest, enrolment: int, session: int) -> HttpResponse:
    """The learner asks; one open request for each session."""
    mine = get_object_or_404(own_enrolments(request.user).select_related("run"), pk=enrolment)
    lesson = get_object_or_404(mine.run.sessions.select_related("run"), pk=session)
    asked = mine.appeals.filter(session=lesson)
    kinds = kinds_open_to(mine, lesson, day=timezone.localdate())
    is_open = asked.filter(state=Appeal.State.OPEN).exists()
    form = AppealForm(sent(request), kinds=kinds)
    if request.method == "POST" and kinds and not is_open and form.is_valid():
        data = form.cleaned_data
        try:
            ask(mine, lesson, kind=data["kind"], words=data["words"], user=request.user)
        except CannotAppeal as error:
            messages.warning(request, sentence(error))
        else:
            messages.success(request, _("已提交，单位处理后会在这里显示结果。"))
        return redirect("courses:hours", mine.pk)
    context = {
        "enrolment": mine,
        "session": lesson,
        "attendance": mine.attendances.filter(session=lesson).first(),
        "asked": asked,
        "form": form if kinds and not is_open else None,
    }
    return render(request, "courses/appeal.html", context, status=422 if request.method == "POST" else 200)


@require_GET
@allowed("enrolments.decide")
def appeals(request: SignedInRequest) -> HttpResponseBase:
    """What learners ask of the user's bureaus; what waits first, the oldest on top."""
    state = request.GET.get("state", "")
    state = state if state in Appeal.State.values else Appeal.State.OPEN
    found = Appeal.objects.decided_by(request.user).filter(state=state)
    found = found.select_related("enrolment", "session__run", "decided_by")
    order = ("asked_at", "pk") if state == Appeal.State.OPEN else ("-decided_at", "-pk")
    if form_wanted(request):
        return list_file(request, _("请假与申诉"), APPEALS, rows=found.order_by(*order))
    context: dict[str, Any] = {
        "page": Paginator(found.order_by(*order), APPEALS_A_PAGE).get_page(request.GET.get("page")),
        "state": state,
        "states": Appeal.State.choices,
    }
    return render(request, "courses/appeals.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@allowed("enrolments.decide")
def decision(request: SignedInRequest, pk: int) -> HttpResponse:
    """One request with how the learner stands; granted or declined here."""
    found = Appeal.objects.decided_by(request.user).select_related(
        "enrolment__run", "session__run", "session__bureau", "session__programme", "asked_by", "decided_by"
    )
    asked = get_object_or_404(found, pk=pk)
    form = DecisionForm(sent(request), appeal=asked)
    if request.method == "POST" and form.is_valid():
        try:
            decide(asked, decision_of(form), user=request.user, at=timezone.now())
        except (CannotAppeal, NotRegistrable, YearClosed) as error:
            form.add_error(None, sentence(error))
        else:
            messages.success(request, _("已处理，学员会看到结果。"))
            return redirect("courses:appeals")
    context = {
        "appeal": asked,
        "session": asked.session,
        "attendance": asked.enrolment.attendances.filter(session=asked.session).first(),
        "leave": leave_shares(asked.enrolment.run).get(asked.enrolment_id),
        "form": form if asked.state == Appeal.State.OPEN else None,
    }
    return render(request, "courses/appeal_decide.html", context, status=422 if form.errors else 200)


def decision_of(form: DecisionForm) -> Decision:
    data = form.cleaned_data
    return Decision(
        granted=data["granted"] == "yes",
        answer=data["answer"],
        state=data.get("state") or "",
        minutes=data.get("minutes"),
    )
