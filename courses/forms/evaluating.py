"""The three questions after a class."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext_lazy as _

from courses.models import Evaluation

SCORES = (
    (5, _("很满意")),
    (4, _("满意")),
    (3, _("一般")),
    (2, _("不满意")),
    (1, _("很不满意")),
)
QUESTIONS = {
    "content": _("课程内容对您有用吗？"),
    "teaching": _("老师讲得怎么样？"),
    "arrangement": _("场地、时间、服务等组织得怎么样？"),
}


class EvaluationForm(forms.ModelForm[Evaluation]):
    class Meta:
        model = Evaluation
        fields = ("content", "teaching", "arrangement", "words")
        labels: ClassVar = QUESTIONS | {"words": _("还想说点什么？")}
        help_texts: ClassVar = {"words": _("最多 400 字，请不要写姓名、电话")}
        widgets: ClassVar = {"words": forms.Textarea({"rows": 3, "maxlength": 400})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, label in QUESTIONS.items():
            self.fields[name] = forms.TypedChoiceField(
                label=label,
                choices=SCORES,
                coerce=int,
                widget=forms.RadioSelect,
                error_messages={"required": _("请选一个。")},
            )
