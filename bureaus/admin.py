"""The admin of accounts, bureaus and districts. It holds no personal record of a learner."""

from typing import ClassVar

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group
from django.utils.translation import gettext_lazy as _
from django_tasks_db.admin import DBTaskResult  # type: ignore[attr-defined]  # registers it

from bureaus.models import Bureau, BureauAlias, District, DistrictAlias, Membership, User
from bureaus.registers.admins import Audited, RegisterAdmin
from bureaus.registers.own import BureauResource, DistrictResource

admin.site.unregister(Group)  # rights come from memberships, see bureaus/access.py
admin.site.unregister(DBTaskResult)  # English, with traces of errors: not for this page


class AliasesInline(admin.TabularInline):
    extra = 1


class DistrictAliases(AliasesInline):
    model = DistrictAlias


class BureauAliases(AliasesInline):
    model = BureauAlias


class MembershipInline(admin.TabularInline):
    model = Membership
    extra = 1
    autocomplete_fields: ClassVar = ["bureau"]


@admin.register(User)
class AccountAdmin(Audited, UserAdmin):
    list_display = ("username", "name", "phone", "is_active", "is_staff")
    list_filter = ("is_active", "is_staff", "memberships__role")
    search_fields = ("username", "name", "phone")
    ordering = ("username",)
    inlines = (MembershipInline,)
    filter_horizontal = ()
    fieldsets = (
        (None, {"fields": ("username", "password", "must_change_password")}),
        (_("本人"), {"fields": ("name", "phone")}),
        (_("权限"), {"fields": ("is_active", "is_staff", "is_superuser")}),
        (_("时间"), {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = (
        (
            None,
            {
                "fields": (
                    *("username", "name", "phone"),
                    *("usable_password", "password1", "password2", "must_change_password"),
                )
            },
        ),
    )


@admin.register(District)
class DistrictAdmin(RegisterAdmin):
    resource_classes: ClassVar = [DistrictResource]
    list_display = ("name", "code", "is_park", "lies_in")
    list_filter = ("is_park",)
    search_fields = ("name", "code", "aliases__name")
    inlines = (DistrictAliases,)


@admin.register(Bureau)
class BureauAdmin(RegisterAdmin):
    resource_classes: ClassVar = [BureauResource]
    list_display = ("name", "kind", "parent", "district", "valid_to", "successor")
    list_filter = ("kind", "district")
    search_fields = ("name", "aliases__name")
    autocomplete_fields: ClassVar = ["parent", "district", "successor"]
    inlines = (BureauAliases,)
