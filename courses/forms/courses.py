"""Forms of courses and their materials."""

from __future__ import annotations

from pathlib import PurePath
from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from bureaus.access import bureaus_for, for_whole_city
from bureaus.models import Bureau, User
from courses.forms.programmes import ProgrammeChoiceField
from courses.models import Course, CourseMaterial, Plan, Programme
from courses.models.materials import MATERIAL_KINDS, CourseQuerySet


class CourseFilter(forms.Form):
    """Filters of the list; one that cannot be read is left out."""

    plan: forms.ModelChoiceField[Plan] = forms.ModelChoiceField(Plan.objects.all(), required=False)
    programme: forms.ModelChoiceField[Programme] = forms.ModelChoiceField(
        Programme.objects.all(), required=False
    )
    bureau: forms.ModelChoiceField[Bureau] = forms.ModelChoiceField(Bureau.objects.all(), required=False)

    def narrow(self, courses: CourseQuerySet, *, current: Plan | None) -> CourseQuerySet:
        """Those that pass; without a plan or programme those of the current plan, and of none.

        The courses of an earlier plan bear the same names.
        """
        self.is_valid()
        given = self.cleaned_data
        if bureau := given.get("bureau"):
            courses = courses.filter(bureau=bureau)
        if programme := given.get("programme"):
            return courses.filter(programme=programme)
        if plan := given.get("plan"):
            return courses.filter(programme__plan=plan)
        return courses.filter(Q(programme=None) | Q(programme__plan=current))


class CourseForm(forms.ModelForm[Course]):
    """A course that `user` maintains for a bureau; of the whole city where the user works for all of it."""

    programme = ProgrammeChoiceField(label=_("项目"), required=False, empty=_("不限项目"))

    class Meta:
        model = Course
        fields = ("name", "programme", "bureau", "hours", "outline")
        widgets: ClassVar = {"outline": forms.Textarea(attrs={"rows": 12})}

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        plan = Plan.objects.of_year(timezone.localdate().year)
        programmes = Programme.objects.filter(Q(plan=plan) | Q(pk=self.instance.programme_id))
        self.fields["programme"].offer(programmes)  # type: ignore[attr-defined]
        bureau = self.fields["bureau"]
        bureaus = bureaus_for(user, "runs.edit")
        bureau.queryset = bureaus  # type: ignore[attr-defined]
        if for_whole_city(user, "runs.edit"):
            bureau.empty_label = _("全市通用")  # type: ignore[attr-defined]
            return
        bureau.required, bureau.help_text = True, ""
        if self.instance.bureau_id is None:
            self.initial.setdefault("bureau", bureaus.first())

    def changed_labels(self) -> list[str]:
        return [str(self[name].label) for name in self.changed_data]


class CourseCopyForm(CourseForm):
    materials = forms.BooleanField(label=_("资料一并复制"), required=False, initial=True)

    class Meta:
        model = Course
        fields = ("name", "programme", "bureau")


class MaterialForm(forms.ModelForm[CourseMaterial]):
    file = forms.FileField(
        label=_("文件"), help_text=_("PDF、Word、PPT、Excel、MP4、MP3、JPG、PNG、ZIP、TXT"), max_length=None
    )
    title = forms.CharField(
        label=_("标题"), required=False, max_length=80, help_text=_("学员看到的名称；留空用文件名")
    )

    class Meta:
        model = CourseMaterial
        fields = ("file", "title")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["file"].widget = forms.FileInput(
            attrs={
                "accept": ",".join(f".{kind}" for kind in MATERIAL_KINDS),
                "data-max-mib": settings.PEIXUN_UPLOAD_MAX_MIB,
            }
        )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("file") and not cleaned.get("title"):
            cleaned["title"] = PurePath(cleaned["file"].name).stem[:80]
        return cleaned
