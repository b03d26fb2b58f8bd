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
from django.views.decorators.http import require_GET, require_http_methods, require_safe

from bureaus.access import SignedInRequest, allowed
from bureaus.exporting import form_wanted, list_file
from certificates.forms.my import AnswerForm, DataRequestForm
from certificates.list_columns import DATA_REQUESTS
from certificates.my_file import write_own_data
from certificates.views.my import about, chosen
from learners.models import DataRequest, Learner
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
@allowed("enrolments.decide")
def data_request(request: SignedInRequest, pk: int) -> HttpResponse:
    """One request; answered here, once."""
    found = DataRequest.objects.decided_by(request.user).select_related("learner", "asked_by", "decided_by")
    asked = get_object_or_404(found, pk=pk)
    form = AnswerForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            answer(asked.pk, by=request.user, at=timezone.now(), **form.said())
        except CannotAsk as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("已答复，学员会看到。"))
            return redirect("certificates:data-requests")
    is_open = asked.state == DataRequest.State.OPEN
    context = {"asked": asked, "form": form if is_open or form.errors else None}
    return render(request, "certificates/data_request.html", context, status=422 if form.errors else 200)
