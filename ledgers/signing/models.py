"""Sign-in sheets that were brought in: whose class it is, what was chosen, and what undoing needs."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.conf import settings
from django.core.files.storage import default_storage
from django.db import models
from django.utils.translation import gettext_lazy as _

from bureaus.access import bureaus_for
from bureaus.models import Bureau, User
from courses.models import ClassRun


class SheetImportQuerySet(models.QuerySet["SheetImport"]):
    def visible_to(self, user: User) -> SheetImportQuerySet:
        """Sheets of the bureaus whose classes the user arranges."""
        return self.filter(bureau__in=bureaus_for(user, "runs.edit"))

    def editable_by(self, user: User) -> SheetImportQuerySet:
        """Only who uploaded a sheet chooses, confirms or drops it."""
        return self.visible_to(user).filter(uploaded_by=user)


class SheetImport(models.Model):
    """One file. Its marks stay in the sealed file until it is dropped; what they wrote is in the courses.

    `choices` hold row → what to do with a person who was not found for sure. `written` holds what was made:
    ids and states only.
    """

    class State(models.TextChoices):
        OPEN = "open", _("待确认")
        APPLIED = "applied", _("已登记")
        UNDONE = "undone", _("已撤销")
        DROPPED = "dropped", _("已放弃")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    bureau = models.ForeignKey(
        Bureau, verbose_name=_("主办单位"), on_delete=models.PROTECT, related_name="sheet_imports"
    )
    run = models.ForeignKey(
        ClassRun,
        verbose_name=_("班次"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="sheet_imports",
    )
    file_name = models.CharField(_("文件名"), max_length=120)
    stored_as = models.CharField(max_length=120, blank=True, editable=False)
    state = models.CharField(_("状态"), max_length=10, choices=State, default=State.OPEN)
    choices = models.JSONField(_("选定的处理"), default=dict, blank=True)
    blanks_absent = models.BooleanField(_("空白格算缺席"), default=False)
    figures = models.JSONField(_("统计"), default=dict, blank=True)
    written = models.JSONField(_("写入的内容"), default=dict, blank=True)
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("上传人"),
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    uploaded_at = models.DateTimeField(_("上传时间"), auto_now_add=True)
    applied_at = models.DateTimeField(_("登记时间"), null=True, blank=True)
    undone_at = models.DateTimeField(_("撤销时间"), null=True, blank=True)

    objects = SheetImportQuerySet.as_manager()

    class Meta:
        verbose_name = _("签到表导入")
        verbose_name_plural = _("签到表导入")
        ordering: ClassVar = ["-uploaded_at"]

    def __str__(self) -> str:
        return self.file_name

    def drop_file(self) -> None:
        if self.stored_as:
            default_storage.delete(self.stored_as)
        self.stored_as = ""
        self.save(update_fields=["stored_as"])
