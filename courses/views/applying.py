"""A learner applies for a run, sees what became of it, and takes an application back."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import dataclass

from django.contrib import messages
from django.db.models import Prefetch, Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from bureaus.access import SignedInRequest
from bureaus.models import User, YearClosed
from courses.enrolling import deciding, entering, moves, seats
from courses.enrolling.moves import CannotEnrol
from courses.forms.enrolling import ApplyForm
from courses.models import Attendance, ClassRun, Enrolment, Session
from learners.models import AccountLink, Learner

State = Enrolment.State
CURRENT = (State.APPLIED, State.WAITING, State.ADMITTED, State.ATTENDING)
PAST = 20


def own_learners(user: User, day: datetime.date) -> QuerySet[Learner]:
    """Whom the account looks after today, oneself first."""
    links = AccountLink.objects.open_to(user, day)
    learners = Learner.objects.filter(pk__in=links.values("learner"))
    return learners.order_by("name", "pk")


def announced_to(user: User, learners: QuerySet[Learner]) -> QuerySet[ClassRun]:
    """Runs whose page for applying the user may open: not those that are still being planned."""
    planned = Q(state=ClassRun.State.PLANNED, enrol_from=None, enrol_until=None)
    own = Enrolment.objects.filter(learner__in=learners).order_by()
    seen = ClassRun.objects.visible_to(user).order_by()
    reach = Q(pk__in=own.values("run")) | Q(pk__in=seen.values("pk"))
    return ClassRun.objects.filter(~planned | reach).select_related("programme", "bureau")


@require_http_methods(["GET", "HEAD", "POST"])
def apply(request: SignedInRequest, pk: int) -> HttpResponse:
    """What the run is, and the form of applying, for whom the account looks after."""
    today = timezone.localdate()
    learners = own_learners(request.user, today)
    run = get_object_or_404(announced_to(request.user, learners), pk=pk)
    inside = list(run.enrolments.filter(learner__in=learners))
    kept_out = [one.learner_id for one in inside if not entering.may_apply_again(one)]
    free = learners.exclude(pk__in=kept_out)
    form = ApplyForm(request.POST or None, learners=free, initial=known_of(request.user, free))
    if request.method == "POST" and form.is_valid():
        try:
            enrolment = entering.apply(run.pk, form.person(), by=request.user, day=today)
        except (CannotEnrol, YearClosed) as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, answer(enrolment))
            return redirect("courses:my-classes")
    return show_apply(request, run, form, inside=inside)


def show_apply(
    request: SignedInRequest, run: ClassRun, form: ApplyForm, *, inside: list[Enrolment]
) -> HttpResponse:
    may_choose = bool(form.learners)
    context = {
        "run": run,
        "form": form if may_choose else None,
        "inside": with_places(inside),
        "linked": may_choose or bool(inside),
        "closed": entering.why_closed(run, timezone.localdate()),
        "free": seats.free_seats(run),
        "waiting": run.enrolments.waiting().count(),
    }
    return render(request, "courses/apply.html", context, status=422 if form.errors else 200)


def known_of(user: User, learners: QuerySet[Learner]) -> dict[str, str]:
    """What was said when the only learner enrolled last, and the account's own phone."""
    known = {"phone": (user.phone or "").removeprefix("+86")}
    if len(learners) == 1:
        last = Enrolment.objects.filter(learner=learners[0]).order_by("-pk").first()
        known |= {"employer": last.employer, "position": last.position} if last else {}
    return known


def answer(enrolment: Enrolment) -> str:
    """What came of the application, in a sentence."""
    if enrolment.state == State.ADMITTED:
        return _("报名成功，已录取。请按时参加。")
    if enrolment.state == State.WAITING:
        place = seats.places([enrolment.run_id])[enrolment.pk]
        return _("名额已满，您排在候补第 %(place)d 位。有空位时依次递补，会通知您。") % {"place": place}
    return _("报名已提交，请等主办单位审核。")


def with_places(enrolments: Iterable[Enrolment]) -> list[Enrolment]:
    """Each with `place` on the waiting list. One query, if anybody waits."""
    found = list(enrolments)
    runs = {one.run_id for one in found if one.state == State.WAITING}
    places = seats.places(runs) if runs else {}
    for one in found:
        one.place = places.get(one.pk)  # type: ignore[attr-defined]
    return found


@dataclass(frozen=True, slots=True)
class OwnClass:
    """One enrolment as its learner sees it."""

    enrolment: Enrolment
    coming: list[Session]
    missed: list[Attendance]
    may_leave: bool


@require_GET
def my_classes(request: SignedInRequest) -> HttpResponse:
    """The applications and classes of whom the account looks after: what is coming first, then what was."""
    today = timezone.localdate()
    learners = own_learners(request.user, today)
    own = Enrolment.objects.filter(learner__in=learners).select_related("run__bureau")
    current = own.filter(state__in=CURRENT).prefetch_related(
        Prefetch("run__sessions", Session.objects.exclude(state=Session.State.CANCELLED)),
        Prefetch("attendances", Attendance.objects.select_related("session").order_by("session__held_on")),
    )
    context = {
        "classes": [class_of(one, today) for one in with_places(current.order_by("run__starts_on", "pk"))],
        "past": own.exclude(state__in=CURRENT).order_by("-run__ends_on", "-pk")[:PAST],
        "several": len(learners) > 1,
        "linked": bool(learners),
    }
    return render(request, "courses/apply_classes.html", context)


def class_of(enrolment: Enrolment, today: datetime.date) -> OwnClass:
    here = enrolment.state in Enrolment.EXPECTED
    sessions = [one for one in enrolment.run.sessions.all() if one.held_on >= today] if here else []
    missed = [one for one in enrolment.attendances.all() if one.state not in Attendance.HERE]
    may_leave = enrolment.state in moves.FROM[moves.WITHDRAW] and not deciding.has_begun(enrolment.run, today)
    return OwnClass(enrolment, sessions, missed, may_leave)


@require_http_methods(["GET", "HEAD", "POST"])
def withdraw_own(request: SignedInRequest, pk: int) -> HttpResponse:
    """Asks whether to take the application back, and does so."""
    today = timezone.localdate()
    own = Enrolment.objects.filter(learner__in=own_learners(request.user, today))
    enrolment = get_object_or_404(own.select_related("run__bureau"), pk=pk)
    error = ""
    if request.method == "POST":
        try:
            deciding.withdraw_own(enrolment, by=request.user, day=today)
        except (CannotEnrol, YearClosed) as refusal:
            error = str(refusal)
        else:
            messages.success(request, _("已取消“%(run)s”的报名。") % {"run": enrolment.run})
            return redirect("courses:my-classes")
    context = {"enrolment": enrolment, "run": enrolment.run, "error": error}
    return render(request, "courses/apply_withdraw.html", context, status=422 if error else 200)
