"""Forms of sessions: new ones, also every week; changing, moving and cancelling one."""

from __future__ import annotations

import datetime
import re
from typing import Any, ClassVar

from django import forms
from django.core.validators import MaxValueValidator
from django.db.models import Case, Q, Value, When
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from bureaus.models.bureaus import BureauQuerySet
from courses.forms.days import POSSIBLE, demand_possible_days
from courses.forms.many import ManyField
from courses.forms.programmes import ProgrammeChoiceField
from courses.forms.runs import ReasonForm
from courses.models import Course, Plan, Programme, Session, Trainer
from courses.scheduling.repeating import MOST, days_from
from courses.scheduling.sessions import Slot

WEEKDAYS = (
    *((0, _("周一")), (1, _("周二")), (2, _("周三")), (3, _("周四"))),
    *((4, _("周五")), (5, _("周六")), (6, _("周日"))),
)
BETWEEN_DAYS = re.compile(r"[\s,，、;；]+")
A_DAY = 24 * 60


class TrainersField(ManyField[Trainer]):
    """Trainers to tick: those of one bureau first, the others with theirs."""

    own: int | None = None

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(Trainer.objects.none(), widget=forms.CheckboxSelectMultiple, **kwargs)

    def offer(self, session: Session) -> None:
        """The active ones of the city, and whoever teaches the session already."""
        self.own = session.bureau_id
        teach = session.trainers.values("pk") if session.pk else []
        own_first = Case(When(bureau=self.own, then=Value(0)), default=Value(1))
        found = Trainer.objects.filter(Q(active=True) | Q(pk__in=teach)).select_related("bureau")
        self.queryset = found.order_by(own_first, "bureau__order", "bureau", "name")

    def label_from_instance(self, trainer: Trainer) -> str:
        return trainer.name if trainer.bureau_id == self.own else f"{trainer.name}（{trainer.bureau}）"


class DaysField(forms.CharField):
    """Several days in one field, with anything between them."""

    def clean(self, value: Any) -> Any:
        days = []
        for word in filter(None, BETWEEN_DAYS.split(super().clean(value))):
            try:
                days.append(datetime.date.fromisoformat(word))
            except ValueError as error:
                message = _("“%(word)s”不是日期。请写成 2026-10-01，几个日期之间用逗号隔开。")
                raise forms.ValidationError(message, params={"word": word[:20]}) from error
        return days


