"""The admin of what was learned about headings. Layouts belong to the bureaus and are kept on their pages."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from bureaus.registers.admins import Audited
from ledgers.columns import COLUMNS
from ledgers.models import HeadingSynonym


@admin.register(HeadingSynonym)
class HeadingSynonymAdmin(Audited):
    list_display = ("heading", "label", "bureau", "made_by", "made_at")
    list_filter = ("bureau",)
    list_select_related = ("bureau", "made_by")
    search_fields = ("heading",)
    autocomplete_fields: ClassVar = ["bureau"]
    fields = ("heading", "key", "bureau")
    list_per_page = 50

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "key":
            fields = [(column.key, column.heading) for column in COLUMNS]
            return forms.ChoiceField(choices=fields, label=_("识别为"))
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def save_model(self, request: HttpRequest, obj: models.Model, form: Any, change: bool) -> None:
        if not change:
            obj.made_by = request.user  # type: ignore[attr-defined]
        super().save_model(request, obj, form, change)

    @admin.display(description=_("识别为"))
    def label(self, synonym: HeadingSynonym) -> str:
        return synonym.label
