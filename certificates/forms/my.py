"""What learners choose and ask on their own pages."""

from __future__ import annotations

import datetime

from django import forms
from django.utils.translation import gettext_lazy as _

from learners.models import DataRequest

# For how many days a link is open; 0 until it is withdrawn.
LASTS = (("7", _("7 天")), ("30", _("30 天")), ("365", _("一年")), ("0", _("一直有效，直到我撤回")))


class ShareForm(forms.Form):
    lasts = forms.ChoiceField(label=_("链接有效期"), choices=LASTS, initial="30", widget=forms.RadioSelect)

    def until(self, today: datetime.date) -> datetime.date | None:
        """The last day of the link."""
        days = int(self.cleaned_data["lasts"])
        return today + datetime.timedelta(days=days) if days else None


class DataRequestForm(forms.ModelForm[DataRequest]):
    class Meta:
        model = DataRequest
        fields = ("words",)
        widgets = {"words": forms.Textarea(attrs={"rows": 4})}  # noqa: RUF012
        help_texts = {"words": _("写清楚哪一项不对、应该是什么。不要写身份证号。")}  # noqa: RUF012
