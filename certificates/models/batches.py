"""Certificates issued together, in a job that can be watched."""

from __future__ import annotations

import datetime
import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from bureaus.access import bureaus_for
from bureaus.models import User
from certificates.models.issuers import Issuer
from certificates.models.rules import IssueRule
from certificates.models.templates import TemplateVersion
from courses.models import ClassRun

# A hundred people take a few seconds, and the database may make them wait for twenty.
STALLED_AFTER = datetime.timedelta(seconds=60)


class IssueBatchQuerySet(models.QuerySet["IssueBatch"]):
    def visible_to(self, user: User) -> IssueBatchQuerySet:
        return self.filter(run__bureau__in=bureaus_for(user, "certificates.issue"))

    def at_work(self) -> IssueBatchQuerySet:
        return self.filter(state__in=(IssueBatch.State.QUEUED, IssueBatch.State.RUNNING))


class IssueBatch(models.Model):
    """The enrolments of one run that are to get a certificate. `done` of `total` have theirs."""

    class State(models.TextChoices):
        QUEUED = "queued", _("等待制发")
        RUNNING = "running", _("正在制发")
        DONE = "done", _("已完成")
        FAILED = "failed", _("未完成")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    run = models.ForeignKey(
        ClassRun, verbose_name=_("班次"), on_delete=models.PROTECT, related_name="issue_batches"
    )
    rule = models.ForeignKey(
        IssueRule,
        verbose_name=_("发证条件"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="batches",
    )
    issuer = models.ForeignKey(
        Issuer, verbose_name=_("发证单位"), on_delete=models.PROTECT, related_name="batches"
    )
    version = models.ForeignKey(
        TemplateVersion, verbose_name=_("模板版本"), on_delete=models.PROTECT, related_name="batches"
    )
    issued_on = models.DateField(_("发证日期"))
    expires_on = models.DateField(_("有效期至"), null=True, blank=True)
    reason = models.CharField(_("制发说明"), max_length=200, blank=True)
    chosen = models.JSONField(_("参训记录"), default=list)
    state = models.CharField(_("状态"), max_length=8, choices=State, default=State.QUEUED)
    total = models.PositiveIntegerField(_("应制发"), default=0)
    done = models.PositiveIntegerField(_("已制发"), default=0)
    skipped = models.PositiveIntegerField(_("已有证书"), default=0)
    error = models.CharField(_("未完成的原因"), max_length=200, blank=True)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("制发人"),
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    made_at = models.DateTimeField(_("时间"), auto_now_add=True)
    alive_at = models.DateTimeField(_("最近进展"), null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(_("重新开始的次数"), default=0)

    objects = IssueBatchQuerySet.as_manager()

    class Meta:
        verbose_name = _("制发批次")
        verbose_name_plural = _("制发批次")
        ordering: ClassVar = ["-made_at"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(done__lte=F("total")), name="no_more_than_chosen")
        ]

    def __str__(self) -> str:
        return f"{self.run} · {self.version.template.title}"

    @property
    def at_work(self) -> bool:
        return self.state in (self.State.QUEUED, self.State.RUNNING)

    @property
    def looked_at(self) -> int:
        """How many of `chosen` the work has come past."""
        return self.done + self.skipped

    def has_stalled(self, now: datetime.datetime) -> bool:
        """Its worker has not been heard of for so long that it must have been killed."""
        return self.at_work and now - (self.alive_at or self.made_at) > STALLED_AFTER
