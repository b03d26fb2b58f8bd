"""Looking up hours and certificates without an account."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.contrib.auth.decorators import login_not_required
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bureaus import sms_codes
from certificates.drawing.bundles import file_name
from certificates.forms.looking_up import CodeForm, PhoneForm, RecordForm
from certificates.looking_up import (
    by_code,
    by_id_number,
    certificate_by,
    close_record,
    code_sent,
    open_record,
    opened,
    send_code,
    shown_of,
    ticket,
)
from certificates.models import Certificate
from certificates.printing import PictureLost, pdf_of, site_of
from learners.models import Learner
from peixun.lib.encryption import digest
from peixun.lib.limits import within

P = ParamSpec("P")
OpenView = Callable[Concatenate[HttpRequest, P], HttpResponse]


def for_one_visitor(view: OpenView[P]) -> OpenView[P]:
    """Without a sign-in, so many an address and minute; kept by no cache, listed nowhere, told to no log."""

    @login_not_required
    @sensitive_post_parameters()
    @wraps(view)
    def answered(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        response = view(request, *args, **kwargs) if may_try(request, "look_up") else too_often(request)
        response["Cache-Control"] = "private, no-store"
        response["X-Robots-Tag"] = "noindex, nofollow, noarchive"
        return response

    return answered


def may_try(request: HttpRequest, action: str, *, key: str = "", count: bool = True) -> bool:
    """Whether `action` is within its limit; `key` is kept as a digest only. Looking at a form is no try."""
    looks = request.method in ("GET", "HEAD")
    return looks or within(request, action, key=digest(action, key), count=count)


def too_often(request: HttpRequest) -> HttpResponse:
    return render(request, "certificates/look_up_limit.html", status=429)


# --- By ID number -------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@for_one_visitor
def look_up(request: HttpRequest) -> HttpResponse:
    """The record where it stands open, else the form; a posted name and number open it."""
    if request.method == "POST":
        form = RecordForm(request.POST)
        return try_number(request, form) if form.is_valid() else show_form(request, form)
    now = opened(request.session, at=time.time())
    return show_record(request, *now) if now else show_form(request, RecordForm())


@sensitive_variables()
def try_number(request: HttpRequest, form: RecordForm) -> HttpResponse:
    """Tries count by number; wrong ones by name too, since others of that name may be in the same room."""
    name, number = form.cleaned_data["name"], form.cleaned_data["id_number"]
    by_number = may_try(request, "look_up_number", key=number)
    if not by_number or not may_try(request, "look_up_name", key=name, count=False):
        return too_often(request)
    learner = by_id_number(name, number)
    if learner is None:
        may_try(request, "look_up_name", key=name)
        form.add_error(None, _("没有找到。请照身份证核对姓名和号码；都对的，请问组织培训的单位。"))
        return show_form(request, form)
    open_record(request.session, learner, at=time.time())
    return redirect("certificates:look-up")


def show_form(request: HttpRequest, form: Form) -> HttpResponse:
    context = {"form": form, "by_code": sms_codes.are_offered()}
    return render(request, "certificates/look_up.html", context, status=422 if form.is_bound else 200)


# --- The open record ----------------------------------------------------------------------------


def show_record(request: HttpRequest, learner: Learner, seconds: int) -> HttpResponse:
    today = timezone.localdate()
    shown = shown_of(learner, on=today)
    lines = [(one, one.state_on(today), pdf_ticket(request, one)) for one in shown.certificates]
    minutes = -(-seconds // 60)
    context = {"shown": shown, "lines": lines, "seconds": seconds, "minutes": minutes, "today": today}
    return render(request, "certificates/look_up_record.html", context)


def pdf_ticket(request: HttpRequest, certificate: Certificate) -> str:
    """Empty for one from elsewhere, and for one that does not hold any more."""
    drawn = certificate.origin == Certificate.Origin.DRAWN
    holds = certificate.state == Certificate.State.VALID
    return ticket(request.session, certificate) if drawn and holds else ""


@require_POST
@for_one_visitor
def look_up_close(request: HttpRequest) -> HttpResponse:
    close_record(request.session)
    return redirect("certificates:look-up")


@require_safe
@for_one_visitor
def look_up_pdf(request: HttpRequest, text: str) -> HttpResponse:
    """The certificate of a ticket, while the record stands open in this session."""
    now = opened(request.session, at=time.time())
    if now is None:
        return redirect("certificates:look-up")
    certificate = certificate_by(request.session, text, learner=now[0])
    if certificate is None or certificate.state != Certificate.State.VALID:
        raise Http404
    if not within(request, "look_up_pdf", key=str(now[0].pk)):
        return too_often(request)
    try:
        pdf = pdf_of(certificate, site=site_of(request))
    except PictureLost:
        return render(request, "certificates/look_up_lost.html", status=409)
    name = content_disposition_header(as_attachment=True, filename=file_name(certificate.number)) or ""
    return HttpResponse(pdf, content_type="application/pdf", headers={"Content-Disposition": name})


# --- By a code ----------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@sms_codes.offered
@for_one_visitor
@sensitive_variables()
def look_up_phone(request: HttpRequest) -> HttpResponse:
    """Asks for a code, by name and the phone on record; known or not, the next page is the same."""
    form = PhoneForm(request.POST or None)
    if not form.is_valid():
        status = 422 if form.is_bound else 200
        return render(request, "certificates/look_up_phone.html", {"form": form}, status=status)
    name, phone = form.cleaned_data["name"], form.cleaned_data["phone"]
    if not may_try(request, "look_up_code", key=phone):
        return too_often(request)
    send_code(request.session, name, phone, at=time.time())
    return redirect("certificates:look-up-code")


@require_http_methods(["GET", "HEAD", "POST"])
@sms_codes.offered
@for_one_visitor
@sensitive_variables()
def look_up_code(request: HttpRequest) -> HttpResponse:
    asked = code_sent(request.session, at=time.time())
    if not asked:
        return redirect("certificates:look-up-phone")
    form = CodeForm(request.POST or None)
    if form.is_valid():
        if not may_try(request, "look_up_code_try", key=asked):
            close_record(request.session)
            return too_often(request)
        learner = by_code(request.session, form.cleaned_data["code"].strip())
        if learner is not None:
            open_record(request.session, learner, at=time.time())
            return redirect("certificates:look-up")
        form.add_error("code", _("验证码不对，或者这个手机号不在单位的登记里。"))
    status = 422 if form.is_bound else 200
    return render(request, "certificates/look_up_code.html", {"form": form}, status=status)
