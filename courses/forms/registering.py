"""The roster of one page: a small form for each person, and one for what belongs to the session."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.http import QueryDict
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from courses.evidence import demand_fitting, opened
from courses.models import Appeal, Attendance, Enrolment, Session
from courses.registering import Heads, Presence
from learners import names

State = Attendance.State
IN_PART = (State.LATE, State.LEFT_EARLY)
WITH_REASON = (State.LEAVE, State.ABSENT)
MOST_PEOPLE = 100_000
MOST_WALK_INS = 100


class RowForm(forms.Form):
    """How one person was there. Its fields are called `state-<enrolment>` and so on."""

    state = forms.ChoiceField(choices=State.choices, required=False)
    minutes = forms.IntegerField(min_value=0, max_value=24 * 60, required=False)
    reason = forms.CharField(max_length=200, required=False)

    def __init__(
        self,
        data: QueryDict | None = None,
        *,
        enrolment: Enrolment,
        stored: Attendance | None,
        preset: str,
        planned: int | None,
    ) -> None:
        self.enrolment, self.stored, self.planned = enrolment, stored, planned
        given: dict[str, Any] = {"state": preset, "reason": ""}
        if stored:
            given = {"state": stored.state, "reason": stored.reason}
            if stored.state in IN_PART and stored.minutes != planned:
                given["minutes"] = stored.minutes
        super().__init__(data, prefix=str(enrolment.pk), initial=given)

    def add_prefix(self, field_name: str) -> str:
        return f"{field_name}-{self.prefix}"

    @property
    def current(self) -> str:
        """The state to show as chosen."""
        return str(self["state"].value() or self.initial["state"])

    @property
    def notes(self) -> list[str]:
        """What stands beside the name, in words."""
        stored = self.stored
        notes = [
            self.enrolment.employer,
            _("现场登记") if self.enrolment.to_match else "",
            str(stored.get_way_display()) if stored and stored.way != Attendance.Way.ROSTER else "",
        ]
        return [note for note in notes if note]

    @property
    def choices(self) -> list[tuple[str, str, bool]]:
        """(value, label, chosen) of each state."""
        return [(value, str(label), value == self.current) for value, label in State.choices]

    def clean_minutes(self) -> int | None:
        minutes: int | None = self.cleaned_data["minutes"]
        if minutes is not None and self.planned and minutes > self.planned:
            raise ValidationError(
                _("到课分钟不能超过这次课的 %(planned)d 分钟。"), params={"planned": self.planned}
            )
        return minutes

    def is_fresh(self, opened_at: float | None) -> bool:
        """Whether nobody wrote another state since the page was made; adds an error where somebody did."""
        state, stored = self.cleaned_data["state"], self.stored
        if opened_at is None or stored is None or state in ("", stored.state):
            return True
        if stored.changed_at.timestamp() <= opened_at:
            return True
        words = {"who": stored.noted_by or _("别人"), "state": stored.get_state_display()}
        self.add_error("state", _("打开这一页以后，%(who)s记为“%(state)s”，请核对后再点一次完成。") % words)
        return False

    def presence(self) -> Presence | None:
        """What this row says; None where it was not on the page that was sent."""
        state = self.cleaned_data["state"]
        if not state:
            return None
        unmoved = self.stored is not None and self.stored.state == state
        kept = state in WITH_REASON or unmoved
        return Presence(
            self.enrolment.pk,
            state,
            minutes=self.cleaned_data["minutes"] if state in IN_PART else self.stored_minutes(state),
            reason=self.cleaned_data["reason"] if kept else "",
        )

    def stored_minutes(self, state: str) -> int | None:
        """Somebody present for a part only, by a decision, stays so while the state is the same."""
        same = self.stored is not None and self.stored.state == state == State.PRESENT
        return self.stored.minutes if same and self.stored else None


class SheetForm(forms.Form):
    """What belongs to the session as a whole: the count of heads, one photo, why it is corrected."""

    headcount = forms.IntegerField(
        label=gettext_lazy("参加人数"), min_value=0, max_value=MOST_PEOPLE, required=False
    )
    women = forms.IntegerField(
        label=gettext_lazy("其中女性"), min_value=0, max_value=MOST_PEOPLE, required=False
    )
    elders = forms.IntegerField(
        label=gettext_lazy("其中老年人"), min_value=0, max_value=MOST_PEOPLE, required=False
    )
    photo = forms.FileField(label=gettext_lazy("现场照片"), required=False)
    opened = forms.FloatField(min_value=0, required=False)  # when the page was made, in seconds
    reason = forms.CharField(label=gettext_lazy("更正原因"), max_length=200, required=False)

    def __init__(
        self,
        data: QueryDict | None = None,
        files: MultiValueDict[str, UploadedFile[Any]] | None = None,
        *,
        session: Session,
        late: bool,
    ) -> None:
        given = {name: getattr(session, name) for name in ("headcount", "women", "elders")}
        super().__init__(data, files, initial=given)
        self.fields["headcount"].required = session.run_id is None
        self.fields["headcount"].error_messages["required"] = _("请填写参加人数。")
        self.fields["reason"].required = late
        self.fields["reason"].error_messages["required"] = _("课次结束已超过一天，请写明更正的原因。")

    def clean_photo(self) -> UploadedFile[Any] | None:
        photo: UploadedFile[Any] | None = self.cleaned_data["photo"]
        if photo:
            demand_fitting(photo.size or 0)
            opened(photo.read())
            photo.seek(0)
        return photo

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        counted = data.get("headcount")
        for name in ("women", "elders"):
            part = data.get(name)
            if part is None:
                continue
            if counted is None and "headcount" not in self.errors:
                self.add_error("headcount", _("填写了其中数，也请填写参加人数。"))
            elif counted is not None and part > counted:
                self.add_error(name, _("不能多于参加人数 %(count)d。") % {"count": counted})
        return data

    def heads(self) -> Heads | None:
        data = self.cleaned_data
        if data["headcount"] is None:
            return None
        return Heads(data["headcount"], data["women"], data["elders"])


class Roster:
    """The whole page: a row for each person, the sheet, and the names of those who walked in."""

    def __init__(
        self,
        session: Session,
        rows: Iterable[RowForm],
        sheet: SheetForm,
        data: QueryDict | None = None,
    ) -> None:
        self.session, self.rows, self.sheet = session, list(rows), sheet
        self.walk_ins = walk_ins_of(data) if data is not None else []
        self.faults: list[str] = []

    def is_valid(self) -> bool:
        """A row that somebody else changed since the page was made is shown once more, not overwritten."""
        if len(self.walk_ins) > MOST_WALK_INS:
            self.faults.append(_("一次最多现场登记 %(most)d 人。") % {"most": MOST_WALK_INS})
        if any(employer and not name for name, employer in self.walk_ins):
            self.faults.append(_("现场登记的人请填写姓名。"))
        good = self.sheet.is_valid()
        opened_at = self.sheet.cleaned_data.get("opened")
        for row in self.rows:
            good = row.is_valid() and row.is_fresh(opened_at) and good
        return good and not self.faults

    @property
    def faulty(self) -> list[RowForm]:
        return [row for row in self.rows if row.errors]

    @property
    def count(self) -> int:
        """How many things there are to put right."""
        return sum(len(row.errors) for row in self.rows) + len(self.faults) + len(self.sheet.errors)

    def presences(self) -> list[Presence]:
        return [presence for row in self.rows if (presence := row.presence()) is not None]

    def tally(self) -> dict[str, int]:
        """How many are chosen as here and as not."""
        here = sum(row.current in Attendance.HERE for row in self.rows)
        return {"here": here, "away": len(self.rows) - here}


def walk_ins_of(data: QueryDict) -> list[tuple[str, str]]:
    """(name, employer) as typed, empty lines left out."""
    pairs = zip(data.getlist("walk-in-name"), data.getlist("walk-in-employer"), strict=False)
    found = [(names.normalise(name)[:120], printable(employer)[:200]) for name, employer in pairs]
    return [(name, employer) for name, employer in found if name or employer]


def printable(text: str) -> str:
    return "".join(letter for letter in text if letter.isprintable()).strip()


class AboutForm(forms.ModelForm[Session]):
    """What is put right of a session held on the spot."""

    class Meta:
        model = Session
        fields = ("title", "starts_at", "ends_at", "place")
        widgets = {"starts_at": forms.TimeInput(), "ends_at": forms.TimeInput()}


class AppealForm(forms.Form):
    kind = forms.ChoiceField(label=gettext_lazy("要申请什么"), widget=forms.RadioSelect)
    words = forms.CharField(
        label=gettext_lazy("说明"),
        max_length=400,
        widget=forms.Textarea({"rows": 4}),
        help_text=gettext_lazy("写清楚原因。单位经办人看得到。"),
    )

    def __init__(self, *args: Any, kinds: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        words = {
            Appeal.Kind.EXCUSE: _("请假：这次课不能来，或没能来"),
            Appeal.Kind.APPEAL: _("更正出勤：我来了，记录不对"),
        }
        kind = self.fields["kind"]
        kind.choices = [(value, words[Appeal.Kind(value)]) for value in kinds]  # type: ignore[attr-defined]
        if len(kinds) == 1:
            kind.initial = kinds[0]


class DecisionForm(forms.Form):
    """Granted or declined, with an answer; a correction says as what the learner is to stand."""

    granted = forms.ChoiceField(
        label=gettext_lazy("处理意见"),
        choices=[("yes", gettext_lazy("同意")), ("no", gettext_lazy("不同意"))],
        widget=forms.RadioSelect,
    )
    state = forms.ChoiceField(label=gettext_lazy("更正为"), choices=State.choices, required=False)
    minutes = forms.IntegerField(
        label=gettext_lazy("到课分钟"),
        min_value=0,
        max_value=24 * 60,
        required=False,
        help_text=gettext_lazy("迟到、早退时填写，留空按整次课计"),
    )
    answer = forms.CharField(
        label=gettext_lazy("答复"),
        max_length=400,
        required=False,
        widget=forms.Textarea({"rows": 3}),
        help_text=gettext_lazy("学员看得到。不同意的须写明原因。"),
    )

    def __init__(self, *args: Any, appeal: Appeal, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.planned = appeal.session.planned_minutes
        self.fields["state"].initial = State.PRESENT
        if appeal.kind == Appeal.Kind.EXCUSE:
            del self.fields["state"], self.fields["minutes"]

    def clean_minutes(self) -> int | None:
        minutes: int | None = self.cleaned_data["minutes"]
        if minutes is not None and self.planned and minutes > self.planned:
            raise ValidationError(
                _("到课分钟不能超过这次课的 %(planned)d 分钟。"), params={"planned": self.planned}
            )
        return minutes

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if data.get("granted") == "no" and not data.get("answer"):
            self.add_error("answer", _("不同意的请写明原因。"))
        if data.get("state") not in IN_PART:
            data["minutes"] = None
        return data


class RemoveForm(forms.Form):
    reason = forms.CharField(label=gettext_lazy("删除原因"), max_length=200)
