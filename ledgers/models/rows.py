"""What became of each row of a ledger, and what undoing needs."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from certificates.models import Certificate
from courses.models import Enrolment, Session
from ledgers.models.imports import LedgerImport
from peixun.lib.encryption import EncryptedTextField


class LedgerRowQuerySet(models.QuerySet["LedgerRow"]):
    def standing(self) -> LedgerRowQuerySet:
        """Rows whose import still says what they say: not taken back, and not only part of one that was.

        The rows of an undone import that were the same as what was stored wrote nothing and say nothing more.
        """
        held = models.Q(batch__state__in=(LedgerImport.State.APPLIED, LedgerImport.State.UNDOING))
        left = models.Q(undone__in=(LedgerRow.Undone.KEPT, LedgerRow.Undone.FAILED))
        return self.filter(held | left).exclude(undone=LedgerRow.Undone.REVERSED)

    def to_undo(self) -> LedgerRowQuerySet:
        """Rows that wrote something which was not taken back yet."""
        wrote = (LedgerRow.State.NEW, LedgerRow.State.CHANGED)
        return self.filter(state__in=wrote).exclude(undone=LedgerRow.Undone.REVERSED)


class LedgerRow(models.Model):
    """What became of one row: its place, its state, what it wrote. It holds no copy of the row."""

    class Undone(models.TextChoices):
        """What undoing made of a row that had written something."""

        REVERSED = "reversed", _("已收回")
        KEPT = "kept", _("保留")
        FAILED = "failed", _("未能收回")

    class State(models.TextChoices):
        NEW = "new", _("新增")
        CHANGED = "changed", _("有变化")
        SAME = "same", _("相同")
        FAULTY = "faulty", _("有问题")

    batch = models.ForeignKey(
        LedgerImport, verbose_name=_("导入"), on_delete=models.CASCADE, related_name="rows", db_index=False
    )
    sheet = models.CharField(_("工作表"), max_length=120, blank=True)
    number = models.PositiveIntegerField(_("行"))
    state = models.CharField(_("结果"), max_length=8, choices=State)
    code = models.CharField(_("问题代码"), max_length=24, blank=True)
    column = models.CharField(_("列"), max_length=255, blank=True)
    message = models.TextField(_("问题与办法"), blank=True)
    warnings = models.JSONField(_("提醒"), default=list, blank=True)
    enrolment = models.ForeignKey(
        Enrolment, null=True, blank=True, on_delete=models.SET_NULL, related_name="ledger_rows"
    )
    session = models.ForeignKey(
        Session,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="ledger_rows",
        db_index=False,
    )
    certificate = models.ForeignKey(
        Certificate, null=True, blank=True, on_delete=models.SET_NULL, related_name="ledger_rows"
    )
    created = models.JSONField(_("新建的对象"), default=dict, blank=True)
    before = EncryptedTextField(_("改前的值"), blank=True, default="")
    undone = models.CharField(_("撤销结果"), max_length=8, choices=Undone, blank=True)
    undone_why = models.TextField(_("撤销说明"), blank=True)
    differs = models.BooleanField(
        _("与上次预览不同"), default=False, help_text=_("确认时结果已不是预览里的那样")
    )

    objects = LedgerRowQuerySet.as_manager()

    class Meta:
        verbose_name = _("台账行")
        verbose_name_plural = _("台账行")
        ordering: ClassVar = ["batch", "id"]
        indexes: ClassVar = [
            models.Index(fields=["batch", "state"], name="ledger_row_state"),
            models.Index(
                fields=["batch", "undone"], name="ledger_row_undone", condition=~models.Q(undone="")
            ),
            models.Index(
                fields=["session"], name="ledger_row_session", condition=models.Q(session__isnull=False)
            ),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["batch", "sheet", "number"], name="ledger_row_once")
        ]

    def __str__(self) -> str:
        return f"{self.sheet} {self.number}"
