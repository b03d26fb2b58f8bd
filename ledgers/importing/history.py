"""What happened to an import, in order: uploaded, previewed, confirmed, taken back, and by whom."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from django.utils.translation import gettext as _

from bureaus.models import AuditEvent, User
from ledgers.models import LedgerImport

Deed = AuditEvent.Deed


@dataclass(frozen=True, slots=True)
class Happening:
    """`who` None: the command line did it. `rows` are (label, rows)."""

    at: datetime.datetime
    what: str
    who: User | None
    rows: tuple[tuple[str, int], ...] = ()
    reason: str = ""


def history_of(batch: LedgerImport) -> list[Happening]:
    """Oldest first. One query."""
    found = [Happening(batch.uploaded_at, _("上传"), batch.uploaded_by)]
    if batch.previewed_at:
        found.append(Happening(batch.previewed_at, _("预览"), batch.uploaded_by))
    lines = AuditEvent.objects.filter(object_key=str(batch.pk), at__gte=batch.uploaded_at)
    deeds = (Deed.LEDGER_IMPORTED, Deed.LEDGER_UNDONE)
    lines = lines.filter(deed__in=deeds).select_related("user").order_by("at", "pk")
    return found + [happening(line) for line in lines]


def happening(line: AuditEvent) -> Happening:
    if line.deed == Deed.LEDGER_IMPORTED:
        written = line.after.get("new", 0) + line.after.get("changed", 0)
        return Happening(line.at, _("确认导入"), line.user, ((_("写入"), written),))
    counts = ((_("收回"), "reversed"), (_("保留"), "kept_rows"), (_("未能收回"), "failed"))
    rows = tuple((label, line.after[name]) for label, name in counts if line.after.get(name))
    return Happening(line.at, _("撤销"), line.user, rows, line.reason)
