"""How minutes and days become credited hours (学时)."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal
from typing import ClassVar

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from courses.models.programmes import Programme

DIRECTIONS = {"down": ROUND_FLOOR, "half": ROUND_HALF_UP, "up": ROUND_CEILING}
# What may still be said of a rule by which hours were granted: from when until when it is for new ones.
DATES = ("valid_from", "valid_to")


class HourRuleQuerySet(models.QuerySet["HourRule"]):
    def for_programme(self, programme: Programme, *, at: datetime.date) -> HourRule | None:
        """The rule of `programme` on that day, else of the nearest umbrella, else the general one."""
        return rule_among(self.order_by(F("valid_from").asc(nulls_first=True)), programme, at=at)


def rule_among(rules: Iterable[HourRule], programme: Programme, *, at: datetime.date) -> HourRule | None:
    """As `for_programme`, of rules that were read before, in the order of their first day."""
    on_day = {
        rule.programme_id: rule for rule in rules if (rule.valid_from or at) <= at <= (rule.valid_to or at)
    }
    for umbrella in programme.umbrellas():
        if umbrella.pk in on_day:
            return on_day[umbrella.pk]
    return on_day.get(None)


class HourRule(models.Model):
    """Dated. An enrolment keeps the rule that its hours were granted by: old years are not recomputed."""

    class Rounding(models.TextChoices):
        DOWN = "down", _("舍去")
        HALF = "half", _("四舍五入")
        UP = "up", _("进位")

    programme = models.ForeignKey(
        Programme,
        verbose_name=_("项目"),
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="hour_rules",
        help_text=_("留空为通用规则"),
    )
    minutes_per_hour = models.PositiveSmallIntegerField(_("每学时分钟"), default=45)
    hours_per_day = models.DecimalField(_("每天学时"), max_digits=4, decimal_places=1, default=8)
    hours_per_half_day = models.DecimalField(_("半天学时"), max_digits=4, decimal_places=1, default=4)
    rounding_step = models.DecimalField(
        _("取整到"), max_digits=3, decimal_places=1, default=Decimal("0.5"), help_text=_("学时取到它的整数倍")
    )
    by_part = models.BooleanField(_("分理论、实操记学时"), default=False)
    by_mode = models.BooleanField(_("分线上、线下记学时"), default=False)
    leave_one_in = models.PositiveSmallIntegerField(
        _("请假上限"),
        null=True,
        blank=True,
        help_text=_("填 7 表示请假超过总学时的 1/7 按退学处理；留空不限"),
    )
    daily_cap = models.DecimalField(_("每日上限"), max_digits=4, decimal_places=1, null=True, blank=True)
    rounding = models.CharField(_("取整"), max_length=4, choices=Rounding, default=Rounding.HALF)
    valid_from = models.DateField(_("起"), null=True, blank=True)
    valid_to = models.DateField(_("止"), null=True, blank=True)

    objects = HourRuleQuerySet.as_manager()

    class Meta:
        verbose_name = _("学时规则")
        verbose_name_plural = _("学时规则")
        ordering: ClassVar = ["programme", "valid_from"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(valid_to__gte=F("valid_from")) | Q(valid_to=None) | Q(valid_from=None),
                name="hour_rule_ends_after_start",
                violation_error_message=_("结束日期不能早于开始日期。"),
            ),
            models.CheckConstraint(
                condition=Q(
                    minutes_per_hour__gt=0, hours_per_day__gt=0, hours_per_half_day__gt=0, rounding_step__gt=0
                ),
                name="hour_rule_positive",
                violation_error_message=_("分钟数和学时数必须大于 0。"),
            ),
        ]

    def __str__(self) -> str:
        return (
            f"{self.programme or _('通用')} {self.minutes_per_hour} 分钟 / {self.hours_per_day.normalize():f}"
        )

    def clean(self) -> None:
        """What hours were granted by stays as it is, or nobody could tell how they came about."""
        super().clean()
        stored = HourRule.objects.filter(pk=self.pk).first() if self.pk else None
        if stored is None or not stored.is_used:
            return
        names = [field.attname for field in self._meta.concrete_fields if field.name not in DATES]
        if any(getattr(self, name) != getattr(stored, name) for name in names):
            raise ValidationError(
                gettext("这条规则已用于授予学时，请结束它（填写止日期）并新建一条。"), code="used"
            )

    @property
    def is_used(self) -> bool:
        """Whether hours were granted by it. One query or two."""
        return self.attendances.exists() or self.enrolments.exists()

    @property
    def in_words(self) -> str:
        """As a learner may read it: 45 分钟 1 学时，四舍五入到 0.5，每天最多 8 学时."""
        words = gettext("%(minutes)d 分钟 1 学时，%(rounding)s到 %(step)s") % {
            "minutes": self.minutes_per_hour,
            "rounding": self.get_rounding_display(),
            "step": f"{self.rounding_step.normalize():f}",
        }
        if self.daily_cap is not None:
            words += gettext("，每天最多 %(cap)s 学时") % {"cap": f"{self.daily_cap.normalize():f}"}
        return words

    def rounded(self, hours: Decimal) -> Decimal:
        """Hours (学时) to a multiple of `rounding_step`, in the rule's direction."""
        steps = (hours / self.rounding_step).to_integral_value(rounding=DIRECTIONS[self.rounding])
        return steps * self.rounding_step
