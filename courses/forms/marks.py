"""Marks as a phone sends them: strictly typed, with a sentence for what cannot be read."""

from __future__ import annotations

from typing import Any, TypeGuard

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from courses.models import Attendance

LARGEST_ID = 2**63 - 1
LARGEST_NUMBER = 2**31 - 1
MOST_MINUTES = 24 * 60
MOST_PEOPLE = 100_000
PLAIN = (str, int, bool, type(None))
# What a phone may say: it calls the roster, reads digits or signs for somebody; it decides no appeal.
WAYS = (Attendance.Way.ROSTER, Attendance.Way.DIGITS, Attendance.Way.PROXY)


class EntryForm(forms.Form):
    """What everything has that waited on a phone."""

    key = forms.UUIDField(label=gettext_lazy("编号"))
    session = forms.IntegerField(label=gettext_lazy("课次"), min_value=1, max_value=LARGEST_ID)
    marked_at = forms.DateTimeField(label=gettext_lazy("点名时间"))
    correction = forms.CharField(label=gettext_lazy("更正原因"), max_length=200, required=False)

    def fault(self) -> str:
        """The first thing that is wrong, as one sentence."""
        for error in self.non_field_errors():
            return str(error)
        name, errors = next(iter(self.errors.items()))
        return _("这条记录的“%(field)s”不对：%(error)s") % {
            "field": self.fields[name].label,
            "error": errors[0],
        }


class CountForm(EntryForm):
    """A headcount. `known` are those that the phone showed or said before, separated by commas."""

    headcount = forms.IntegerField(label=gettext_lazy("参加人数"), min_value=0, max_value=MOST_PEOPLE)
    women = forms.IntegerField(
        label=gettext_lazy("其中女性"), min_value=0, max_value=MOST_PEOPLE, required=False
    )
    elders = forms.IntegerField(
        label=gettext_lazy("其中老年人"), min_value=0, max_value=MOST_PEOPLE, required=False
    )
    known = forms.RegexField(r"^(\d{1,6}(,\d{1,6}){0,19})?$", label=gettext_lazy("已知人数"), required=False)

    def clean_known(self) -> frozenset[int]:
        return frozenset(int(number) for number in self.cleaned_data["known"].split(",") if number)


class MarkForm(EntryForm):
    """What one tap says. Who it concerns is an enrolment, or the name of somebody who walked in."""

    number = forms.IntegerField(label=gettext_lazy("序号"), min_value=0, max_value=LARGEST_NUMBER)
    enrolment = forms.IntegerField(
        label=gettext_lazy("学员"), min_value=1, max_value=LARGEST_ID, required=False
    )
    name = forms.CharField(label=gettext_lazy("姓名"), max_length=120, required=False)
    employer = forms.CharField(label=gettext_lazy("单位"), max_length=200, required=False)
    state = forms.ChoiceField(label=gettext_lazy("出勤"), choices=Attendance.State.choices)
    minutes = forms.IntegerField(
        label=gettext_lazy("到课分钟"), min_value=0, max_value=MOST_MINUTES, required=False
    )
    way = forms.ChoiceField(
        label=gettext_lazy("方式"), choices=[(way.value, way.label) for way in WAYS], required=False
    )
    reason = forms.CharField(label=gettext_lazy("原因"), max_length=200, required=False)
    seen = forms.ChoiceField(
        label=gettext_lazy("点名时所见"), choices=Attendance.State.choices, required=False
    )
    done = forms.BooleanField(label=gettext_lazy("点名完成"), required=False)

    def clean_way(self) -> str:
        return self.cleaned_data["way"] or Attendance.Way.ROSTER

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if not self.errors and not data["enrolment"] and not data["name"]:
            raise ValidationError(_("这条记录没有写明是谁。"))
        if data.get("way") == Attendance.Way.PROXY and not data.get("reason"):
            raise ValidationError(_("代签须写明原因。"))
        return data


class BatchForm(forms.Form):
    """What stands around the marks: the phone, and what its clock said when it sent them."""

    device = forms.UUIDField()
    sent_at = forms.DateTimeField()


def is_plain(values: object) -> TypeGuard[dict[str, Any]]:
    """Whether this is an object of plain values that a database can hold."""
    if not isinstance(values, dict) or not all(isinstance(value, PLAIN) for value in values.values()):
        return False
    try:
        "".join(map(str, values.values())).encode()
    except UnicodeEncodeError:
        return False
    return True