class SessionForm(forms.ModelForm[Session]):
    """A session; the fields that its run decides, or that are moved by `MoveForm`, are left out.

    `anyway` says that it is to be saved although it clashes with others.
    """

    programme = ProgrammeChoiceField(label=_("项目"))
    trainers = TrainersField(label=_("授课教师"), required=False)
    anyway = forms.BooleanField(label=_("知道有冲突，仍要保存"), required=False)

    class Meta:
        model = Session
        fields = (
            *("bureau", "programme", "title", "course", "held_on", "starts_at", "ends_at", "place"),
            *("trainers", "speaker", "district", "mode", "part", "span", "minutes", "note"),
        )
        widgets: ClassVar = {
            "span": forms.RadioSelect,
            "mode": forms.RadioSelect,
            "note": forms.Textarea(attrs={"rows": 3}),
        }
        labels: ClassVar = {"speaker": _("其他授课人")}
        help_texts: ClassVar = {
            "title": _("这一次讲什么；选了课程的可以留空"),
            "speaker": _("不在教师名单里的授课人"),
            "district": _("留空按主办单位所在县市区，市直单位按市本级"),
        }

    def __init__(self, *args: Any, bureaus: BureauQuerySet, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        session = self.instance
        for name in decided_elsewhere(session):
            del self.fields[name]
        demand_possible_days(self, "held_on")
        self.fields["title"].required = False
        self.fields["trainers"].offer(session)  # type: ignore[attr-defined]
        self.fields["part"].choices = [("", _("不区分")), *Session.Part.choices]  # type: ignore[attr-defined]
        minutes = self.fields["minutes"]
        minutes.validators.append(MaxValueValidator(A_DAY, _("一天只有 1440 分钟。")))
        if "bureau" in self.fields:
            self.fields["bureau"].queryset = bureaus.filter(valid_to=None)  # type: ignore[attr-defined]
            self.fields["bureau"].empty_label = _("请选择")  # type: ignore[attr-defined]
        if "district" in self.fields:
            self.fields["district"].required = bool(session.pk)
            self.fields["district"].empty_label = _("按主办单位")  # type: ignore[attr-defined]
        self.offer_courses(bureaus)
        if "programme" in self.fields:
            plan = Plan.objects.of_year(timezone.localdate().year)
            offered = Programme.objects.filter(Q(plan=plan) | Q(pk=session.programme_id))
            self.fields["programme"].offer(offered)  # type: ignore[attr-defined]

    def offer_courses(self, bureaus: BureauQuerySet) -> None:
        """The city's and one's own; in a run those of its programme, or of none."""
        session = self.instance
        found = Course.objects.filter(Q(bureau=None) | Q(bureau__in=bureaus) | Q(pk=session.course_id))
        if session.run:
            programmes = session.run.programme.umbrellas()
            found = found.filter(Q(programme=None) | Q(programme__in=programmes) | Q(pk=session.course_id))
        self.fields["course"].queryset = found  # type: ignore[attr-defined]
        self.fields["course"].empty_label = _("不选课程")  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        course: Course | None = cleaned.get("course")
        if not cleaned.get("title"):
            if course is None:
                self.add_error("title", _("请填写名称，或者选择课程。"))
            else:
                cleaned["title"] = course.name
        return cleaned


def decided_elsewhere(session: Session) -> set[str]:
    """The fields of a session that its form does not have."""
    names = {"bureau", "programme", "district"} if session.run else set()
    if session.pk is None:
        return names
    names |= {"bureau", "held_on"}
    # The true times of what was held may be put right; what is to come is moved, and people are told.
    return names if session.state == Session.State.HELD else names | {"starts_at", "ends_at"}


class NewSessionForm(SessionForm):
    """One session or, every week, a series of them."""

    weekdays = forms.TypedMultipleChoiceField(
        label=_("每周几上课"),
        choices=WEEKDAYS,
        coerce=int,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("不勾选就按上面日期的星期几"),
    )
    times = forms.IntegerField(label=_("共几次"), min_value=1, max_value=MOST, required=False)
    until = forms.DateField(label=_("或重复到哪天"), required=False, validators=POSSIBLE)
    skip = DaysField(
        label=_("哪些天不上课"), max_length=400, required=False, help_text=_("如：2026-10-01，2026-10-08")
    )

    @property
    def repeats(self) -> bool:
        """Whether something was filled in about repeating; the page then shows those fields open."""
        return any(self[name].value() for name in ("weekdays", "times", "until", "skip"))

    def clean(self) -> dict[str, Any]:
        """Adds `days`, the days on which the sessions are to be."""
        cleaned = super().clean()
        day = cleaned.get("held_on")
        if day is None or {"weekdays", "times", "until", "skip"} & set(self.errors):
            return cleaned
        weekdays, times, until = cleaned["weekdays"], cleaned["times"], cleaned["until"]
        if not (weekdays or times or until):
            cleaned["days"] = [day]
            return cleaned
        if not times and not until:
            self.add_error("times", _("每周重复的，请填写共几次，或者重复到哪天。"))
            return cleaned
        if until and until < day:
            self.add_error("until", _("重复到的日期不能早于第一次的日期。"))
            return cleaned
        cleaned["days"] = days_from(day, weekdays=weekdays, skip=cleaned["skip"], times=times, until=until)
        if not cleaned["days"]:
            self.add_error("until", _("按这样重复，一次课也没有。请检查星期几和日期。"))
        return cleaned


class MoveForm(forms.Form):
    """Where to a session is moved. `following` only where later ones of its series are to come."""

    held_on = forms.DateField(label=_("新的日期"), validators=POSSIBLE)
    starts_at = forms.TimeField(label=_("开始"), required=False)
    ends_at = forms.TimeField(label=_("结束"), required=False)
    place = forms.CharField(label=_("地点"), max_length=200, required=False)
    reason = forms.CharField(label=_("调整原因"), max_length=200, help_text=_("记入操作记录"))
    following = forms.BooleanField(label=_("同系列后面的课次也顺延同样的天数"), required=False)
    anyway = forms.BooleanField(label=_("知道有冲突，仍要保存"), required=False)

    def __init__(self, data: Any = None, *, session: Session, later: int) -> None:
        initial = {name: getattr(session, name) for name in ("held_on", "starts_at", "ends_at", "place")}
        super().__init__(data, initial=initial)
        offer_following(self, later)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        starts, ends = cleaned.get("starts_at"), cleaned.get("ends_at")
        if starts and ends and ends < starts:
            self.add_error("ends_at", _("结束时间不能早于开始时间。"))
        if not self.errors and not {"held_on", "starts_at", "ends_at", "place"} & set(self.changed_data):
            raise forms.ValidationError(_("日期、时间、地点都没有变化。"))
        return cleaned

    def slot(self) -> Slot:
        given = self.cleaned_data
        return Slot(given["held_on"], given["starts_at"], given["ends_at"], given["place"])


class CancelSessionForm(ReasonForm):
    following = forms.BooleanField(label=_("同系列后面的课次也一起取消"), required=False)

    def __init__(self, *args: Any, later: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer_following(self, later)


def offer_following(form: forms.Form, later: int) -> None:
    """The tick for the `later` sessions of a series, with their number; none where there is none."""
    if later:
        form.fields["following"].help_text = str(_("后面还有 %(later)d 个课次") % {"later": later})
    else:
        del form.fields["following"]
