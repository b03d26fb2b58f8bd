"""What the plan promises: a number with a unit and a period, or words that are done or not done."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any, ClassVar

from django.conf import settings
from django.db import models, transaction
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from bureaus.access import bureaus_for
from bureaus.models import Bureau, District, User
from courses.models.plans import Plan
from courses.models.programmes import Programme


class Quota(models.Model):
    """指标. It covers one programme or several; without a value it is a commitment in words."""

    class Cycle(models.TextChoices):
        YEARLY = "yearly", _("每年")
        PLAN = "plan", _("规划期")

    plan = models.ForeignKey(Plan, verbose_name=_("方案"), on_delete=models.CASCADE, related_name="quotas")
    programmes = models.ManyToManyField(Programme, verbose_name=_("项目"), related_name="quotas")
    words = models.CharField(_("原文"), max_length=120, blank=True)
    value = models.DecimalField(_("数值"), max_digits=12, decimal_places=1, null=True, blank=True)
    unit = models.CharField(_("单位"), max_length=12, blank=True, help_text=_("人次、人、期、场次、学时 …"))
    cycle = models.CharField(_("周期"), max_length=8, choices=Cycle, default=Cycle.YEARLY)
    order = models.PositiveSmallIntegerField(_("顺序"), default=0)

    class Meta:
        verbose_name = _("指标")
        verbose_name_plural = _("指标")
        ordering: ClassVar = ["plan", "order", "id"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(value=None) | (Q(value__gte=0) & ~Q(unit="")),
                name="quota_value_has_unit",
                violation_error_message=_("有数值的指标必须写明单位。"),
            ),
        ]

    def __str__(self) -> str:
        number = "" if self.value is None else f"{self.value.normalize():f}{self.unit}"
        return self.words or number

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Saves, and adds the periods of the plan that are still missing."""
        with transaction.atomic():
            super().save(*args, **kwargs)
            known = set(self.periods.values_list("starts_on", flat=True))
            QuotaPeriod.objects.bulk_create(
                QuotaPeriod(quota=self, starts_on=first, ends_on=last)
                for first, last in self.cycle_days()
                if first not in known
            )

    def cycle_days(self) -> list[tuple[datetime.date, datetime.date]]:
        """First and last day of each of its periods in the plan."""
        first, last = self.plan.first_year, self.plan.last_year
        if self.cycle == self.Cycle.PLAN:
            return [(datetime.date(first, 1, 1), datetime.date(last, 12, 31))]
        return [(datetime.date(y, 1, 1), datetime.date(y, 12, 31)) for y in range(first, last + 1)]


class QuotaPeriodQuerySet(models.QuerySet["QuotaPeriod"]):
    def editable_by(self, user: User) -> QuotaPeriodQuerySet:
        """Periods of quotas that the user's bureaus lead."""
        programmes = Programme.objects.led_by(bureaus_for(user, "commitment.mark"))
        return self.filter(quota__in=Quota.objects.filter(programmes__in=programmes))

    def in_year(self, year: int) -> QuotaPeriodQuerySet:
        return self.filter(starts_on__lte=datetime.date(year, 12, 31), ends_on__gte=datetime.date(year, 1, 1))


class QuotaPeriod(models.Model):
    """A quota in one of its periods. A bureau's yearly 任务分解 may set another value for a year."""

    quota = models.ForeignKey(Quota, verbose_name=_("指标"), on_delete=models.CASCADE, related_name="periods")
    starts_on = models.DateField(_("起"))
    ends_on = models.DateField(_("止"))
    value = models.DecimalField(
        _("数值"), max_digits=12, decimal_places=1, null=True, blank=True, help_text=_("留空则同指标的数值")
    )
    done_on = models.DateField(_("完成日期"), null=True, blank=True, help_text=_("文字任务完成时填写"))
    evidence = models.CharField(_("佐证"), max_length=200, blank=True)
    marked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        editable=False,
        on_delete=models.SET_NULL,
        related_name="+",
    )

    objects = QuotaPeriodQuerySet.as_manager()

    class Meta:
        verbose_name = _("指标周期")
        verbose_name_plural = _("指标周期")
        ordering: ClassVar = ["quota", "starts_on"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["quota", "starts_on"], name="quota_period_once"),
            models.CheckConstraint(
                condition=Q(ends_on__gte=F("starts_on")),
                name="quota_period_ends_after_start",
                violation_error_message=_("结束日期不能早于开始日期。"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quota} {self.starts_on:%Y}"

    @property
    def target(self) -> Decimal | None:
        """This period's own value, else the quota's; None for a commitment in words."""
        return self.quota.value if self.value is None else self.value


class Allocation(models.Model):
    """A share of a period's value, given to a bureau, a district or both (任务分解)."""

    period = models.ForeignKey(
        QuotaPeriod, verbose_name=_("指标周期"), on_delete=models.CASCADE, related_name="allocations"
    )
    bureau = models.ForeignKey(
        Bureau,
        verbose_name=_("单位"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="allocations",
    )
    district = models.ForeignKey(
        District,
        verbose_name=_("县市区"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="allocations",
    )
    value = models.DecimalField(_("数值"), max_digits=12, decimal_places=1)

    class Meta:
        verbose_name = _("任务分解")
        verbose_name_plural = _("任务分解")
        ordering: ClassVar = ["period", "district", "bureau"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(bureau__isnull=False) | Q(district__isnull=False),
                name="allocation_goes_somewhere",
                violation_error_message=_("任务分解须指明单位或县市区。"),
            ),
            models.CheckConstraint(
                condition=Q(value__gte=0),
                name="allocation_not_negative",
                violation_error_message=_("数值不能是负数。"),
            ),
            models.UniqueConstraint(fields=["period", "bureau", "district"], name="allocated_once"),
            models.UniqueConstraint(
                fields=["period", "bureau"], condition=Q(district=None), name="allocated_once_a_bureau"
            ),
            models.UniqueConstraint(
                fields=["period", "district"], condition=Q(bureau=None), name="allocated_once_a_district"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.district or self.bureau} {self.value.normalize():f}"
