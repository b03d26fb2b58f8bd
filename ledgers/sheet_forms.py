"""Forms of the pages of sign-in sheets."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db.models import QuerySet
from django.utils.html import escape
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from bureaus.models import Bureau
from courses.models import ClassRun
from ledgers.importing import receiving
from ledgers.models import SheetImport
from ledgers.signing.comparing import Plan
from ledgers.signing.people import SKIP, WALK_IN, Person


class SheetUploadForm(forms.Form):
    file = forms.FileField(
        label=_("签到表文件"),
        help_text=_("Excel（.xlsx、.xls）或文本（.csv），一行一人，每天一列或上午、下午各一列"),
        allow_empty_file=True,
    )
    bureau: forms.ModelChoiceField[Bureau] = forms.ModelChoiceField(
        Bureau.objects.none(), label=_("主办单位")
    )

    def __init__(self, *args: Any, bureaus: QuerySet[Bureau], default: Bureau | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["bureau"]
        field.queryset = bureaus  # type: ignore[attr-defined]
        field.initial = default
        if bureaus.count() == 1:
            field.widget = forms.HiddenInput()
            field.initial = bureaus.first()
        self.fields["file"].widget.attrs |= {
            "accept": ".xlsx,.xls,.csv,.tsv,.txt",
            "data-max-mib": settings.PEIXUN_UPLOAD_MAX_MIB,
        }

    def clean_file(self) -> UploadedFile[Any]:
        file: UploadedFile[Any] = self.cleaned_data["file"]
        receiving.demand_fitting(file.name or "", file.size or 0)
        return file


class RunForm(forms.Form):
    """Which class a sheet is of."""

    run: forms.ModelChoiceField[ClassRun] = forms.ModelChoiceField(ClassRun.objects.none(), label=_("班次"))

    def __init__(self, *args: Any, batch: SheetImport, runs: list[ClassRun], **kwargs: Any) -> None:
        super().__init__(*args, initial={"run": batch.run_id}, **kwargs)  # type: ignore[misc]
        field = self.fields["run"]
        field.queryset = ClassRun.objects.filter(pk__in=[run.pk for run in runs])  # type: ignore[attr-defined]
        field.choices = [("", _("请选择")), *((run.pk, f"{run.year} · {run.name}") for run in runs)]  # type: ignore[attr-defined]


class PeopleForm(forms.Form):
    """Who the doubtful lines are, and what a blank cell means."""

    blanks_absent = forms.BooleanField(
        label=_("空白格算缺席"), required=False, help_text=_("不勾选的，空白格不登记，已有的出勤不变")
    )

    def __init__(self, *args: Any, batch: SheetImport, plan: Plan, **kwargs: Any) -> None:
        super().__init__(*args, initial={"blanks_absent": batch.blanks_absent}, **kwargs)  # type: ignore[misc]
        self.people = plan.open
        for person in self.people:
            self.fields[name_of(person)] = forms.ChoiceField(
                label=person.line.name,
                choices=choices_of(person),
                required=False,
                initial=initial_of(person),
                help_text=escape(f"{place_of(person)}。{person.doubt}"),
            )

    def rows(self) -> list[forms.BoundField]:
        return [self[name_of(person)] for person in self.people]

    def choices(self) -> dict[str, str]:
        """Row → what was chosen."""
        return {person.key: self.cleaned_data[name_of(person)] or SKIP for person in self.people}


def name_of(person: Person) -> str:
    return f"person-{person.key}"


def place_of(person: Person) -> str:
    row = gettext("第 %(row)s 行") % {"row": person.line.number}
    return " · ".join(filter(None, (person.sheet, row, person.line.employer)))


def initial_of(person: Person) -> str:
    return person.chosen or (str(person.enrolment.pk) if person.enrolment else SKIP)


def choices_of(person: Person) -> list[tuple[str, Any]]:
    found = [
        (str(one.pk), " · ".join(filter(None, (one.name, one.employer, one.position))))
        for one in person.candidates
    ]
    return [(SKIP, _("不登记这个人")), *found, (WALK_IN, _("作为现场登记加入班次"))]


class SheetConfirmForm(forms.Form):
    """The last questions before a sheet is written."""

    fingerprint = forms.CharField(widget=forms.HiddenInput)
    finished = forms.BooleanField(label=_("班次已结业，仍要登记"), required=False)
    reason = forms.CharField(
        label=_("更正原因"), max_length=200, required=False, help_text=_("有课次早已点过名")
    )

    def __init__(self, *args: Any, plan: Plan, **kwargs: Any) -> None:
        super().__init__(*args, initial={"fingerprint": plan.fingerprint()}, **kwargs)  # type: ignore[misc]
        if plan.run.state != ClassRun.State.FINISHED:
            del self.fields["finished"]
        if not plan.wants_reason:
            del self.fields["reason"]


class SheetUndoForm(forms.Form):
    reason = forms.CharField(label=_("撤销原因"), max_length=200)
