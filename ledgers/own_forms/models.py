"""The own forms of bureaus."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from bureaus.access import bureaus_for
from bureaus.models import Bureau, User
from ledgers.own_forms.kinds import Kind
from ledgers.own_forms.parts import FormBook
from ledgers.own_forms.recognising import Layout
from peixun.lib.encryption import seal, unseal


class OwnFormQuerySet(models.QuerySet["OwnForm"]):
    def visible_to(self, user: User) -> OwnFormQuerySet:
        return self.filter(bureau__in=bureaus_for(user, "ledger.export"))

    def editable_by(self, user: User) -> OwnFormQuerySet:
        return self.filter(bureau__in=bureaus_for(user, "forms.edit"))


class OwnForm(models.Model):
    """A bureau's blank form and what its columns show. Sealed, since a sample row may name somebody."""

    bureau = models.ForeignKey(
        Bureau, verbose_name=_("单位"), on_delete=models.CASCADE, related_name="own_forms"
    )
    name = models.CharField(_("名称"), max_length=60)
    kind = models.CharField(_("内容"), max_length=14, choices=Kind)
    file_name = models.CharField(_("文件名"), max_length=120)
    content = models.BinaryField(editable=False)
    layout = models.JSONField(_("识别结果"))
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("上传人"),
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    added_at = models.DateTimeField(_("上传时间"), auto_now_add=True)

    objects = OwnFormQuerySet.as_manager()

    class Meta:
        verbose_name = _("本单位表样")
        verbose_name_plural = _("本单位表样")
        ordering: ClassVar = ["bureau", "name"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["bureau", "name"],
                name="own_form_once",
                violation_error_message=_("本单位已经有这个名称的表样。"),
            )
        ]

    def __str__(self) -> str:
        return self.name

    def book(self) -> FormBook:
        return FormBook(unseal(bytes(self.content)))

    def keep(self, content: bytes) -> None:
        self.content = seal(content)

    def understood(self) -> Layout:
        return Layout.of_json(self.layout)
