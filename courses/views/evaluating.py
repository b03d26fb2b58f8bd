"""满意度: the code for the questions, the questions themselves, and what was answered."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.views.decorators.http import require_GET, require_http_methods

from bureaus.access import SignedInRequest, allowed
from courses.counting import at_sessions
from courses.evaluating import (
    LEAST,
    CannotEvaluate,
    Scores,
    demand_open,
    evaluate,
    has_voted,
    last_day,
    link_token,
    new_voter,
    session_key,
    spread_of,
    summary_for,
)
from courses.forms.evaluating import SCORES, EvaluationForm
from courses.models import Evaluation, Session
from courses.qr import qr_picture
from courses.views.registering import registrable
from peixun.lib.limits import within

COOKIE = "voter"
COOKIE_SECONDS = 60 * 24 * 3600
SHORT = {"content": _lazy("内容"), "teaching": _lazy("授课"), "arrangement": _lazy("组织")}


@require_GET
@allowed("attendance.register")
def evaluate_code(request: SignedInRequest, pk: int) -> HttpResponse:
    """The code that leads to the questions, for the screen or for paper."""
    session = registrable(request, pk)
    context: dict[str, Any] = {"session": session, "until": last_day(session), "today": timezone.localdate()}
    try:
        demand_open(session, timezone.localdate())
    except CannotEvaluate as fault:
        context["fault"] = str(fault)
    else:
        address = request.build_absolute_uri(reverse("courses:say", args=[link_token(session)]))
        context["picture"] = qr_picture(address)
    return render(request, "courses/evaluate_code.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@login_not_required
def say(request: HttpRequest, token: str) -> HttpResponse:
    """Three questions; no name is asked, and an account that happens to be signed in is not looked at."""
    session = session_behind(token)
    voter = request.get_signed_cookie(COOKIE, default=None)
    today = timezone.localdate()
    if request.GET.get("done") == "1" and voter and has_voted(session, voter):
        return render(request, "courses/evaluate_done.html", {"session": session})
    form = EvaluationForm(request.POST if request.method == "POST" else None)
    try:
        demand_open(session, today)
        if voter and has_voted(session, voter):
            raise CannotEvaluate(_("您已经评价过了，谢谢。"))
        if form.is_valid() and may_vote(request, voter, form):
            evaluate(session, form.save(commit=False), voter=str(voter), day=today)
            return redirect(f"{request.path}?done=1")
    except CannotEvaluate as fault:
        return render(request, "courses/evaluate_closed.html", {"session": session, "fault": fault})
    context = {"session": session, "form": form}
    response = render(request, "courses/evaluate.html", context, status=422 if form.errors else 200)
    return response if voter else with_voter(request, response)


def session_behind(token: str) -> Session:
    try:
        pk = session_key(token)
    except signing.BadSignature as fault:
        raise Http404 from fault
    return get_object_or_404(Session, pk=pk)


def may_vote(request: HttpRequest, voter: str | None, form: EvaluationForm) -> bool:
    """Whether the browser keeps its mark, and not too many come from one address; else the form says so."""
    if voter is None:
        form.add_error(None, _("浏览器没有允许 Cookie，无法保证一人一票。请允许后再提交一次。"))
    elif not within(request, "evaluate"):
        form.add_error(None, _("现在提交的人太多，请过一分钟再试。"))
    return form.is_valid()


def with_voter(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    response.set_signed_cookie(
        COOKIE,
        new_voter(),
        max_age=COOKIE_SECONDS,
        path="/say/",
        httponly=True,
        samesite="Lax",
        secure=request.is_secure(),
    )
    return response


@require_GET
@allowed("runs.read")
def evaluations(request: SignedInRequest, pk: int) -> HttpResponse:
    """Averages, how often each score was given, and the words in no order of time."""
    session = get_object_or_404(Session.objects.visible_to(request.user).select_related("run"), pk=pk)
    scores = summary_for([session]).get(session.pk, Scores())
    present, _people = at_sessions([session])
    context: dict[str, Any] = {"session": session, "scores": scores, "present": present, "least": LEAST}
    if scores.is_enough:
        given = list(Evaluation.objects.filter(session=session).order_by("pk"))
        context["questions"] = questions_of(scores, given)
        context["words"] = [one.words for one in given if one.words]
    return render(request, "courses/evaluations.html", context)


def questions_of(scores: Scores, given: list[Evaluation]) -> list[dict[str, Any]]:
    """Each question with its average and (score in words, how often), the best first."""
    labels = [str(label) for _score, label in SCORES]
    return [
        {
            "label": label,
            "mean": scores.mean(question),
            "series": list(zip(labels, spread_of(given, question), strict=True)),
        }
        for question, label in SHORT.items()
    ]
