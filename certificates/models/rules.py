"""Who gets a certificate: by programme and date."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import ClassVar

from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from bureaus.access import bureaus_for, for_whole_city
from bureaus.models import User
from certificates.models.templates import Template
from courses.models import Programme


class IssueRuleQuerySet(models.QuerySet["IssueRule"]):
    def editable_by(self, user: User) -> IssueRuleQuerySet:
        """The rules of the programmes that one's bureaus lead; all for who issues for the whole city."""
        return self.filter(programme__in=programmes_ruled_by(user))

    def for_programme(self, programme: Programme, *, at: datetime.date) -> list[IssueRule]:
        """The rules of `programme` on that day, else those of its nearest umbrella that has some."""
        on_day = self.filter(
            Q(valid_from=None) | Q(valid_from__lte=at), Q(valid_to=None) | Q(valid_to__gte=at)
        ).select_related("template")
        by_programme: dict[int, list[IssueRule]] = {}
        for rule in on_day.order_by("pk"):
            by_programme.setdefault(rule.programme_id, []).append(rule)
        own = (by_programme.get(umbrella.pk) for umbrella in programme.umbrellas())
        return next((rules for rules in own if rules), [])


def plain(hours: Decimal | None) -> str:
    return "" if hours is None else f"{hours.normalize():f}"


def programmes_ruled_by(user: User) -> models.QuerySet[Programme]:
    """The programmes for which the user may say who gets a certificate."""
    if for_whole_city(user, "certificates.issue"):
        return Programme.objects.all()
    return Programme.objects.led_by(bureaus_for(user, "certificates.issue"))


class IssueRule(models.Model):
    """发证条件. Every stated condition must hold; one without conditions is by hand only, with a reason."""

    programme = models.ForeignKey(
        Programme, verbose_name=_("项目"), on_delete=models.CASCADE, related_name="issue_rules"
    )
    template = models.ForeignKey(
        Template, verbose_name=_("证书模板"), on_delete=models.PROTECT, related_name="rules"
    )
    least_hours = models.DecimalField(_("至少学时"), max_digits=6, decimal_places=2, null=True, blank=True)
    least_share = models.PositiveSmallIntegerField(
        _("至少出勤率（%）"), null=True, blank=True, validators=[MaxValueValidator(100)]
    )
    needs_pass = models.BooleanField(_("须考核合格"), default=False)
    needs_completion = models.BooleanField(_("须已结业"), default=True)
    valid_months = models.PositiveSmallIntegerField(
        _("有效期（月）"), null=True, blank=True, help_text=_("留空长期有效")
    )
    valid_from = models.DateField(_("起"), null=True, blank=True)
    valid_to = models.DateField(_("止"), null=True, blank=True)

    objects = IssueRuleQuerySet.as_manager()

    class Meta:
        verbose_name = _("发证条件")
        verbose_name_plural = _("发证条件")
        ordering: ClassVar = ["programme", "valid_from"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(valid_to__gte=F("valid_from")) | Q(valid_to=None) | Q(valid_from=None),
                name="issue_rule_ends_after_start",
                violation_error_message=_("结束日期不能早于开始日期。"),
            ),
            models.CheckConstraint(
                condition=Q(least_share=None) | Q(least_share__lte=100),
                name="least_share_is_a_share",
                violation_error_message=_("出勤率不能超过 100%。"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.programme} · {self.template}"

    @property
    def has_conditions(self) -> bool:
        """Without any, nobody qualifies by it: who gets one is a list by hand."""
        return bool(self.conditions())

    def conditions(self) -> list[str]:
        """What it asks for, in words."""
        words = [
            (self.needs_completion, _("已结业")),
            (self.least_hours is not None, _("满 %(hours)s 学时") % {"hours": plain(self.least_hours)}),
            (self.least_share is not None, _("出勤率达 %(share)s%%") % {"share": self.least_share}),
            (self.needs_pass, _("考核合格")),
        ]
        return [str(word) for asked, word in words if asked]
