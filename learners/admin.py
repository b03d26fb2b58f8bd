"""Target groups and the hours they have to learn are registers; learners are not.

The technical administrator sees no personal data.
"""

from django.contrib import admin

from bureaus.registers.admins import Audited
from learners.models import HoursRequirement, TargetGroup


@admin.register(TargetGroup)
class TargetGroupAdmin(Audited):
    list_display = ("name", "code", "order", "large_type")
    search_fields = ("name", "code")


@admin.register(HoursRequirement)
class HoursRequirementAdmin(Audited):
    list_display = ("name", "group", "levels", "hours", "days", "period", "source", "active")
    list_filter = ("active", "period", "group")
    search_fields = ("name", "levels", "source")
