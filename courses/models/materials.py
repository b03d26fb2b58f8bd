"""What sessions teach, and who teaches."""

from typing import ClassVar

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.db.models.fields.files import FieldFile
from django.utils.translation import gettext_lazy as _

from bureaus.models import Bureau
from courses.models.programmes import Programme


class Course(models.Model):
    """课程: a subject with an outline, taught in sessions of any number of runs."""

    name = models.CharField(_("课程名称"), max_length=80)
    programme = models.ForeignKey(
        Programme,
        verbose_name=_("项目"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="courses",
    )
    outline = models.TextField(_("大纲"), blank=True)
    hours = models.DecimalField(_("学时"), max_digits=6, decimal_places=1, null=True, blank=True)

    class Meta:
        verbose_name = _("课程")
        verbose_name_plural = _("课程")
        ordering: ClassVar = ["name"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["programme", "name"], name="course_once"),
            models.UniqueConstraint(fields=["name"], condition=Q(programme=None), name="general_course_once"),
            models.CheckConstraint(
                condition=Q(hours__gte=0) | Q(hours=None),
                name="course_hours_not_negative",
                violation_error_message=_("学时不能是负数。"),
            ),
        ]

    def __str__(self) -> str:
        return self.name


def demand_size(file: FieldFile) -> None:
    """A material is no larger than an upload may be."""
    if file.size > settings.PEIXUN_UPLOAD_MAX_MIB * 1024 * 1024:
        limit = {"limit": settings.PEIXUN_UPLOAD_MAX_MIB}
        raise ValidationError(_("文件超过 %(limit)d MB，请压缩或拆分后再上传。"), params=limit)


class CourseMaterial(models.Model):
    course = models.ForeignKey(
        Course, verbose_name=_("课程"), on_delete=models.CASCADE, related_name="materials"
    )
    title = models.CharField(_("标题"), max_length=80)
    file = models.FileField(_("文件"), upload_to="materials/", validators=[demand_size])

    class Meta:
        verbose_name = _("课程资料")
        verbose_name_plural = _("课程资料")
        ordering: ClassVar = ["course", "title"]

    def __str__(self) -> str:
        return self.title


class Trainer(models.Model):
    """授课教师. An account is needed only by those who register sessions themselves."""

    name = models.CharField(_("姓名"), max_length=60)
    bureau = models.ForeignKey(
        Bureau, verbose_name=_("单位"), on_delete=models.PROTECT, related_name="trainers"
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("账号"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="trainers",
    )
    title = models.CharField(_("职称、专长"), max_length=80, blank=True)

    class Meta:
        verbose_name = _("授课教师")
        verbose_name_plural = _("授课教师")
        ordering: ClassVar = ["name"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["bureau", "name"], name="trainer_once_a_bureau")
        ]

    def __str__(self) -> str:
        return self.name
