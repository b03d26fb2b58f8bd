"""Forms of opening an account for a learner."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from bureaus.forms import MobileField
from bureaus.models import User
from bureaus.phones import mobile
from learners import id_numbers


def demand_user_name(name: str) -> None:
    """A user name is read out, printed and typed in a room: it must not be what tells or unlocks a person."""
    if mobile(name):
        raise ValidationError(_("用户名不能是手机号。"))
    if id_numbers.fault(id_numbers.normalise(name)) != "id_number_format":
        raise ValidationError(_("用户名不能是身份证号，请换一个。"))


class CheckForm(forms.Form):
    """The officer's word that the person is who the record is of."""

    checked = forms.BooleanField(
        label=_("已当面核对本人身份证件，与学员档案一致"),
        error_messages={"required": _("请先核对本人身份证件，再打勾。")},
    )


class AccountForm(forms.ModelForm[User]):
    class Meta:
        model = User
        fields: ClassVar = ["username", "phone"]
        labels: ClassVar = {"username": _("用户名")}
        help_texts: ClassVar = {"username": _("可以改成本人好记的；不要用身份证号、手机号")}
        field_classes: ClassVar = {"phone": MobileField}

    phone = MobileField(required=False, help_text=_("本人自己的手机号，可以用来登录；家人共用的不要填"))
    checked = CheckForm.base_fields["checked"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].widget.attrs |= {"autocomplete": "off", "autocapitalize": "none"}
        self.fields["phone"].widget.attrs["autocomplete"] = "off"

    def clean_username(self) -> str:
        username: str = self.cleaned_data["username"]
        demand_user_name(username)
        if User.objects.filter(username__iexact=username).exists():
            raise forms.ValidationError(_("这个用户名已有人用，请换一个。"))
        return username
