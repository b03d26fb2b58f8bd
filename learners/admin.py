"""Target groups are a register; learners are not: the technical administrator sees no personal data."""

from django.contrib import admin

from bureaus.registers import RegisterAdmin
from learners.models import TargetGroup


@admin.register(TargetGroup)
class TargetGroupAdmin(RegisterAdmin):
    list_display = ("name", "code", "order")
    search_fields = ("name", "code")
