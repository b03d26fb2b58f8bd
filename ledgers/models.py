"""Imports of ledgers: what came in, what became of each row, and what undoing needs."""

from __future__ import annotations

import datetime
import uuid
from typing import ClassVar

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.storage import default_storage
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from bureaus.access import bureaus_for, for_whole_city
from bureaus.models import Bureau, User
from certificates.models import Certificate
from courses.models import Enrolment, Programme, Session
from ledgers import lookups  # noqa: F401  (registers them)
from ledgers.columns import BY_KEY, plain_heading
from ledgers.own_forms.models import OwnForm
from ledgers.people.models import Doubt, Merge, PersonDecision
from ledgers.signing.models import SheetImport
from peixun.lib.encryption import EncryptedTextField

__all__ = ["Doubt", "LedgerImport", "LedgerRow", "Merge", "OwnForm", "PersonDecision", "SheetImport"]

NEWS_DAYS = datetime.timedelta(days=7)


def in_words(constants: dict[str, str]) -> list[str]:
    """What the files lack and was filled in, for reading."""
    return [f"{BY_KEY[key].heading}：{value}" for key, value in constants.items() if key in BY_KEY]


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


class LedgerLayoutQuerySet(models.QuerySet["LedgerLayout"]):
    def visible_to(self, user: User) -> LedgerLayoutQuerySet:
        return self.filter(bureau__in=bureaus_for(user, "ledger.export"))

    def editable_by(self, user: User) -> LedgerLayoutQuerySet:
        """Whoever may import for the bureau keeps its layouts."""
        return self.filter(bureau__in=bureaus_for(user, "ledger.import"))


class LedgerLayout(models.Model):
    """How a bureau lays its ledgers out: what the columns under these headings mean.

    `mapping` is plain heading → key of a field, or "" for a column that is not read; `headings` keeps their
    order. What the files lack is kept beside it: `programme` and `constants`.
    """

    class Kind(models.TextChoices):
        PARTICIPANT = "participant", _("学员名册")
        LECTURE = "lecture", _("讲座、活动")

    bureau = models.ForeignKey(
        Bureau, verbose_name=_("单位"), on_delete=models.PROTECT, related_name="ledger_layouts"
    )
    name = models.CharField(_("名称"), max_length=60)
    fingerprint = models.CharField(_("表头摘要"), max_length=64, editable=False)
    kind = models.CharField(_("种类"), max_length=11, choices=Kind, default=Kind.PARTICIPANT)
    headings = models.JSONField(_("列名"), default=list, blank=True)
    mapping = models.JSONField(_("列的含义"), default=dict, blank=True)
    programme = models.ForeignKey(
        Programme,
        verbose_name=_("培训项目"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    constants = models.JSONField(_("补充的内容"), default=dict, blank=True)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("记住的人"),
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    made_at = models.DateTimeField(_("记住的时间"), auto_now_add=True)
    times_used = models.PositiveIntegerField(_("用过的次数"), default=0)
    last_used_at = models.DateTimeField(_("上次用"), null=True, blank=True)

    objects = LedgerLayoutQuerySet.as_manager()

    class Meta:
        verbose_name = _("台账版式")
        verbose_name_plural = _("台账版式")
        ordering: ClassVar = ["bureau", "name"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["bureau", "fingerprint"],
                name="ledger_layout_once",
                violation_error_message=_("这个单位已经记住了同样表头的版式。"),
            ),
            models.UniqueConstraint(
                fields=["bureau", "name"],
                name="ledger_layout_name",
                violation_error_message=_("这个单位已经有同名的版式，请换一个名称。"),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def constants_in_words(self) -> list[str]:
        return in_words(self.constants)


class HeadingSynonymQuerySet(models.QuerySet["HeadingSynonym"]):
    def acting_for(self, bureau: Bureau) -> HeadingSynonymQuerySet:
        """The bureau's own and the city's; the bureau's come last, so that they prevail."""
        return self.filter(models.Q(bureau=bureau) | models.Q(bureau=None)).order_by(
            models.F("bureau_id").asc(nulls_first=True)
        )

    def visible_to(self, user: User) -> HeadingSynonymQuerySet:
        own = models.Q(bureau__in=bureaus_for(user, "ledger.export"))
        return self.filter(own | models.Q(bureau=None))

    def editable_by(self, user: User) -> HeadingSynonymQuerySet:
        """The bureau's own for whoever imports there; the city's for who imports for the whole city."""
        if for_whole_city(user, "ledger.import"):
            return self.all()
        return self.filter(bureau__in=bureaus_for(user, "ledger.import"))


class HeadingSynonym(models.Model):
    """A heading that a person said the meaning of, for all later files of the bureau or of the city."""

    bureau = models.ForeignKey(
        Bureau,
        verbose_name=_("单位"),
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="heading_synonyms",
        help_text=_("留空表示全市通用"),
    )
    heading = models.CharField(_("列名"), max_length=80, help_text=_("表头里的写法，不含括号和空格"))
    key = models.CharField(_("识别为"), max_length=40)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("记住的人"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    made_at = models.DateTimeField(_("记住的时间"), auto_now_add=True)

    objects = HeadingSynonymQuerySet.as_manager()

    class Meta:
        verbose_name = _("列名对应")
        verbose_name_plural = _("列名对应")
        ordering: ClassVar = ["heading"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["bureau", "heading"],
                name="heading_synonym_once",
                violation_error_message=_("这个列名已经有对应。"),
            ),
            models.UniqueConstraint(
                fields=["heading"],
                condition=models.Q(bureau=None),
                name="heading_synonym_of_city_once",
                violation_error_message=_("这个列名已经有全市通用的对应。"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.heading} → {self.label}"

    @property
    def label(self) -> str:
        return BY_KEY[self.key].heading if self.key in BY_KEY else str(_("不导入"))

    def clean(self) -> None:
        self.heading = plain_heading(self.heading)
        if not self.heading:
            raise ValidationError({"heading": _("请填写列名；括号里的字不算。")})
