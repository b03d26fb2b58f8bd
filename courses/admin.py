"""The admin of the plan's registers: actions, programmes, quotas, rules, courses, trainers."""

from typing import ClassVar

from django.contrib import admin

from bureaus.registers.admins import Audited, RegisterAdmin
from courses.models import (
    Action,
    ActionBureau,
    Allocation,
    Course,
    CourseMaterial,
    HourRule,
    Plan,
    PlanReview,
    PlanTarget,
    Programme,
    ProgrammeBureau,
    Quota,
    QuotaPeriod,
    RepeatLimit,
    Trainer,
)
from courses.registers import (
    CourseResource,
    ProgrammeResource,
    QuotaPeriodResource,
    QuotaResource,
    TrainerResource,
)


class ReviewInline(admin.TabularInline):
    model = PlanReview
    extra = 0


class TargetInline(admin.TabularInline):
    model = PlanTarget
    extra = 0


class ActionBureauInline(admin.TabularInline):
    model = ActionBureau
    extra = 0
    autocomplete_fields: ClassVar = ["bureau"]


class ProgrammeBureauInline(admin.TabularInline):
    model = ProgrammeBureau
    extra = 0
    autocomplete_fields: ClassVar = ["bureau"]


class HourRuleInline(admin.TabularInline):
    model = HourRule
    extra = 0


class PeriodInline(admin.TabularInline):
    model = QuotaPeriod
    extra = 0


class AllocationInline(admin.TabularInline):
    model = Allocation
    extra = 1
    autocomplete_fields: ClassVar = ["bureau", "district"]


class MaterialInline(admin.TabularInline):
    model = CourseMaterial
    extra = 0


@admin.register(Plan)
class PlanAdmin(Audited):
    list_display = ("name", "document_number", "first_year", "last_year")
    search_fields = ("name",)
    autocomplete_fields: ClassVar = ["coordinator", "city"]
    inlines = (ReviewInline, TargetInline)


@admin.register(Action)
class ActionAdmin(Audited):
    list_display = ("name", "plan", "group")
    list_filter = ("plan", "group")
    search_fields = ("name",)
    inlines = (ActionBureauInline,)


@admin.register(Programme)
class ProgrammeAdmin(RegisterAdmin):
    resource_classes: ClassVar = [ProgrammeResource]
    list_display = ("name", "action", "group", "kind", "counts", "part_of")
    list_filter = ("plan", "group", "kind", "counts")
    list_select_related = ("action", "group", "part_of")
    search_fields = ("name",)
    autocomplete_fields: ClassVar = ["part_of", "action"]
    inlines = (ProgrammeBureauInline, HourRuleInline)


@admin.register(Quota)
class QuotaAdmin(RegisterAdmin):
    resource_classes: ClassVar = [QuotaResource]
    list_display = ("words", "value", "unit", "cycle", "plan")
    list_filter = ("plan", "cycle", "unit")
    search_fields = ("words", "programmes__name")
    filter_horizontal = ("programmes",)
    inlines = (PeriodInline,)


@admin.register(QuotaPeriod)
class QuotaPeriodAdmin(RegisterAdmin):
    resource_classes: ClassVar = [QuotaPeriodResource]
    list_display = ("quota", "starts_on", "ends_on", "value", "done_on")
    list_filter = ("starts_on",)
    search_fields = ("quota__words",)
    autocomplete_fields: ClassVar = ["quota"]
    inlines = (AllocationInline,)


@admin.register(HourRule)
class HourRuleAdmin(Audited):
    list_display = (
        *("programme", "minutes_per_hour", "hours_per_day", "hours_per_half_day", "daily_cap"),
        *("rounding_step", "rounding", "by_part", "by_mode", "leave_one_in", "valid_from", "valid_to"),
    )
    list_filter = ("by_part", "by_mode")
    list_select_related = ("programme",)
    search_fields = ("programme__name",)
    autocomplete_fields: ClassVar = ["programme"]


@admin.register(RepeatLimit)
class RepeatLimitAdmin(Audited):
    list_display = ("programme", "repeat", "effect")
    list_filter = ("repeat", "effect")
    list_select_related = ("programme",)
    autocomplete_fields: ClassVar = ["programme"]


@admin.register(Course)
class CourseAdmin(RegisterAdmin):
    resource_classes: ClassVar = [CourseResource]
    list_display = ("name", "programme", "bureau", "hours")
    list_filter = ("bureau",)
    list_select_related = ("programme", "bureau")
    search_fields = ("name",)
    autocomplete_fields: ClassVar = ["programme", "bureau"]
    inlines = (MaterialInline,)


@admin.register(Trainer)
class TrainerAdmin(RegisterAdmin):
    resource_classes: ClassVar = [TrainerResource]
    list_display = ("name", "bureau", "title", "user", "active")
    list_filter = ("active", "bureau")
    list_select_related = ("bureau", "user")
    search_fields = ("name",)
    autocomplete_fields: ClassVar = ["bureau", "user"]
