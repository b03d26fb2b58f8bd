"""The bureau's own workbook back, with what is wrong in it."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from bureaus.access import SignedInRequest, allowed
from ledgers.importing.giving_back import CannotGiveBack, give_back
from ledgers.models import LedgerImport
from ledgers.views.fetching import visible
from peixun.lib.downloads import workbook_response


@require_POST
@allowed("ledger.import")
def give_back_ledger(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """By POST, since it writes a line into the audit."""
    batch = visible(request, pk)
    if not LedgerImport.objects.undoable_by(request.user).filter(pk=pk).exists():
        raise PermissionDenied(_("只有能为这个单位导入台账的人可以取回原表。"))
    try:
        content, name = give_back(batch, user=request.user)
    except CannotGiveBack as refusal:
        messages.error(request, str(refusal))
        return redirect("ledgers:import", pk)
    return workbook_response(content, name)
