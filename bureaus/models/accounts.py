"""Accounts, and what each may do for which bureau."""

from typing import Any, ClassVar

from django.contrib.auth.models import AbstractUser
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from bureaus.models.bureaus import Bureau
from bureaus.phones import mobile

MOBILE = RegexValidator(r"^\+861[3-9]\d{9}$", _("请填写 11 位手机号。"))


class User(AbstractUser):
    """An account. Signs in by user name, or by its own phone where it has one."""

    first_name = None  # type: ignore[assignment]
    last_name = None  # type: ignore[assignment]
    name = models.CharField(_("姓名"), max_length=60, blank=True)
    phone = models.CharField(
        _("手机号"),
        max_length=14,
        null=True,
        blank=True,
        unique=True,
        validators=[MOBILE],
        help_text=_("登录用，格式 +8613800000000；不是学员的联系电话"),
    )
    must_change_password = models.BooleanField(
        _("下次登录须改密码"), default=False, help_text=_("单位给的初始密码，本人改过以后自动取消")
    )
    REQUIRED_FIELDS: ClassVar = []

    class Meta:
        verbose_name = _("账号")
        verbose_name_plural = _("账号")

    def __str__(self) -> str:
        return self.name or self.username

    def clean(self) -> None:
        """A user name that looks like a phone would lead to whoever has that phone."""
        super().clean()
        if mobile(self.username):
            raise ValidationError({"username": _("用户名不能是手机号，请把手机号填在“手机号”里。")})

    def get_full_name(self) -> str:
        return str(self)

    def get_short_name(self) -> str:
        return str(self)

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.phone = self.phone or None
        super().save(*args, **kwargs)


class Membership(models.Model):
    """A user's role at a bureau, and how far it reaches."""

    class Role(models.TextChoices):
        COORDINATOR = "coordinator", _("统筹")
        ADMINISTRATOR = "administrator", _("单位管理员")
        OFFICER = "officer", _("经办")
        REVIEWER = "reviewer", _("审核")
        AUDITOR = "auditor", _("审计")
        TRAINER = "trainer", _("授课教师")
        TECHNICIAN = "technician", _("技术管理员")

    class Reach(models.TextChoices):
        OWN = "own", _("本单位")
        BELOW = "below", _("本单位及下级")
        DISTRICT = "district", _("所在县市区")

    user = models.ForeignKey(
        User, verbose_name=_("账号"), on_delete=models.CASCADE, related_name="memberships"
    )
    bureau = models.ForeignKey(
        Bureau, verbose_name=_("单位"), on_delete=models.PROTECT, related_name="memberships"
    )
    role = models.CharField(_("角色"), max_length=16, choices=Role)
    reach = models.CharField(_("范围"), max_length=8, choices=Reach, default=Reach.OWN)

    class Meta:
        verbose_name = _("任职")
        verbose_name_plural = _("任职")
        ordering: ClassVar = ["bureau", "role"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["user", "bureau", "role"],
                name="one_role_once",
                violation_error_message=_("该账号在这个单位已有这个角色。"),
            )
        ]

    def __str__(self) -> str:
        return f"{self.bureau} · {self.get_role_display()}"
