"""How often a person may be trained: rules that a bureau can change, checked across bureaus."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from courses.models.programmes import Programme


class RepeatLimit(models.Model):
    """Says what of a repeat is looked for at enrolment, and whether it warns or blocks."""

    class Repeat(models.TextChoices):
        YEAR = "year", _("同一年度内同一项目第二次参训")
        LEVEL = "level", _("同一项目、同一级别第二次参训")
        HOUR = "hour", _("与另一班次的课次时间重叠")

    class Effect(models.TextChoices):
        WARN = "warn", _("提醒")
        BLOCK = "block", _("不允许")

    programme = models.ForeignKey(
        Programme,
        verbose_name=_("项目"),
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="repeat_limits",
        help_text=_("留空适用于全部项目"),
    )
    repeat = models.CharField(_("情形"), max_length=5, choices=Repeat)
    effect = models.CharField(_("处理"), max_length=5, choices=Effect, default=Effect.WARN)

    class Meta:
        verbose_name = _("重复参训规则")
        verbose_name_plural = _("重复参训规则")
        ordering: ClassVar = ["programme", "repeat"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["programme", "repeat"], name="repeat_limit_once"),
            models.UniqueConstraint(
                fields=["repeat"],
                condition=models.Q(programme=None),
                name="general_repeat_limit_once",
                violation_error_message=_("已有这一情形的通用规则。"),
            ),
        ]

    def __str__(self) -> str:
        return (
            f"{self.programme or _('全部项目')} · {self.get_repeat_display()} · {self.get_effect_display()}"
        )
