"""Notices to people: reminders, changes, decisions; a log of each, and nothing sent twice."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from courses.models.enrolments import Enrolment
from courses.models.runs import ClassRun, Session
from peixun.lib.encryption import EncryptedTextField


class Notice(models.Model):
    """One message to one person by one channel. What has its `key` is never queued again."""

    class Kind(models.TextChoices):
        REMINDER = "reminder", _("开课提醒")
        MOVED = "moved", _("课次调整")
        CANCELLED = "cancelled", _("课次取消")
        ADMITTED = "admitted", _("录取通知")
        WAITING = "waiting", _("候补通知")
        REJECTED = "rejected", _("未录取通知")
        APPEAL = "appeal", _("申请处理结果")

    class State(models.TextChoices):
        QUEUED = "queued", _("待发送")
        SENDING = "sending", _("发送中")
        SENT = "sent", _("已发送")
        FAILED = "failed", _("发送失败")
        DROPPED = "dropped", _("不再发送")

    key = models.CharField(_("编号"), max_length=120, unique=True)
    kind = models.CharField(_("种类"), max_length=9, choices=Kind)
    channel = models.CharField(_("渠道"), max_length=20)
    run = models.ForeignKey(
        ClassRun,
        verbose_name=_("班次"),
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="notices",
    )
    session = models.ForeignKey(
        Session,
        verbose_name=_("课次"),
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="notices",
    )
    enrolment = models.ForeignKey(
        Enrolment,
        verbose_name=_("参训记录"),
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="notices",
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("账号"),
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="notices",
    )
    address = EncryptedTextField(_("发往"), blank=True)
    subject = models.CharField(_("标题"), max_length=120)
    body = models.TextField(_("正文"))
    state = models.CharField(_("状态"), max_length=8, choices=State, default=State.QUEUED)
    attempts = models.PositiveSmallIntegerField(_("次数"), default=0)
    error = models.CharField(_("失败原因"), max_length=200, blank=True)
    due_at = models.DateTimeField(_("发送时间"))
    taken_at = models.DateTimeField(_("开始发送"), null=True, blank=True)
    sent_at = models.DateTimeField(_("已发送时间"), null=True, blank=True)

    class Meta:
        verbose_name = _("通知")
        verbose_name_plural = _("通知")
        ordering: ClassVar = ["-due_at", "-id"]
        indexes: ClassVar = [models.Index(fields=["state", "due_at"], name="notice_to_send")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} · {self.subject}"
