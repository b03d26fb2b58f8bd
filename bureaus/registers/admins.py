"""The admin of registers."""

from typing import Any

from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from import_export.admin import ImportExportModelAdmin
from import_export.formats.base_formats import CSV, XLSX

from bureaus.models import AuditEvent


class Audited(admin.ModelAdmin):
    """Each change by hand is a line of the audit."""

    def log_addition(self, request: HttpRequest, obj: models.Model, message: Any) -> Any:
        self.audit(request, obj, after={"added": True})
        return super().log_addition(request, obj, message)

    def log_change(self, request: HttpRequest, obj: models.Model, message: Any) -> Any:
        names = [name for part in message for name in part.get("changed", {}).get("fields", [])]
        self.audit(request, obj, after={"fields": names})
        return super().log_change(request, obj, message)

    def log_deletions(self, request: HttpRequest, queryset: Any) -> Any:
        for obj in queryset:
            self.audit(request, obj, before={"deleted": str(obj)})
        return super().log_deletions(request, queryset)

    def audit(self, request: HttpRequest, obj: models.Model, **values: Any) -> None:
        label = f"{obj._meta.verbose_name}：{obj}"
        AuditEvent.record(AuditEvent.Deed.REGISTER_CHANGED, label, user=request.user, **values)  # type: ignore[arg-type]


class RegisterAdmin(Audited, ImportExportModelAdmin):
    """The admin of a register: audited, in and out as a table."""

    formats = (XLSX, CSV)
    list_per_page = 50

    def generate_log_entries(self, result: Any, request: HttpRequest) -> None:
        """One line for a table that was brought in, with its counts."""
        counts = {str(name): number for name, number in result.totals.items() if number}
        label = f"{self.model._meta.verbose_name}"
        AuditEvent.record(AuditEvent.Deed.REGISTER_CHANGED, label, user=request.user, after=counts)  # type: ignore[arg-type]
