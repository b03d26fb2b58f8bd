"""An import by its key, for who may see it or go on with it."""

from __future__ import annotations

from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _

from bureaus.access import SignedInRequest
from ledgers.models import LedgerImport


def visible(request: SignedInRequest, pk: UUID) -> LedgerImport:
    found = LedgerImport.objects.visible_to(request.user).select_related("bureau", "programme", "uploaded_by")
    return get_object_or_404(found, pk=pk)


def editable(request: SignedInRequest, pk: UUID) -> LedgerImport:
    """The import, for the one who uploaded it; 404 where it is not visible, 403 for others."""
    batch = visible(request, pk)
    if not LedgerImport.objects.editable_by(request.user).filter(pk=pk).exists():
        raise PermissionDenied(_("只有上传人可以确认或放弃这次导入。"))
    return batch
