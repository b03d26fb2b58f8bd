"""The learner's place: hours against the duty, classes, certificates. For oneself or for whom one helps."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from bureaus.access import SignedInRequest
from bureaus.models import User
from certificates.checking import finding
from certificates.drawing.bundles import file_name
from certificates.forms.my import ShareForm
from certificates.models import Certificate, ShareLink
from certificates.printing import PictureLost, pdf_of, site_of
from certificates.records import Record, record_of
from certificates.signing import qr_text
from certificates.views.showing import explained, newest, with_runs
from courses.duties import FIVE_YEARS, credits_of, hours_of, roll_of, within
from courses.models import Enrolment, Session
from courses.qr import qr_picture
from learners.models import AccountLink, Learner

SHOWN = 5


@require_safe
def own(request: SignedInRequest) -> HttpResponse:
    """One of the records that the account looks after today; the others are a tap away."""
    link, links = chosen(request)
    if link is None:
        return render(request, "certificates/own.html", {"link": None})
    today, learner = timezone.localdate(), link.learner
    record = own_record(learner)
    itself = Learner.objects.filter(pk=learner.pk)
    earned = credits_of(itself)
    duties = roll_of(itself, on=today, earned=earned).duties.get(learner.pk, ())
    mine = earned.get(learner.pk, [])
    context = about(link, links) | {
        "record": record,
        "duties": [(duty, explained(duty, record)[0]) for duty in duties],
        "hours": hours_of(within(mine, (today.year, today.year))),
        "five": hours_of(within(mine, (today.year - FIVE_YEARS + 1, today.year))),
        "first": today.year - FIVE_YEARS + 1,
        "coming": coming(learner)[:SHOWN],
        "today": today,
    }
    return render(request, "certificates/own.html", context)


def links_of(user: User) -> QuerySet[AccountLink]:
    """Whom the account looks after today, oneself first."""
    links = AccountLink.objects.open_to(user, timezone.localdate()).select_related("learner")
    return links.order_by("-relation", "learner__name", "pk")


def chosen(request: SignedInRequest) -> tuple[AccountLink | None, list[AccountLink]]:
    """The link of the learner whom `?of=` names, the first one without; all of them beside it."""
    links = list(links_of(request.user))
    wanted = request.GET.get("of")
    if wanted is None:
        return next(iter(links), None), links
    for link in links:
        if str(link.learner_id) == wanted:
            return link, links
    raise Http404


def about(link: AccountLink, links: list[AccountLink]) -> dict[str, Any]:
    """What every page of the learner's place needs, to say whose it is and to go over to another's."""
    return {
        "link": link,
        "learner": link.learner,
        "of": link.learner_id,
        "people": [(one.learner_id, str(one.learner)) for one in links] if len(links) > 1 else [],
    }


def own_record(learner: Learner) -> Record:
    """All of it, whichever bureau wrote it. Two queries."""
    enrolments = with_runs(Enrolment.objects.filter(learner=learner))
    return record_of(learner, enrolments, newest(Certificate.objects.filter(learner=learner)))


def coming(learner: Learner) -> QuerySet[Session]:
    """The sessions from today on to which the learner is to go. One query."""
    expected = (Enrolment.State.ADMITTED, Enrolment.State.ATTENDING)
    enrolled = Enrolment.objects.filter(learner=learner, state__in=expected)
    planned = Session.objects.filter(held_on__gte=timezone.localdate(), state=Session.State.PLANNED)
    return planned.filter(run__in=enrolled.order_by().values("run"))


# --- Certificates -------------------------------------------------------------------------------


def own_certificates(user: User) -> QuerySet[Certificate]:
    """Those of the learners whom this account looks after today."""
    found = Certificate.objects.filter(learner__in=links_of(user).order_by().values("learner"))
    return found.select_related(
        "issuer", "learner", "version__template", "enrolment__run__programme", "replaced_by"
    )


@require_safe
def own_certificate(request: SignedInRequest, pk: int) -> HttpResponse:
    """The certificate as a check shows it, its code large enough to be scanned off the phone, its links."""
    certificate = get_object_or_404(own_certificates(request.user), pk=pk)
    return certificate_page(request, certificate, ShareForm())


def certificate_page(
    request: SignedInRequest, certificate: Certificate, form: ShareForm, *, status: int = 200
) -> HttpResponse:
    today, site = timezone.localdate(), site_of(request)
    drawn = certificate.origin == Certificate.Origin.DRAWN
    context = {
        "certificate": certificate,
        "found": finding(certificate, on=today, named=True),
        "drawn": drawn,
        "qr": qr_picture(qr_text(certificate, site)) if drawn else "",
        "links": ShareLink.objects.open_on(today).filter(certificate=certificate),
        "address": site,
        "back": f"{reverse('certificates:own')}?of={certificate.learner_id}",
        "form": form,
        "today": today,
    }
    return render(request, "certificates/own_certificate.html", context, status=status)


@require_safe
def own_certificate_pdf(request: SignedInRequest, pk: int) -> HttpResponse:
    """What was issued, to print; a certificate from elsewhere has none here."""
    drawn = own_certificates(request.user).filter(origin=Certificate.Origin.DRAWN)
    certificate = get_object_or_404(drawn, pk=pk)
    try:
        pdf = pdf_of(certificate, site=site_of(request))
    except PictureLost:
        return render(request, "certificates/own_pdf_missing.html", {"certificate": certificate}, status=409)
    name = content_disposition_header(as_attachment=True, filename=file_name(certificate.number)) or ""
    return HttpResponse(pdf, content_type="application/pdf", headers={"Content-Disposition": name})
