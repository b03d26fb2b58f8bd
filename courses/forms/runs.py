"""Forms of class runs."""

from __future__ import annotations

import datetime
from typing import Any, ClassVar

from django import forms
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from bureaus.models import Bureau
from bureaus.models.bureaus import BureauQuerySet
from courses.forms.days import POSSIBLE, demand_possible_days
from courses.forms.many import ManyField
from courses.forms.programmes import ProgrammeChoiceField
from courses.models import ClassRun, Plan, Programme, Session
from courses.scheduling.copying import a_year_later, first_day, in_a_later_year


class RunForm(forms.ModelForm[ClassRun]):
    """A run of one of `bureaus`. What figures already hang on cannot be changed any more."""

    programme = ProgrammeChoiceField(label=_("培训项目"))

    class Meta:
        model = ClassRun
        fields = (
            *("bureau", "programme", "name", "number", "starts_on", "ends_on", "place", "district"),
            *("seats", "enrol_from", "enrol_until", "approval", "notice", "contact"),
        )
        widgets: ClassVar = {"notice": forms.Textarea(attrs={"rows": 8})}
        labels: ClassVar = {"approval": _("报名须经审核才录取")}
        help_texts: ClassVar = {
            "number": _("如：2026-01"),
            "district": _("学员没有写明县市区时按此统计；留空按主办单位所在县市区，市直单位按市本级"),
            "seats": _("留空不限"),
            "enrol_from": _("留空则开放报名后就可以报"),
            "enrol_until": _("留空则到结业日期为止"),
            "notice": _("培训目的、对象、内容、食宿交通等，印在培训通知上"),
            "contact": _("印在培训通知上"),
        }

    def __init__(self, *args: Any, bureaus: BureauQuerySet, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        run = self.instance
        for name in ("starts_on", "ends_on"):
            # Ledgers bring runs of which no day is known.
            self.fields[name].required = not (run.pk and getattr(run, name) is None)
        demand_possible_days(self, "starts_on", "ends_on", "enrol_from", "enrol_until")
        self.fields["district"].required = bool(run.pk)
        self.fields["district"].empty_label = _("按主办单位")  # type: ignore[attr-defined]
        self.fields["bureau"].empty_label = _("请选择")  # type: ignore[attr-defined]
        self.offer_programmes()
        if run.pk:
            self.hold_fast(run)
        else:
            self.fields["bureau"].queryset = bureaus.filter(valid_to=None)  # type: ignore[attr-defined]
            self.initial.setdefault("bureau", home_bureau(bureaus))

    def offer_programmes(self) -> None:
        """Those of the plan in force, or of the run's year; the run's own in any case."""
        plan = Plan.objects.of_year(self.instance.year or timezone.localdate().year)
        offered = Programme.objects.filter(Q(plan=plan) | Q(pk=self.instance.programme_id))
        self.fields["programme"].offer(offered)  # type: ignore[attr-defined]

    def hold_fast(self, run: ClassRun) -> None:
        """The bureau stays; the programme stays once somebody took part, and its hours follow its rule."""
        self.fields["bureau"].disabled = True
        self.fields["bureau"].queryset = Bureau.objects.filter(pk=run.bureau_id)  # type: ignore[attr-defined]
        held = run.sessions.filter(state=Session.State.HELD).exists() or run.enrolments.took_part().exists()
        if held:
            self.fields["programme"].disabled = True
            self.fields["programme"].help_text = _("已有人参加，不能再改项目")

    def clean(self) -> dict[str, Any]:
        """Enrolling after the last day would be for nothing."""
        cleaned = super().clean() or {}
        until, ends = cleaned.get("enrol_until"), cleaned.get("ends_on")
        if until and ends and until > ends:
            self.add_error("enrol_until", _("报名截止不能晚于结业日期。"))
        return cleaned


class RunCopyForm(forms.Form):
    """One copy of `source`, proposed for a year later."""

    name = forms.CharField(label=_("新班次名称"), max_length=200)
    number = forms.CharField(label=_("期号"), max_length=40, required=False)
    starts_on = forms.DateField(label=_("新的开班日期"), validators=POSSIBLE)

    def __init__(self, data: Any = None, *, source: ClassRun) -> None:
        proposed = a_year_later(source)
        first = first_day(source)
        initial = {
            "name": proposed.name,
            "number": in_a_later_year(source.number, 1),
            "starts_on": first + proposed.shift if first else None,
        }
        super().__init__(data, initial=initial)
        self.fields["starts_on"].help_text = weekday_hint(first)


def weekday_hint(first: datetime.date | None) -> str:
    if first is None:
        return ""
    days = (_("星期一"), _("星期二"), _("星期三"), _("星期四"), _("星期五"), _("星期六"), _("星期日"))
    words = {"day": first.isoformat(), "weekday": days[first.weekday()]}
    return str(_("原班次 %(day)s（%(weekday)s）开班；结业、报名和课次日期都按同样的天数往后推") % words)


class RunsCopyFilter(forms.Form):
    """Which year's runs are to be copied; one that cannot be read is left out."""

    year = forms.IntegerField(required=False, min_value=2000, max_value=2100)
    programme: forms.ModelChoiceField[Programme] = forms.ModelChoiceField(
        Programme.objects.all(), required=False
    )

    def chosen_year(self, today: datetime.date) -> int:
        """As the address says; else last year, and from October on this one: the next is being planned."""
        self.is_valid()
        return self.cleaned_data.get("year") or (today.year if today.month > 9 else today.year - 1)


class RunsCopyForm(forms.Form):
    """The runs that were ticked."""

    runs: ManyField[ClassRun] = ManyField(
        ClassRun.objects.none(), error_messages={"required": _("请勾选要复制的班次。")}
    )

    def __init__(self, *args: Any, runs: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["runs"].queryset = runs  # type: ignore[attr-defined]


class ReasonForm(forms.Form):
    reason = forms.CharField(label=_("取消原因"), max_length=200, help_text=_("会写进发给学员和教师的通知"))


def home_bureau(bureaus: BureauQuerySet) -> Bureau | None:
    """The one that is meant where there is only one."""
    return bureaus.first() if bureaus.count() == 1 else None
