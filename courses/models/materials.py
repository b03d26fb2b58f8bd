"""What sessions teach, and who teaches."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import ClassVar
from uuid import uuid4

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import FileExtensionValidator
from django.db import models
from django.db.models import Q
from django.db.models.fields.files import FieldFile
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from bureaus.access import bureaus_for, for_whole_city, scope_of
from bureaus.models import Bureau, User
from courses.models.programmes import Programme


class CourseQuerySet(models.QuerySet["Course"]):
    def editable_by(self, user: User) -> CourseQuerySet:
        """Courses of the user's bureaus; those of the whole city are for who arranges for all of it."""
        if for_whole_city(user, "runs.edit"):
            return self
        return self.filter(bureau__in=bureaus_for(user, "runs.edit"))


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
    bureau = models.ForeignKey(
        Bureau,
        verbose_name=_("维护单位"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="courses",
        help_text=_("留空为全市通用课程"),
    )
    outline = models.TextField(_("大纲"), blank=True)
    hours = models.DecimalField(_("学时"), max_digits=6, decimal_places=1, null=True, blank=True)

    objects = CourseQuerySet.as_manager()

    class Meta:
        verbose_name = _("课程")
        verbose_name_plural = _("课程")
        ordering: ClassVar = ["name"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                Coalesce("programme", 0),
                Coalesce("bureau", 0),
                "name",
                name="course_once",
                violation_error_message=_("这个项目下已有同名的课程。"),
            ),
            models.CheckConstraint(
                condition=Q(hours__gte=0) | Q(hours=None),
                name="course_hours_not_negative",
                violation_error_message=_("学时不能是负数。"),
            ),
        ]

    def __str__(self) -> str:
        return self.name


MATERIAL_KINDS = (
    *("pdf", "doc", "docx", "ppt", "pptx", "xls", "xlsx"),
    *("mp4", "mp3", "jpg", "png", "zip", "txt"),
)
demand_known_kind = FileExtensionValidator(
    MATERIAL_KINDS, _("不能上传这种文件。可以上传 PDF、Word、PPT、Excel、MP4、MP3、JPG、PNG、ZIP、TXT。")
)
NOT_IN_FILE_NAMES = str.maketrans(dict.fromkeys('\\/:*?"<>|\r\n\t', "_"))


def stored_name(_material: CourseMaterial, file_name: str) -> str:
    """A name of our own on the disk; of the uploaded one only the ending stays."""
    return f"materials/{uuid4().hex}{PurePosixPath(file_name).suffix.lower()}"


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
    file = models.FileField(_("文件"), upload_to=stored_name, validators=[demand_known_kind, demand_size])

    class Meta:
        verbose_name = _("课程资料")
        verbose_name_plural = _("课程资料")
        ordering: ClassVar = ["course", "title"]

    def __str__(self) -> str:
        return self.title

    @property
    def kind(self) -> str:
        """The kind of file by its ending: PDF, DOCX …"""
        return PurePosixPath(self.file.name or "").suffix.removeprefix(".").upper()

    @property
    def download_name(self) -> str:
        """What the file is called where it is saved: its title with the ending."""
        name = self.title.translate(NOT_IN_FILE_NAMES)
        ending = f".{self.kind.lower()}"
        return name if name.lower().endswith(ending) else f"{name}{ending}"


class TrainerQuerySet(models.QuerySet["Trainer"]):
    def visible_to(self, user: User) -> TrainerQuerySet:
        """Trainers of the bureaus in reach, and oneself."""
        scope = scope_of(user)
        if scope.whole_city:
            return self
        return self.filter(scope.covers(bureau="bureau", district="bureau__district") | Q(user=user))

    def editable_by(self, user: User) -> TrainerQuerySet:
        return self.filter(bureau__in=bureaus_for(user, "runs.edit"))


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
    active = models.BooleanField(_("在任"), default=True, help_text=_("不再授课的取消勾选，历史记录保留"))

    objects = TrainerQuerySet.as_manager()

    class Meta:
        verbose_name = _("授课教师")
        verbose_name_plural = _("授课教师")
        ordering: ClassVar = ["name"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["bureau", "name"], name="trainer_once_a_bureau")
        ]

    def __str__(self) -> str:
        return self.name
