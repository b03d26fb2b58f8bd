"""The admin of registers."""

from functools import partial
from typing import Any

from django.contrib import admin, messages
from django.db import models
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from import_export.admin import ImportExportModelAdmin

from bureaus.models import AuditEvent
from bureaus.registers.files import MOST_MIB, ConfirmForm, FileForm, FileIn, FileOut, FormatForm
from bureaus.registers.tables import Outcome, name_of
from peixun.lib.downloads import attachment
from peixun.lib.table_reading import MOST_LINES, TableRefused
from peixun.lib.tables import Form


class Audited(admin.ModelAdmin):
    """Each change by hand is a line of the audit."""

    list_per_page = 50

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
    """The admin of a register that has a resource: audited, in and out as a table."""

    import_form_class = FileForm
    confirm_form_class = ConfirmForm
    export_form_class = FormatForm
    export_formats = tuple(partial(FileOut, form) for form in Form)

    def get_import_formats(self) -> list[Any]:
        return [partial(FileIn, self.resource_classes[0])]

    def get_import_context_data(self, **kwargs: Any) -> dict[str, Any]:
        resource = self.resource_classes[0]
        limits = {"most_mib": MOST_MIB, "most_lines": MOST_LINES}
        return {"headings": resource.headings(), "keys": resource.key_headings(), **limits}

    def get_import_data_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        """A table is written as a whole or not at all."""
        return {**super().get_import_data_kwargs(**kwargs), "rollback_on_validation_errors": True}

    def add_data_read_fail_error_to_form(self, form: Any, e: Exception) -> None:
        unread = _("这个文件无法读取。请用导出的表作模板，另存为 .xlsx 后再上传。")
        form.add_error("import_file", e.message if isinstance(e, TableRefused) else unread)

    def import_action(self, request: HttpRequest, **kwargs: Any) -> Any:
        response = super().import_action(request, **kwargs)
        if request.method == "POST" and "confirm_form" not in response.context_data:
            response.status_code = 422
        return response

    def process_import(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        try:
            response: HttpResponse = super().process_import(request, **kwargs)
        except TableRefused as refusal:
            return self.back_to_upload(request, refusal.message)
        if response.status_code == 200:
            return self.back_to_upload(request, _("这次预览已经失效。请重新上传。"))
        return response

    def process_result(self, result: Outcome, request: HttpRequest) -> HttpResponse:
        if result.has_errors() or result.has_validation_errors():
            return self.back_to_upload(request, _("预览之后数据有了变化，没有写入。请重新上传。"))
        response: HttpResponse = super().process_result(result, request)
        return response

    def back_to_upload(self, request: HttpRequest, sentence: str) -> HttpResponse:
        messages.error(request, sentence)
        return HttpResponseRedirect(reverse("admin:{}_{}_import".format(*self.get_model_info())))

    def generate_log_entries(self, result: Outcome, request: HttpRequest) -> None:
        """One line for a table that was brought in, with its counts."""
        counts = {str(name): number for name, number in result.totals.items() if number}
        label = name_of(self.model)
        AuditEvent.record(AuditEvent.Deed.REGISTER_CHANGED, label, user=request.user, after=counts)  # type: ignore[arg-type]

    def add_success_message(self, result: Outcome, request: HttpRequest) -> None:
        words = {"register": name_of(self.model), **result.totals}
        sentence = _("%(register)s：新增 %(new)d 条，更新 %(update)d 条，没有变化 %(skip)d 条。")
        messages.success(request, sentence % words)

    def get_export_filename(self, request: HttpRequest, queryset: Any, file_format: Any) -> str:
        return f"{name_of(self.model)}_{timezone.localdate():%Y%m%d}.{file_format.get_extension()}"

    def _do_file_export(self, file_format: Any, request: HttpRequest, queryset: Any, **kwargs: Any) -> Any:
        """The package writes the name without its encoding."""
        name = self.get_export_filename(request, queryset, file_format)
        AuditEvent.record(AuditEvent.Deed.LIST_EXPORTED, name, user=request.user)  # type: ignore[arg-type]
        return attachment(super()._do_file_export(file_format, request, queryset, **kwargs), name)
