"""Links by which learners show one certificate to others, until they run out or are withdrawn."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from bureaus.access import SignedInRequest
from certificates.checking import finding
from certificates.forms.my import ShareForm
from certificates.models import ShareLink
from certificates.views.checking import for_anybody, too_many
from certificates.views.my import certificate_page, own_certificates
from peixun.lib.limits import within

MOST_LINKS = 10


@require_POST
def share(request: SignedInRequest, pk: int) -> HttpResponse:
    """A new link to this certificate."""
    certificate = get_object_or_404(own_certificates(request.user), pk=pk)
    today, form = timezone.localdate(), ShareForm(request.POST)
    links = ShareLink.objects.open_on(today).filter(certificate=certificate)
    if form.is_valid() and links.count() >= MOST_LINKS:
        form.add_error(None, _("这张证书已有 10 个有效的链接，请先撤回不用的。"))
    if not form.is_valid():
        return certificate_page(request, certificate, form, status=422)
    ShareLink.objects.create(certificate=certificate, made_by=request.user, until=form.until(today))
    messages.success(request, _("链接已生成，发给要看证书的人就行。"))
    return redirect("certificates:own-certificate", certificate.pk)


@require_POST
def withdraw(request: SignedInRequest, pk: int) -> HttpResponse:
    """From now on the link shows nothing."""
    links = ShareLink.objects.filter(certificate__in=own_certificates(request.user))
    link = get_object_or_404(links, pk=pk)
    ShareLink.objects.filter(pk=link.pk, withdrawn_at=None).update(withdrawn_at=timezone.now())
    messages.success(request, _("已撤回，打开那个链接看不到证书了。"))
    return redirect("certificates:own-certificate", link.certificate_id)


@require_safe
@for_anybody
def shared(request: HttpRequest, key: str) -> HttpResponse:
    """The one certificate, with the name that its holder chose to show. Counted as other checks are."""
    today = timezone.localdate()
    links = ShareLink.objects.open_on(today).select_related(
        "certificate__issuer", "certificate__enrolment__run__programme", "certificate__replaced_by"
    )
    link = links.filter(key=key).first()
    if link is None:
        if not within(request, "certificate_miss", key="all"):
            return too_many(request)
        return render(request, "certificates/my_share_over.html", status=404)
    found = finding(link.certificate, on=today, named=True)
    return render(request, "certificates/my_share.html", {"found": found, "certificate": link.certificate})
