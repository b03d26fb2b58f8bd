"""What a learner can enrol for (可报名的班次)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import Count, ExpressionWrapper, F, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone

from bureaus.access import SignedInRequest
from bureaus.models import User
from courses.models import ClassRun, Enrolment, Session
from courses.models.runs import ClassRunQuerySet
from learners.models import AccountLink, TargetGroup
from peixun.lib.listing import containing, page_of
from peixun.lib.search import kept_search, searchable

RUNS_A_PAGE = 20


@searchable
def open_runs(request: SignedInRequest) -> HttpResponse:
    """The runs of every bureau that are open for enrolling today, the next to begin first."""
    today, words = timezone.localdate(), kept_search(request)
    found = ClassRun.objects.open_for_enrolling(today).select_related(
        "programme__group", "bureau", "district"
    )
    offered = TargetGroup.objects.filter(programmes__runs__in=found.order_by().values("pk")).distinct()
    groups = dict(offered.values_list("code", "name"))
    group = request.GET.get("group", "")
    if group in groups:
        found = found.filter(programme__group__code=group)
    if words:
        found = found.filter(containing(words, "name", "place", "programme__name", "bureau__name"))
    page = page_of(request, in_order_of_beginning(with_counts(found)), size=RUNS_A_PAGE)
    context = {
        "page": page,
        "applied": applied_for(request.user, page.object_list),
        "groups": list(groups.items()),
        "words": words,
        "narrowed": bool(words or group in groups),
    }
    return render(request, "courses/catalogue.html", context)


def with_counts(runs: ClassRunQuerySet) -> ClassRunQuerySet:
    """Each run with `seats_left`, those that nobody holds, and `lessons`, its sessions not cancelled.

    `seats_left` is None where there is no limit, and below 0 where more were admitted than there are seats.
    """
    planned = Session.objects.exclude(state=Session.State.CANCELLED)
    taken = count_in(Enrolment.objects.holding_seats())
    return runs.annotate(
        seats_left=ExpressionWrapper(F("seats") - taken, IntegerField()), lessons=count_in(planned)
    )


def count_in(rows: QuerySet[Any]) -> Coalesce:
    """How many of `rows` lie in each run; apart from each other, since two joins would multiply."""
    inside = rows.filter(run=OuterRef("pk")).order_by().values("run")
    return Coalesce(Subquery(inside.annotate(count=Count("pk")).values("count")), 0)


def in_order_of_beginning(runs: ClassRunQuerySet) -> ClassRunQuerySet:
    return runs.order_by(F("starts_on").asc(nulls_last=True), "pk")


def applied_for(user: User, runs: Iterable[ClassRun]) -> set[int]:
    """Those of the runs in which somebody of this account is already. One query."""
    links = AccountLink.objects.open_to(user, timezone.localdate())
    mine = Enrolment.objects.filter(run__in=list(runs), learner__in=links.values("learner"))
    gone = (Enrolment.State.WITHDRAWN, Enrolment.State.REJECTED)
    return set(mine.exclude(state__in=gone).values_list("run", flat=True))
