"""Class runs (班次) and single dated events (课次)."""

from __future__ import annotations

import datetime
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from bureaus.access import bureaus_for, scope_of
from bureaus.models import Bureau, District, User
from courses.models.materials import Course, Trainer
from courses.models.programmes import Programme
from peixun.lib.comparing import comparable


class ClassRunQuerySet(models.QuerySet["ClassRun"]):
    def visible_to(self, user: User) -> ClassRunQuerySet:
        scope = scope_of(user)
        if scope.whole_city:
            return self
        reach = scope.covers(bureau="bureau", district="district")
        return self.filter(reach | Q(pk__in=self.taught_by(user).values("pk")))

    def in_reach_of(self, user: User) -> ClassRunQuerySet:
        """Runs that the user's figures count: those one only teaches are not among them."""
        return self.filter(scope_of(user).covers(bureau="bureau", district="district"))

    def taught_by(self, user: User) -> ClassRunQuerySet:
        """Runs with a session that this account teaches, whichever bureau they belong to."""
        return ClassRunQuerySet(self.model).filter(sessions__trainers__user=user)

    def editable_by(self, user: User) -> ClassRunQuerySet:
        """Runs of the bureaus for which the user may arrange classes."""
        return self.filter(bureau__in=bureaus_for(user, "runs.edit"))

    def open_for_enrolling(self, day: datetime.date) -> ClassRunQuerySet:
        """Runs that say so, within their days for enrolling, and not over before `day`."""
        window = Q(enrol_from=None) | Q(enrol_from__lte=day)
        window &= Q(enrol_until=None) | Q(enrol_until__gte=day)
        return self.filter(window, Q(ends_on=None) | Q(ends_on__gte=day), state=ClassRun.State.OPEN)

    def locked(self, pk: int) -> ClassRun:
        """The run, held until the transaction ends: who changes its seats does so one after the other.

        SQLite has no row lock; there the transaction itself (`transaction_mode: IMMEDIATE`) is the lock.
        """
        return self.select_for_update(of=("self",), no_key=True).get(pk=pk)

    def held_in(self, year: int) -> ClassRunQuerySet:
        return self.filter(year=year)


