"""The hours that a group has to learn (学时任务), as data with dates and sources; who is let off, and why."""

from __future__ import annotations

import datetime
import re
from decimal import Decimal
from typing import ClassVar

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from learners.models.groups import Standing, TargetGroup
from learners.models.learners import Learner

FIVE = 5


class HoursRequirementQuerySet(models.QuerySet["HoursRequirement"]):
    def in_force(self, day: datetime.date) -> HoursRequirementQuerySet:
        """Those in use that hold on `day`; the first and the last day count."""
        begun = Q(valid_from=None) | Q(valid_from__lte=day)
        going_on = Q(valid_to=None) | Q(valid_to__gte=day)
        return self.filter(begun, going_on, active=True)


class HoursRequirement(models.Model):
    """So many hours (学时), or days where the source allows either, in a year or in five."""

    class Period(models.TextChoices):
        YEAR = "year", _("每年")
        FIVE_YEARS = "five_years", _("每五年")

    name = models.CharField(_("名称"), max_length=60, unique=True)
    group = models.ForeignKey(
        TargetGroup, verbose_name=_("群体"), on_delete=models.PROTECT, related_name="requirements"
    )
    levels = models.CharField(
        _("级别"),
        max_length=200,
        blank=True,
        help_text=_("级别里含有其中一个词的适用，用顿号隔开，如 县处级、厅局级；留空为不分级别"),
    )
    hours = models.DecimalField(
        _("应完成学时"), max_digits=6, decimal_places=1, validators=[MinValueValidator(Decimal("0.5"))]
    )
    days = models.PositiveSmallIntegerField(
        _("或培训天数"), null=True, blank=True, help_text=_("学时或天数有一项达到即为完成；留空只看学时")
    )
    period = models.CharField(_("周期"), max_length=10, choices=Period, default=Period.YEAR)
    cycle_from = models.PositiveSmallIntegerField(
        _("五年周期首年"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1990), MaxValueValidator(2100)],
        help_text=_("如 2023 表示 2023—2027、2028—2032 年；留空按当年和前四年滚动计算"),
    )
    carries_over = models.BooleanField(
        _("多出的可结转"), default=False, help_text=_("上一周期多出的学时计入下一周期，只结转一次")
    )
    valid_from = models.DateField(_("起"), null=True, blank=True)
    valid_to = models.DateField(_("止"), null=True, blank=True)
    source = models.CharField(_("依据"), max_length=200)
    active = models.BooleanField(_("启用"), default=False)

    objects = HoursRequirementQuerySet.as_manager()

    class Meta:
        verbose_name = _("学时任务")
        verbose_name_plural = _("学时任务")
        ordering: ClassVar = ["group", "name"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(hours__gt=0),
                name="requirement_has_hours",
                violation_error_message=_("应完成学时必须大于 0。"),
            ),
            models.CheckConstraint(
                condition=Q(valid_to__gte=F("valid_from")) | Q(valid_to=None) | Q(valid_from=None),
                name="requirement_ends_after_start",
                violation_error_message=_("结束日期不能早于开始日期。"),
            ),
            models.CheckConstraint(
                condition=Q(cycle_from=None) | Q(period="five_years"),
                name="cycles_are_of_five_years",
                violation_error_message=_("每年的任务没有五年周期，请把首年留空。"),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def years(self) -> int:
        return FIVE if self.period == self.Period.FIVE_YEARS else 1

    def applies_to(self, standing: Standing) -> bool:
        """Whether the standing is of its group and of one of its levels."""
        words = [word for word in re.split(r"[、，,;；\s]+", self.levels) if word]
        fits = not words or any(word in standing.level for word in words)
        return fits and standing.group_id == self.group_id

    def window_on(self, day: datetime.date) -> tuple[int, int]:
        """The first and last year that count together on `day`: the year, the five-year cycle, or, where
        no cycle is named, the year and the four before."""
        if self.period == self.Period.YEAR:
            return day.year, day.year
        if self.cycle_from is None:
            return day.year - FIVE + 1, day.year
        first = day.year - (day.year - self.cycle_from) % FIVE
        return first, first + FIVE - 1


class Exemption(models.Model):
    """A learner is let off a requirement from one day to another; the hours needed shrink in proportion."""

    learner = models.ForeignKey(
        Learner, verbose_name=_("学员"), on_delete=models.CASCADE, related_name="exemptions"
    )
    requirement = models.ForeignKey(
        HoursRequirement, verbose_name=_("学时任务"), on_delete=models.CASCADE, related_name="exemptions"
    )
    valid_from = models.DateField(_("起"))
    valid_to = models.DateField(_("止"))
    reason = models.CharField(_("原因"), max_length=200)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("登记人"),
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    made_at = models.DateTimeField(_("登记时间"), auto_now_add=True)

    class Meta:
        verbose_name = _("学时减免")
        verbose_name_plural = _("学时减免")
        ordering: ClassVar = ["learner", "valid_from"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(valid_to__gte=F("valid_from")),
                name="exemption_ends_after_start",
                violation_error_message=_("结束日期不能早于开始日期。"),
            ),
            models.CheckConstraint(
                condition=~Q(reason=""),
                name="exemption_has_a_reason",
                violation_error_message=_("减免须写明原因。"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.requirement} {self.valid_from} – {self.valid_to}"
