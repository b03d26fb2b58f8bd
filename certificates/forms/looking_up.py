"""Forms of looking up a record without an account. What is secret in them is never sent back to the page."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from bureaus.forms import MobileField
from learners import id_numbers
from learners.names import normalise


class UntoldInput(forms.TextInput):
    """Readable while one types, but a page that comes back has it empty."""

    def format_value(self, value: Any) -> None:
        return None


class NameField(forms.CharField):
    def __init__(self) -> None:
        super().__init__(
            label=_("姓名"),
            max_length=120,
            help_text=_("写全名，和身份证上一样"),
            widget=UntoldInput({"autocomplete": "off", "autocapitalize": "off", "spellcheck": "false"}),
        )

    def clean(self, value: Any) -> str:
        return normalise(super().clean(value))


class RecordForm(forms.Form):
    name = NameField()
    id_number = forms.CharField(
        label=_("身份证号"),
        max_length=40,
        help_text=_("18 位，最后一位可能是字母 X"),
        widget=UntoldInput({"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}),
    )

    def clean_id_number(self) -> str:
        number = id_numbers.normalise(self.cleaned_data["id_number"])
        if id_numbers.fault(number):
            raise ValidationError(_("这不是完整的身份证号，请照身份证再填一遍。"))
        return number


class PhoneForm(forms.Form):
    name = NameField()
    phone = MobileField(
        help_text=_("报名时留给单位的手机号"),
        widget=UntoldInput({"type": "tel", "inputmode": "tel", "autocomplete": "off"}),
    )

    def clean_phone(self) -> str:
        return str(self.cleaned_data["phone"]).removeprefix("+86")


class CodeForm(forms.Form):
    code = forms.RegexField(
        r"^\s*[0-9]{6}\s*$",
        label=_("验证码"),
        error_messages={"invalid": _("验证码是 6 位数字。")},
        widget=UntoldInput({"inputmode": "numeric", "autocomplete": "one-time-code"}),
    )
