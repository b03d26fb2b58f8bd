"""Forms of enrolling, applying, finishing a class and matching walk-ins."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.validators import RegexValidator
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from bureaus.models import User
from courses.enrolling import moves
from courses.enrolling.finishing import End, Line
from courses.enrolling.lines import identity_of, read_lines
from courses.enrolling.people import IdentityKey, Person, people_of
from courses.forms.many import ManyField
from courses.models import ClassRun, Enrolment
from courses.models.runs import ClassRunQuerySet
from learners import id_numbers
from learners.models import Learner, TargetGroup

SMALL = {"class": "pill-select"}
PHONE = RegexValidator(r"^[0-9+ \-]{5,20}$", _("请填写手机号或座机号。"))


class SourceForm(forms.Form):
    """From where people are brought in; what cannot be read is left out."""

    group: forms.ModelChoiceField[TargetGroup] = forms.ModelChoiceField(
        TargetGroup.objects.all(), required=False
    )
    run: forms.ModelChoiceField[ClassRun] = forms.ModelChoiceField(ClassRun.objects.none(), required=False)

    def __init__(self, *args: Any, runs: ClassRunQuerySet, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["run"].queryset = runs  # type: ignore[attr-defined]


class PeopleForm(forms.Form):
    """Learners who were ticked, and pasted lines. Gives `people`."""

    learners: ManyField[Learner] = ManyField(Learner.objects.none(), required=False)
    lines = forms.CharField(
        label=_("人员"),
        max_length=20_000,
        help_text=_("一人一行：姓名、单位、身份证号或手机号，用空格隔开。没有身份证号的须写单位。"),
        widget=forms.Textarea(attrs={"rows": 8, "autocomplete": "off", "spellcheck": "false"}),
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        self.people: list[Person] = []
        self.fields["learners"].queryset = Learner.objects.visible_to(user)  # type: ignore[attr-defined]
        self.fields["lines"].required = "learners" not in self.data
        self.fields["lines"].error_messages["required"] = _("请先勾选学员，或粘贴名单。")

    def clean_lines(self) -> str:
        text: str = self.cleaned_data["lines"]
        reading = read_lines(text)
        if reading.faults:
            raise forms.ValidationError(reading.faults)
        self.people += reading.people
        return text

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        ticked = [learner.pk for learner in cleaned.get("learners") or ()]
        self.people += people_of(self.user, ticked)
        return cleaned


class DecideForm(forms.Form):
    """What is to be done to those who were ticked. The reason is the learners' to read."""

    move = forms.ChoiceField(choices=[(move, move) for move in moves.FROM])
    chosen = forms.TypedMultipleChoiceField(coerce=int, label=_("学员"))
    reason = forms.CharField(label=_("原因"), max_length=200)

    def __init__(self, *args: Any, run: ClassRun, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = run.enrolments.values_list("pk", "name")
        self.fields["chosen"].choices = list(people)  # type: ignore[attr-defined]
        self.fields["chosen"].error_messages |= {
            "required": _("请先勾选学员。"),
            "invalid_choice": _("勾选的人已不在名单里，请重新勾选。"),
        }
        self.fields["reason"].required = self.data.get("move", moves.REJECT) in moves.NEEDS_REASON
        self.fields["reason"].error_messages["required"] = _("请写明原因。")


class ApplyForm(forms.Form):
    """A learner's application; employer, position and phone are kept as of now."""

    learner: forms.ModelChoiceField[Learner] = forms.ModelChoiceField(
        Learner.objects.none(), label=_("谁参加"), empty_label=None, widget=forms.RadioSelect
    )
    employer = forms.CharField(label=_("工作单位或住址"), max_length=200)
    position = forms.CharField(label=_("职务或职业"), max_length=200, required=False)
    phone = forms.CharField(
        label=_("联系电话"),
        max_length=20,
        validators=[PHONE],
        help_text=_("有变动时通知您，只有主办单位看得到"),
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel"}),
    )

    def __init__(self, *args: Any, learners: QuerySet[Learner], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.learners = learners
        field = self.fields["learner"]
        field.queryset = learners  # type: ignore[attr-defined]
        if len(learners) == 1:
            field.widget, field.initial = forms.HiddenInput(), learners[0]

    def person(self) -> Person:
        """Who applies, as of now."""
        given = self.cleaned_data
        return Person(
            given["learner"].name,
            learner=given["learner"].pk,
            employer=given["employer"],
            position=given["position"],
            phone=given["phone"],
        )


class FinishForm(forms.Form):
    """What became of each of the class. Gives `ends`, by enrolment."""

    reason = forms.CharField(
        label=_("退学原因"), max_length=200, required=False, help_text=_("有人按退学处理时填写")
    )

    def __init__(self, *args: Any, lines: list[Line], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.lines = lines
        states = [(state.value, state.label) for state in moves.ENDS]
        assessments = [("", "—"), *Enrolment.Assessment.choices]
        if any(line.left_out for line in lines):
            self.fields["reason"].initial = _("请假超过规定")
        for line in lines:
            one = line.enrolment
            self.fields[f"state_{one.pk}"] = forms.ChoiceField(
                choices=states,
                initial=line.proposed,
                widget=forms.Select(SMALL),
                label=_("%(name)s的结果") % {"name": one.name},
            )
            self.fields[f"assessment_{one.pk}"] = forms.ChoiceField(
                choices=assessments,
                initial=one.assessment,
                widget=forms.Select(SMALL),
                required=False,
                label=_("%(name)s的考核") % {"name": one.name},
            )

    def rows(self) -> list[tuple[Line, forms.BoundField, forms.BoundField]]:
        """Each of the class with the fields of state and assessment."""
        pks = ((line, line.enrolment.pk) for line in self.lines)
        return [(line, self[f"state_{pk}"], self[f"assessment_{pk}"]) for line, pk in pks]

    def ends(self) -> dict[int, End]:
        given = self.cleaned_data
        pks = [line.enrolment.pk for line in self.lines]
        return {pk: End(given[f"state_{pk}"], given[f"assessment_{pk}"]) for pk in pks}

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        states = [value for name, value in cleaned.items() if name.startswith("state_")]
        if Enrolment.State.WITHDRAWN in states and not cleaned.get("reason"):
            self.add_error("reason", _("有人按退学处理，请写明退学原因。"))
        return cleaned


class ReasonForm(forms.Form):
    reason = forms.CharField(label=_("原因"), max_length=200)


class WhoForm(forms.Form):
    """By what a walk-in is told from others. Gives `identity`."""

    id_number = forms.CharField(
        label=_("身份证号"),
        required=False,
        max_length=30,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    employer = forms.CharField(label=_("单位"), required=False, max_length=200)
    sure = forms.BooleanField(
        label=_("已核对证件，虽然姓名不同，确是同一个人"), required=False, widget=forms.HiddenInput
    )

    def __init__(self, *args: Any, walk_in: Enrolment, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["employer"].initial = walk_in.employer
        self.walk_in = walk_in
        self.identity: IdentityKey | None = None

    def ask_whether_sure(self) -> None:
        """Shows the tick, which is hidden until the names are seen to differ."""
        self.fields["sure"].widget = forms.CheckboxInput()

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        number = id_numbers.normalise(cleaned.get("id_number", ""))
        try:
            self.identity = identity_of(self.walk_in.name, cleaned.get("employer", ""), number=number)
        except ValueError as fault:
            self.add_error("id_number", str(fault))
        return cleaned
