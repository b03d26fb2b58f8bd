"""Issuing the certificates of a run: who gets one, what will be printed, and the job that draws them."""

from __future__ import annotations

from base64 import b64encode
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Count, F, Q
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from bureaus.access import SignedInRequest, allowed, bureaus_for
from bureaus.exporting import form_wanted, list_file
from certificates import jobs
from certificates.choosing import Way, issuers_for, ways_of
from certificates.drawing.pdf import picture, tight
from certificates.forms.issuing import IssueForm
from certificates.issuing import candidates, certificate_of, days_of, holders_of_others
from certificates.list_columns import ISSUE_RUNS
from certificates.models import Certificate, IssueBatch
from certificates.preparing import next_number
from certificates.printing import pages_of, site_of, undrawable
from courses.models import ClassRun, Enrolment
from courses.models.runs import ClassRunQuerySet
from peixun.lib.listing import containing, page_of
from peixun.lib.search import kept_search, searchable

STATES = (("open", _("待发证")), ("done", _("已发证")))
# How many are set on trial before the issue, to tell of texts that hardly fit.
TRIED = 100
WARNINGS_SHOWN = 10


def runs_for(request: SignedInRequest) -> ClassRunQuerySet:
    """The runs for which the user may issue."""
    return ClassRun.objects.filter(bureau__in=bureaus_for(request.user, "certificates.issue"))


def run_of(request: SignedInRequest, pk: int) -> ClassRun:
    return get_object_or_404(runs_for(request).select_related("programme", "bureau"), pk=pk)


@searchable
@allowed("certificates.issue")
def issue_runs(request: SignedInRequest) -> HttpResponseBase:
    """The runs that are over or under way, with how many completed and how many have a certificate."""
    words, state = kept_search(request), request.GET.get("state", "")
    found = runs_for(request).filter(state__in=(ClassRun.State.RUNNING, ClassRun.State.FINISHED))
    if words:
        found = found.filter(containing(words, "name", "number", "programme__name"))
    ordered = with_counts(found, state).select_related("programme", "bureau").order_by("-starts_on", "pk")
    if form_wanted(request):
        return list_file(request, _("制发证书的班次"), ISSUE_RUNS, rows=ordered)
    context = {"page": page_of(request, ordered), "words": words, "states": STATES}
    return render(request, "certificates/issue_runs.html", context)


def with_counts(runs: ClassRunQuerySet, state: str) -> ClassRunQuerySet:
    """Each run with how many took part, `completed`, and have a valid certificate (`issued`); by `state`."""
    took_part = Q(enrolments__state__in=Enrolment.TOOK_PART)
    completed = Q(enrolments__state=Enrolment.State.COMPLETED)
    issued = Q(enrolments__certificates__state=Certificate.State.VALID)
    counted = runs.annotate(
        took_part=Count("enrolments", filter=took_part, distinct=True),
        completed=Count("enrolments", filter=completed, distinct=True),
        issued=Count("enrolments", filter=issued, distinct=True),
    )
    if state == "open":
        return counted.filter(completed__gt=F("issued"))
    if state == "done":
        return counted.filter(issued__gt=0, completed__lte=F("issued"))
    return counted


@require_http_methods(["GET", "HEAD", "POST"])
@allowed("certificates.issue")
def issue(request: SignedInRequest, pk: int) -> HttpResponse:
    """The people of a run, judged; then what will be printed; then the job."""
    run = run_of(request, pk)
    ways = ways_of(run, request.user, at=timezone.localdate())
    way = chosen_way(ways, request)
    issuers = issuers_for(run, request.user)
    if way is None or not issuers:
        return show_issue(request, run, {"ways": ways, "issuers": issuers})
    form = IssueForm(
        request.POST or None,
        way=way,
        issuers=issuers,
        people=candidates(run, way.rule),
        held=holders_of_others(run, way.version.template.title),
        today=timezone.localdate(),
    )
    if request.method == "POST" and form.is_valid():
        if "confirmed" not in request.POST:
            return confirm_issue(request, run, form)
        chosen = [one.enrolment.pk for one in form.chosen]
        batch = jobs.start(run, form.terms(), chosen, user=request.user, rule=way.stored_rule)
        return redirect("certificates:batch", batch.pk)
    return show_issue(request, run, {"ways": ways, "way": way, "form": form, "issuers": issuers})


