"""Forms of the printed sheet: its photos, and what was read of them."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from courses.check_in.filling import KEEP, Proposal
from courses.evidence import demand_fitting
from courses.models import Attendance
from courses.registering import Presence

State = Attendance.State
# Reading one takes a second or three; the web server gives up after thirty.
MOST_PHOTOS = 5


class PhotosInput(forms.ClearableFileInput):
    allow_multiple_selected = True


class PhotosField(forms.FileField):
    """One file or several; cleans to their bytes. Sizes are looked at before anything is read."""

    widget = PhotosInput

    def clean(self, data: Any, initial: Any = None) -> list[bytes]:
        one_file = super().clean
        files: list[UploadedFile[Any]] = [one_file(one, initial) for one in data or [None]]
        if len(files) > MOST_PHOTOS:
            raise ValidationError(_("一次最多上传 %(most)d 张，请分几次上传。"), params={"most": MOST_PHOTOS})
        for file in files:
            demand_fitting(file.size or 0)
        return [file.read() for file in files]


class PhotosForm(forms.Form):
    photos = PhotosField(
        label=_("签到表照片"),
        help_text=_("每页拍一张，放平、拍整页；一次可选多张"),
        allow_empty_file=True,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["photos"].widget.attrs |= {
            "accept": "image/*",
            "data-max-mib": settings.PEIXUN_UPLOAD_MAX_MIB,
        }


class CheckForm(forms.Form):
    """What is to be written of each person, preset from the sheet where it is clear."""

    def __init__(self, *args: Any, proposals: list[Proposal], needs_reason: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.proposals = proposals
        for proposal in proposals:
            self.fields[self.key(proposal)] = forms.ChoiceField(
                label=proposal.person.name,
                choices=choices_of(proposal),
                initial=proposal.choice,
                widget=forms.RadioSelect,
                error_messages={"required": _("请选择到、请假或缺席。")},
            )
        if needs_reason:
            self.fields["reason"] = forms.CharField(
                label=_("更正原因"), max_length=200, help_text=_("课次结束已超过一天")
            )

    @staticmethod
    def key(proposal: Proposal) -> str:
        return f"p{proposal.person.pk}"

    def rows(self) -> list[tuple[Proposal, forms.BoundField]]:
        """Those that a person has to look at first."""
        rows = [(proposal, self[self.key(proposal)]) for proposal in self.proposals]
        return sorted(rows, key=lambda row: row[0].why == "")

    @property
    def reason_field(self) -> forms.BoundField | None:
        return self["reason"] if "reason" in self.fields else None

    def presences(self) -> list[Presence]:
        chosen = ((one, self.cleaned_data[self.key(one)]) for one in self.proposals)
        return [
            Presence(one.person.pk, state, way=Attendance.Way.SHEET) for one, state in chosen if state != KEEP
        ]

    def reason(self) -> str:
        return str(self.cleaned_data.get("reason", ""))


def choices_of(proposal: Proposal) -> list[tuple[str, Any]]:
    away = [(State.LEAVE.value, State.LEAVE.label), (State.ABSENT.value, State.ABSENT.label)]
    if proposal.noted and proposal.is_noted_here:
        return [(KEEP, proposal.noted.get_state_display()), *away]
    return [(State.PRESENT.value, State.PRESENT.label), *away]
