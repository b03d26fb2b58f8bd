"""Notices to people: reminders, changes, decisions; a log of each, and nothing sent twice."""

from __future__ import annotations

import datetime
from hashlib import sha256
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from bureaus.access import bureaus_for
from bureaus.models import User
from courses.models.enrolments import Enrolment
from courses.models.runs import ClassRun, Session
from peixun.lib.encryption import EncryptedTextField

PATIENCE = datetime.timedelta(minutes=10)


def version_of(session: Session) -> str:
    """A short mark of the session's day, time and place: another mark means that it was moved."""
    facts = (session.held_on, session.starts_at, session.ends_at, session.place)
    return sha256("\n".join(map(str, facts)).encode()).hexdigest()[:12]


class NoticeQuerySet(models.QuerySet["Notice"]):
    def visible_to(self, user: User) -> NoticeQuerySet:
        """Notices about classes of the bureaus for which the user decides who is enrolled."""
        bureaus = bureaus_for(user, "enrolments.decide")
        return self.filter(Q(run__bureau__in=bureaus) | Q(run=None, session__bureau__in=bureaus))

    def due(self, at: datetime.datetime) -> NoticeQuerySet:
        """Those that wait to be sent and may be sent at that time, who waits longest first."""
        return self.filter(state=Notice.State.QUEUED, due_at__lte=at).order_by("due_at", "pk")

    def stuck(self, at: datetime.datetime) -> NoticeQuerySet:
        """Those whose sender has been silent for so long that it must have been killed."""
        return self.filter(state=Notice.State.SENDING, taken_at__lt=at - PATIENCE)


class Notice(models.Model):
    """One message to one person by one channel. What has its `key` is never queued again.

    `version` tells what was said: the day, time and place of a session, or what was decided. A notice whose
    version is no longer the present one is not sent.
    """

    class Kind(models.TextChoices):
        REMINDER = "reminder", _("开课提醒")
        MOVED = "moved", _("课次调整")
        CANCELLED = "cancelled", _("取消通知")
        RESTORED = "restored", _("恢复举办")
        ADMITTED = "admitted", _("录取通知")
        WAITING = "waiting", _("候补通知")
        REJECTED = "rejected", _("未录取通知")
        APPEAL = "appeal", _("申请处理结果")

    # What is told of an enrolment holds as long as it is in one of these states.
    TOLD: ClassVar = {
        Kind.ADMITTED: Enrolment.EXPECTED,
        Kind.WAITING: (Enrolment.State.WAITING,),
        Kind.REJECTED: (Enrolment.State.REJECTED,),
    }

    class State(models.TextChoices):
        QUEUED = "queued", _("待发送")
        SENDING = "sending", _("发送中")
        SENT = "sent", _("已发送")
        FAILED = "failed", _("发送失败")
        DROPPED = "dropped", _("不再发送")

    key = models.CharField(_("编号"), max_length=120, unique=True)
    kind = models.CharField(_("种类"), max_length=9, choices=Kind)
    version = models.CharField(_("所说内容"), max_length=16, blank=True, editable=False)
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

    objects = NoticeQuerySet.as_manager()

    class Meta:
        verbose_name = _("通知")
        verbose_name_plural = _("通知")
        ordering: ClassVar = ["-due_at", "-id"]
        indexes: ClassVar = [models.Index(fields=["state", "due_at"], name="notice_to_send")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} · {self.subject}"

    @property
    def masked_address(self) -> str:
        """A phone with its first 3 and last 4 digits, an e-mail with its first letter and its host."""
        name, at, host = self.address.partition("@")
        return f"{name[:1]}***{at}{host}" if at else f"{name[:3]}****{name[-4:]}"

    def still_holds(self, at: datetime.datetime) -> bool:
        """Whether what it says is still so, and still of use to whom it goes."""
        if self.user and not self.user.is_active:
            return False
        called_off = self.run is not None and self.run.state == ClassRun.State.CANCELLED
        if self.kind == self.Kind.CANCELLED:
            return called_off or (self.session is not None and self.session.state == Session.State.CANCELLED)
        if self.kind == self.Kind.APPEAL:
            return True
        if called_off:
            return False
        if self.kind in (self.Kind.REMINDER, self.Kind.MOVED):
            return self._appointment_holds(at)
        if self.kind == self.Kind.RESTORED:
            return self.session is None or self._appointment_holds(at)
        told = self.TOLD[self.Kind(self.kind)]
        return self.enrolment is not None and self.enrolment.state in told

    def _appointment_holds(self, at: datetime.datetime) -> bool:
        """The session is to come, at that day, time and place, and the recipient has to do with it."""
        session, local = self.session, timezone.localtime(at)
        if session is None or session.state == Session.State.CANCELLED or version_of(session) != self.version:
            return False
        begins = session.starts_at or datetime.time.max
        if (session.held_on, begins) < (local.date(), local.time()):
            return False
        if self.enrolment:
            return self.enrolment.state in Enrolment.EXPECTED
        return session.trainers.filter(user=self.user_id).exists()
