"""The secret link under which a calendar program reads one's sessions."""

from __future__ import annotations

from secrets import token_urlsafe
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


def new_key() -> str:
    return token_urlsafe(32)


class CalendarFeed(models.Model):
    """A user's link. A new key puts the old link out of use."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        verbose_name=_("账号"),
        on_delete=models.CASCADE,
        related_name="calendar_feed",
    )
    key = models.CharField(_("密钥"), max_length=64, unique=True, default=new_key, editable=False)
    made_at = models.DateTimeField(_("生成时间"), auto_now=True)

    class Meta:
        verbose_name = _("日历订阅")
        verbose_name_plural = _("日历订阅")
        ordering: ClassVar = ["user"]

    def __str__(self) -> str:
        return str(self.user)
