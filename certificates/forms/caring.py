"""What officers write about one learner: why they look at a number, who helps, what is let off."""

from __future__ import annotations

import datetime
from typing import Any

from django import forms
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from certificates.forms.accounts import demand_user_name
from learners.caring import Consent
from learners.models import AccountLink, Exemption, HoursRequirement, Learner


class ReasonForm(forms.Form):
    reason = forms.CharField(
        label=gettext_lazy("为什么要看"),
        max_length=200,
        min_length=4,
        help_text=gettext_lazy("记入审计，学员本人也能看到。例如：核对国家职业资格报名信息。"),
    )


class HelperForm(forms.Form):
    """`today` bounds the day of consent."""

    username = forms.CharField(
        label=gettext_lazy("家人的用户名"),
        max_length=150,
        validators=[UnicodeUsernameValidator(), demand_user_name],
        help_text=gettext_lazy("已有账号的填已有的；没有的填一个新的，系统给出初始密码"),
    )
    name = forms.CharField(label=gettext_lazy("家人的姓名"), max_length=60)
    consented_on = forms.DateField(label=gettext_lazy("学员同意的日期"))
    how = forms.ChoiceField(
        label=gettext_lazy("同意方式"), choices=AccountLink.Consent.choices, widget=forms.RadioSelect
    )
    until = forms.DateField(
        label=gettext_lazy("代管到哪一天"),
        required=False,
        help_text=gettext_lazy("留空为一直有效，随时可以结束"),
    )

    def __init__(self, *args: Any, today: datetime.date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today

    def clean_consented_on(self) -> datetime.date:
        day: datetime.date = self.cleaned_data["consented_on"]
        if day > self.today:
            raise ValidationError(_("同意的日期不能晚于今天。"))
        return day

    def clean_until(self) -> datetime.date | None:
        day: datetime.date | None = self.cleaned_data["until"]
        if day and day < self.today:
            raise ValidationError(_("代管的最后一天不能早于今天。"))
        return day

    def consent(self) -> Consent:
        day = self.cleaned_data["consented_on"]
        at = timezone.make_aware(datetime.datetime.combine(day, datetime.time(12)))
        return Consent(at=at, how=self.cleaned_data["how"], until=self.cleaned_data["until"])


class ExemptionForm(forms.ModelForm[Exemption]):
    class Meta:
        model = Exemption
        fields = ("requirement", "valid_from", "valid_to", "reason")
        help_texts = {"reason": gettext_lazy("如 产假、援藏、长期病假")}  # noqa: RUF012

    def __init__(self, *args: Any, learner: Learner, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.instance.learner = learner
        asked = HoursRequirement.objects.filter(active=True, group__standings__learner=learner).distinct()
        self.fields["requirement"].queryset = asked  # type: ignore[attr-defined]
        if len(asked) == 1:
            self.fields["requirement"].empty_label = None  # type: ignore[attr-defined]
