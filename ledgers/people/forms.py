"""Forms of deciding about people, merging records and taking a merge back."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from ledgers.models import Doubt
from ledgers.people.merging import Choice

SAME, OTHER = "same", "other"
ANSWERS = ((SAME, _("同一人")), (OTHER, _("不是同一人")))


class AnswersForm(forms.Form):
    """An answer for each doubt of a page; `rest` is meant for those that were left open."""

    rest = forms.ChoiceField(
        label=_("本页其余没有选的"),
        choices=(("", _("先不决定")), *ANSWERS),
        required=False,
    )

    def __init__(self, *args: Any, doubts: Iterable[Doubt], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.doubts = list(doubts)
        for doubt in self.doubts:
            self.fields[f"doubt-{doubt.pk}"] = forms.ChoiceField(choices=ANSWERS, required=False)

    def answers(self) -> dict[int, bool]:
        """Doubt → whether it is the same person; those without any answer are left out."""
        rest = self.cleaned_data["rest"]
        given = {doubt.pk: self.cleaned_data[f"doubt-{doubt.pk}"] or rest for doubt in self.doubts}
        return {pk: answer == SAME for pk, answer in given.items() if answer}


class MergeForm(forms.Form):
    """Which record stays, what of the other replaces its facts, and how it is known that they are one."""

    keep = forms.ChoiceField(label=_("保留哪一份档案"), widget=forms.RadioSelect)
    facts = forms.MultipleChoiceField(
        label=_("改用另一份档案的"),
        choices=(("name", _("姓名")), ("gender", _("性别")), ("birth", _("出生年份"))),
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text=_("保留的那份空着的，会自动补上"),
    )
    reason = forms.CharField(
        label=_("怎样知道是同一个人"), max_length=200, help_text=_("如：电话核实；核对了身份证复印件")
    )

    def __init__(self, *args: Any, records: Iterable[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["keep"].choices = list(records)  # type: ignore[attr-defined]

    def choice(self) -> Choice:
        return Choice(self.cleaned_data["reason"], facts=tuple(self.cleaned_data["facts"]))


class UnmergeForm(forms.Form):
    reason = forms.CharField(label=_("撤销原因"), max_length=200)
