"""Forms of checking in: by name and digits, by digits, by proxy."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _

from courses.models import Attendance, Enrolment
from courses.models.enrolments import EnrolmentQuerySet
from learners import id_numbers

REASONS = (
    ("no_phone", _("没带手机或没有智能手机")),
    ("no_power", _("手机没电、没信号")),
    ("unable", _("不便操作、不便签字")),
    ("other", _("其他原因")),
)


class DigitsField(forms.CharField):
    """The last four of an ID number or a phone. A phone's number pad has no X: its * is one."""

    default_validators = [RegexValidator(r"^\d{3}[\dX]$", _("请填 4 位，如 2210；末位是 X 的填 X 或 *。"))]

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=8, **kwargs)
        self.widget.attrs |= {"inputmode": "tel", "autocomplete": "off", "maxlength": 4}

    def to_python(self, value: Any) -> str:
        return id_numbers.normalise(super().to_python(value) or "").replace("*", "X")


class NameForm(forms.Form):
    name = forms.CharField(label=_("姓名"), max_length=60, widget=forms.TextInput({"autocomplete": "name"}))
    digits = DigitsField(
        label=_("身份证号或手机号的后四位"), help_text=_("报名时登记的号码；末位是 X 的填 X 或 *")
    )


class DigitsForm(forms.Form):
    digits = DigitsField(label=_("后四位"), help_text=_("身份证号或手机号；末位是 X 的填 X 或 *"))


class PersonForm(forms.Form):
    """One of the people expected at a session."""

    person: forms.ModelChoiceField[Enrolment] = forms.ModelChoiceField(
        Enrolment.objects.none(), label=_("学员"), widget=forms.RadioSelect, empty_label=None
    )

    def __init__(self, *args: Any, people: EnrolmentQuerySet, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["person"].queryset = people  # type: ignore[attr-defined]


class ProxyForm(PersonForm):
    why = forms.ChoiceField(label=_("代签原因"), choices=REASONS, widget=forms.RadioSelect)
    words = forms.CharField(
        label=_("补充说明"), max_length=100, required=False, help_text=_("选“其他原因”的须写明")
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("why") == "other" and not cleaned.get("words"):
            self.add_error("words", _("请写明代签的原因。"))
        return cleaned

    def reason(self) -> str:
        """The reason in the words that are kept."""
        said = "" if self.cleaned_data["why"] == "other" else str(dict(REASONS)[self.cleaned_data["why"]])
        longest = Attendance._meta.get_field("reason").max_length
        return "；".join(filter(None, (said, self.cleaned_data["words"])))[:longest]
