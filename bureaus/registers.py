"""Registers (基础资料) in the admin: audited, and brought in and out as tables."""

from typing import Any

from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from django.utils.translation import gettext as _
from import_export import fields, resources, widgets
from import_export.admin import ImportExportModelAdmin
from import_export.formats.base_formats import CSV, XLSX

from bureaus.models import AuditEvent, Bureau, BureauAlias, District, DistrictAlias


class NamedWidget(widgets.ForeignKeyWidget):
    """A row of another register by its name; an unknown name is told in Chinese."""

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> Any:
        name = str(value or "").strip()
        if not name:
            return None
        try:
            return self.get_queryset(name, row, **kwargs).get(**{self.field: name})
        except self.model.DoesNotExist as error:
            kind = self.model._meta.verbose_name
            message = _("没有名为“%(name)s”的%(kind)s，请先登记或改正名称。") % {"name": name, "kind": kind}
            raise ValueError(message) from error


class ChoiceWidget(widgets.Widget):
    """A choice by the words that the pages show."""

    def __init__(self, choices: type[models.TextChoices]) -> None:
        super().__init__()
        self.choices = choices

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> str:
        words = str(value or "").strip()
        for choice in self.choices:
            if words in (choice.label, choice.value):
                return str(choice.value)
        known = "、".join(str(choice.label) for choice in self.choices)
        raise ValueError(_("“%(words)s”不对，只能填写：%(known)s。") % {"words": words, "known": known})

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return str(self.choices(value).label) if value else ""


class YesNoWidget(widgets.Widget):
    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> bool:
        words = str(value or "").strip()
        if words in ("", "否", "0", "False"):
            return False
        if words in ("是", "1", "True"):
            return True
        raise ValueError(_("“%(words)s”不对，只能填写：是、否。") % {"words": words})

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return "是" if value else "否"


def column(attribute: str, name: str, widget: widgets.Widget | None = None) -> fields.Field:
    return fields.Field(attribute=attribute, column_name=name, widget=widget or widgets.CharWidget())


class RegisterResource(resources.ModelResource):
    """A register as a table with Chinese headings; the model's own rules are checked row by row."""

    class Meta:
        abstract = True
        skip_unchanged = True
        clean_model_instances = True
        use_transactions = True

    def before_import(self, dataset: Any, **kwargs: Any) -> None:
        """Refuses a table without the key columns: every row would fail with a sentence for developers."""
        wanted = [self.fields[name].column_name for name in self._meta.import_id_fields]
        missing = [name for name in wanted if name not in (dataset.headers or [])]
        if missing:
            raise ValueError(_("缺少“%(names)s”列，请用导出的表作模板。") % {"names": "、".join(missing)})


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


class AliasesInline(admin.TabularInline):
    extra = 1


class DistrictAliases(AliasesInline):
    model = DistrictAlias


class BureauAliases(AliasesInline):
    model = BureauAlias


class DistrictResource(RegisterResource):
    code = column("code", "代码")
    name = column("name", "名称")
    short = column("short", "简称")
    is_park = column("is_park", "园区", YesNoWidget())
    lies_in = column("lies_in", "所在县市区", NamedWidget(District, "name"))

    class Meta(RegisterResource.Meta):
        model = District
        import_id_fields = ("code",)
        fields = ("code", "name", "short", "is_park", "lies_in")


class BureauResource(RegisterResource):
    name = column("name", "名称")
    kind = column("kind", "类别", ChoiceWidget(Bureau.Kind))
    parent = column("parent", "上级业务单位", NamedWidget(Bureau, "name"))
    district = column("district", "所在县市区", NamedWidget(District, "name"))
    year_basis = column("year_basis", "班次年度按", ChoiceWidget(Bureau.YearBasis))

    class Meta(RegisterResource.Meta):
        model = Bureau
        import_id_fields = ("name",)
        fields = ("name", "kind", "parent", "district", "year_basis")
