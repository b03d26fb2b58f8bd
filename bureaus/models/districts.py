"""Districts (县市区) and parks (园区), to which each participation reports."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class District(models.Model):
    """A place that reports upward. A park lies in a district but reports apart from it."""

    code = models.CharField(_("代码"), max_length=12, unique=True, help_text=_("GB/T 2260；园区为统计代码"))
    name = models.CharField(_("名称"), max_length=40, unique=True)
    short = models.CharField(_("简称"), max_length=20, blank=True)
    is_city = models.BooleanField(_("市本级"), default=False)
    is_park = models.BooleanField(_("园区"), default=False)
    lies_in = models.ForeignKey(
        "self",
        verbose_name=_("所在县市区"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="parks",
    )
    order = models.PositiveSmallIntegerField(_("顺序"), default=0)

    class Meta:
        verbose_name = _("县市区、园区")
        verbose_name_plural = _("县市区、园区")
        ordering: ClassVar = ["order", "code"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(is_park=True) | Q(lies_in=None),
                name="only_parks_lie_in_districts",
                violation_error_message=_("只有园区才填写所在县市区。"),
            ),
        ]

    def __str__(self) -> str:
        return self.short or self.name


class DistrictAlias(models.Model):
    """Another name that ledgers write for a district."""

    district = models.ForeignKey(
        District, verbose_name=_("县市区"), on_delete=models.CASCADE, related_name="aliases"
    )
    name = models.CharField(_("别名"), max_length=40, unique=True)

    class Meta:
        verbose_name = _("县市区别名")
        verbose_name_plural = _("县市区别名")
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return self.name
