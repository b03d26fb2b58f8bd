"""Blank ledgers to download."""

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from bureaus.access import SignedInRequest, allowed
from learners.models import TargetGroup
from ledgers.blanks import blank_ledger
from ledgers.columns import ALL_GROUPS, columns_for
from peixun.lib.downloads import workbook_response


@require_GET
@allowed("ledger.export")
def templates(request: SignedInRequest) -> HttpResponse:
    """The groups that have a blank ledger, with the columns of each."""
    groups = [(group, columns_for(group.code)) for group in TargetGroup.objects.filter(code__in=ALL_GROUPS)]
    return render(request, "ledgers/templates.html", {"groups": groups})


@require_GET
@allowed("ledger.export")
def template(request: SignedInRequest, group: str) -> HttpResponse:
    found = TargetGroup.objects.filter(code=group, code__in=ALL_GROUPS).first()
    if found is None:
        raise Http404
    title = _("%(group)s培训台账（空白模板）") % {"group": found}
    return workbook_response(blank_ledger(group, title=title), f"{title}.xlsx")
