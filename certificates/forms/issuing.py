"""Forms of issuing, and of what becomes of a certificate afterwards."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from certificates.choosing import Way
from certificates.issuing import Candidate, Issue
from certificates.models import Certificate, Issuer

Ground = Certificate.Ground
# More than so many are not ticked one by one: they are issued together.
MOST_TICKED = 500


class IssueForm(forms.Form):
    """Who of `people` gets one, by `way`, from whom and as of which day.

    `held` are the enrolments (ids) with another certificate: a person decides about them.
    """

    issuer: forms.ModelChoiceField[Issuer] = forms.ModelChoiceField(
        Issuer.objects.none(), label=gettext_lazy("发证单位"), empty_label=None
    )
    issued_on = forms.DateField(label=gettext_lazy("发证日期"))
    expires_on = forms.DateField(label=gettext_lazy("有效期至"), required=False)
    reason = forms.CharField(
        label=gettext_lazy("制发说明"),
        max_length=200,
        required=False,
        help_text=gettext_lazy("给不符合条件的人发证，或没有发证条件时，须写明依据"),
    )
    everyone = forms.BooleanField(required=False, widget=forms.HiddenInput)

    def __init__(
        self,
        *args: Any,
        way: Way,
        issuers: Sequence[Issuer],
        people: Sequence[Candidate],
        held: Collection[int],
        today: datetime.date,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.way, self.people, self.today = way, people, today
        self.held = held
        choice = self.fields["issuer"]
        choice.queryset = Issuer.objects.filter(pk__in=[one.pk for one in issuers])  # type: ignore[attr-defined]
        choice.initial = next((one.pk for one in issuers), None)
        choice.error_messages["required"] = _("请选择发证单位。")
        self.fields["issued_on"].initial = today
        self.fields["expires_on"].help_text = (
            _("留空按发证条件：%(months)d 个月") % {"months": way.months} if way.months else _("留空长期有效")
        )
        self.can_tick = len(people) <= MOST_TICKED
        self.fields["everyone"].initial = not self.can_tick
        self.chosen: list[Candidate] = []

    def ticked(self) -> set[int]:
        """The enrolments (ids) whose box is to be shown ticked."""
        if self.is_bound and hasattr(self.data, "getlist"):
            return {
                int(value) for value in self.data.getlist("chosen") if value.isascii() and value.isdigit()
            }
        if self.way.by_hand:
            return set()
        return {one.enrolment.pk for one in self.people if one.qualifies} - set(self.held)

    def clean_issued_on(self) -> datetime.date:
        day: datetime.date = self.cleaned_data["issued_on"]
        if day > self.today:
            raise forms.ValidationError(_("发证日期不能晚于今天。"))
        started = self.people[0].enrolment.run.starts_on if self.people else None
        if started and day < started:
            raise forms.ValidationError(_("发证日期不能早于开班日期。"))
        return day

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        issued, expires = cleaned.get("issued_on"), cleaned.get("expires_on")
        if issued and expires and expires < issued:
            self.add_error("expires_on", _("有效期不能早于发证日期。"))
        ticked = self.ticked()
        everyone = cleaned.get("everyone") and not self.can_tick
        able = [one for one in self.people if not one.has_one]
        self.chosen = [
            one
            for one in able
            if (
                one.qualifies and one.enrolment.pk not in self.held
                if everyone
                else one.enrolment.pk in ticked
            )
        ]
        if not self.chosen:
            raise forms.ValidationError(_("请先勾选要发证的人。"))
        unqualified = sum(1 for one in self.chosen if not one.qualifies)
        if not cleaned.get("reason", "").strip() and (unqualified or self.way.by_hand):
            sentence = (
                _("没有发证条件，凭名单发证须写明依据。")
                if self.way.by_hand
                else _("所选的人里有 %(count)d 人不符合条件，须写明依据。") % {"count": unqualified}
            )
            self.add_error("reason", sentence)
        return cleaned

    def terms(self) -> Issue:
        """Of a valid form. A reason that nobody needs is left out, so that the rule is asked again."""
        data = self.cleaned_data
        needed = self.way.by_hand or any(not one.qualifies for one in self.chosen)
        return Issue(
            data["issuer"],
            self.way.version,
            data["issued_on"],
            data["expires_on"] or self.way.expires_on(data["issued_on"]),
            data["reason"].strip() if needed else "",
        )


class RevokeForm(forms.Form):
    reason = forms.CharField(
        label=gettext_lazy("作废原因"),
        max_length=200,
        help_text=gettext_lazy("查验的人会看到作废的日期和原因，请不要写个人隐私"),
    )


class ReplaceForm(forms.Form):
    """The terms on which a certificate is followed by another, by `ground`."""

    name = forms.CharField(label=gettext_lazy("更正后的姓名"), max_length=120)
    expires_on = forms.DateField(label=gettext_lazy("有效期至"))
    reason = forms.CharField(label=gettext_lazy("原因"), max_length=200)

    def __init__(
        self, *args: Any, certificate: Certificate, ground: str, today: datetime.date, **kwargs: Any
    ):
        super().__init__(*args, **kwargs)
        self.certificate, self.ground, self.today = certificate, ground, today
        if ground != Ground.CORRECTION:
            del self.fields["name"]
        else:
            # Of a learner whose name was corrected meanwhile, the right one.
            self.fields["name"].initial = certificate.learner.name
        if ground != Ground.RENEWAL:
            del self.fields["expires_on"]

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"].strip()
        if name == self.certificate.name:
            raise forms.ValidationError(_("姓名没有变化，不用换发。"))
        return name

    def clean_expires_on(self) -> datetime.date:
        day: datetime.date = self.cleaned_data["expires_on"]
        if day <= max(self.today, self.certificate.expires_on or self.today):
            raise forms.ValidationError(_("新的有效期须晚于今天和原来的有效期。"))
        return day

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        over = self.certificate.state_on(self.today) == Certificate.State.EXPIRED
        if over and self.ground != Ground.RENEWAL:
            raise forms.ValidationError(_("这张证书已过期，请办理续期。"))
        return cleaned

    def terms(self) -> Issue:
        """Of a valid form: today, by the look of the certificate before."""
        if self.certificate.version is None:
            raise ValueError("A certificate from elsewhere is not replaced here.")
        return Issue(
            self.certificate.issuer,
            self.certificate.version,
            self.today,
            self.cleaned_data.get("expires_on") or self.certificate.expires_on,
            self.cleaned_data["reason"].strip(),
            self.ground,
        )


class HandOutForm(forms.Form):
    """Which certificates were taken, and when."""

    chosen = forms.TypedMultipleChoiceField(coerce=int, label=gettext_lazy("证书"))
    day = forms.DateField(label=gettext_lazy("领取日期"), required=False)

    def __init__(self, *args: Any, known: Sequence[int], today: datetime.date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        self.fields["chosen"].choices = [(pk, pk) for pk in known]  # type: ignore[attr-defined]
        self.fields["chosen"].error_messages = {
            "required": _("请先勾选证书。"),
            "invalid_choice": _("名单已有变化，请重新勾选。"),
        }
        self.fields["day"].initial = today

    def clean_day(self) -> datetime.date:
        day: datetime.date | None = self.cleaned_data["day"]
        if day and day > self.today:
            raise forms.ValidationError(_("领取日期不能晚于今天。"))
        return day or self.today
