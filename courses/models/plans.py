"""A plan (实施方案) and its actions (行动); everything else hangs under a plan."""

from __future__ import annotations

import datetime
from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from bureaus.access import bureaus_for, for_whole_city
from bureaus.models import Bureau, District, User
from learners.models import TargetGroup


class LeadRole(models.TextChoices):
    LEAD = "lead", _("牵头单位")
    RESPONSIBLE = "responsible", _("责任单位")


class PlanQuerySet(models.QuerySet["Plan"]):
    def in_year(self, year: int) -> PlanQuerySet:
        return self.filter(first_year__lte=year, last_year__gte=year)

    def of_year(self, year: int) -> Plan | None:
        """The plan in force in `year`, else the newest before it, else the first to come."""
        begun = self.filter(first_year__lte=year).order_by("-first_year").first()
        return begun or self.order_by("first_year").first()

    def editable_by(self, user: User) -> PlanQuerySet:
        """A plan is the whole city's."""
        return self if for_whole_city(user, "programmes.edit") else self.none()

    def year_to_show(self, today: datetime.date) -> int:
        """This year where a plan runs, else the last year of the newest plan. One query."""
        newest = self.filter(first_year__lte=today.year).order_by("-last_year").first()
        return min(today.year, newest.last_year) if newest else today.year


class Plan(models.Model):
    name = models.CharField(_("名称"), max_length=120, unique=True)
    document_number = models.CharField(_("文号"), max_length=60, blank=True)
    issuer = models.CharField(_("印发单位"), max_length=80, blank=True)
    issued_on = models.DateField(_("印发日期"), null=True, blank=True)
    first_year = models.PositiveSmallIntegerField(_("起始年度"))
    last_year = models.PositiveSmallIntegerField(_("截止年度"))
    coordinator = models.ForeignKey(
        Bureau, verbose_name=_("统筹单位"), null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    city = models.ForeignKey(
        District,
        verbose_name=_("市本级"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text=_("没有写明县市区的人次统计在这里"),
    )

    objects = PlanQuerySet.as_manager()

    class Meta:
        verbose_name = _("方案")
        verbose_name_plural = _("方案")
        ordering: ClassVar = ["-first_year"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(last_year__gte=F("first_year")),
                name="plan_ends_after_start",
                violation_error_message=_("截止年度不能早于起始年度。"),
            )
        ]

    def __str__(self) -> str:
        return self.name


class PlanReview(models.Model):
    plan = models.ForeignKey(Plan, on_delete=models.CASCADE, related_name="reviews", verbose_name=_("方案"))
    year = models.PositiveSmallIntegerField(_("年度"))
    name = models.CharField(_("名称"), max_length=40)

    class Meta:
        verbose_name = _("督查评估")
        verbose_name_plural = _("督查评估")
        ordering: ClassVar = ["year"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["plan", "year"], name="review_once_a_year")]

    def __str__(self) -> str:
        return f"{self.year} {self.name}"


class PlanTarget(models.Model):
    """A target measured outside peixun (a survey), entered by hand."""

    plan = models.ForeignKey(Plan, on_delete=models.CASCADE, related_name="targets", verbose_name=_("方案"))
    words = models.CharField(_("原文"), max_length=120)
    value = models.DecimalField(_("数值"), max_digits=12, decimal_places=2)
    unit = models.CharField(_("单位"), max_length=12)
    year = models.PositiveSmallIntegerField(_("年度"))
    source = models.CharField(_("来源"), max_length=20, blank=True)
    reached = models.DecimalField(_("实测"), max_digits=12, decimal_places=2, null=True, blank=True)

    class Meta:
        verbose_name = _("总目标")
        verbose_name_plural = _("总目标")
        ordering: ClassVar = ["year", "words"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["plan", "words"], name="target_once")]

    def __str__(self) -> str:
        return self.words


class ActionQuerySet(models.QuerySet["Action"]):
    def led_by(self, bureaus: models.QuerySet[Bureau]) -> ActionQuerySet:
        links = ActionBureau.objects.filter(bureau__in=bureaus, role=LeadRole.LEAD)
        return self.filter(pk__in=links.values("action"))

    def editable_by(self, user: User) -> ActionQuerySet:
        """Actions under which the user may put programmes."""
        if for_whole_city(user, "programmes.edit"):
            return self
        return self.led_by(bureaus_for(user, "programmes.edit"))


class Action(models.Model):
    plan = models.ForeignKey(Plan, on_delete=models.CASCADE, related_name="actions", verbose_name=_("方案"))
    name = models.CharField(_("名称"), max_length=60)
    group = models.ForeignKey(
        TargetGroup, verbose_name=_("群体"), on_delete=models.PROTECT, related_name="actions"
    )
    bureaus = models.ManyToManyField(Bureau, through="ActionBureau", related_name="actions")
    order = models.PositiveSmallIntegerField(_("顺序"), default=0)

    objects = ActionQuerySet.as_manager()

    class Meta:
        verbose_name = _("行动")
        verbose_name_plural = _("行动")
        ordering: ClassVar = ["plan", "order"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["plan", "name"], name="action_once")]

    def __str__(self) -> str:
        return self.name


class ActionBureau(models.Model):
    """The role belongs to the link: a bureau leads one action and is responsible in others."""

    action = models.ForeignKey(
        Action, on_delete=models.CASCADE, related_name="bureau_links", verbose_name=_("行动")
    )
    bureau = models.ForeignKey(
        Bureau, on_delete=models.PROTECT, related_name="action_links", verbose_name=_("单位")
    )
    role = models.CharField(_("职责"), max_length=12, choices=LeadRole)
    order = models.PositiveSmallIntegerField(_("顺序"), default=0)

    class Meta:
        verbose_name = _("行动的单位")
        verbose_name_plural = _("行动的单位")
        ordering: ClassVar = ["action", "role", "order"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["action", "bureau"], name="bureau_once_an_action")
        ]

    def __str__(self) -> str:
        return f"{self.action} · {self.bureau} · {self.get_role_display()}"
