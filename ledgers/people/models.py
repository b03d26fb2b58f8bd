"""Doubts of imports about who somebody is, what was decided, and merges of two learners."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from bureaus.access import bureaus_for, for_whole_city
from bureaus.models import Bureau, User
from learners.models import Learner
from peixun.lib.encryption import EncryptedTextField

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

IMPORTING = "ledger.import"
MERGING = "learners.merge"


def by(name: StrOrPromise) -> models.ForeignKey[User | None, User | None]:
    return models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=name, null=True, on_delete=models.SET_NULL, related_name="+"
    )


class PersonDecisionQuerySet(models.QuerySet["PersonDecision"]):
    def visible_to(self, user: User) -> PersonDecisionQuerySet:
        """Those about learners whom the user sees."""
        return self.filter(learner__in=Learner.objects.visible_to(user))

    def editable_by(self, user: User) -> PersonDecisionQuerySet:
        """Those of the bureaus for which the user may import, about learners whom the user sees."""
        seen = self.visible_to(user)
        return (
            seen if for_whole_city(user, IMPORTING) else seen.filter(bureau__in=bureaus_for(user, IMPORTING))
        )


class PersonDecision(models.Model):
    """Somebody said whether the person behind `key` is this learner; no later import asks that again.

    The key is the digest of an identity, or of an ID number with a name; see `ledgers.importing.doubts`.
    """

    learner = models.ForeignKey(
        Learner, verbose_name=_("学员"), on_delete=models.CASCADE, related_name="person_decisions"
    )
    key = models.CharField(_("摘要"), max_length=64, editable=False)
    same = models.BooleanField(_("同一人"))
    written = EncryptedTextField(_("台账里的写法"), blank=True, default="")
    bureau = models.ForeignKey(
        Bureau, verbose_name=_("单位"), null=True, on_delete=models.PROTECT, related_name="person_decisions"
    )
    decided_by = by(_("核对人"))
    decided_at = models.DateTimeField(_("核对时间"), auto_now_add=True)

    objects = PersonDecisionQuerySet.as_manager()

    class Meta:
        verbose_name = _("人员核对结论")
        verbose_name_plural = _("人员核对结论")
        ordering: ClassVar = ["-decided_at", "-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["key", "learner"], name="person_decided_once"),
            models.UniqueConstraint(
                fields=["key"],
                condition=Q(same=True),
                name="same_as_one_learner",
                violation_error_message=_("已核对为另一名学员，一个人不能是两名学员。"),
            ),
        ]

    def __str__(self) -> str:
        return str(_("同一人") if self.same else _("不是同一人"))


class Doubt(models.Model):
    """A row of an import that may speak of a known learner; the place is the first row that does."""

    class Kind(models.TextChoices):
        OTHER_NUMBER = "other_number", _("姓名、单位相同，号码不同或缺一方")
        OTHER_NAME = "other_name", _("身份证号相同，姓名不同")

    batch = models.ForeignKey(
        "ledgers.LedgerImport", verbose_name=_("导入"), on_delete=models.CASCADE, related_name="doubts"
    )
    sheet = models.CharField(_("工作表"), max_length=120, blank=True)
    number = models.PositiveIntegerField(_("行"))
    kind = models.CharField(_("情形"), max_length=12, choices=Kind)
    key = models.CharField(_("摘要"), max_length=64, editable=False)
    learner = models.ForeignKey(
        Learner, verbose_name=_("学员"), on_delete=models.CASCADE, related_name="doubts"
    )
    decision = models.ForeignKey(
        PersonDecision,
        verbose_name=_("结论"),
        null=True,
        on_delete=models.SET_NULL,
        related_name="doubts",
    )

    class Meta:
        verbose_name = _("待核对人员")
        verbose_name_plural = _("待核对人员")
        ordering: ClassVar = ["batch", "id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["batch", "key", "learner"], name="doubted_once")
        ]

    def __str__(self) -> str:
        return f"{self.sheet} {self.number}"


class MergeQuerySet(models.QuerySet["Merge"]):
    def visible_to(self, user: User) -> MergeQuerySet:
        """Those done for the bureaus for which the user may merge; who sees the city sees all."""
        return self if for_whole_city(user, MERGING) else self.filter(bureau__in=bureaus_for(user, MERGING))


class Merge(models.Model):
    """One record became part of another. `steps` is all that was changed, so that it can be taken back."""

    kept = models.ForeignKey(
        Learner, verbose_name=_("保留的学员"), null=True, on_delete=models.SET_NULL, related_name="merges"
    )
    kept_number = models.PositiveBigIntegerField(_("保留的档案编号"))
    gone_number = models.PositiveBigIntegerField(_("并入的档案编号"))
    gone_name = EncryptedTextField(_("并入的姓名"))
    bureau = models.ForeignKey(
        Bureau, verbose_name=_("单位"), null=True, on_delete=models.PROTECT, related_name="merges"
    )
    reason = models.CharField(_("依据"), max_length=200)
    steps = EncryptedTextField(_("改动"))
    counts = models.JSONField(_("移动的内容"), default=dict)
    merged_by = by(_("合并人"))
    merged_at = models.DateTimeField(_("合并时间"), auto_now_add=True)
    undone_by = by(_("撤销人"))
    undone_at = models.DateTimeField(_("撤销时间"), null=True, blank=True)
    undone_reason = models.CharField(_("撤销原因"), max_length=200, blank=True)
    outcome = models.JSONField(_("撤销结果"), default=list, blank=True)

    objects = MergeQuerySet.as_manager()

    class Meta:
        verbose_name = _("学员档案合并")
        verbose_name_plural = _("学员档案合并")
        ordering: ClassVar = ["-merged_at", "-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["gone_number"], condition=Q(undone_at=None), name="merged_away_once"
            ),
            models.CheckConstraint(condition=~Q(kept_number=models.F("gone_number")), name="merged_of_two"),
        ]

    def __str__(self) -> str:
        return f"{self.gone_number} → {self.kept_number}"
