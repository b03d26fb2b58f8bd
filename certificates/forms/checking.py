"""Forms of checking a certificate."""

from __future__ import annotations

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from certificates.checking import plain_code


class NumberForm(forms.Form):
    number = forms.CharField(
        label=_("证书编号"),
        max_length=120,
        help_text=_("照证书上的写，如：潭科协培〔2024〕0001号；括号和空格怎么写都可以"),
        widget=forms.TextInput({"autocomplete": "off"}),
    )
    name = forms.CharField(
        label=_("持证人姓名"),
        max_length=120,
        help_text=_("写全名"),
        widget=forms.TextInput({"autocomplete": "off"}),
    )


class CodeForm(forms.Form):
    code = forms.CharField(
        label=_("验证码"),
        max_length=40,
        help_text=_("二维码旁的 16 位字母和数字，不分大小写"),
        widget=forms.TextInput(
            {"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}
        ),
    )

    def clean_code(self) -> str:
        code = plain_code(self.cleaned_data["code"])
        if not code:
            raise ValidationError(_("验证码应是 16 位字母和数字，请再对照证书看一遍。"))
        return code


class NameForm(forms.Form):
    name = forms.CharField(
        label=_("持证人姓名"),
        max_length=120,
        help_text=_("照纸质证书上的全名填写"),
        widget=forms.TextInput({"autocomplete": "off"}),
    )


class StatementForm(forms.Form):
    """The fields of the page that checks signatures in the browser. Nothing of them is ever sent."""

    scanned = forms.CharField(
        label=_("二维码的内容"),
        help_text=_("用手机扫码会自动打开这一页；用扫码枪或别的软件扫的，把全部内容贴在这里"),
        widget=forms.Textarea({"rows": 4, "autocomplete": "off", "spellcheck": "false"}),
    )
    name = forms.CharField(
        label=_("持证人姓名"),
        help_text=_("照纸质证书上的全名填写，就知道是否一致"),
        widget=forms.TextInput({"autocomplete": "off", "spellcheck": "false"}),
    )
    foreign = forms.CharField(
        label=_("公钥文件的内容"), widget=forms.Textarea({"rows": 4, "spellcheck": "false"})
    )
