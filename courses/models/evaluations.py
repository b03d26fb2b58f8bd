"""满意度: what learners say of a session, without saying who they are."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from courses.models.runs import Session

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

MOST = 5


def score(name: StrOrPromise) -> models.PositiveSmallIntegerField[int, int]:
    return models.PositiveSmallIntegerField(name, validators=[MinValueValidator(1), MaxValueValidator(MOST)])


class Evaluation(models.Model):
    """Three scores from 1 to 5. Its key is random and it knows the day only: no order tells who wrote it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    session = models.ForeignKey(
        Session, verbose_name=_("课次"), on_delete=models.CASCADE, related_name="evaluations"
    )
    content = score(_("内容"))
    teaching = score(_("授课"))
    arrangement = score(_("组织"))
    words = models.CharField(_("意见建议"), max_length=400, blank=True)
    made_on = models.DateField(_("日期"))

    class Meta:
        verbose_name = _("满意度评价")
        verbose_name_plural = _("满意度评价")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(
                    content__range=(1, MOST), teaching__range=(1, MOST), arrangement__range=(1, MOST)
                ),
                name="scores_from_1_to_5",
                violation_error_message=_("评分为 1 至 5。"),
            )
        ]

    def __str__(self) -> str:
        return f"{self.session} {self.content}/{self.teaching}/{self.arrangement}"


class Ballot(models.Model):
    """Somebody has evaluated this session. Kept apart from the evaluation, and leads to no person."""

    session = models.ForeignKey(
        Session, verbose_name=_("课次"), on_delete=models.CASCADE, related_name="ballots"
    )
    digest = models.CharField(_("摘要"), max_length=64)

    class Meta:
        verbose_name = _("已评价")
        verbose_name_plural = _("已评价")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["session", "digest"], name="one_ballot_each")
        ]

    def __str__(self) -> str:
        return str(self.session)
