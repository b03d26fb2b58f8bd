"""Papers of a session: the photo of the hall, the signed sheet."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from courses.models.runs import Session


class Evidence(models.Model):
    """A picture, kept sealed: faces and signatures are on it. `digest` tells the same one sent twice."""

    class Kind(models.TextChoices):
        PHOTO = "photo", _("现场照片")
        SHEET = "sheet", _("签到表照片")

    session = models.ForeignKey(
        Session, verbose_name=_("课次"), on_delete=models.CASCADE, related_name="evidence"
    )
    kind = models.CharField(_("种类"), max_length=5, choices=Kind)
    file = models.FileField(_("文件"), upload_to="evidence/", editable=False)
    digest = models.CharField(_("摘要"), max_length=64, editable=False)
    added_at = models.DateTimeField(_("上传时间"), auto_now_add=True)
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("上传人"),
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )

    class Meta:
        verbose_name = _("课次佐证")
        verbose_name_plural = _("课次佐证")
        ordering: ClassVar = ["session", "id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["session", "digest"], name="evidence_once"),
        ]

    def __str__(self) -> str:
        return f"{self.session} · {self.get_kind_display()}"
