"""Certificates as Open Badges: the signed file, who its issuer is, and the list of those that are over."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_GET

from bureaus.access import SignedInRequest, may
from bureaus.models import User
from certificates import badges
from certificates.badges import NotCertifiable
from certificates.models import Certificate, Issuer, ShareLink
from certificates.models.certificates import CertificateQuerySet
from certificates.printing import site_of
from certificates.views.checking import too_many
from learners.models import AccountLink
from peixun.lib.limits import within

FRESH = {"Access-Control-Allow-Origin": "*", "Cache-Control": "no-store", "X-Robots-Tag": "noindex"}


@require_GET
def credential(request: SignedInRequest, pk: int) -> HttpResponse:
    """For the office that sees the certificate, and for whose account looks after the holder."""
    return badge_file(request, get_object_or_404(seen_by(request.user), pk=pk))


def seen_by(user: User) -> CertificateQuerySet:
    links = AccountLink.objects.open_to(user, timezone.localdate())
    seen = Q(learner__in=links.values("learner"))
    if may(user, "certificates.read"):
        seen |= Q(pk__in=Certificate.objects.visible_to(user).values("pk"))
    return with_purpose().filter(seen)


def with_purpose() -> CertificateQuerySet:
    return Certificate.objects.select_related("issuer", "enrolment__run__programme")


@require_GET
@login_not_required
def shared_credential(request: HttpRequest, key: str) -> HttpResponse:
    """For who was sent a link that was not withdrawn."""
    if not within(request, "certificate"):
        return too_many(request)
    links = ShareLink.objects.open_on(timezone.localdate()).filter(key=key)
    return badge_file(request, get_object_or_404(with_purpose(), pk__in=links.values("certificate")))


def badge_file(request: HttpRequest, certificate: Certificate) -> HttpResponse:
    try:
        text = badges.credential(certificate, site=site_of(request), on=timezone.localdate())
    except NotCertifiable:
        return render(request, "certificates/badge_refused.html", {"certificate": certificate}, status=409)
    disposition = f'attachment; filename="certificate-{certificate.pk}.jwt"'
    headers = {"Content-Disposition": disposition, "Cache-Control": "private, no-store"}
    return HttpResponse(text, content_type="application/vc+jwt", headers=headers)


@require_GET
@login_not_required
def did_document(request: HttpRequest, pk: int) -> JsonResponse:
    issuer = get_object_or_404(Issuer.objects.exclude(bureau=None), pk=pk)
    document = badges.did_document(issuer, site=site_of(request))
    return JsonResponse(document, content_type="application/did+json", headers=FRESH)


@require_GET
@login_not_required
def status_list(request: HttpRequest, pk: int) -> HttpResponse:
    """Made at the moment of asking: a revoked certificate is in it at once."""
    if not within(request, "certificate"):
        return too_many(request)
    issuer = get_object_or_404(Issuer.objects.exclude(bureau=None), pk=pk)
    text = badges.status_list(issuer, site=site_of(request))
    return HttpResponse(text, content_type="application/vc+jwt", headers=FRESH)
