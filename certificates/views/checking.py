"""Checking a certificate, for anybody: by the code, by number and name, without a network."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, cast

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods

from certificates.checking import Finding, by_code, by_number, finding, is_name_of
from certificates.forms.checking import CodeForm, NameForm, NumberForm, StatementForm
from certificates.models import number_key
from certificates.signing import jwks
from peixun.lib.limits import within

P = ParamSpec("P")
OpenView = Callable[Concatenate[HttpRequest, P], HttpResponse]


def for_anybody(view: OpenView[P]) -> OpenView[P]:
    """For pages that tell of a certificate: no sign-in, so many an address and minute, kept by nobody."""

    @login_not_required
    @sensitive_post_parameters("name")
    @wraps(view)
    def answered(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        may_ask = within(request, "certificate")
        response = view(request, *args, **kwargs) if may_ask else too_many(request)
        response["Cache-Control"] = "no-store"
        response["X-Robots-Tag"] = "noindex, nofollow, noarchive"
        return response

    return cast("OpenView[P]", answered)


def too_many(request: HttpRequest) -> HttpResponse:
    return render(request, "certificates/check_limit.html", status=429)


@require_http_methods(["GET", "HEAD", "POST"])
@for_anybody
def check(request: HttpRequest, code: str) -> HttpResponse:
    """What a scan leads to. A posted full name is compared with the holder's."""
    found = by_code(code, on=timezone.localdate())
    if found is None:
        return unknown(request)
    if request.method != "POST":
        return shown(request, found, NameForm())
    form = NameForm(request.POST)
    if not form.is_valid():
        return shown(request, found, form, status=422)
    if not within(request, "certificate_name", key=found.certificate.number_key):
        return too_many(request)
    if is_name_of(form.cleaned_data["name"], found.certificate):
        named = finding(found.certificate, on=timezone.localdate(), named=True)
        return shown(request, named, NameForm())
    return shown(request, found, form, differs=True)


def shown(
    request: HttpRequest, found: Finding, form: NameForm | None, *, differs: bool = False, status: int = 200
) -> HttpResponse:
    context = {"found": found, "certificate": found.certificate, "form": form, "differs": differs}
    return render(request, "certificates/check.html", context, status=status)


def unknown(request: HttpRequest, **context: Any) -> HttpResponse:
    """Guesses are counted by themselves: who scans a true code is not held up by who guesses."""
    if not within(request, "certificate_miss", key="all"):
        return too_many(request)
    return render(request, "certificates/check_unknown.html", context, status=404)


@require_http_methods(["GET", "HEAD", "POST"])
@for_anybody
def check_form(request: HttpRequest) -> HttpResponse:
    """By the code where one is sent, else by number and full name. Names stand in no address."""
    numbers, codes = NumberForm(), CodeForm()
    if "code" in request.POST:
        codes = CodeForm(request.POST)
        if codes.is_valid():
            return redirect("certificates:check", codes.cleaned_data["code"])
    elif request.method == "POST":
        numbers = NumberForm(request.POST)
        if numbers.is_valid():
            return by_number_and_name(request, numbers.cleaned_data["number"], numbers.cleaned_data["name"])
    status = 422 if numbers.errors or codes.errors else 200
    return render(
        request, "certificates/check_form.html", {"numbers": numbers, "codes": codes}, status=status
    )


def by_number_and_name(request: HttpRequest, number: str, name: str) -> HttpResponse:
    """Numbers and names can be guessed: who was wrong too often is not even told what is right."""
    patient = within(request, "certificate_wrong", count=False)
    if not patient or not within(request, "certificate_name", key=number_key(number)):
        return too_many(request)
    found = by_number(number, name, on=timezone.localdate())
    if found:
        return shown(request, found, None)
    within(request, "certificate_wrong")
    return unknown(request, number=number)


# --- Without a network --------------------------------------------------------------------------


@require_GET
@login_not_required
def offline(request: HttpRequest) -> HttpResponse:
    """Checks signatures in the browser. It holds nothing of anybody, so that it may be kept."""
    response = render(request, "certificates/check_offline.html", {"form": StatementForm()})
    response["X-Robots-Tag"] = "noindex"
    return response


@require_GET
@login_not_required
def keys(request: HttpRequest) -> JsonResponse:
    """The public keys, for the page above, other offices and other programs."""
    return JsonResponse(
        jwks(),
        content_type="application/jwk-set+json",
        headers={"Access-Control-Allow-Origin": "*", "Cache-Control": "no-cache"},
    )


@require_GET
@login_not_required
def robots(request: HttpRequest) -> HttpResponse:
    """Nothing is for search engines. They may fetch `/v/` only to read there that it is not to be listed."""
    return HttpResponse("User-agent: *\nAllow: /v/\nDisallow: /\n", content_type="text/plain")
