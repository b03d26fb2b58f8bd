"""The size of type, the audit, closed years."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from bureaus.access import SignedInRequest, allowed, audit_in_reach, bureaus_for, may, memberships_of
from bureaus.closing import close_year, reopen_year
from bureaus.exporting import form_wanted, list_file
from bureaus.forms import AuditFilter, CloseYearForm, ReopenForm
from bureaus.list_columns import AUDIT
from bureaus.models import AuditEvent, YearClose

LINES_A_PAGE = 50
A_YEAR = 365 * 24 * 3600


@require_POST
@login_not_required
def set_type(request: HttpRequest) -> HttpResponse:
    """Large or standard type, remembered by a cookie; then back to where one was."""
    wanted = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    response = redirect(wanted if safe else "/")
    size = "large" if request.POST.get("type") == "large" else "standard"
    response.set_cookie(
        "type", size, max_age=A_YEAR, samesite="Lax", secure=request.is_secure(), httponly=True
    )
    return response


@require_GET
@allowed("audit.read")
def audit(request: SignedInRequest) -> HttpResponseBase:
    """What was done, by whom, when and why, in the bureaus in reach."""
    bureaus = bureaus_for(request.user, "audit.read")
    form = AuditFilter(request.GET, bureaus=bureaus)
    events = form.narrow(audit_in_reach(request.user)).select_related("user", "bureau")
    if form_wanted(request):
        return list_file(request, _("审计记录"), AUDIT, rows=events)
    context = {
        "page": Paginator(events, LINES_A_PAGE).get_page(request.GET.get("page")),
        "deeds": AuditEvent.Deed.choices,
        "bureaus": bureaus.values_list("pk", "name"),
        "given": form.cleaned_data,
        "may_close": may(request.user, "year.close"),
        "unit": next((member.bureau for member in memberships_of(request.user)), ""),
        "today": timezone.localdate(),
    }
    return render(request, "bureaus/audit.html", context)


@require_GET
@allowed("year.close")
def years(request: SignedInRequest) -> HttpResponse:
    """The years that are closed, and a form to close another: last year, unless said otherwise."""
    last = {"year": timezone.localdate().year - 1}
    return show_years(request, CloseYearForm(initial=last, bureaus=bureaus_for(request.user, "year.close")))


def show_years(request: SignedInRequest, form: CloseYearForm) -> HttpResponse:
    closed = YearClose.objects.filter(bureau__in=bureaus_for(request.user, "year.close"))
    lines = Paginator(closed.select_related("bureau", "closed_by"), LINES_A_PAGE)
    context = {
        "page": lines.get_page(request.GET.get("page")),
        "form": form,
        "may_audit": may(request.user, "audit.read"),
    }
    return render(request, "bureaus/years.html", context, status=422 if form.is_bound else 200)


@require_POST
@allowed("year.close")
def close(request: SignedInRequest) -> HttpResponse:
    form = CloseYearForm(request.POST, bureaus=bureaus_for(request.user, "year.close"))
    if not form.is_valid():
        return show_years(request, form)
    close_year(form.cleaned_data["bureau"], form.cleaned_data["year"], user=request.user)
    words = {"bureau": form.cleaned_data["bureau"], "year": form.cleaned_data["year"]}
    messages.success(request, _("%(bureau)s %(year)d 年度已封账，数据不能再改。") % words)
    return redirect("bureaus:years")


@require_POST
@allowed("year.close")
def reopen(request: SignedInRequest, pk: int) -> HttpResponse:
    in_reach = YearClose.objects.filter(bureau__in=bureaus_for(request.user, "year.close"))
    closed = get_object_or_404(in_reach.select_related("bureau"), pk=pk)
    form = ReopenForm(request.POST)
    if form.is_valid():
        reopen_year(closed, user=request.user, reason=form.cleaned_data["reason"])
        words = {"bureau": closed.bureau, "year": closed.year}
        messages.success(request, _("%(bureau)s %(year)d 年度已解除封账。更正后请再封账。") % words)
    else:
        messages.error(request, _("请填写解除封账的原因。"))
    return redirect("bureaus:years")