def chosen_way(ways: list[Way], request: SignedInRequest) -> Way | None:
    """That of the form or of the address, else the first."""
    key = request.POST.get("by", "") or request.GET.get("by", "")
    return next((way for way in ways if way.key == key), next(iter(ways), None))


def show_issue(request: SignedInRequest, run: ClassRun, context: dict[str, Any]) -> HttpResponse:
    form: IssueForm | None = context.get("form")
    people = form.people if form else []
    context |= {
        "run": run,
        "qualified": [one for one in people if one.qualifies],
        "others": [one for one in people if not one.qualifies],
        "ticked": form.ticked() if form else set(),
        "held": form.held if form else set(),
        "batches": run.issue_batches.select_related("version__template", "made_by")[:5],
        "issued": Certificate.objects.filter(enrolment__run=run, state=Certificate.State.VALID).count(),
        "year": timezone.localdate().year,
    }
    status = 422 if form and form.errors else 200
    return render(request, "certificates/issue_form.html", context, status=status)


def confirm_issue(request: SignedInRequest, run: ClassRun, form: IssueForm) -> HttpResponse:
    """What will be issued: how many, from which number to which, and a sample. Nothing is written."""
    terms, chosen = form.terms(), form.chosen
    days = days_of(run)
    certificates = []
    for ahead, one in enumerate(chosen):
        one.enrolment.run = run
        number = next_number(terms.issuer, terms.issued_on.year) if ahead == 0 else ""
        certificates.append(certificate_of(one.enrolment, terms, number=number, user=None, days=days))
    pages = list(pages_of(certificates[:TRIED], site=site_of(request)))
    undrawn, fonts = undrawable(certificates), settings.PEIXUN_FONT_PATHS
    context = {
        "run": run,
        "form": form,
        "terms": terms,
        "count": len(chosen),
        "first": certificates[0].number,
        "last": next_number(terms.issuer, terms.issued_on.year, ahead=len(chosen) - 1),
        "undrawn": undrawn[:WARNINGS_SHOWN],
        "undrawn_count": len(undrawn),
        "tight": [(certificates[one.page].name, one.text) for one in tight(pages, fonts=fonts)][
            :WARNINGS_SHOWN
        ],
        "sample": b64encode(picture(pages[0], fonts=fonts)).decode(),
        "unqualified": sum(1 for one in chosen if not one.qualifies),
        "hidden": [] if form.cleaned_data["everyone"] else [one.enrolment.pk for one in chosen],
    }
    return render(request, "certificates/issue_confirm.html", context)


# --- The job ------------------------------------------------------------------------------------


def batch_of(request: SignedInRequest, pk: UUID) -> IssueBatch:
    found = IssueBatch.objects.visible_to(request.user).select_related(
        "run__programme", "run__bureau", "issuer", "version__template", "made_by"
    )
    return get_object_or_404(found, pk=pk)


@require_GET
@allowed("certificates.issue")
def batch(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """How far the job is, or how it ended."""
    return render(request, "certificates/batch.html", {"batch": batch_of(request, pk)})


@require_GET
@allowed("certificates.issue")
def batch_status(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """The progress bar anew; tells the page to load again when the work is over."""
    found = batch_of(request, pk)
    if settings.PEIXUN_JOBS == "inline":  # without workers nobody else goes on with it
        jobs.take_up(found)
    response = render(request, "certificates/batch_bar.html", {"batch": found})
    if not found.at_work:
        response["HX-Refresh"] = "true"
    return response


@require_POST
@allowed("certificates.issue")
def batch_resume(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Goes on with a job that failed, however often the button is pressed."""
    jobs.resume(batch_of(request, pk))
    return redirect("certificates:batch", pk)
