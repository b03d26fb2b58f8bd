"""What learners ask to have corrected in what is stored of them."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from bureaus.models import User
from learners.models.learners import Learner

CORRECTABLE = {"name": _("姓名"), "gender": _("性别"), "birth": _("出生"), "phone": _("联系电话")}


class DataRequestQuerySet(models.QuerySet["DataRequest"]):
    def decided_by(self, user: User) -> DataRequestQuerySet:
        """Those that the user answers: of learners whom the user's bureaus hold."""
        return self.filter(learner__in=Learner.objects.held_for(user, "enrolments.decide"))


class DataRequest(models.Model):
    """Asked by the learner or a helper; an officer of a bureau that holds the learner answers."""

    class State(models.TextChoices):
        OPEN = "open", _("待处理")
        DONE = "done", _("已更正")
        DECLINED = "declined", _("未更正")

    learner = models.ForeignKey(
        Learner, verbose_name=_("学员"), on_delete=models.CASCADE, related_name="data_requests"
    )
    words = models.CharField(_("要更正什么"), max_length=400)
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
    changes = models.JSONField(
        _("更正的内容"), default=dict, blank=True, help_text=_("每一项改前和改后的内容")
    )
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("处理人"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    decided_at = models.DateTimeField(_("处理时间"), null=True, blank=True)

    objects = DataRequestQuerySet.as_manager()

    class Meta:
        verbose_name = _("资料更正申请")
        verbose_name_plural = _("资料更正申请")
        ordering: ClassVar = ["-asked_at", "-id"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(state="open") | Q(decided_at__isnull=False) & ~Q(answer=""),
                name="decided_request_has_an_answer",
                violation_error_message=_("处理时须写答复。"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"

    @property
    def corrected(self) -> list[tuple[str, str, str]]:
        """(what, before, after) in words, of what was changed with the answer."""
        return [
            (str(CORRECTABLE.get(what, what)), in_words(what, old), in_words(what, new))
            for what, (old, new) in self.changes.items()
        ]


def in_words(what: str, value: str) -> str:
    shown = dict(Learner.Gender.choices).get(value, value) if what == "gender" else value
    return str(shown) or "—"
