"""Certificates, drawn here or recorded from elsewhere."""

from __future__ import annotations

import datetime
import secrets
from typing import Any, ClassVar

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from bureaus.access import bureaus_for, scope_of
from bureaus.models import User
from certificates.models.issuers import LONGEST_KEY, Issuer, number_key
from certificates.models.templates import TemplateVersion
from courses.models import Enrolment
from learners.models import AccountLink, Learner

# Crockford's base 32: no I, L, O, U.
LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def new_code() -> str:
    """80 random bits as 16 characters that nobody misreads: a number can be guessed, a code cannot."""
    return "".join(secrets.choice(LETTERS) for _number in range(16))


def new_key() -> str:
    return secrets.token_urlsafe(24)


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

    def editable_by(self, user: User) -> CertificateQuerySet:
        """Those drawn here for an issuer for which the user may issue: to revoke, replace and hand out."""
        bureaus = bureaus_for(user, "certificates.issue")
        return self.filter(issuer__bureau__in=bureaus, origin=Certificate.Origin.DRAWN)


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

    class Ground(models.TextChoices):
        """Why it was drawn; but for the first, `replaces` says what it follows."""

        FIRST = "first", _("首次制发")
        REISSUE = "reissue", _("补发")
        CORRECTION = "correction", _("换发")
        RENEWAL = "renewal", _("续期")

    issuer = models.ForeignKey(
        Issuer,
        verbose_name=_("发证单位"),
        on_delete=models.PROTECT,
        related_name="certificates",
        db_index=False,
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
    ground = models.CharField(_("制发事由"), max_length=10, choices=Ground, default=Ground.FIRST)
    code = models.CharField(_("验证码"), max_length=16, null=True, blank=True, editable=False, default=None)
    version = models.ForeignKey(
        TemplateVersion,
        verbose_name=_("模板版本"),
        null=True,
        blank=True,
        editable=False,
        on_delete=models.PROTECT,
        related_name="certificates",
        db_index=False,
    )
    frozen = models.JSONField(
        _("制发时的内容"), default=dict, blank=True, editable=False, encoder=DjangoJSONEncoder
    )
    statement = models.TextField(_("签名"), blank=True, default="", editable=False)
    reason = models.CharField(_("制发说明"), max_length=200, blank=True)
    issued_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("制发人"),
        null=True,
        blank=True,
        editable=False,
        on_delete=models.SET_NULL,
        related_name="+",
        db_index=False,
    )
    revoked_on = models.DateField(_("作废日期"), null=True, blank=True)
    revoke_reason = models.CharField(_("作废原因"), max_length=200, blank=True)
    handed_out_on = models.DateField(_("领取日期"), null=True, blank=True)

    objects = CertificateQuerySet.as_manager()

    class Meta:
        verbose_name = _("证书")
        verbose_name_plural = _("证书")
        ordering: ClassVar = ["issuer", "number"]
        indexes: ClassVar = [
            models.Index(fields=["version"], name="drawn_by_version", condition=Q(version__isnull=False))
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["code"], name="certificate_code_once", condition=Q(code__isnull=False)
            ),
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
            models.UniqueConstraint(
                fields=["enrolment", "title"],
                condition=Q(origin="drawn", state="valid"),
                name="drawn_once",
                violation_error_message=_("这个班次已给这名学员发过同名证书。"),
            ),
            models.CheckConstraint(
                condition=~Q(origin="drawn") | Q(code__isnull=False, version__isnull=False),
                name="drawn_has_code_and_version",
                violation_error_message=_("本系统制发的证书须有验证码和模板版本。"),
            ),
            models.CheckConstraint(
                condition=~Q(state="revoked") | Q(origin="recorded") | Q(revoked_on__isnull=False),
                name="revoked_on_a_day",
                violation_error_message=_("作废须写明日期。"),
            ),
        ]

    def __str__(self) -> str:
        return self.number

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.set_number_key()
        super().save(*args, **kwargs)

    def clean(self) -> None:
        """One written sign can stand for many: NFKC makes eighteen letters of U+FDFA."""
        super().clean()
        if len(number_key(self.number)) > LONGEST_KEY:
            raise ValidationError({"number": _("证书编号里有特殊合字，展开后太长，请改用普通文字填写。")})

    def set_number_key(self) -> None:
        """For who creates in bulk, past `save`."""
        self.number_key = number_key(self.number)

    def state_on(self, day: datetime.date) -> str:
        """The stored state; a valid one past its last day is expired."""
        over = self.expires_on is not None and self.expires_on < day
        return self.State.EXPIRED if self.state == self.State.VALID and over else self.state


class ShareLinkQuerySet(models.QuerySet["ShareLink"]):
    def open_on(self, day: datetime.date) -> ShareLinkQuerySet:
        """Those not withdrawn that have not run out on `day`; the last day counts.

        With the right of the account that made a link ends the link: a helper's consent may be taken back.
        """
        makers = AccountLink.objects.filter(Q(until=None) | Q(until__gte=day), user=OuterRef("made_by"))
        still = Exists(makers.filter(learner=OuterRef("certificate__learner")))
        return self.filter(Q(until=None) | Q(until__gte=day), Q(made_by=None) | still, withdrawn_at=None)


class ShareLink(models.Model):
    """A link under which a learner shows one certificate to others, until it is withdrawn."""

    certificate = models.ForeignKey(
        Certificate, verbose_name=_("证书"), on_delete=models.CASCADE, related_name="share_links"
    )
    key = models.CharField(_("密钥"), max_length=64, unique=True, default=new_key, editable=False)
    made_at = models.DateTimeField(_("生成时间"), auto_now_add=True)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("生成人"),
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    until = models.DateField(_("有效期至"), null=True, blank=True)
    withdrawn_at = models.DateTimeField(_("撤回时间"), null=True, blank=True)

    objects = ShareLinkQuerySet.as_manager()

    class Meta:
        verbose_name = _("证书分享链接")
        verbose_name_plural = _("证书分享链接")
        ordering: ClassVar = ["-made_at"]

    def __str__(self) -> str:
        return str(self.certificate)
