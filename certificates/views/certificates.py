"""Certificates that were issued: one with its chain, its PDF, and what may be done to it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from bureaus.access import SignedInRequest, allowed
from bureaus.models import User
from certificates.drawing.bundles import file_name
from certificates.forms.issuing import ReplaceForm, RevokeForm
from certificates.models import Certificate
from certificates.printing import facts_of, pdf_of, site_of
from certificates.replacing import replace, revoke
from courses.forms.refusals import refusals_on
from courses.models import ClassRun
from learners.models import Learner

Ground, State = Certificate.Ground, Certificate.State
# What each ground asks of the officer, and what happens.
TITLES = {
    Ground.REISSUE: gettext_lazy("补发证书"),
    Ground.CORRECTION: gettext_lazy("更正姓名，换发证书"),
    Ground.RENEWAL: gettext_lazy("续期"),
}


def visible(request: SignedInRequest, pk: int) -> Certificate:
    found = Certificate.objects.visible_to(request.user).select_related(
        "issuer__bureau", "enrolment__run__programme", "version__template", "issued_by", "learner"
    )
    return get_object_or_404(found, pk=pk)


def editable(request: SignedInRequest, pk: int) -> Certificate:
    """A certificate that the user's bureau issued; 404 where it is not visible, 403 for others'."""
    certificate = visible(request, pk)
    if not may_change(request.user, certificate):
        raise PermissionDenied(_("这张证书由发证单位办理作废和补换发。"))
    return certificate


def may_change(user: User, certificate: Certificate) -> bool:
    return Certificate.objects.editable_by(user).filter(pk=certificate.pk).exists()


@require_GET
@allowed("certificates.read")
def certificate(request: SignedInRequest, pk: int) -> HttpResponse:
    """What was issued, its state today, and the ones before and after it."""
    found = visible(request, pk)
    today = timezone.localdate()
    runs, learners = ClassRun.objects.visible_to(request.user), Learner.objects.visible_to(request.user)
    run_pk = found.enrolment.run_id if found.enrolment else 0
    context = {
        "certificate": found,
        "facts": facts_of(found) if found.frozen else None,
        "state": found.state_on(today),
        "chain": chain_of(found),
        "may_change": may_change(request.user, found),
        "is_valid": found.state == State.VALID,
        "opens_run": runs.filter(pk=run_pk).exists(),
        "opens_learner": learners.filter(pk=found.learner_id).exists(),
        "today": today,
    }
    return render(request, "certificates/certificate.html", context)


def chain_of(certificate: Certificate) -> list[Certificate]:
    """It with all before and after it, the oldest first; empty where it stands alone. One query each."""
    chain = [certificate]
    while (before := chain[0].replaces) is not None:
        chain.insert(0, before)
    while after := Certificate.objects.filter(replaces=chain[-1]).first():
        chain.append(after)
    return chain if len(chain) > 1 else []


@require_GET
@allowed("certificates.read")
def certificate_pdf(request: SignedInRequest, pk: int) -> HttpResponse:
    """The PDF as it was issued, whatever became of the certificate since."""
    found = visible(request, pk)
    if found.version is None:
        raise Http404
    return file_response(
        pdf_of(found, site=site_of(request)), file_name(found.number), kind="application/pdf"
    )


def file_response(content: bytes, name: str, *, kind: str) -> HttpResponse:
    response = HttpResponse(content, content_type=kind)
    response["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name) or ""
    response["Cache-Control"] = "private, no-store"
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@allowed("certificates.issue")
def revoke_certificate(request: SignedInRequest, pk: int) -> HttpResponse:
    found = editable(request, pk)
    form = RevokeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        with refusals_on(form):
            revoke(found, on=timezone.localdate(), reason=form.cleaned_data["reason"], user=request.user)
        if form.is_valid():
            messages.success(request, _("证书 %(number)s 已作废，编号不再使用。") % {"number": found.number})
            return redirect("certificates:certificate", pk)
    context = {"certificate": found, "form": form}
    return render(
        request, "certificates/certificate_revoke.html", context, status=422 if form.errors else 200
    )


@require_http_methods(["GET", "HEAD", "POST"])
@allowed("certificates.issue")
def replace_certificate(request: SignedInRequest, pk: int, ground: str) -> HttpResponse:
    """补发, 换发 or 续期: a new certificate with a new number follows this one."""
    if ground not in TITLES:
        raise Http404
    found = editable(request, pk)
    form = ReplaceForm(request.POST or None, certificate=found, ground=ground, today=timezone.localdate())
    if request.method == "POST" and form.is_valid():
        new: Certificate | None = None
        with refusals_on(form):
            name = form.cleaned_data.get("name", "")
            new = replace(found, form.terms(), user=request.user, name=name)
        if new:
            messages.success(request, _("已制发新证书 %(number)s。") % {"number": new.number})
            return redirect("certificates:certificate", new.pk)
    context: dict[str, Any] = {"certificate": found, "form": form, "title": TITLES[Ground(ground)]}
    context["ground"] = ground
    return render(
        request, "certificates/certificate_replace.html", context, status=422 if form.errors else 200
    )
