"""Forms of issuers and of the rules by which certificates are issued."""

from __future__ import annotations

import datetime
from typing import Any, ClassVar

from django import forms
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from bureaus.models import User
from certificates.models import Issuer, IssueRule, Template
from certificates.models.rules import programmes_ruled_by
from courses.forms.programmes import ProgrammeChoiceField


class IssuerForm(forms.ModelForm[Issuer]):
    class Meta:
        model = Issuer
        fields = ("name", "pattern", "signatory")
        labels: ClassVar = {"name": _("发证单位名称")}
        help_texts: ClassVar = {
            "name": _("印在证书上的全称；已发的证书不变"),
            "pattern": _(
                "{year} 是年份，{seq:04} 是四位序号，每年从 1 起。例如：潭科协培〔{year}〕{seq:04}号"
            ),
            "signatory": _("模板上有“签发人”的才印出来"),
        }

    def __init__(self, *args: Any, example_url: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["pattern"].widget.attrs |= {
            "autocomplete": "off",
            "hx-get": example_url,
            "hx-trigger": "input changed delay:300ms",
            "hx-target": "#issuer-example",
        }


class IssueRuleForm(forms.ModelForm[IssueRule]):
    """A rule for one of the programmes that the user's bureaus lead."""

    programme = ProgrammeChoiceField(label=_("项目"))

    class Meta:
        model = IssueRule
        fields = (
            *("programme", "template", "needs_completion", "least_hours", "least_share", "needs_pass"),
            *("valid_months", "valid_from", "valid_to"),
        )
        labels: ClassVar = {"valid_from": _("从哪天起"), "valid_to": _("到哪天止")}
        help_texts: ClassVar = {
            "least_hours": _("留空不看学时"),
            "least_share": _("留空不看出勤率"),
        }

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["programme"].offer(programmes_ruled_by(user))  # type: ignore[attr-defined]
        templates = Template.objects.visible_to(user).filter(active=True, versions__isnull=False)
        kept = Q(pk__in=templates.values("pk")) | Q(pk=self.instance.template_id or 0)
        self.fields["template"].queryset = Template.objects.filter(kept)  # type: ignore[attr-defined]
        self.fields["template"].empty_label = str(_("请选择"))  # type: ignore[attr-defined]

    def clean_least_hours(self) -> Any:
        hours = self.cleaned_data["least_hours"]
        if hours is not None and hours <= 0:
            raise forms.ValidationError(_("学时须大于 0；不看学时就留空。"))
        return hours

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        asked = ("needs_completion", "least_hours", "least_share", "needs_pass")
        if not any(cleaned.get(name) for name in asked):
            raise forms.ValidationError(_("请至少写一个条件；没有条件的，制发时凭名单办理即可。"))
        return cleaned


class EndRuleForm(forms.Form):
    last_day = forms.DateField(label=_("最后一天"))

    def __init__(self, *args: Any, rule: IssueRule, today: datetime.date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.rule, self.fields["last_day"].initial = rule, today

    def clean_last_day(self) -> datetime.date:
        day: datetime.date = self.cleaned_data["last_day"]
        if self.rule.valid_from and day < self.rule.valid_from:
            raise forms.ValidationError(_("不能早于生效的日期。"))
        return day
