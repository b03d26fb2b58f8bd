"""谁还没完成: the learners of the user's bureaus against the hours they have to learn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from django.db import transaction
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from bureaus.access import SignedInRequest, allowed, bureaus_for, memberships_of
from bureaus.exporting import form_wanted, list_file
from bureaus.models import AuditEvent, Bureau, User
from certificates.duty_sheet import DutyRow, write_duties
from certificates.list_columns import DUTIES
from certificates.records import UNNAMED
from courses.duties import Duty, Roll, roll_of
from courses.models import Enrolment
from learners.models import Holder, HoursRequirement, Learner
from peixun.lib.downloads import workbook_response
from peixun.lib.listing import containing, page_of
from peixun.lib.search import kept_search, searchable

Row = tuple[int, Duty]
TOGETHER = 5_000  # as many as every database takes in one question
STATES = (("behind", _("落后")), ("steady", _("按期")), ("done", _("已完成")), ("exempt", _("已减免")))
# The furthest behind first, unless the address says otherwise.
SORTS: dict[str, Callable[[Row], Any]] = {
    "behind": lambda row: (row[1].behind, row[1].remaining),
    "done": lambda row: row[1].done,
    "needed": lambda row: row[1].needed,
    "left": lambda row: row[1].remaining,
}


@dataclass(frozen=True, slots=True)
class Listing:
    """What the address asks for, and the rows that it finds."""

    rows: Sequence[Row]
    counts: dict[str, int]
    roll: Roll
    bureau: Bureau | None
    requirement: str
    words: str


@searchable
@allowed("learners.read")
def duties(request: SignedInRequest) -> HttpResponseBase:
    """A page of them, with the counts by state. A dozen queries, however many learners there are."""
    found, bureaus = listing(request), bureaus_for(request.user, "learners.read")
    if form_wanted(request):
        return list_file(request, _("学时任务"), DUTIES, rows=named(request.user, found.rows))
    page = page_of(request, found.rows)
    page.object_list = named(request.user, list(page.object_list))
    asked = HoursRequirement.objects.in_force(timezone.localdate())
    context = {
        "page": page,
        "counts": found.counts,
        "unclear": len(found.roll.unclear),
        "requirements": [(str(pk), name) for pk, name in asked.values_list("pk", "name")],
        "bureaus": bureaus.filter(holdings__isnull=False).distinct().values_list("pk", "name"),
        "states": [(state, label, found.counts[state]) for state, label in STATES],
        "words": found.words,
        "sort": request.GET.get("sort", "-behind"),
        "unit": unit_of(request),
        "today": timezone.localdate(),
    }
    return render(request, "certificates/duties.html", context)


@require_safe
@allowed("learners.read")
def duties_file(request: SignedInRequest) -> HttpResponse:
    """All rows that the page would show, as a workbook; a line of the audit."""
    found, file = listing(request), BytesIO()
    rows = named(request.user, found.rows)
    today, unit = timezone.localdate(), found.bureau or unit_of(request)
    name = write_duties(file, rows, unit=str(unit), at=today)
    with transaction.atomic():
        bureau = found.bureau or bureaus_for(request.user, "learners.read").first()
        after = {"learners": len(rows)}
        AuditEvent.record(
            AuditEvent.Deed.LEDGER_EXPORTED, name, user=request.user, bureau=bureau, after=after
        )
    return workbook_response(file.getvalue(), name)


def listing(request: SignedInRequest) -> Listing:
    learners = Learner.objects.held_for(request.user, "learners.read")
    bureau = chosen_bureau(request)
    if bureau:
        learners = learners.filter(pk__in=Holder.objects.filter(bureau=bureau).values("learner"))
    words = kept_search(request)
    if words:
        written = Enrolment.objects.written_for(request.user).filter(containing(words, "name", "employer"))
        learners = learners.filter(pk__in=written.order_by().values("learner"))
    roll = roll_of(learners, on=timezone.localdate())
    wanted = request.GET.get("requirement", "")
    rows = [
        (learner, duty)
        for learner, some in roll.duties.items()
        for duty in some
        if wanted in ("", str(duty.requirement.pk))
    ]
    counts = {state: sum(duty.state == state for _pk, duty in rows) for state, _label in STATES}
    if (state := request.GET.get("state", "")) in counts:
        rows = [row for row in rows if row[1].state == state]
    return Listing(in_order(rows, request.GET.get("sort", "")), counts, roll, bureau, wanted, words)


def chosen_bureau(request: SignedInRequest) -> Bureau | None:
    pk = request.GET.get("bureau", "")
    bureaus = bureaus_for(request.user, "learners.read")
    return bureaus.filter(pk=int(pk)).first() if pk.isascii() and pk.isdecimal() and len(pk) < 10 else None


def in_order(rows: list[Row], sort: str) -> list[Row]:
    name = sort.removeprefix("-")
    key = SORTS.get(name)
    if key is None:
        return sorted(rows, key=SORTS["behind"], reverse=True)
    return sorted(rows, key=key, reverse=sort.startswith("-"))


def named(user: User, rows: Sequence[Row]) -> list[DutyRow]:
    """The rows with name and employer as the user's bureaus wrote them last. One query for so many."""
    pks = sorted({pk for pk, _duty in rows})
    known: dict[int, tuple[str, str, str]] = {}
    for at in range(0, len(pks), TOGETHER):
        written = Enrolment.objects.written_for(user).filter(learner__in=pks[at : at + TOGETHER])
        ordered = written.order_by("run__year", "run__starts_on", "pk")
        for pk, *words in ordered.values_list("learner", "name", "employer", "level"):
            known[pk] = (words[0], words[1], words[2])
    return [DutyRow(pk, *known.get(pk, (UNNAMED, "", "")), duty) for pk, duty in rows]


def unit_of(request: SignedInRequest) -> str:
    return next((str(member.bureau) for member in memberships_of(request.user)), "")
