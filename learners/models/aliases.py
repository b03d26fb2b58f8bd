"""What a learner was called, or numbered, before: other names, and records that were merged into this one."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from learners.models.learners import Learner


class LearnerAlias(models.Model):
    """Another name of the same person, as an officer confirmed: a former one, or one written otherwise."""

    learner = models.ForeignKey(
        Learner, verbose_name=_("学员"), on_delete=models.CASCADE, related_name="aliases"
    )
    name = models.CharField(_("姓名"), max_length=120)
    since = models.DateTimeField(_("登记时间"), auto_now_add=True)

    class Meta:
        verbose_name = _("学员曾用名")
        verbose_name_plural = _("学员曾用名")
        ordering: ClassVar = ["learner", "name"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["learner", "name"], name="named_so_once")]

    def __str__(self) -> str:
        return self.name


class FormerRecord(models.Model):
    """The number of a record that was merged into this learner's: the audit and old addresses name it."""

    learner = models.ForeignKey(
        Learner, verbose_name=_("学员"), on_delete=models.CASCADE, related_name="former_records"
    )
    number = models.PositiveBigIntegerField(_("原档案编号"), unique=True)

    class Meta:
        verbose_name = _("并入的学员档案")
        verbose_name_plural = _("并入的学员档案")
        ordering: ClassVar = ["learner", "number"]

    def __str__(self) -> str:
        return str(self.number)
