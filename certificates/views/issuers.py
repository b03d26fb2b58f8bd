"""The issuers of one's bureaus: how their numbers are made, and who signs."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Exists, OuterRef
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from bureaus.access import SignedInRequest, allowed, bureaus_for
from certificates.forms.preparing import IssuerForm
from certificates.models import Counter, Issuer
from certificates.models.issuers import demand_pattern
from certificates.preparing import issuer_of, next_number, save_issuer
from courses.forms.refusals import refusals_on
from peixun.lib.listing import containing, page_of
from peixun.lib.search import kept_search, searchable


@searchable
@allowed("certificates.issue")
def issuers(request: SignedInRequest) -> HttpResponse:
    """Each bureau for which the user may issue, with its issuer where there is one."""
    words = kept_search(request)
    bureaus = bureaus_for(request.user, "certificates.issue").filter(valid_to=None)
    if words:
        bureaus = bureaus.filter(containing(words, "name"))
    ready = Exists(Issuer.objects.filter(bureau=OuterRef("pk")).exclude(pattern=""))
    page = page_of(request, bureaus.alias(ready=ready).order_by("-ready", "order", "name"))
    known = {one.bureau_id: one for one in Issuer.objects.filter(bureau__in=page.object_list)}
    year = timezone.localdate().year
    last = dict(Counter.objects.filter(issuer__in=known.values(), year=year).values_list("issuer", "last"))
    lines = [(bureau, known.get(bureau.pk)) for bureau in page.object_list]
    page.object_list = [
        (
            bureau,
            one,
            one.number_of(year, 1) if one and one.pattern else "",
            last.get(one.pk, 0) if one else 0,
        )
        for bureau, one in lines
    ]
    return render(request, "certificates/issuers.html", {"page": page, "words": words, "year": year})


@require_http_methods(["GET", "HEAD", "POST"])
@allowed("certificates.issue")
def issuer(request: SignedInRequest, pk: int) -> HttpResponse:
    """The issuer of one bureau (its `pk`)."""
    bureau = get_object_or_404(bureaus_for(request.user, "certificates.issue"), pk=pk)
    found = issuer_of(bureau)
    example = reverse("certificates:issuer-example", args=[pk])
    form = IssuerForm(request.POST or None, instance=found, example_url=example)
    if request.method == "POST" and form.is_valid():
        labels = [str(form.fields[name].label) for name in form.changed_data]
        with refusals_on(form):
            save_issuer(form.instance, user=request.user, changed=labels)
        if form.is_valid():
            messages.success(request, _("“%(name)s”已保存。") % {"name": form.instance.name})
            return redirect("certificates:issuers")
    stored = issuer_of(bureau)
    context = {
        "bureau": bureau,
        "form": form,
        "next": next_number(stored, timezone.localdate().year),
        "is_new": stored.pk is None,
    }
    return render(request, "certificates/issuer.html", context, status=422 if form.errors else 200)


@require_GET
@allowed("certificates.issue")
def issuer_example(request: SignedInRequest, pk: int) -> HttpResponse:
    """The next number by a pattern that is being typed."""
    bureau = get_object_or_404(bureaus_for(request.user, "certificates.issue"), pk=pk)
    found = issuer_of(bureau)
    found.pattern = request.GET.get("pattern", "").strip()[:60]
    try:
        demand_pattern(found.pattern)
    except ValidationError:
        found.pattern = ""
    number = next_number(found, timezone.localdate().year)
    return render(request, "certificates/issuer_example.html", {"next": number})
