"""Forms of the import pages. They clean and parse; the views decide."""

from __future__ import annotations

import datetime
from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from bureaus.models import Bureau
from courses.forms.programmes import ProgrammeChoiceField
from courses.models import Programme, QuotaPeriod
from ledgers.columns import BY_KEY
from ledgers.importing import mapping, receiving
from ledgers.models import LedgerImport


class UploadForm(forms.Form):
    file = forms.FileField(
        label=_("台账文件"),
        help_text=_("Excel（.xlsx、.xls）或文本（.csv、.tsv），原样上传，不用改格式"),
        allow_empty_file=True,
        max_length=None,
    )
    bureau: forms.ModelChoiceField[Bureau] = forms.ModelChoiceField(
        Bureau.objects.none(), label=_("填报单位")
    )

    def clean_file(self) -> UploadedFile[Any]:
        file: UploadedFile[Any] = self.cleaned_data["file"]
        receiving.demand_fitting(file.name or "", file.size or 0)
        return file

    def __init__(self, *args: Any, bureaus: QuerySet[Bureau], default: Bureau | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["bureau"]
        field.queryset = bureaus  # type: ignore[attr-defined]
        field.initial = default
        if bureaus.count() == 1:
            field.widget = forms.HiddenInput()
            field.initial = bureaus.first()
        self.fields["file"].widget.attrs |= {
            "accept": ".xlsx,.xls,.csv,.tsv,.txt",
            "data-max-mib": settings.PEIXUN_LEDGER_MAX_MIB,
        }


class TermsForm(forms.Form):
    """What the file does not say: for what it is read, and values that stand for every row."""

    programme = ProgrammeChoiceField(
        label=_("培训项目"), help_text=_("表里“培训项目”一列写明了别的项目的行，按表里的算")
    )
    year = forms.IntegerField(label=_("统计年度"), min_value=2000, max_value=2100)

    def __init__(self, *args: Any, batch: LedgerImport, **kwargs: Any) -> None:
        initial = {
            "programme": batch.programme_id,
            "year": batch.year,
        } | {f"set_{key}": value for key, value in batch.constants.items()}
        super().__init__(*args, **kwargs, initial=initial)  # type: ignore[misc]
        year = batch.year or timezone.localdate().year
        programmes = Programme.objects.filter(plan__first_year__lte=year, plan__last_year__gte=year)
        self.fields["programme"].offer(programmes if programmes.exists() else Programme.objects.all())  # type: ignore[attr-defined]
        for key in batch.understood.get("missing", []):
            words = _("表里没有这一列，填写后用于每一行，例如：%(example)s")
            self.ask(key, words, required=key in mapping.REQUIRED)

    def ask(self, key: str, words: Any, *, required: bool) -> None:
        """A field for the value of a column that the file lacks."""
        column = BY_KEY[key]
        self.fields[f"set_{key}"] = forms.CharField(
            label=column.heading,
            required=required,
            max_length=column.longest,
            help_text=words % {"example": column.example},
        )

    def constants(self) -> dict[str, str]:
        return {
            name.removeprefix("set_"): value
            for name, value in self.cleaned_data.items()
            if name.startswith("set_") and value
        }


class CommitmentForm(forms.ModelForm[QuotaPeriod]):
    class Meta:
        model = QuotaPeriod
        fields = ("done_on", "evidence")
        widgets: ClassVar = {"done_on": forms.DateInput()}

    def clean_done_on(self) -> datetime.date | None:
        """A day of the period that has come."""
        day: datetime.date | None = self.cleaned_data["done_on"]
        first, last = self.instance.starts_on, self.instance.ends_on
        if day and not first <= day <= last:
            words = _("完成日期应在 %(first)s 至 %(last)s 之间。") % {"first": first, "last": last}
            raise forms.ValidationError(words)
        if day and day > timezone.localdate():
            raise forms.ValidationError(_("完成日期不能晚于今天。"))
        return day

    def clean(self) -> dict[str, Any]:
        """Evidence without a day would be no statement; a day without evidence could not be inspected."""
        cleaned = super().clean() or {}
        if cleaned.get("done_on") and not cleaned.get("evidence"):
            self.add_error("evidence", _("请写明佐证，例如文件名称、文号或总结材料。"))
        if cleaned.get("evidence") and not cleaned.get("done_on") and "done_on" not in self.errors:
            self.add_error("done_on", _("请填写完成日期。"))
        return cleaned


class UndoForm(forms.Form):
    """Why an import is taken back; `digest` tells which report was looked at."""

    reason = forms.CharField(
        label=_("撤销原因"), max_length=200, help_text=_("记入审计，例如：传错了文件、年度选错了")
    )
    digest = forms.CharField(widget=forms.HiddenInput, max_length=64)
