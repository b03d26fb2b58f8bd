"""Forms of the pages by which ledgers go out."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ledgers.outgoing.publishing import Notice
from peixun.lib.tables import Form

SHORTEST_REASON = 4


class LearnersForm(forms.Form):
    """In which form, and whether with whole numbers; without the right that question is not asked."""

    form = forms.ChoiceField(label=gettext_lazy("文件格式"), choices=Form.choices, widget=forms.RadioSelect)
    whole = forms.BooleanField(
        label=gettext_lazy("导出完整的证件号码和联系电话"),
        required=False,
        help_text=gettext_lazy("不选时只显示前 3 位和后 4 位。"),
    )
    reason = forms.CharField(
        label=gettext_lazy("用途"),
        required=False,
        max_length=100,
        help_text=gettext_lazy(
            "导出完整号码时必填，记入审计，并印在每一页上。例如：报送省人社厅核对职业资格信息。"
        ),
    )

    def __init__(self, *args: Any, may_whole: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not may_whole:
            del self.fields["whole"], self.fields["reason"]

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        if given.get("whole") and len(given.get("reason", "")) < SHORTEST_REASON:
            self.add_error("reason", _("导出完整号码要写明用途，不少于 4 个字。"))
        return given

    @property
    def reason_given(self) -> str:
        """The reason where whole numbers are asked for; empty where masked ones are."""
        return self.cleaned_data.get("reason", "") if self.cleaned_data.get("whole") else ""


class PublicListForm(forms.Form):
    """What a public list says of itself, and whom it names."""

    title = forms.CharField(label=gettext_lazy("标题"), max_length=80)
    since = forms.DateField(label=gettext_lazy("公示开始"), widget=forms.DateInput(attrs={"type": "date"}))
    until = forms.DateField(label=gettext_lazy("公示结束"), widget=forms.DateInput(attrs={"type": "date"}))
    unit = forms.CharField(label=gettext_lazy("落款单位"), max_length=80)
    contact = forms.CharField(
        label=gettext_lazy("联系方式"),
        max_length=120,
        help_text=gettext_lazy("单位的电话、邮箱或地址，印在名单下面。"),
    )
    who = forms.ChoiceField(
        label=gettext_lazy("公示哪些人"),
        choices=[("completed", gettext_lazy("已结业的")), ("all", gettext_lazy("参训的全部学员"))],
        widget=forms.RadioSelect,
        initial="completed",
    )

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        since, until = given.get("since"), given.get("until")
        if since and until and until < since:
            self.add_error("until", _("公示结束不能早于公示开始。"))
        return given

    def notice(self) -> Notice:
        names = ("title", "since", "until", "unit", "contact")
        return Notice(**{name: self.cleaned_data[name] for name in names})

    @property
    def completed(self) -> bool:
        return bool(self.cleaned_data["who"] == "completed")
