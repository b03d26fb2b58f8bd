"""My data: what is stored of a learner, who saw it, and asking for a correction; and the officers' answer."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST, require_safe

from bureaus.access import SignedInRequest, allowed
from bureaus.exporting import form_wanted, list_file
from bureaus.models import YearClosed
from certificates.correcting import Outcome, correct, is_told_by_number, kept_of, misnamed
from certificates.forms.correcting import AnswerForm
from certificates.forms.my import DataRequestForm
from certificates.list_columns import DATA_REQUESTS
from certificates.my_file import write_own_data
from certificates.views.my import about, chosen, links_of
from learners.caring import end_helper
from learners.models import AccountLink, DataRequest, Learner
from learners.own_data import CannotAsk, answer, ask, papers_of, seen_by
from peixun.lib.downloads import workbook_response
from peixun.lib.listing import page_of

REQUESTS_A_PAGE = 30


@require_http_methods(["GET", "HEAD", "POST"])
def own_data(request: SignedInRequest) -> HttpResponse:
    """What is stored; a posted form asks for a correction."""
    link, links = chosen(request)
    if link is None:
        return render(request, "certificates/my_data.html", {"link": None})
    form = DataRequestForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            ask(link.learner, words=form.cleaned_data["words"], by=request.user)
        except CannotAsk as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("已提交，单位答复后会在这里显示。"))
            return redirect(f"{reverse('certificates:own-data')}?of={link.learner_id}")
    context = about(link, links) | stored(link.learner) | {"form": form, "today": timezone.localdate()}
    context["is_own"] = link.relation == AccountLink.Relation.SELF
    return render(request, "certificates/my_data.html", context, status=422 if form.errors else 200)


def stored(learner: Learner) -> dict[str, Any]:
    """Numbers masked; each phone as the bureau wrote it that holds the learner. Six queries."""
    return {
        "papers": papers_of(learner),
        "holders": learner.holders.select_related("bureau").order_by("since", "pk"),
        "standings": learner.standings.select_related("group"),
        "accounts": learner.account_links.select_related("user").order_by("-relation", "pk"),
        "requests": learner.data_requests.all(),
        "seen": seen_by(learner),
    }


@require_safe
def own_data_file(request: SignedInRequest) -> HttpResponse:
    """All that is stored, as a workbook to keep."""
    link, _links = chosen(request)
    if link is None:
        raise Http404
    content = write_own_data(link.learner, day=timezone.localdate())
    return workbook_response(content, f"{_('我的培训资料')}.xlsx")


@require_POST
def own_helper_end(request: SignedInRequest, pk: int) -> HttpResponse:
    """The learner takes back the consent to a helper; the helper's own account cannot."""
    mine = links_of(request.user).filter(relation=AccountLink.Relation.SELF)
    helpers = AccountLink.objects.filter(
        relation=AccountLink.Relation.HELPER, learner__in=mine.order_by().values("learner")
    )
    link = get_object_or_404(helpers.select_related("learner"), pk=pk)
    end_helper(link, by=request.user, on=timezone.localdate())
    messages.success(request, _("已结束代管，这个账号看不到您的记录了；它生成的证书链接也已失效。"))
    return redirect(f"{reverse('certificates:own-data')}?of={link.learner_id}")


# --- For the office -----------------------------------------------------------------------------


@require_GET
@allowed("enrolments.decide")
def data_requests(request: SignedInRequest) -> HttpResponseBase:
    """What learners of the user's bureaus ask to have corrected; what waits longest on top."""
    state = request.GET.get("state", "")
    state = state if state in DataRequest.State.values else DataRequest.State.OPEN
    found = DataRequest.objects.decided_by(request.user).filter(state=state)
    order = ("asked_at", "pk") if state == DataRequest.State.OPEN else ("-decided_at", "-pk")
    rows = found.select_related("learner", "asked_by", "decided_by").order_by(*order)
    if form_wanted(request):
        return list_file(request, _("资料更正申请"), DATA_REQUESTS, rows=rows)
    context = {
        "page": page_of(request, rows, size=REQUESTS_A_PAGE),
        "state": state,
        "states": DataRequest.State.choices,
    }
    return render(request, "certificates/data_requests.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@allowed("enrolments.decide")
def data_request(request: SignedInRequest, pk: int) -> HttpResponse:
    """One request: answered once, and what was wrong is corrected with the answer."""
    found = DataRequest.objects.decided_by(request.user).select_related("learner", "asked_by", "decided_by")
    asked = get_object_or_404(found, pk=pk)
    if asked.state != DataRequest.State.OPEN:
        return show_answered(request, asked)
    form = AnswerForm(
        request.POST if request.method == "POST" else None,
        kept=kept_of(asked.learner, by=request.user),
        told=is_told_by_number(asked.learner),
    )
    if form.is_bound and form.is_valid():
        try:
            decide(request, asked, form)
        except (CannotAsk, YearClosed) as refusal:
            form.add_error(None, str(refusal.message if isinstance(refusal, CannotAsk) else refusal))
        else:
            return redirect("certificates:data-request", asked.pk)
    return render(
        request,
        "certificates/data_request.html",
        {"asked": asked, "form": form},
        status=422 if form.errors else 200,
    )


def decide(request: SignedInRequest, asked: DataRequest, form: AnswerForm) -> None:
    """Writes what the form says. Raises as `correct` and `answer` do."""
    said = {"words": form.cleaned_data["answer"], "by": request.user, "at": timezone.now()}
    if form.cleaned_data["state"] == DataRequest.State.DECLINED:
        answer(asked.pk, state=DataRequest.State.DECLINED, **said)
        messages.success(request, _("已答复，学员会看到。"))
        return
    mistaken = form.cleaned_data["mistaken"] != "no"
    outcome = correct(asked.pk, form.wanted(), seen=form.cleaned_data["seen"], mistaken=mistaken, **said)
    messages.success(request, told(outcome))


def told(outcome: Outcome) -> str:
    sentences = [_("已答复，学员会看到。") if not outcome.changes else _("资料已更正，学员会看到。")]
    if outcome.enrolments:
        sentences.append(_("%(count)d 条参训记录里的姓名一并更正。") % {"count": outcome.enrolments})
    if outcome.closed:
        sentences.append(_("另有 %(count)d 条在已封账的年度，保持原样。") % {"count": outcome.closed})
    return "".join(sentences)


def show_answered(request: SignedInRequest, asked: DataRequest) -> HttpResponse:
    """What was answered; and where the name was corrected, the certificates that still have the old one."""
    named = "name" in asked.changes
    context = {"asked": asked, "misnamed": misnamed(asked.learner, user=request.user) if named else []}
    status = 409 if request.method == "POST" else 200
    if request.method == "POST":
        messages.error(request, _("这份申请已经处理过了。"))
    return render(request, "certificates/data_request.html", context, status=status)
