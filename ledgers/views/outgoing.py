"""Ledgers that go out by themselves: the learners' ledger, masked or whole; and public lists."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from io import BytesIO
from itertools import islice

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from bureaus.access import SignedInRequest, allowed, may, memberships_of
from bureaus.exporting import remember
from bureaus.models import AuditEvent
from ledgers.figures import Selection, totals
from ledgers.filters import SelectionForm
from ledgers.outgoing.exporting import Outgoing, export_learners
from ledgers.outgoing.forms import LearnersForm, PublicListForm
from ledgers.outgoing.publishing import Notice, PublicRow, public_rows, write_public_list
from ledgers.yearly.report import safe_name
from peixun.lib.downloads import attachment, workbook_response
from peixun.lib.tables import Form

LONGEST_PAGE = 3_000
A_WEEK = datetime.timedelta(days=6)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@allowed("ledger.export")
def learners(request: SignedInRequest) -> HttpResponse:
    """The choices; a posted form is answered with the file."""
    filters, may_whole = SelectionForm(request.GET, user=request.user), may(request.user, "id_numbers.export")
    if request.POST.get("whole") and not may_whole:
        raise PermissionDenied(_("您的角色不能导出完整的证件号码。"))
    last = {"form": request.COOKIES.get("export", Form.XLSX.value)}
    form = LearnersForm(request.POST or None, initial=last, may_whole=may_whole)
    selection = filters.selection()
    if request.method == "POST" and form.is_valid():
        wanted = Form(form.cleaned_data["form"])
        return learners_file(
            Outgoing(selection, request.user, wanted, timezone.now(), reason=form.reason_given)
        )
    context = {"form": filters, "choices": form, "selection": selection, "totals": totals(selection)}
    return render(request, "ledgers/export_learners.html", context, status=422 if form.errors else 200)


def learners_file(outgoing: Outgoing) -> HttpResponse:
    """Held in memory: a file that waits on a disk would hold numbers in the open."""
    file = BytesIO()
    name = export_learners(outgoing, file)
    content_type = outgoing.form.content_type
    response = attachment(HttpResponse(file.getvalue(), content_type=content_type), name)
    remember(response, outgoing.form)
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@allowed("ledger.export")
def public_list(request: SignedInRequest) -> HttpResponse:
    """What the list says of itself is posted; then it is shown for printing, or given as a workbook."""
    filters = SelectionForm(request.GET, user=request.user)
    selection = filters.selection()
    form = PublicListForm(request.POST or None, initial=first_words(request, selection))
    context = {"form": filters, "words": form, "selection": selection}
    if request.method == "POST" and form.is_valid():
        rows = public_rows(selection, completed=form.completed)
        if request.POST.get("as") == "xlsx":
            return public_file(request, form.notice(), rows=rows)
        context |= shown_list(rows) | {"notice": form.notice()}
    return render(request, "ledgers/public_list.html", context, status=422 if form.errors else 200)


def shown_list(rows: Iterator[PublicRow]) -> dict[str, object]:
    """As many rows as a page holds, and in how many digits were hidden."""
    shown = list(islice(rows, LONGEST_PAGE + 1))
    hidden = sum(row.hides for row in shown)
    return {"rows": shown[:LONGEST_PAGE], "cut": len(shown) > LONGEST_PAGE, "hidden": hidden}


def first_words(request: SignedInRequest, selection: Selection) -> dict[str, object]:
    """The head of a list as it usually is."""
    today = timezone.localdate()
    unit = next((member.bureau.name for member in memberships_of(request.user)), "")
    what = selection.programme or _("培训")
    title = _("%(year)d年度%(what)s学员名单公示") % {"year": selection.year, "what": what}
    return {"title": title, "since": today, "until": today + A_WEEK, "unit": unit}


def public_file(request: SignedInRequest, notice: Notice, *, rows: Iterator[PublicRow]) -> HttpResponse:
    file, name = BytesIO(), safe_name(f"{notice.title}.xlsx")
    write_public_list(file, notice, rows)
    bureau = next((member.bureau for member in memberships_of(request.user)), None)
    AuditEvent.record(AuditEvent.Deed.LIST_EXPORTED, name, user=request.user, bureau=bureau)
    return workbook_response(file.getvalue(), name)
