"""Who is in a run, as of then: from applying over the waiting list to completing."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from bureaus.access import scope_of
from bureaus.models import District, User
from courses.models.hours import HourRule
from courses.models.runs import ClassRun
from learners.models import AccountLink, Learner

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

HOUR_KINDS = ("theory", "practice", "online", "offline", "general")


def hours_field(name: StrOrPromise) -> models.DecimalField[Decimal | None, Decimal | None]:
    return models.DecimalField(name, max_digits=8, decimal_places=2, null=True, blank=True)


class EnrolmentQuerySet(models.QuerySet["Enrolment"]):
    def visible_to(self, user: User) -> EnrolmentQuerySet:
        """Enrolments of runs in the user's reach, of one's district, of runs one teaches, and one's own."""
        scope = scope_of(user)
        if scope.whole_city:
            return self
        reach = scope.covers(bureau="run__bureau", district="district")
        taught = Q(run__in=ClassRun.objects.taught_by(user))
        links = AccountLink.objects.open_to(user, timezone.localdate())
        return self.filter(reach | taught | Q(learner__in=links.values("learner")))

    def in_reach_of(self, user: User) -> EnrolmentQuerySet:
        """Enrolments that the user's figures count: neither one's own nor those one teaches."""
        return self.filter(scope_of(user).covers(bureau="run__bureau", district="district"))

    def written_for(self, user: User) -> EnrolmentQuerySet:
        """Those of which the user may read the name: in reach, and by the bureaus of one's district."""
        scope = scope_of(user)
        if scope.whole_city:
            return self
        reach = scope.covers(bureau="run__bureau", district="district")
        return self.filter(reach | Q(run__bureau__district__in=scope.districts))

    def newest_names(self) -> dict[int, str]:
        """The name of each learner as the newest of these enrolments writes it, by learner. One query."""
        ordered = self.order_by("run__year", F("run__starts_on").asc(nulls_first=True), "pk")
        return dict(ordered.values_list("learner", "name"))

    def holding_seats(self) -> EnrolmentQuerySet:
        """Those that take a seat of their run."""
        return self.filter(state__in=Enrolment.HOLDS_SEAT)

    def waiting(self) -> EnrolmentQuerySet:
        """The waiting list, who waits longest first."""
        return self.filter(state=Enrolment.State.WAITING).order_by("waits_from", "pk")

    def expected(self) -> EnrolmentQuerySet:
        """Those whom a trainer expects at the run's sessions."""
        return self.filter(state__in=Enrolment.EXPECTED)

    def took_part(self) -> EnrolmentQuerySet:
        """Those that are 人次: no-shows, withdrawn and rejected are not; not having passed is."""
        return self.filter(state__in=Enrolment.TOOK_PART)


class Enrolment(models.Model):
    """A learner in a run. Name, employer, position, level and district are as of then and do not move."""

    class State(models.TextChoices):
        APPLIED = "applied", _("已报名")
        WAITING = "waiting", _("候补")
        ADMITTED = "admitted", _("已录取")
        ATTENDING = "attending", _("在训")
        COMPLETED = "completed", _("结业")
        NOT_COMPLETED = "not_completed", _("未结业")
        NO_SHOW = "no_show", _("未参训")
        WITHDRAWN = "withdrawn", _("退学")
        REJECTED = "rejected", _("未录取")

    TOOK_PART: ClassVar = (State.ATTENDING, State.COMPLETED, State.NOT_COMPLETED)
    EXPECTED: ClassVar = (State.ADMITTED, *TOOK_PART)
    HOLDS_SEAT: ClassVar = (*EXPECTED, State.NO_SHOW)

    class CameBy(models.TextChoices):
        """Who put the learner into the run."""

        OFFICER = "officer", _("单位登记")
        LEDGER = "ledger", _("台账导入")
        LEARNER = "learner", _("本人报名")
        WALK_IN = "walk_in", _("现场登记")

    class Assessment(models.TextChoices):
        PASSED = "passed", _("合格")
        FAILED = "failed", _("不合格")

    run = models.ForeignKey(
        ClassRun, verbose_name=_("班次"), on_delete=models.CASCADE, related_name="enrolments", db_index=False
    )
    learner = models.ForeignKey(
        Learner, verbose_name=_("学员"), on_delete=models.PROTECT, related_name="enrolments"
    )
    name = models.CharField(_("姓名"), max_length=120)
    employer = models.CharField(_("单位"), max_length=200, blank=True)
    position = models.CharField(_("职务"), max_length=200, blank=True)
    level = models.CharField(_("级别"), max_length=200, blank=True)
    district = models.ForeignKey(
        District,
        verbose_name=_("县市区"),
        on_delete=models.PROTECT,
        related_name="enrolments",
        db_index=False,
    )
    state = models.CharField(_("状态"), max_length=14, choices=State, default=State.ADMITTED)
    assessment = models.CharField(_("考核"), max_length=8, choices=Assessment, blank=True)
    assessment_words = models.CharField(_("考核结果（原文）"), max_length=200, blank=True)
    hours = models.DecimalField(_("学时"), max_digits=8, decimal_places=2, default=Decimal(0))
    hours_theory = hours_field(_("理论学时"))
    hours_practice = hours_field(_("实操学时"))
    hours_online = hours_field(_("线上学时"))
    hours_offline = hours_field(_("线下学时"))
    hours_general = hours_field(_("未分类学时"))
    hour_rule = models.ForeignKey(
        HourRule,
        verbose_name=_("学时规则"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="enrolments",
        db_index=False,
    )
    particulars = models.JSONField(_("其他信息"), default=dict, blank=True)
    reason = models.CharField(_("原因"), max_length=200, blank=True)
    came_by = models.CharField(_("来源"), max_length=8, choices=CameBy, default=CameBy.OFFICER)
    waits_from = models.DateTimeField(_("候补起"), null=True, blank=True)
    to_match = models.BooleanField(
        _("待核对身份"), default=False, help_text=_("现场登记的人，尚未与学员档案核对")
    )
    created_at = models.DateTimeField(_("登记时间"), auto_now_add=True)
    changed_at = models.DateTimeField(_("修改时间"), auto_now=True)

    objects = EnrolmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("参训记录")
        verbose_name_plural = _("参训记录")
        ordering: ClassVar = ["run", "id"]
        # An import asks for thousands of pairs at once: by the name alone each would bring all its namesakes.
        indexes: ClassVar = [models.Index(fields=["name", "employer"], name="enrolled_name_employer")]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["run", "learner"],
                name="enrolled_once",
                violation_error_message=_("该学员已在这个班次里。"),
            ),
            models.CheckConstraint(
                condition=Q(hours__gte=0),
                name="hours_not_negative",
                violation_error_message=_("学时不能是负数。"),
            ),
            models.CheckConstraint(
                condition=~Q(state="waiting") | Q(waits_from__isnull=False),
                name="waiting_has_a_place",
                violation_error_message=_("候补须记下从何时起候补。"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} · {self.run}"

    def hours_by_kind(self) -> dict[str, Decimal]:
        """The granted hours of each kind that was given."""
        given = {kind: getattr(self, f"hours_{kind}") for kind in HOUR_KINDS}
        return {kind: hours for kind, hours in given.items() if hours is not None}
