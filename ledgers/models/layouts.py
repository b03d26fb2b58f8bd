"""What a bureau's headings mean, remembered: layouts of files, and single headings."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from bureaus.access import bureaus_for, for_whole_city
from bureaus.models import Bureau, User
from courses.models import Programme
from ledgers.columns import BY_KEY, plain_heading


def in_words(constants: dict[str, str]) -> list[str]:
    """What the files lack and was filled in, for reading."""
    return [f"{BY_KEY[key].heading}：{value}" for key, value in constants.items() if key in BY_KEY]


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
