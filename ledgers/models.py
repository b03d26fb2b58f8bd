"""Imports of ledgers: what came in, what became of each row, and what undoing needs."""

from __future__ import annotations

import datetime
import uuid
from typing import ClassVar

from django.conf import settings
from django.core.files.storage import default_storage
from django.db import models
from django.utils.translation import gettext_lazy as _

from bureaus.access import bureaus_for
from bureaus.models import Bureau, User
from certificates.models import Certificate
from courses.models import Enrolment, Programme, Session
from ledgers.own_forms.models import OwnForm
from peixun.lib.encryption import EncryptedTextField

__all__ = ["LedgerImport", "LedgerRow", "OwnForm"]

STALLED_AFTER = datetime.timedelta(minutes=3)


class LedgerImportQuerySet(models.QuerySet["LedgerImport"]):
    def visible_to(self, user: User) -> LedgerImportQuerySet:
        """Imports of the bureaus whose ledgers the user may export, that is read."""
        return self.filter(bureau__in=bureaus_for(user, "ledger.export"))

    def editable_by(self, user: User) -> LedgerImportQuerySet:
        """Only who uploaded a file may mend, confirm or drop it."""
        return self.filter(bureau__in=bureaus_for(user, "ledger.import"), uploaded_by=user)

    def undoable_by(self, user: User) -> LedgerImportQuerySet:
        return self.filter(bureau__in=bureaus_for(user, "ledger.import"))


class LedgerImport(models.Model):
    """One file. The rows' values stay in the sealed file until it is dropped; figures and places stay."""

    class State(models.TextChoices):
        READING = "reading", _("读取中")
        ASKING = "asking", _("待补充")
        PREVIEW = "preview", _("待确认")
        APPLYING = "applying", _("导入中")
        APPLIED = "applied", _("已导入")
        UNDONE = "undone", _("已撤销")
        FAILED = "failed", _("未能读取")
        DROPPED = "dropped", _("已放弃")

    AT_WORK: ClassVar = (State.READING, State.APPLYING)
    OPEN: ClassVar = (State.ASKING, State.PREVIEW)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    bureau = models.ForeignKey(
        Bureau, verbose_name=_("填报单位"), on_delete=models.PROTECT, related_name="imports"
    )
    programme = models.ForeignKey(
        Programme,
        verbose_name=_("项目"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="imports",
    )
    year = models.PositiveSmallIntegerField(_("年度"), null=True, blank=True)
    constants = models.JSONField(_("补充的内容"), default=dict, blank=True)
    file_name = models.CharField(_("文件名"), max_length=120)
    file_size = models.PositiveBigIntegerField(_("大小"), default=0)
    file_digest = models.CharField(_("文件摘要"), max_length=64, blank=True)
    stored_as = models.CharField(max_length=120, blank=True, editable=False)
    state = models.CharField(_("状态"), max_length=10, choices=State, default=State.READING)
    message = models.TextField(_("说明"), blank=True)
    understood = models.JSONField(_("识别结果"), default=dict, blank=True)
    figures = models.JSONField(_("统计"), default=dict, blank=True)
    stage = models.CharField(_("进行到"), max_length=20, blank=True)
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("上传人"),
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    uploaded_at = models.DateTimeField(_("上传时间"), auto_now_add=True)
    touched_at = models.DateTimeField(_("进展时间"), auto_now=True)
    applied_at = models.DateTimeField(_("导入时间"), null=True, blank=True)
    undone_at = models.DateTimeField(_("撤销时间"), null=True, blank=True)

    objects = LedgerImportQuerySet.as_manager()

    class Meta:
        verbose_name = _("台账导入")
        verbose_name_plural = _("台账导入")
        ordering: ClassVar = ["-uploaded_at"]

    def __str__(self) -> str:
        return self.file_name

    @property
    def has_file(self) -> bool:
        return bool(self.stored_as)

    def drop_file(self) -> None:
        """Deletes the sealed file and the sealed preview."""
        for name in filter(None, (self.stored_as, self.preview_name)):
            default_storage.delete(name)
        self.stored_as = ""
        self.save(update_fields=["stored_as"])

    @property
    def preview_name(self) -> str:
        return f"{self.stored_as}.preview" if self.stored_as else ""

    def tell(self, stage: str, *, done: int = 0, total: int = 0) -> None:
        """Says how far the work is; seen by the page that waits."""
        self.stage, self.done, self.total = stage, done, total
        self.save(update_fields=["stage", "done", "total", "touched_at"])

    def has_stalled(self, now: datetime.datetime) -> bool:
        """Its worker has not been heard of for so long that it must have been killed."""
        return self.state in self.AT_WORK and now - self.touched_at > STALLED_AFTER


class LedgerRow(models.Model):
    """What became of one row: its place, its state, what it wrote. It holds no copy of the row."""

    class State(models.TextChoices):
        NEW = "new", _("新增")
        CHANGED = "changed", _("有变化")
        SAME = "same", _("相同")
        FAULTY = "faulty", _("有问题")

    batch = models.ForeignKey(
        LedgerImport, verbose_name=_("导入"), on_delete=models.CASCADE, related_name="rows"
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
        Session, null=True, blank=True, on_delete=models.SET_NULL, related_name="ledger_rows"
    )
    certificate = models.ForeignKey(
        Certificate, null=True, blank=True, on_delete=models.SET_NULL, related_name="ledger_rows"
    )
    created = models.JSONField(_("新建的对象"), default=dict, blank=True)
    before = EncryptedTextField(_("改前的值"), blank=True, default="")

    class Meta:
        verbose_name = _("台账行")
        verbose_name_plural = _("台账行")
        ordering: ClassVar = ["batch", "id"]
        indexes: ClassVar = [models.Index(fields=["batch", "state"], name="ledger_row_state")]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["batch", "sheet", "number"], name="ledger_row_once")
        ]

    def __str__(self) -> str:
        return f"{self.sheet} {self.number}"

    @staticmethod
    def key(sheet: str, number: int) -> str:
        """A place of a file as one text."""
        return f"{sheet}!{number}"
