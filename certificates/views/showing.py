"""A learner's record for the bureaus that hold it."""

from __future__ import annotations

from decimal import Decimal

from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_GET

from bureaus.access import SignedInRequest, allowed, bureaus_for, may, memberships_of, scope_of
from certificates.models import Certificate
from certificates.records import UNNAMED, Record, record_of
from courses.duties import Credit, Duty, duty_of, hours_of
from courses.models import ClassRun, Enrolment
from courses.models.enrolments import EnrolmentQuerySet
from learners.models import FormerRecord, Holder, Learner
from learners.own_data import papers_of


@require_GET
@allowed("learners.read")
def record(request: SignedInRequest, pk: int) -> HttpResponse:
    """What the user's bureaus may see of a learner; phones only as these bureaus wrote them."""
    # The number of a record that was merged leads to the one that it became.
    pk = FormerRecord.objects.filter(number=pk).values_list("learner", flat=True).first() or pk
    learner = get_object_or_404(Learner.objects.visible_to(request.user), pk=pk)
    enrolments = with_runs(Enrolment.objects.visible_to(request.user).filter(learner=learner))
    certificates = Certificate.objects.visible_to(request.user).filter(learner=learner)
    held = Holder.objects.filter(learner=learner, bureau__in=bureaus_for(request.user, "learners.read"))
    runs = ClassRun.objects.visible_to(request.user).filter(enrolments__learner=learner)
    if not scope_of(request.user).whole_city:
        # As the user's bureaus wrote it: a number typed in must not reveal whose it is.
        names = Enrolment.objects.written_for(request.user).filter(learner=learner).newest_names()
        learner.name = names.get(learner.pk, UNNAMED)
    found = record_of(learner, enrolments, newest(certificates))
    duties = duty_of(learner, on=timezone.localdate())
    context = {
        "record": found,
        "papers": papers_of(learner),
        "duties": [(duty, *explained(duty, found)) for duty in duties],
        "may_see": may(request.user, "id_numbers.see"),
        "may_open": may(request.user, "accounts.open"),
        "may_care": may(request.user, "enrolments.decide"),
        "phones": held.exclude(phone="").select_related("bureau"),
        "open_runs": set(runs.values_list("pk", flat=True)),
        "unit": next((member.bureau for member in memberships_of(request.user)), ""),
        "today": timezone.localdate(),
    }
    return render(request, "certificates/record.html", context)


def with_runs(enrolments: EnrolmentQuerySet) -> EnrolmentQuerySet:
    return enrolments.select_related("run__programme", "run__bureau", "district", "hour_rule")


def newest(certificates: QuerySet[Certificate]) -> QuerySet[Certificate]:
    return certificates.select_related("issuer").order_by("-year", "-issued_on", "number")


def explained(duty: Duty, record: Record) -> tuple[list[tuple[Credit, Enrolment]], Decimal]:
    """What the sum is made of as far as the record shows it, newest first, and the hours (学时) of the rest.

    A duty counts the classes of every bureau; which they were is for the bureaus in reach only.
    """
    known = {one.pk: one for year in record.years for one in year.enrolments}
    lines = [(credit, known[credit.enrolment]) for credit in duty.credits if credit.enrolment in known]
    lines.sort(key=lambda pair: (pair[0].year, str(pair[1].run.starts_on or "")), reverse=True)
    return lines, duty.learnt - hours_of(credit for credit, _enrolment in lines)
