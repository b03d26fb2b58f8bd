"""Certificates, drawn here or recorded from elsewhere."""

from __future__ import annotations

import re
import unicodedata
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from bureaus.access import scope_of
from bureaus.models import Bureau, User
from courses.models import Enrolment
from learners.models import Learner

LONGEST_KEY = 480
BRACKETS = str.maketrans("〔［【[｛（(〕］】]｝）)", "(((((((" + ")))))))")


def number_key(number: str) -> str:
    """A number for comparison: NFKC, capitals, one kind of bracket, no white space or hyphens."""
    return re.sub(r"[\s\-–—_]", "", unicodedata.normalize("NFKC", number).translate(BRACKETS)).upper()


class Issuer(models.Model):
    """发证单位: a bureau of the city, or anybody else by name."""

    name = models.CharField(_("名称"), max_length=200, unique=True)
    bureau = models.OneToOneField(
        Bureau, verbose_name=_("单位"), null=True, blank=True, on_delete=models.PROTECT, related_name="issuer"
    )

    class Meta:
        verbose_name = _("发证单位")
        verbose_name_plural = _("发证单位")
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return self.name


class CertificateQuerySet(models.QuerySet["Certificate"]):
    def visible_to(self, user: User) -> CertificateQuerySet:
        if scope_of(user).whole_city:
            return self
        return self.filter(enrolment__in=Enrolment.objects.visible_to(user))

    def in_reach_of(self, user: User) -> CertificateQuerySet:
        """Certificates that the user's figures count: not one's own, nor of runs one teaches."""
        if scope_of(user).whole_city:
            return self
        return self.filter(enrolment__in=Enrolment.objects.in_reach_of(user))


class Certificate(models.Model):
    """Its number is kept as written; `number_key` is what must be unique for the issuer."""

    class State(models.TextChoices):
        VALID = "valid", _("有效")
        EXPIRED = "expired", _("过期")
        REVOKED = "revoked", _("作废")
        REPLACED = "replaced", _("已换补发")

    class Origin(models.TextChoices):
        DRAWN = "drawn", _("本系统制发")
        RECORDED = "recorded", _("外部登记")

    issuer = models.ForeignKey(
        Issuer, verbose_name=_("发证单位"), on_delete=models.PROTECT, related_name="certificates"
    )
    number = models.CharField(_("证书编号"), max_length=120)
    number_key = models.CharField(_("比对用编号"), max_length=LONGEST_KEY, editable=False)
    title = models.CharField(_("证书名称"), max_length=200, blank=True)
    learner = models.ForeignKey(
        Learner, verbose_name=_("学员"), on_delete=models.PROTECT, related_name="certificates"
    )
    enrolment = models.ForeignKey(
        Enrolment,
        verbose_name=_("参训记录"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="certificates",
    )
    name = models.CharField(_("持证人姓名"), max_length=120)
    issued_on = models.DateField(_("发证日期"), null=True, blank=True)
    year = models.PositiveSmallIntegerField(_("统计年度"))
    expires_on = models.DateField(_("有效期至"), null=True, blank=True)
    state = models.CharField(_("状态"), max_length=8, choices=State, default=State.VALID)
    origin = models.CharField(_("来源"), max_length=8, choices=Origin, default=Origin.RECORDED)
    replaces = models.OneToOneField(
        "self",
        verbose_name=_("替换"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="replaced_by",
    )

    objects = CertificateQuerySet.as_manager()

    class Meta:
        verbose_name = _("证书")
        verbose_name_plural = _("证书")
        ordering: ClassVar = ["issuer", "number"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["issuer", "number_key"],
                name="number_once_an_issuer",
                violation_error_message=_("该发证单位已有这个证书编号。"),
            ),
            models.CheckConstraint(
                condition=Q(expires_on=None) | Q(issued_on=None) | Q(expires_on__gte=models.F("issued_on")),
                name="expires_after_issue",
                violation_error_message=_("有效期不能早于发证日期。"),
            ),
        ]

    def __str__(self) -> str:
        return self.number

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.number_key = number_key(self.number)
        super().save(*args, **kwargs)

    def clean(self) -> None:
        """One written sign can stand for many: NFKC makes eighteen letters of U+FDFA."""
        super().clean()
        if len(number_key(self.number)) > LONGEST_KEY:
            raise ValidationError({"number": _("证书编号里有特殊合字，展开后太长，请改用普通文字填写。")})
