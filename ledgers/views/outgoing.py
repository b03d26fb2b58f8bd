"""Ledgers that go out by themselves: the learners' ledger, masked or whole."""

from __future__ import annotations

from io import BytesIO

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from bureaus.access import SignedInRequest, allowed, may
from bureaus.exporting import remember
from ledgers.figures import totals
from ledgers.filters import SelectionForm
from ledgers.outgoing.exporting import Outgoing, export_learners
from ledgers.outgoing.forms import LearnersForm
from peixun.lib.downloads import attachment
from peixun.lib.tables import Form


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
