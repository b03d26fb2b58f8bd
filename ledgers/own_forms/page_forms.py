"""Forms of the pages of bureaus' own forms."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bureaus.models import Bureau
from ledgers.own_forms.kinds import FIELDS, SERIAL, Kind, labels_of
from ledgers.own_forms.models import OwnForm
from ledgers.own_forms.parts import MOST_BYTES, TOO_LARGE
from ledgers.own_forms.recognising import Column, Layout

NOTHING, TEXT, FORMULA = "", "text", "formula"


class NewForm(forms.Form):
    file = forms.FileField(
        label=gettext_lazy("空白表样"),
        help_text=gettext_lazy("Excel（.xlsx）：标题、表头、一行样行、合计行、签字行，不要放数据"),
        allow_empty_file=True,
        widget=forms.FileInput(attrs={"accept": ".xlsx"}),
    )
    name = forms.CharField(label=gettext_lazy("名称"), max_length=60)
    bureau: forms.ModelChoiceField[Bureau] = forms.ModelChoiceField(
        Bureau.objects.none(), label=gettext_lazy("单位"), empty_label=gettext_lazy("请选择单位")
    )

    def __init__(
        self, *args: Any, bureaus: QuerySet[Bureau], default: Bureau | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["bureau"]
        field.queryset, field.initial = bureaus, default  # type: ignore[attr-defined]
        if bureaus.count() == 1:
            field.widget, field.initial = forms.HiddenInput(), bureaus.first()

    def clean_file(self) -> UploadedFile[Any]:
        file: UploadedFile[Any] = self.cleaned_data["file"]
        if (file.size or 0) > MOST_BYTES:
            raise ValidationError(TOO_LARGE)
        return file

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        bureau, name = given.get("bureau"), given.get("name")
        if bureau and name and OwnForm.objects.filter(bureau=bureau, name=name).exists():
            self.add_error("name", _("本单位已经有这个名称的表样。"))
        return given


class KindForm(forms.Form):
    kind = forms.ChoiceField(label=gettext_lazy("这张表列什么"), choices=Kind.choices)


class ColumnsForm(forms.Form):
    """For each column of a form what it shows: a field, a fixed text, its own formula or nothing."""

    def __init__(self, *args: Any, layout: Layout, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.layout = layout
        self.choices = choices_for(layout.kind)
        for column in layout.columns:
            self.fields[f"field_{column.at}"] = forms.ChoiceField(
                label=column.heading, choices=self.choices, required=False, initial=chosen(column)
            )
            self.fields[f"text_{column.at}"] = forms.CharField(
                label=_("“%(heading)s”的固定内容") % {"heading": column.heading},
                required=False,
                max_length=100,
                initial=column.text,
                widget=forms.TextInput(attrs={"placeholder": _("固定内容")}),
            )

    def lines(self) -> list[tuple[Column, forms.BoundField, forms.BoundField]]:
        return [
            (column, self[f"field_{column.at}"], self[f"text_{column.at}"]) for column in self.layout.columns
        ]

    def columns(self) -> list[Column]:
        return [self.column(column) for column in self.layout.columns]

    def column(self, column: Column) -> Column:
        given, text = self.cleaned_data[f"field_{column.at}"], self.cleaned_data[f"text_{column.at}"]
        known = {SERIAL, *(field.key for field in FIELDS[self.layout.kind])}
        return Column(
            column.at,
            column.heading,
            field=given if given in known else "",
            text=text if given == TEXT else "",
            formula=given == FORMULA,
        )


def chosen(column: Column) -> str:
    return column.field or (FORMULA if column.formula else TEXT if column.text else NOTHING)


def choices_for(kind: str) -> list[tuple[str, str]]:
    return [
        (NOTHING, _("不填，留空")),
        (TEXT, _("固定内容")),
        (FORMULA, _("照样行的公式")),
        (SERIAL, _("序号")),
        *labels_of(kind).items(),
    ]
