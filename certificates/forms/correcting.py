"""An officer answers a learner's request, and corrects in the same step what was wrong."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from certificates.correcting import Kept
from learners.models import DataRequest, Learner
from learners.models.learners import PARTIAL_DATE
from learners.names import normalise

DONE, DECLINED = DataRequest.State.DONE, DataRequest.State.DECLINED
FIELDS = ("name", "gender", "birth", "phone")


class AnswerForm(forms.Form):
    """`kept` is what is stored now; where `told` by an ID number, sex and birth are not asked."""

    state = forms.ChoiceField(
        label=gettext_lazy("处理结果"),
        choices=[(one.value, one.label) for one in (DONE, DECLINED)],
        widget=forms.RadioSelect,
    )
    name = forms.CharField(label=gettext_lazy("姓名"), max_length=120)
    mistaken = forms.ChoiceField(
        label=gettext_lazy("姓名为什么要改"),
        choices=[
            ("yes", gettext_lazy("原来写错了：本单位参训记录里的姓名一并更正")),
            ("no", gettext_lazy("本人改了名：以前的参训记录保留当时的姓名")),
        ],
        initial="yes",
        required=False,
        widget=forms.RadioSelect,
    )
    gender = forms.ChoiceField(
        label=gettext_lazy("性别"),
        choices=[("", gettext_lazy("未登记")), *Learner.Gender.choices],
        required=False,
    )
    birth = forms.RegexField(
        PARTIAL_DATE,
        label=gettext_lazy("出生"),
        required=False,
        error_messages={"invalid": gettext_lazy("请填写年份、年月或年月日，如 1985、1985-06。")},
    )
    phone = forms.CharField(label=gettext_lazy("本单位登记的联系电话"), max_length=200, required=False)
    answer = forms.CharField(
        label=gettext_lazy("答复"),
        max_length=400,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("学员会看到这段话"),
    )
    seen = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, kept: Kept, told: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kept = kept
        for name in FIELDS:
            field = self.fields[name]
            field.initial = getattr(kept, name)
            field.widget.attrs["autocomplete"] = "off"
            field.help_text = _("现在登记的：%(value)s") % {"value": now_shown(name, kept)}
        self.fields["seen"].initial = kept.mark
        if told:
            del self.fields["gender"], self.fields["birth"]

    def clean_name(self) -> str:
        name = normalise(self.cleaned_data["name"])
        if not name:
            raise ValidationError(_("请填写姓名。"))
        return name

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("state") == DECLINED and not self.errors and self.wanted() != self.kept:
            raise ValidationError(
                _("选了“未更正”，但上面的资料有改动。要更正请选“已更正”，不更正请改回原样。")
            )
        return cleaned

    def wanted(self) -> Kept:
        given = {name: self.cleaned_data.get(name, getattr(self.kept, name)) for name in FIELDS}
        return Kept(**given)


def now_shown(name: str, kept: Kept) -> str:
    value = getattr(kept, name)
    return str(dict(Learner.Gender.choices).get(value, value) if name == "gender" else value) or "—"
