"""Imports of ledgers: the file, who works on it, and what its preview shows."""

from __future__ import annotations

import datetime
import uuid
from typing import ClassVar

from django.conf import settings
from django.core.files.storage import default_storage
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from bureaus.access import bureaus_for
from bureaus.models import Bureau, User
from courses.models import Programme
from ledgers.models.layouts import in_words

NEWS_DAYS = datetime.timedelta(days=7)


class LedgerImportQuerySet(models.QuerySet["LedgerImport"]):
    def visible_to(self, user: User) -> LedgerImportQuerySet:
        """Imports of the bureaus whose ledgers the user may export, that is read."""
        return self.filter(bureau__in=bureaus_for(user, "ledger.export"))

    def editable_by(self, user: User) -> LedgerImportQuerySet:
        """Only who uploaded a file may mend, confirm or drop it."""
        return self.filter(bureau__in=bureaus_for(user, "ledger.import"), uploaded_by=user)

    def undoable_by(self, user: User) -> LedgerImportQuerySet:
        return self.filter(bureau__in=bureaus_for(user, "ledger.import"))

    def at_work(self) -> LedgerImportQuerySet:
        return self.filter(state__in=LedgerImport.AT_WORK)

    def news_for(self, user: User, at: datetime.datetime) -> LedgerImportQuerySet:
        """What the user uploaded and has not been told of: it ended, in the background, within a week."""
        ended = self.editable_by(user).filter(state__in=LedgerImport.ENDED, seen_at=None)
        return ended.filter(touched_at__gt=at - NEWS_DAYS)


class LedgerImport(models.Model):
    """One file. The rows' values stay in the sealed file until it is dropped; figures and places stay."""

    class State(models.TextChoices):
        READING = "reading", _("读取中")
        MAPPING = "mapping", _("待指定列")
        ASKING = "asking", _("待补充")
        PREVIEW = "preview", _("待确认")
        APPLYING = "applying", _("导入中")
        APPLIED = "applied", _("已导入")
        UNDOING = "undoing", _("撤销中")
        UNDONE = "undone", _("已撤销")
        PARTLY = "partly", _("部分撤销")
        FAILED = "failed", _("未能读取")
        DROPPED = "dropped", _("已放弃")

    ENDED: ClassVar = (State.APPLIED, State.FAILED)
    COMING_IN: ClassVar = (State.READING, State.APPLYING)
    AT_WORK: ClassVar = (*COMING_IN, State.UNDOING)
    OPEN: ClassVar = (State.MAPPING, State.ASKING, State.PREVIEW)
    # Something that it wrote still stands, and may be taken back.
    WRITTEN: ClassVar = (State.APPLIED, State.PARTLY)

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
    # What the headings were said to mean: `headings` and `layouts` as `read_ledger` takes them. A snapshot:
    # preview and confirm read alike whatever becomes of layouts and synonyms meanwhile.
    mapping = models.JSONField(_("列的含义"), default=dict, blank=True)
    layout = models.ForeignKey(
        "LedgerLayout",
        verbose_name=_("版式"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="imports",
    )
    file_name = models.CharField(_("文件名"), max_length=120)
    file_size = models.PositiveBigIntegerField(_("大小"), default=0)
    file_digest = models.CharField(_("文件摘要"), max_length=64, blank=True)
    stored_as = models.CharField(max_length=120, blank=True, editable=False)
    state = models.CharField(_("状态"), max_length=10, choices=State, default=State.READING)
    message = models.TextField(_("说明"), blank=True)
    understood = models.JSONField(_("识别结果"), default=dict, blank=True)
    figures = models.JSONField(_("统计"), default=dict, blank=True)
    stage = models.CharField(_("进行到"), max_length=20, blank=True)
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
    previewed_at = models.DateTimeField(_("预览时间"), null=True, blank=True)
    applied_at = models.DateTimeField(_("导入时间"), null=True, blank=True)
    undone_at = models.DateTimeField(_("撤销时间"), null=True, blank=True)
    seen_at = models.DateTimeField(_("上传人已知道"), null=True, blank=True)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("撤销人"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    undo_reason = models.CharField(_("撤销原因"), max_length=200, blank=True)
    undo_report = models.JSONField(_("撤销前的核对"), default=dict, blank=True)

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

    @property
    def writes(self) -> int:
        """Rows that are added or changed. Those that are 相同 are good, but nothing of them is written."""
        return int(self.figures.get("new", 0) + self.figures.get("changed", 0))

    def drop_file(self) -> None:
        """Deletes the sealed file, the sealed preview and the sealed samples of its columns."""
        for name in filter(None, (self.stored_as, self.columns_name)):
            default_storage.delete(name)
        self.pieces.all().delete()
        self.stored_as = ""
        self.save(update_fields=["stored_as"])

    @property
    def constants_in_words(self) -> list[str]:
        return in_words(self.constants)

    @property
    def columns_name(self) -> str:
        return f"{self.stored_as}.columns" if self.stored_as else ""


class ImportWork(models.Model):
    """Who works on an import, how often it was begun, and how far it is.

    A row of its own: the import's row is held by the transaction that writes, and whoever waits must see the
    work go on, and may call it off, meanwhile. On SQLite, where that transaction holds the whole database,
    what changes while a step runs stands in a file; see `ledgers.importing.boards`.
    """

    batch = models.OneToOneField(
        LedgerImport,
        verbose_name=_("导入"),
        primary_key=True,
        on_delete=models.CASCADE,
        related_name="work",
    )
    holder = models.UUIDField(_("执行者"), null=True, editable=False)
    attempts = models.PositiveSmallIntegerField(_("次数"), default=0)
    heard_at = models.DateTimeField(_("最近进展"), db_default=Now())
    started_at = models.DateTimeField(_("开始时间"), null=True)
    stage = models.CharField(_("进行到"), max_length=8, blank=True)
    stage_at = models.DateTimeField(_("本步开始时间"), null=True)
    done = models.PositiveIntegerField(_("已处理"), default=0)
    total = models.PositiveIntegerField(_("共"), default=0)
    cancel_asked = models.BooleanField(_("要求取消"), default=False)

    class Meta:
        verbose_name = _("导入进度")
        verbose_name_plural = _("导入进度")

    def __str__(self) -> str:
        return str(self.batch_id)


class PreviewPiece(models.Model):
    """What the preview shows of some rows that follow one another, sealed; gone with the file.

    A confirm compares the `fingerprint` of the rows' effects: it is refused where one differs.
    """

    batch = models.ForeignKey(
        LedgerImport, verbose_name=_("导入"), on_delete=models.CASCADE, related_name="pieces"
    )
    first_row = models.BigIntegerField(_("首行"))
    fingerprint = models.CharField(_("指纹"), max_length=64)
    data = models.BinaryField(_("内容"))

    class Meta:
        verbose_name = _("预览片段")
        verbose_name_plural = _("预览片段")
        ordering: ClassVar = ["batch", "first_row"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["batch", "first_row"], name="preview_piece_once")
        ]

    def __str__(self) -> str:
        return f"{self.batch} {self.first_row}"
