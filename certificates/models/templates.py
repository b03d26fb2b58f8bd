"""How certificates look: templates in versions, and the pictures on them."""

from __future__ import annotations

from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from bureaus.access import bureaus_for, for_whole_city
from bureaus.models import Bureau, User


class TemplateQuerySet(models.QuerySet["Template"]):
    def visible_to(self, user: User) -> TemplateQuerySet:
        """Those of the whole city, and those of one's bureaus."""
        return self.filter(Q(bureau=None) | Q(bureau__in=bureaus_for(user, "certificates.read")))

    def editable_by(self, user: User) -> TemplateQuerySet:
        """Those of one's bureaus; those of the whole city are for who issues for all of it."""
        if for_whole_city(user, "certificates.issue"):
            return self
        return self.filter(bureau__in=bureaus_for(user, "certificates.issue"))


class Template(models.Model):
    """证书模板. Its versions say what it looks like; a certificate keeps the one it was drawn by."""

    bureau = models.ForeignKey(
        Bureau,
        verbose_name=_("单位"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="certificate_templates",
        help_text=_("留空为全市通用"),
    )
    name = models.CharField(_("模板名称"), max_length=60)
    title = models.CharField(_("证书名称"), max_length=40, help_text=_("结业证书、合格证书、学时证明 …"))
    active = models.BooleanField(_("可用"), default=True)

    objects = TemplateQuerySet.as_manager()

    class Meta:
        verbose_name = _("证书模板")
        verbose_name_plural = _("证书模板")
        ordering: ClassVar = ["bureau", "name"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["bureau", "name"],
                name="template_once_a_bureau",
                violation_error_message=_("本单位已有同名的模板。"),
            ),
            models.UniqueConstraint(
                fields=["name"],
                condition=Q(bureau=None),
                name="template_once_for_the_city",
                violation_error_message=_("全市通用模板里已有这个名称。"),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def newest(self) -> TemplateVersion | None:
        return self.versions.order_by("-number").first()


class VersionKept(RuntimeError):
    """Somebody tried to change a version: certificates were drawn by it."""


class TemplateVersion(models.Model):
    """A layout as it was on one day. It is never changed: a change makes another version."""

    template = models.ForeignKey(
        Template, verbose_name=_("模板"), on_delete=models.PROTECT, related_name="versions"
    )
    number = models.PositiveSmallIntegerField(_("版本"))
    layout = models.JSONField(_("版面"))
    note = models.CharField(_("说明"), max_length=200, blank=True)
    made_at = models.DateTimeField(_("时间"), auto_now_add=True)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("修改人"),
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )

    class Meta:
        verbose_name = _("模板版本")
        verbose_name_plural = _("模板版本")
        ordering: ClassVar = ["template", "-number"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["template", "number"], name="version_once_a_template")
        ]

    def __str__(self) -> str:
        return f"{self.template} v{self.number}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.pk is not None:
            raise VersionKept
        super().save(*args, **kwargs)


class PictureQuerySet(models.QuerySet["Picture"]):
    def visible_to(self, user: User) -> PictureQuerySet:
        """Those of the bureaus for which one issues; those of the city for who issues for all of it."""
        if for_whole_city(user, "certificates.issue"):
            return self
        return self.filter(bureau__in=bureaus_for(user, "certificates.issue"))

    def usable_on(self, template: Template) -> PictureQuerySet:
        """Those of the template's bureau, and the city's backgrounds: no seal prints for another office."""
        shared = Q(bureau=None, kind=Picture.Kind.BACKGROUND)
        return self.filter(Q(bureau=template.bureau_id) | shared if template.bureau_id else Q(bureau=None))


class Picture(models.Model):
    """A background, seal or signature, kept sealed: who has the file could stamp with it.

    It never changes, and what a version draws cannot be deleted: see `PictureUse`.
    """

    class Kind(models.TextChoices):
        BACKGROUND = "background", _("底图")
        SEAL = "seal", _("印章")
        SIGNATURE = "signature", _("签名")

    bureau = models.ForeignKey(
        Bureau,
        verbose_name=_("单位"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="certificate_pictures",
        help_text=_("留空为全市通用"),
    )
    kind = models.CharField(_("种类"), max_length=10, choices=Kind)
    name = models.CharField(_("名称"), max_length=60)
    digest = models.CharField(_("摘要"), max_length=64, editable=False)
    file = models.FileField(_("文件"), upload_to="certificate-pictures/", editable=False)
    added_at = models.DateTimeField(_("上传时间"), auto_now_add=True)
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("上传人"),
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )

    objects = PictureQuerySet.as_manager()

    class Meta:
        verbose_name = _("证书图片")
        verbose_name_plural = _("证书图片")
        ordering: ClassVar = ["kind", "name"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["bureau", "digest"],
                name="picture_once_a_bureau",
                violation_error_message=_("这张图片已经上传过了。"),
            ),
            models.UniqueConstraint(
                fields=["digest"],
                condition=Q(bureau=None),
                name="picture_once_for_the_city",
                violation_error_message=_("这张图片已经上传过了。"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.name}"


class PictureUse(models.Model):
    """A version draws a picture: while it does, the database lets nobody delete the picture."""

    version = models.ForeignKey(
        TemplateVersion, verbose_name=_("模板版本"), on_delete=models.PROTECT, related_name="picture_uses"
    )
    picture = models.ForeignKey(
        Picture, verbose_name=_("图片"), on_delete=models.PROTECT, related_name="uses"
    )

    class Meta:
        verbose_name = _("模板用图")
        verbose_name_plural = _("模板用图")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["version", "picture"], name="picture_once_a_version")
        ]

    def __str__(self) -> str:
        return f"{self.version} · {self.picture}"
