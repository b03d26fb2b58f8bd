"""How the quotas stand, and the yearly ledger out."""

from __future__ import annotations

import datetime
from io import BytesIO
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from bureaus.access import SignedInRequest, allowed
from courses.models import QuotaPeriod
from ledgers.commitments import mark_commitment
from ledgers.figures import (
    Month,
    QuotaProgress,
    Selection,
    Status,
    by_month,
    quota_progress,
    runs_by_state,
    totals,
)
from ledgers.filters import SelectionForm
from ledgers.forms import CommitmentForm
from ledgers.yearly import export_yearly
from peixun.lib.downloads import workbook_response

SORTS = {
    "target": lambda line: line.target or 0,
    "done": lambda line: line.done or 0,
    "people": lambda line: line.people or 0,
    "runs": lambda line: line.runs,
    "completion": lambda line: line.completion or 0,
}


@require_GET
@allowed("figures.read")
def progress(request: SignedInRequest) -> HttpResponse:
    """The whole page, or for htmx only the part that moves."""
    form = SelectionForm(request.GET, user=request.user)
    selection = form.selection()
    part = "ledgers/progress/board.html" if request.htmx else "ledgers/progress.html"
    return render(request, part, {"form": form} | board(request, selection))


def board(request: SignedInRequest, selection: Selection) -> dict[str, Any]:
    today = timezone.localdate()
    lines = quota_progress(selection, at=today)
    states = runs_by_state(selection)
    months = by_month(selection)
    return {
        "selection": selection,
        "totals": totals(selection),
        "lines": in_order(lines, request.GET.get("sort", "")),
        "numbered": sum(line.target is not None for line in lines),
        "behind": sum(line.status == Status.BEHIND for line in lines),
        "at": min(today, datetime.date(selection.year, 12, 31)),
        "pace": share_gone(selection.year, today),
        "running": states.get("running", 0),
        "planned": states.get("planned", 0) + states.get("open", 0),
        "months": [(month_name(month), month.person_times) for month in months],
        "finding": finding_of(months),
        "markable": set(QuotaPeriod.objects.editable_by(request.user).values_list("pk", flat=True)),
    }


def in_order(lines: list[QuotaProgress], sort: str) -> list[QuotaProgress]:
    """By the plan, or by a figure of the address; `-` sorts the largest first."""
    key = SORTS.get(sort.removeprefix("-"))
    return sorted(lines, key=key, reverse=sort.startswith("-")) if key else lines


def share_gone(year: int, today: datetime.date) -> float:
    """时序进度: the part of the year that has gone, 0 to 1."""
    first, last = datetime.date(year, 1, 1), datetime.date(year, 12, 31)
    return min(max(((today - first).days + 1) / ((last - first).days + 1), 0), 1)


def month_name(month: Month) -> str:
    return _("%(month)d月") % {"month": month.month} if month.month else _("日期不详")


def finding_of(months: list[Month]) -> str:
    """What the chart says, as its title."""
    most = max(months, key=lambda month: month.person_times)
    if not most.person_times:
        return _("还没有培训记录")
    return _("%(month)s最多，%(count)s 人次") % {"month": month_name(most), "count": f"{most.person_times:,}"}


@require_http_methods(["GET", "HEAD", "POST"])
@allowed("commitment.mark")
def commitment(request: SignedInRequest, pk: int) -> HttpResponse:
    """A commitment in words: done on a day, with evidence; or not done yet."""
    in_words = QuotaPeriod.objects.filter(quota__value=None).select_related("quota__plan")
    period = get_object_or_404(in_words, pk=pk)
    if not QuotaPeriod.objects.editable_by(request.user).filter(pk=pk).exists():
        raise PermissionDenied(_("这一项由牵头单位登记。"))
    form = CommitmentForm(request.POST or None, instance=period)
    if request.method == "POST" and form.is_valid():
        mark_commitment(form.save(commit=False), user=request.user)
        return redirect(f"{reverse('ledgers:progress')}?year={period.starts_on.year}")
    context = {"form": form, "period": period}
    return render(request, "ledgers/commitment.html", context, status=422 if form.errors else 200)


@require_GET
@allowed("ledger.export")
def export(request: SignedInRequest) -> HttpResponse:
    """The choices, with the figures that the workbook will have."""
    form = SelectionForm(request.GET, user=request.user)
    selection = form.selection()
    return render(
        request, "ledgers/export.html", {"form": form, "selection": selection, "totals": totals(selection)}
    )


@require_GET
@allowed("ledger.export")
def export_file(request: SignedInRequest) -> HttpResponse:
    selection = SelectionForm(request.GET, user=request.user).selection()
    file = BytesIO()
    name = export_yearly(selection, request.user, file)
    return workbook_response(file.getvalue(), name)