class ClassRun(models.Model):
    """班次. Its year is stored: a later setting of the bureau moves no old figure."""

    class State(models.TextChoices):
        PLANNED = "planned", _("待开班")
        OPEN = "open", _("报名中")
        RUNNING = "running", _("进行中")
        FINISHED = "finished", _("已结业")
        CANCELLED = "cancelled", _("已取消")

    programme = models.ForeignKey(
        Programme, verbose_name=_("项目"), on_delete=models.PROTECT, related_name="runs"
    )
    name = models.CharField(_("班次名称"), max_length=200)
    name_key = models.CharField(_("比对用名称"), max_length=400, editable=False)
    number = models.CharField(_("期号"), max_length=40, blank=True)
    bureau = models.ForeignKey(
        Bureau, verbose_name=_("主办单位"), on_delete=models.PROTECT, related_name="runs"
    )
    district = models.ForeignKey(
        District,
        verbose_name=_("默认县市区"),
        on_delete=models.PROTECT,
        related_name="runs",
        help_text=_("学员没有写明县市区时按此统计"),
    )
    year = models.PositiveSmallIntegerField(_("统计年度"))
    starts_on = models.DateField(_("开班日期"), null=True, blank=True)
    ends_on = models.DateField(_("结业日期"), null=True, blank=True)
    place = models.CharField(_("地点"), max_length=200, blank=True)
    seats = models.PositiveIntegerField(_("名额"), null=True, blank=True)
    state = models.CharField(_("状态"), max_length=10, choices=State, default=State.PLANNED)
    enrol_from = models.DateField(_("报名开始"), null=True, blank=True)
    enrol_until = models.DateField(_("报名截止"), null=True, blank=True)
    approval = models.BooleanField(
        _("报名须审核"), default=True, help_text=_("不审核的，报名即录取，名额满后进入候补")
    )
    notice = models.TextField(_("通知正文"), blank=True)
    contact = models.CharField(_("联系人和电话"), max_length=120, blank=True)
    cancel_reason = models.CharField(_("取消原因"), max_length=200, blank=True)
    copied_from = models.ForeignKey(
        "self",
        verbose_name=_("复制自"),
        null=True,
        blank=True,
        editable=False,
        on_delete=models.SET_NULL,
        related_name="copies",
    )

    objects = ClassRunQuerySet.as_manager()

    class Meta:
        verbose_name = _("班次")
        verbose_name_plural = _("班次")
        ordering: ClassVar = ["-starts_on", "name"]
        indexes: ClassVar = [models.Index(fields=["year", "programme"], name="run_year_programme")]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["programme", "year", "bureau", "name_key"],
                name="run_once",
                violation_error_message=_("本单位该年度、该项目下已有同名的班次。"),
            ),
            models.CheckConstraint(
                condition=Q(ends_on__gte=F("starts_on")) | Q(ends_on=None) | Q(starts_on=None),
                name="run_ends_after_start",
                violation_error_message=_("结业日期不能早于开班日期。"),
            ),
            models.CheckConstraint(
                condition=Q(enrol_until__gte=F("enrol_from")) | Q(enrol_until=None) | Q(enrol_from=None),
                name="enrolling_ends_after_start",
                violation_error_message=_("报名截止不能早于报名开始。"),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.name_key = self.key_of(self.name)
        super().save(*args, **kwargs)

    @staticmethod
    def key_of(name: str) -> str:
        """By which two writings of one name are told to be the same."""
        return comparable(name)[:400]

    def demand_single(self) -> None:
        """Raises ValidationError, for the user, where the bureau has another run of this name in the year."""
        self.name_key = self.key_of(self.name)
        self.validate_constraints()

    @property
    def is_carried_over(self) -> bool:
        """结转: it runs over a New Year."""
        return bool(self.starts_on and self.ends_on and self.starts_on.year != self.ends_on.year)


class SessionQuerySet(models.QuerySet["Session"]):
    def visible_to(self, user: User) -> SessionQuerySet:
        scope = scope_of(user)
        if scope.whole_city:
            return self
        reach = scope.covers(bureau="bureau", district="district")
        return self.filter(reach | Q(pk__in=self.taught_by(user).values("pk")))

    def taught_by(self, user: User) -> SessionQuerySet:
        """Sessions that this account teaches, whichever bureau they belong to."""
        return SessionQuerySet(self.model).filter(trainers__user=user)

    def editable_by(self, user: User) -> SessionQuerySet:
        """Sessions of the bureaus for which the user may arrange classes."""
        return self.filter(bureau__in=bureaus_for(user, "runs.edit"))

    def registered_by(self, user: User) -> SessionQuerySet:
        """Sessions whose attendance the user may register: one's own, and those of one's bureaus."""
        own = Q(pk__in=self.taught_by(user).values("pk"))
        return self.filter(own | Q(bureau__in=bureaus_for(user, "runs.edit")))

    def in_reach_of(self, user: User) -> SessionQuerySet:
        """Sessions that the user's figures count: those one only teaches are not among them."""
        return self.filter(scope_of(user).covers(bureau="bureau", district="district"))


class Session(models.Model):
    """课次: of a run, or an open lecture that stands alone and may have only a headcount."""

    class State(models.TextChoices):
        PLANNED = "planned", _("待举办")
        HELD = "held", _("已举办")
        CANCELLED = "cancelled", _("已取消")

    class Span(models.TextChoices):
        """What the hours are granted for."""

        MINUTES = "minutes", _("按分钟")
        HALF_DAY = "half_day", _("按半天")
        DAY = "day", _("按天")

    class Part(models.TextChoices):
        THEORY = "theory", _("理论")
        PRACTICE = "practice", _("实操")

    class Mode(models.TextChoices):
        OFFLINE = "offline", _("线下")
        ONLINE = "online", _("线上")

    run = models.ForeignKey(
        ClassRun,
        verbose_name=_("班次"),
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="sessions",
    )
    programme = models.ForeignKey(
        Programme, verbose_name=_("项目"), on_delete=models.PROTECT, related_name="sessions"
    )
    bureau = models.ForeignKey(
        Bureau, verbose_name=_("主办单位"), on_delete=models.PROTECT, related_name="sessions"
    )
    district = models.ForeignKey(
        District, verbose_name=_("县市区"), on_delete=models.PROTECT, related_name="sessions"
    )
    year = models.PositiveSmallIntegerField(_("统计年度"))
    title = models.CharField(_("名称"), max_length=200)
    course = models.ForeignKey(
        Course,
        verbose_name=_("课程"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="sessions",
    )
    held_on = models.DateField(_("日期"))
    starts_at = models.TimeField(_("开始"), null=True, blank=True)
    ends_at = models.TimeField(_("结束"), null=True, blank=True)
    minutes = models.PositiveSmallIntegerField(
        _("课时分钟"), null=True, blank=True, help_text=_("有午休等间隔时填写；留空按起止时间")
    )
    span = models.CharField(_("学时计法"), max_length=8, choices=Span, default=Span.MINUTES)
    part = models.CharField(_("理论、实操"), max_length=8, choices=Part, blank=True)
    mode = models.CharField(_("线上、线下"), max_length=7, choices=Mode, default=Mode.OFFLINE)
    place = models.CharField(_("地点"), max_length=200, blank=True)
    trainers = models.ManyToManyField(
        Trainer, verbose_name=_("授课教师"), blank=True, related_name="sessions"
    )
    speaker = models.CharField(_("授课人（原文）"), max_length=200, blank=True)
    headcount = models.PositiveIntegerField(_("参加人数"), null=True, blank=True)
    women = models.PositiveIntegerField(_("其中女性"), null=True, blank=True)
    elders = models.PositiveIntegerField(_("其中老年人"), null=True, blank=True)
    note = models.TextField(_("备注"), blank=True)
    state = models.CharField(_("状态"), max_length=10, choices=State, default=State.PLANNED)
    series = models.UUIDField(_("重复课次"), null=True, blank=True, editable=False)
    cancel_reason = models.CharField(_("取消原因"), max_length=200, blank=True)
    registered_at = models.DateTimeField(_("点名完成时间"), null=True, blank=True, editable=False)
    registered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("点名人"),
        null=True,
        blank=True,
        editable=False,
        on_delete=models.SET_NULL,
        related_name="+",
    )

    objects = SessionQuerySet.as_manager()

    class Meta:
        verbose_name = _("课次")
        verbose_name_plural = _("课次")
        ordering: ClassVar = ["held_on", "starts_at", "id"]
        indexes: ClassVar = [models.Index(fields=["year", "programme"], name="session_year_programme")]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(ends_at__gte=F("starts_at")) | Q(ends_at=None) | Q(starts_at=None),
                name="session_ends_after_start",
                violation_error_message=_("结束时间不能早于开始时间。"),
            ),
            models.CheckConstraint(
                condition=Q(headcount=None) | Q(headcount__gte=0),
                name="headcount_not_negative",
                violation_error_message=_("人数不能是负数。"),
            ),
            models.CheckConstraint(
                condition=(Q(women=None) | Q(women__lte=F("headcount")))
                & (Q(elders=None) | Q(elders__lte=F("headcount"))),
                name="parts_within_headcount",
                violation_error_message=_("其中数不能大于参加人数。"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.held_on} {self.title}"

    @property
    def planned_minutes(self) -> int | None:
        """Minutes of teaching: as stated, else from start to end; None where neither is known."""
        if self.minutes:
            return self.minutes
        if self.starts_at is None or self.ends_at is None:
            return None
        first, last = (60 * moment.hour + moment.minute for moment in (self.starts_at, self.ends_at))
        return last - first
