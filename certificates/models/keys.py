"""The keys that sign what a code says, so that it can be checked without the server."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from peixun.lib.encryption import EncryptedTextField


class SigningKey(models.Model):
    """A P-256 pair. The newest that is not retired signs; all public halves verify."""

    kid = models.CharField(_("编号"), max_length=16, unique=True)
    public = models.TextField(_("公钥"))
    private = EncryptedTextField(_("私钥"))
    made_at = models.DateTimeField(_("生成时间"), auto_now_add=True)
    retired_at = models.DateTimeField(_("停用时间"), null=True, blank=True)

    class Meta:
        verbose_name = _("签名密钥")
        verbose_name_plural = _("签名密钥")
        ordering: ClassVar = ["-made_at"]

    def __str__(self) -> str:
        return self.kid
