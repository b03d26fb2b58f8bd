"""A learner, the bureaus that hold one's data, and the accounts that look after one."""

from __future__ import annotations

import datetime
from typing import ClassVar

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from bureaus.access import bureaus_for, for_whole_city, scope_of
from bureaus.models import Bureau, User

PARTIAL_DATE = r"^\d{4}(-\d{2}(-\d{2})?)?$"


class LearnerQuerySet(models.QuerySet["Learner"]):
    def visible_to(self, user: User) -> LearnerQuerySet:
        """Learners that the user's bureaus hold, and those whom the user's account looks after today."""
        scope = scope_of(user)
        if scope.whole_city:
            return self
        own = Q(pk__in=AccountLink.objects.open_to(user, timezone.localdate()).values("learner"))
        held = scope.covers(bureau="holders__bureau", district="holders__bureau__district")
        return self.filter(own | held).distinct()

    def held_for(self, user: User, deed: str) -> LearnerQuerySet:
        """Learners held by a bureau for which the user may do `deed`; one's own are not among them."""
        if for_whole_city(user, deed):
            return self
        holding = Holder.objects.filter(bureau__in=bureaus_for(user, deed))
        return self.filter(pk__in=holding.values("learner"))


class Learner(models.Model):
    """One person. What a bureau wrote of one stands in that bureau's `Holder` and in the enrolments."""

    class Gender(models.TextChoices):
        FEMALE = "female", _("女")
        MALE = "male", _("男")

    name = models.CharField(_("姓名"), max_length=120)
    gender = models.CharField(_("性别"), max_length=6, choices=Gender, blank=True)
    birth = models.CharField(
        _("出生"),
        max_length=10,
        blank=True,
        validators=[RegexValidator(PARTIAL_DATE, _("请填写年份、年月或年月日，如 1985、1985-06。"))],
        help_text=_("年、年月或年月日；有身份证号的只存年份"),
    )
    created_at = models.DateTimeField(_("建档时间"), auto_now_add=True)

    objects = LearnerQuerySet.as_manager()

    class Meta:
        verbose_name = _("学员")
        verbose_name_plural = _("学员")
        ordering: ClassVar = ["name", "id"]
        # Not `db_index`, which on PostgreSQL would bring a second one for LIKE.
        indexes: ClassVar = [models.Index(fields=["name"], name="learner_name")]

    def __str__(self) -> str:
        return self.name

    @property
    def birth_year(self) -> int | None:
        return int(self.birth[:4]) if self.birth else None


class Holder(models.Model):
    """A bureau that may see this learner, since it enrolled them; its contact phone for them.

    Phones are no identity: families share one. No bureau sees what another wrote here.
    """

    learner = models.ForeignKey(
        Learner, verbose_name=_("学员"), on_delete=models.CASCADE, related_name="holders", db_index=False
    )
    bureau = models.ForeignKey(
        Bureau, verbose_name=_("单位"), on_delete=models.PROTECT, related_name="holdings"
    )
    phone = models.CharField(_("联系电话"), max_length=200, blank=True)
    since = models.DateTimeField(_("起"), auto_now_add=True)

    class Meta:
        verbose_name = _("学员归口单位")
        verbose_name_plural = _("学员归口单位")
        constraints: ClassVar = [models.UniqueConstraint(fields=["learner", "bureau"], name="held_once")]

    def __str__(self) -> str:
        return f"{self.bureau} · {self.learner}"


class AccountLinkQuerySet(models.QuerySet["AccountLink"]):
    def open_to(self, user: User, day: datetime.date) -> AccountLinkQuerySet:
        """The user's links that have not run out on `day`; the last day counts."""
        return self.filter(Q(until=None) | Q(until__gte=day), user=user)


class AccountLink(models.Model):
    """A user may look at this learner's record: one's own, or as a helper with consent on record."""

    class Relation(models.TextChoices):
        SELF = "self", _("本人")
        HELPER = "helper", _("代管家人")

    class Consent(models.TextChoices):
        """How the learner said yes to a helper."""

        WRITTEN = "written", _("书面同意书")
        SPOKEN = "spoken", _("本人当面同意")
        PHONE = "phone", _("电话确认")

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("账号"),
        on_delete=models.CASCADE,
        related_name="learner_links",
    )
    learner = models.ForeignKey(
        Learner, verbose_name=_("学员"), on_delete=models.CASCADE, related_name="account_links"
    )
    relation = models.CharField(_("关系"), max_length=6, choices=Relation, default=Relation.SELF)
    consented_at = models.DateTimeField(_("同意时间"), null=True, blank=True)
    consented_how = models.CharField(_("同意方式"), max_length=8, choices=Consent, blank=True)
    until = models.DateField(_("有效期至"), null=True, blank=True)

    objects = AccountLinkQuerySet.as_manager()

    class Meta:
        verbose_name = _("账号关联")
        verbose_name_plural = _("账号关联")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["user", "learner"], name="linked_once"),
            models.CheckConstraint(
                condition=Q(relation="self") | Q(consented_at__isnull=False),
                name="helpers_have_consent",
                violation_error_message=_("代管须先登记本人同意的时间。"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} → {self.learner}"
