"""What the audit has as a file."""

from __future__ import annotations

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from bureaus.models import AuditEvent
from peixun.lib.tables import Column
from peixun.lib.xlsx_styles import Style


def in_words(values: list[tuple[str, str]]) -> str:
    return "；".join(f"{label}：{text}" for label, text in values)


AUDIT: list[Column[AuditEvent]] = [
    Column(_("时间"), lambda event: f"{timezone.localtime(event.at):%Y-%m-%d %H:%M}", 17, Style.CODE),
    Column(_("操作"), lambda event: str(event.get_deed_display()), 18),
    Column(_("对象"), lambda event: event.object_label, 36),
    Column(_("操作人"), lambda event: str(event.user or _("命令行")), 12),
    Column(_("单位"), lambda event: str(event.bureau or ""), 20),
    Column(_("改前"), lambda event: in_words(event.words_before), 30),
    Column(_("改后"), lambda event: in_words(event.words_after), 30),
    Column(_("原因"), lambda event: event.reason, 24),
]
