"""Target groups (群体), as data: another plan names others."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _


class TargetGroup(models.Model):
    code = models.SlugField(_("代码"), max_length=20, unique=True)
    name = models.CharField(_("名称"), max_length=40, unique=True)
    order = models.PositiveSmallIntegerField(_("顺序"), default=0)

    class Meta:
        verbose_name = _("群体")
        verbose_name_plural = _("群体")
        ordering: ClassVar = ["order", "code"]

    def __str__(self) -> str:
        return self.name


class Standing(models.Model):
    """A learner belonged to a group, at a level (职级、职称等级 …), from one day to another."""

    learner = models.ForeignKey(
        "learners.Learner", verbose_name=_("学员"), on_delete=models.CASCADE, related_name="standings"
    )
    group = models.ForeignKey(
        TargetGroup, verbose_name=_("群体"), on_delete=models.PROTECT, related_name="standings"
    )
    level = models.CharField(_("级别"), max_length=200, blank=True)
    valid_from = models.DateField(_("起"), null=True, blank=True)
    valid_to = models.DateField(_("止"), null=True, blank=True)

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
