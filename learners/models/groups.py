"""Target groups (群体), as data: another plan names others."""

from __future__ import annotations

import datetime
from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _


class TargetGroup(models.Model):
    code = models.SlugField(_("代码"), max_length=20, unique=True)
    name = models.CharField(_("名称"), max_length=40, unique=True)
    order = models.PositiveSmallIntegerField(_("顺序"), default=0)
    large_type = models.BooleanField(
        _("默认大字版"), default=False, help_text=_("这个群体的学员登录后先显示大字版，本人可以改")
    )

    class Meta:
        verbose_name = _("群体")
        verbose_name_plural = _("群体")
        ordering: ClassVar = ["order", "code"]

    def __str__(self) -> str:
        return self.name


class StandingQuerySet(models.QuerySet["Standing"]):
    def on(self, day: datetime.date) -> StandingQuerySet:
        """Those that hold on `day`; the first and the last day count."""
        begun = Q(valid_from=None) | Q(valid_from__lte=day)
        return self.filter(begun, Q(valid_to=None) | Q(valid_to__gte=day))


class Standing(models.Model):
    """A learner belonged to a group, at a level (职级、职称等级 …), from one day to another."""

    learner = models.ForeignKey(
        "learners.Learner", verbose_name=_("学员"), on_delete=models.CASCADE, related_name="standings"
    )
    group = models.ForeignKey(
        TargetGroup,
        verbose_name=_("群体"),
        on_delete=models.PROTECT,
        related_name="standings",
        db_index=False,
    )
    level = models.CharField(_("级别"), max_length=200, blank=True)
    valid_from = models.DateField(_("起"), null=True, blank=True)
    valid_to = models.DateField(_("止"), null=True, blank=True)

    objects = StandingQuerySet.as_manager()

    class Meta:
        verbose_name = _("身份类别")
        verbose_name_plural = _("身份类别")
        ordering: ClassVar = ["learner", "valid_from"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(valid_to__gte=F("valid_from")) | Q(valid_to=None) | Q(valid_from=None),
                name="standing_ends_after_start",
                violation_error_message=_("结束日期不能早于开始日期。"),
            )
        ]

    def __str__(self) -> str:
        return f"{self.group} {self.level}".strip()
