"""Programmes, quotas, courses and trainers as tables, for django-import-export."""

from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from import_export import widgets

from bureaus.models import Bureau, YearClosed
from bureaus.registers.tables import Lines, RegisterResource, column
from bureaus.registers.widgets import (
    ChoiceWidget,
    DayWidget,
    NamedWidget,
    NamesWidget,
    NumberWidget,
    Refused,
    TextWidget,
    YesNoWidget,
    text_of,
    unknown,
)
from courses.models import Action, Course, Plan, Programme, Quota, QuotaPeriod, Trainer
from courses.planning import hold_figures
from learners.models import TargetGroup


def plan_of(row: Any) -> Plan | None:
    """The plan that a line names; without one the plan in force: plans share names."""
    name = text_of(row.get("方案"))
    if not name:
        return Plan.objects.of_year(timezone.localdate().year)
    plan = Plan.objects.filter(name=name).first()
    if plan is None:
        raise unknown(Plan, name)
    return plan


class InPlanWidget(NamedWidget):
    """A row of the line's plan."""

    def get_queryset(self, value: Any, row: Any, *args: Any, **kwargs: Any) -> Any:
        return super().get_queryset(value, row, *args, **kwargs).filter(plan=plan_of(row))


class ProgrammeResource(RegisterResource):
    plan = column("plan", "方案", NamedWidget(Plan, "name"))
    name = column("name", "名称")
    action = column("action", "行动", InPlanWidget(Action, "name"))
    group = column("group", "群体", NamedWidget(TargetGroup, "name"))
    kind = column("kind", "类别", ChoiceWidget(Programme.Kind))
    counts = column("counts", "人次口径", ChoiceWidget(Programme.Counts))
    basis = column("basis", "计入口径", ChoiceWidget(Programme.Basis))
    part_of = column("part_of", "所属综合项目", InPlanWidget(Programme, "name"))

    class Meta(RegisterResource.Meta):
        model = Programme
        import_id_fields = ("plan", "name")
        fields = ("plan", "name", "action", "group", "kind", "counts", "basis", "part_of")

    def before_save_instance(self, instance: Programme, row: Any, **kwargs: Any) -> None:
        """Figures of closed years stay."""
        try:
            if instance.pk:
                hold_figures(instance)
        except YearClosed as closed:
            raise ValidationError(str(closed)) from closed


PROGRAMMES = NamesWidget(InPlanWidget(Programme, "name"))


def quotas_of(row: Any, words: str) -> list[Quota]:
    """The quotas of the line's plan with these words; of several those of the line's programmes."""
    found = list(Quota.objects.filter(plan=plan_of(row), words=words).prefetch_related("programmes"))
    if len(found) > 1 and "项目" in row:
        programmes = set(PROGRAMMES.clean(row["项目"], row))
        found = [quota for quota in found if set(quota.programmes.all()) == programmes]
    if len(found) > 1:
        raise Refused(_("有几条指标的原文和项目都相同，无法判断是哪一条。请先改得各不相同。"))
    return found


class QuotaResource(RegisterResource):
    plan = column("plan", "方案", NamedWidget(Plan, "name"))
    words = column("words", "原文")
    programmes = column("programmes", "项目", PROGRAMMES)
    value = column("value", "数值", NumberWidget())
    unit = column("unit", "单位")
    cycle = column("cycle", "周期", ChoiceWidget(Quota.Cycle))

    class Meta(RegisterResource.Meta):
        model = Quota
        import_id_fields = ("plan", "words")
        fields = ("plan", "words", "programmes", "value", "unit", "cycle")

    def filter_export(self, queryset: Any, **kwargs: Any) -> Any:
        return super().filter_export(queryset, **kwargs).prefetch_related("programmes")

    def key_of(self, row: Any, key: list[Any]) -> tuple[Any, ...]:
        return (*key, row.get("项目"))

    def get_instance(self, instance_loader: Any, row: Any) -> Quota | None:
        try:
            return next(iter(quotas_of(row, self.fields["words"].clean(row))), None)
        except Refused as refusal:
            raise ValidationError({"words": str(refusal)}) from refusal


class QuotaWidget(widgets.Widget):
    """A quota by its words."""

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> Quota:
        words = text_of(value)
        found = quotas_of(row, words)
        if not found:
            raise unknown(Quota, words)
        return found[0]

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return value.words if value else ""


class QuotaPeriodResource(RegisterResource):
    """What a quota is in a year; its periods come into being with the quota."""

    plan = column("quota__plan__name", "方案", readonly=True)
    quota = column("quota", "指标", QuotaWidget())
    programmes = column("quota__programmes", "项目", PROGRAMMES, readonly=True)
    starts_on = column("starts_on", "起", DayWidget())
    ends_on = column("ends_on", "止", DayWidget())
    value = column("value", "数值", NumberWidget())
    done_on = column("done_on", "完成日期", DayWidget())
    evidence = column("evidence", "佐证")

    class Meta(RegisterResource.Meta):
        model = QuotaPeriod
        import_id_fields = ("quota", "starts_on")
        fields = ("plan", "quota", "programmes", "starts_on", "ends_on", "value", "done_on", "evidence")

    def filter_export(self, queryset: Any, **kwargs: Any) -> Any:
        return super().filter_export(queryset, **kwargs).prefetch_related("quota__programmes")


class CourseResource(RegisterResource):
    name = column("name", "课程名称")
    plan = column("programme__plan__name", "方案", readonly=True)
    programme = column("programme", "项目", InPlanWidget(Programme, "name"))
    bureau = column("bureau", "维护单位", NamedWidget(Bureau, "name"))
    hours = column("hours", "学时", NumberWidget())
    outline = Lines(attribute="outline", column_name="大纲", widget=TextWidget())

    class Meta(RegisterResource.Meta):
        model = Course
        import_id_fields = ("programme", "bureau", "name")
        fields = ("plan", "programme", "bureau", "name", "hours", "outline")


class TrainerResource(RegisterResource):
    """Without accounts: whose account it is decides whom it may see, and is said by hand."""

    bureau = column("bureau", "单位", NamedWidget(Bureau, "name"))
    name = column("name", "姓名")
    title = column("title", "职称、专长")
    active = column("active", "在任", YesNoWidget(), default=True)

    class Meta(RegisterResource.Meta):
        model = Trainer
        import_id_fields = ("bureau", "name")
        fields = ("bureau", "name", "title", "active")
