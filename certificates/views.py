"""A learner's record for the bureaus that hold it, and one's own for the learner."""

from __future__ import annotations

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_GET

from bureaus.access import SignedInRequest, allowed, bureaus_for
from certificates.models import Certificate
from certificates.records import Record, record_of
from courses.models import Enrolment
from courses.models.enrolments import EnrolmentQuerySet
from learners.models import Holder, Learner


@require_GET
@allowed("learners.read")
def record(request: SignedInRequest, pk: int) -> HttpResponse:
    """What the user's bureaus may see of a learner; phones only as these bureaus wrote them."""
    learner = get_object_or_404(
        Learner.objects.visible_to(request.user).prefetch_related("identities"), pk=pk
    )
    enrolments = Enrolment.objects.visible_to(request.user).filter(learner=learner)
    certificates = Certificate.objects.visible_to(request.user).filter(learner=learner)
    held = Holder.objects.filter(learner=learner, bureau__in=bureaus_for(request.user, "learners.read"))
    context = {
        "record": record_of(learner, with_runs(enrolments), certificates.select_related("issuer")),
        "phones": held.exclude(phone="").select_related("bureau"),
    }
    return render(request, "certificates/record.html", context)


def with_runs(enrolments: EnrolmentQuerySet) -> EnrolmentQuerySet:
    return enrolments.select_related("run__programme", "run__bureau", "district")


@require_GET
def own(request: HttpRequest) -> HttpResponse:
    """The records that the signed-in account looks after."""
    today = timezone.localdate()
    links = request.user.learner_links.filter(Q(until=None) | Q(until__gte=today))  # type: ignore[union-attr]
    records = [own_record(link.learner) for link in links.select_related("learner")]
    context = {
        "records": [(one, one.hours_in(today.year)) for one in records],
        "year": today.year,
        "today": today,
    }
    return render(request, "certificates/own.html", context)


def own_record(learner: Learner) -> Record:
    enrolments = with_runs(Enrolment.objects.filter(learner=learner))
    return record_of(
        learner, enrolments, Certificate.objects.filter(learner=learner).select_related("issuer")
    )
