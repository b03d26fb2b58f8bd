"""Programmes and courses as tables, for django-import-export."""

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from import_export import fields, widgets

from bureaus.models import Bureau
from bureaus.registers.tables import RegisterResource, column
from bureaus.registers.widgets import ChoiceWidget, NamedWidget
from courses.models import Action, Course, Plan, Programme
from learners.models import TargetGroup


class HoursWidget(widgets.DecimalWidget):
    """Hours as a number; anything else is told in Chinese."""

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> Any:
        try:
            return super().clean(value, row, **kwargs)
        except (ValueError, ArithmeticError) as error:
            raise ValueError(_("学时要写成数字，如 8 或 4.5。")) from error


class InPlanWidget(NamedWidget):
    """A row of the plan that the line names; without one of the plan in force: plans share names."""

    def get_queryset(self, value: Any, row: Any, *args: Any, **kwargs: Any) -> Any:
        name = str(row.get("方案") or "").strip()
        plan = Plan.objects.filter(name=name).first() or Plan.objects.of_year(timezone.localdate().year)
        return super().get_queryset(value, row, *args, **kwargs).filter(plan=plan)


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


class CourseResource(RegisterResource):
    name = column("name", "课程名称")
    plan = fields.Field(attribute="programme__plan__name", column_name="方案", readonly=True)
    programme = column("programme", "项目", InPlanWidget(Programme, "name"))
    bureau = column("bureau", "维护单位", NamedWidget(Bureau, "name"))
    hours = column("hours", "学时", HoursWidget())
    outline = column("outline", "大纲")

    class Meta(RegisterResource.Meta):
        model = Course
        import_id_fields = ("programme", "bureau", "name")
        fields = ("plan", "programme", "bureau", "name", "hours", "outline")
