"""Who was present at a session, each mark that said so, and what a learner says against it."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from bureaus.access import bureaus_for
from bureaus.models import User
from courses.models.enrolments import Enrolment
from courses.models.hours import HourRule
from courses.models.runs import Session


class AttendanceQuerySet(models.QuerySet["Attendance"]):
    def standing(self) -> AttendanceQuerySet:
        """Those of sessions that were not cancelled: they alone give hours."""
        return self.exclude(session__state=Session.State.CANCELLED)

    def here(self) -> AttendanceQuerySet:
        """Who was there, late ones and those who left early too."""
        return self.filter(state__in=Attendance.HERE)


class Attendance(models.Model):
    """One learner at one session, as it stands now. How it came to be so is told by its `Mark`s."""

    class State(models.TextChoices):
        PRESENT = "present", _("到")
        LATE = "late", _("迟到")
        LEFT_EARLY = "left_early", _("早退")
        LEAVE = "leave", _("请假")
        ABSENT = "absent", _("缺席")

    HERE: ClassVar = (State.PRESENT, State.LATE, State.LEFT_EARLY)

    class Way(models.TextChoices):
        """How it was told."""

        ROSTER = "roster", _("点名")
        CODE = "code", _("扫码")
        DIGITS = "digits", _("尾号")
        SHEET = "sheet", _("签到表")
        PROXY = "proxy", _("代签")
        APPEAL = "appeal", _("申诉核定")

    enrolment = models.ForeignKey(
        Enrolment, verbose_name=_("参训记录"), on_delete=models.CASCADE, related_name="attendances"
    )
    session = models.ForeignKey(
        Session, verbose_name=_("课次"), on_delete=models.CASCADE, related_name="attendances"
    )
    state = models.CharField(_("出勤"), max_length=10, choices=State)
    minutes = models.PositiveSmallIntegerField(_("到课分钟"), null=True, blank=True)
    hours = models.DecimalField(_("学时"), max_digits=6, decimal_places=2, null=True, blank=True)
    hour_rule = models.ForeignKey(
        HourRule,
        verbose_name=_("学时规则"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="attendances",
    )
    way = models.CharField(_("方式"), max_length=8, choices=Way, default=Way.ROSTER)
    reason = models.CharField(_("原因"), max_length=200, blank=True)
    marked_at = models.DateTimeField(_("点名时间"), default=timezone.now)
    noted_at = models.DateTimeField(_("登记时间"), auto_now_add=True)
    changed_at = models.DateTimeField(_("修改时间"), auto_now=True)
    noted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("登记人"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )

    objects = AttendanceQuerySet.as_manager()

    class Meta:
        verbose_name = _("出勤")
        verbose_name_plural = _("出勤")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["enrolment", "session"], name="attended_once"),
            models.CheckConstraint(
                condition=~Q(way="proxy") | ~Q(reason=""),
                name="proxy_has_a_reason",
                violation_error_message=_("代签须写明原因。"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.enrolment} · {self.get_state_display()}"


class MarkQuerySet(models.QuerySet["Mark"]):
    def registered_by(self, user: User) -> MarkQuerySet:
        """Marks of the sessions whose attendance the user may register."""
        return self.filter(session__in=Session.objects.registered_by(user))

    def open_conflicts(self) -> MarkQuerySet:
        """Those that wait for a person to settle them."""
        return self.filter(outcome=Mark.Outcome.CONFLICT, settled_at=None)

    def refused(self) -> MarkQuerySet:
        """Those that were not written, until somebody has taken note."""
        return self.filter(outcome=Mark.Outcome.REFUSED, settled_at=None)


class Mark(models.Model):
    """One tap on somebody's phone, as it arrived; its key makes it count once however often it is sent.

    A mark made without a network may arrive days later, twice, or after another phone's. What became of
    it is its `outcome`; a conflict waits until a person settles it.
    """

    class Outcome(models.TextChoices):
        WRITTEN = "written", _("已记入")
        SAME = "same", _("与已有记录相同")
        CONFLICT = "conflict", _("与另一部手机的记录不同")
        REFUSED = "refused", _("未记入")

    key = models.UUIDField(_("编号"), unique=True)
    session = models.ForeignKey(
        Session, verbose_name=_("课次"), on_delete=models.CASCADE, related_name="marks"
    )
    enrolment = models.ForeignKey(
        Enrolment,
        verbose_name=_("参训记录"),
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="marks",
    )
    name = models.CharField(_("现场登记的姓名"), max_length=120, blank=True)
    state = models.CharField(_("出勤"), max_length=10, choices=Attendance.State)
    minutes = models.PositiveSmallIntegerField(_("到课分钟"), null=True, blank=True)
    way = models.CharField(_("方式"), max_length=8, choices=Attendance.Way, default=Attendance.Way.ROSTER)
    reason = models.CharField(_("原因"), max_length=200, blank=True)
    seen = models.CharField(_("点名时所见"), max_length=10, choices=Attendance.State, blank=True)
    device = models.UUIDField(_("手机"), null=True, blank=True)
    number = models.PositiveIntegerField(
        _("手机上的序号"), default=0, help_text=_("同一部手机上先后的次序，不靠手机的时钟")
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("点名人"),
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    marked_at = models.DateTimeField(_("点名时间"))
    arrived_at = models.DateTimeField(_("送达时间"), auto_now_add=True)
    outcome = models.CharField(_("结果"), max_length=8, choices=Outcome)
    why = models.CharField(_("说明"), max_length=200, blank=True)
    settled_at = models.DateTimeField(_("处理时间"), null=True, blank=True)
    settled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("处理人"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )

    objects = MarkQuerySet.as_manager()

    class Meta:
        verbose_name = _("点名记录")
        verbose_name_plural = _("点名记录")
        ordering: ClassVar = ["marked_at", "id"]

    def __str__(self) -> str:
        return f"{self.session} · {self.get_state_display()} · {self.get_outcome_display()}"

    @property
    def hand(self) -> tuple[object, object]:
        """Whose decision it is: of one user on one phone. A later one of the same hand replaces it."""
        return self.device, self.user_id

    def agrees_with(self, attendance: Attendance) -> bool:
        """Whether it says what stands already. Without minutes it leaves them open."""
        if self.state != attendance.state:
            return False
        return self.state not in Attendance.HERE or self.minutes in (None, attendance.minutes)


class AppealQuerySet(models.QuerySet["Appeal"]):
    def decided_by(self, user: User) -> AppealQuerySet:
        """Those that the user's bureaus decide."""
        return self.filter(session__bureau__in=bureaus_for(user, "enrolments.decide"))


