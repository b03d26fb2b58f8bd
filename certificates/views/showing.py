"""A learner's record for the bureaus that hold it, and one's own for the learner."""

from __future__ import annotations

import datetime

from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_GET

from bureaus.access import SignedInRequest, allowed, bureaus_for, memberships_of, scope_of
from bureaus.models import User
from certificates.models import Certificate
from certificates.records import UNNAMED, Record, record_of
from courses.models import ClassRun, Enrolment, Session
from courses.models.enrolments import EnrolmentQuerySet
from learners.models import AccountLink, Holder, Identity, Learner

SHOWN = 5


@require_GET
@allowed("learners.read")
def record(request: SignedInRequest, pk: int) -> HttpResponse:
    """What the user's bureaus may see of a learner; phones only as these bureaus wrote them."""
    learner = get_object_or_404(Learner.objects.visible_to(request.user), pk=pk)
    enrolments = with_runs(Enrolment.objects.visible_to(request.user).filter(learner=learner))
    certificates = Certificate.objects.visible_to(request.user).filter(learner=learner)
    held = Holder.objects.filter(learner=learner, bureau__in=bureaus_for(request.user, "learners.read"))
    runs = ClassRun.objects.visible_to(request.user).filter(enrolments__learner=learner)
    if not scope_of(request.user).whole_city:
        # As the user's bureaus wrote it: a number typed in must not reveal whose it is.
        names = Enrolment.objects.written_for(request.user).filter(learner=learner).newest_names()
        learner.name = names.get(learner.pk, UNNAMED)
    context = {
        "record": record_of(learner, enrolments, newest(certificates)),
        "papers": learner.identities.exclude(kind=Identity.Kind.EMPLOYER_NAME),
        "phones": held.exclude(phone="").select_related("bureau"),
        "open_runs": set(runs.values_list("pk", flat=True)),
        "unit": next((member.bureau for member in memberships_of(request.user)), ""),
        "today": timezone.localdate(),
    }
    return render(request, "certificates/record.html", context)


def with_runs(enrolments: EnrolmentQuerySet) -> EnrolmentQuerySet:
    return enrolments.select_related("run__programme", "run__bureau", "district")


def newest(certificates: QuerySet[Certificate]) -> QuerySet[Certificate]:
    return certificates.select_related("issuer").order_by("-year", "-issued_on", "number")


@require_GET
def own(request: SignedInRequest) -> HttpResponse:
    """The records that the signed-in account looks after today."""
    today = timezone.localdate()
    lines = []
    for link in links_of(request.user, today):
        record = own_record(link.learner)
        lines.append((link, record, record.hours_in(today.year), coming(link.learner, today)[:SHOWN]))
    return render(request, "certificates/own.html", {"lines": lines, "year": today.year})


def links_of(user: User, today: datetime.date) -> QuerySet[AccountLink]:
    """Oneself first."""
    links = AccountLink.objects.open_to(user, today).select_related("learner")
    return links.order_by("-relation", "learner__name", "pk")


def own_record(learner: Learner) -> Record:
    """All of it, whichever bureau wrote it. Two queries."""
    enrolments = with_runs(Enrolment.objects.filter(learner=learner))
    return record_of(learner, enrolments, newest(Certificate.objects.filter(learner=learner)))


def coming(learner: Learner, today: datetime.date) -> QuerySet[Session]:
    """The sessions from today on to which the learner is to go. One query."""
    expected = (Enrolment.State.ADMITTED, Enrolment.State.ATTENDING)
    enrolled = Enrolment.objects.filter(learner=learner, state__in=expected)
    planned = Session.objects.filter(held_on__gte=today, state=Session.State.PLANNED)
    return planned.filter(run__in=enrolled.order_by().values("run"))