class Appeal(models.Model):
    """A learner asks to be excused, or says that the sheet is wrong; an officer decides."""

    class Kind(models.TextChoices):
        EXCUSE = "excuse", _("请假")
        APPEAL = "appeal", _("更正出勤")

    class State(models.TextChoices):
        OPEN = "open", _("待处理")
        GRANTED = "granted", _("已同意")
        DECLINED = "declined", _("未同意")

    enrolment = models.ForeignKey(
        Enrolment, verbose_name=_("参训记录"), on_delete=models.CASCADE, related_name="appeals"
    )
    session = models.ForeignKey(
        Session, verbose_name=_("课次"), on_delete=models.CASCADE, related_name="appeals"
    )
    kind = models.CharField(_("事由"), max_length=6, choices=Kind)
    words = models.CharField(_("说明"), max_length=400)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("提出人"),
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    asked_at = models.DateTimeField(_("提出时间"), auto_now_add=True)
    state = models.CharField(_("状态"), max_length=8, choices=State, default=State.OPEN)
    answer = models.CharField(_("答复"), max_length=400, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("处理人"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    decided_at = models.DateTimeField(_("处理时间"), null=True, blank=True)

    objects = AppealQuerySet.as_manager()

    class Meta:
        verbose_name = _("请假与申诉")
        verbose_name_plural = _("请假与申诉")
        ordering: ClassVar = ["-asked_at", "-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["enrolment", "session"],
                condition=Q(state="open"),
                name="one_open_appeal",
                violation_error_message=_("这一课次已有待处理的申请。"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} · {self.session}"
