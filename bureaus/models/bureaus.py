"""Bureaus (单位): each has a parent in its professional line and, apart from that, a district."""

from __future__ import annotations

import datetime
from typing import ClassVar

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from bureaus.models.districts import District


class BureauQuerySet(models.QuerySet["Bureau"]):
    def known_as(self, name: str) -> Bureau | None:
        """The bureau of that name or alias; of a merged one its successor. Two queries at most."""
        wanted = name.strip()
        found = self.filter(Q(name=wanted) | Q(aliases__name=wanted)).select_related("successor").first()
        passed = set[int]()
        while found and found.successor and found.pk not in passed:
            passed.add(found.pk)
            found = found.successor
        return found


class Bureau(models.Model):
    class Kind(models.TextChoices):
        PARTY = "party", _("党委部门")
        GOVERNMENT = "government", _("政府部门")
        PEOPLE = "people", _("群团组织")
        UNIT = "unit", _("事业单位及其他")

    class YearBasis(models.TextChoices):
        """Which day of a class run decides the year that it counts in."""

        CLOSING = "closing", _("结业日期")
        OPENING = "opening", _("开班日期")

    name = models.CharField(_("名称"), max_length=80, unique=True)
    kind = models.CharField(_("类别"), max_length=12, choices=Kind, default=Kind.GOVERNMENT)
    parent = models.ForeignKey(
        "self",
        verbose_name=_("上级业务单位"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="children",
    )
    district = models.ForeignKey(
        District,
        verbose_name=_("所在县市区"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="bureaus",
        help_text=_("市直单位留空，按市本级统计"),
    )
    year_basis = models.CharField(_("班次年度按"), max_length=8, choices=YearBasis, default=YearBasis.CLOSING)
    valid_from = models.DateField(_("成立日期"), null=True, blank=True)
    valid_to = models.DateField(_("撤并日期"), null=True, blank=True)
    successor = models.ForeignKey(
        "self",
        verbose_name=_("承接单位"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="predecessors",
    )
    order = models.PositiveSmallIntegerField(_("顺序"), default=0)

    objects = BureauQuerySet.as_manager()

    class Meta:
        verbose_name = _("单位")
        verbose_name_plural = _("单位")
        ordering: ClassVar = ["order", "name"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(valid_to__gte=F("valid_from")) | Q(valid_to=None) | Q(valid_from=None),
                name="bureau_ends_after_start",
                violation_error_message=_("撤并日期不能早于成立日期。"),
            ),
            models.CheckConstraint(
                condition=~Q(successor=F("id")),
                name="bureau_succeeds_another",
                violation_error_message=_("承接单位不能是单位自己。"),
            ),
            models.CheckConstraint(
                condition=~Q(parent=F("id")),
                name="bureau_under_another",
                violation_error_message=_("上级单位不能是单位自己。"),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def with_predecessors(self) -> set[int]:
        """The ids of this bureau and of those merged into it or renamed to it. One query a level."""
        found, level = set[int](), {self.pk}
        while level := level - found:
            found |= level
            level = set(Bureau.objects.filter(successor__in=level).values_list("pk", flat=True))
        return found

    def clean(self) -> None:
        super().clean()
        if self.runs_in_a_ring("successor"):
            raise ValidationError({"successor": _("承接单位一层层接下去又回到了前面的单位，请改选。")})
        if self.runs_in_a_ring("parent"):
            raise ValidationError({"parent": _("上级业务单位一层层往上又回到了前面的单位，请改选。")})

    def runs_in_a_ring(self, link: str) -> bool:
        """Whether following `link` from here comes to a bureau twice. One query a step."""
        passed: list[Bureau] = [self]
        while following := getattr(passed[-1], link):
            if following in passed:
                return True
            passed.append(following)
        return False

    def year_of(self, starts_on: datetime.date, ends_on: datetime.date) -> int:
        """The year in which a run of these days counts, by this bureau's setting."""
        return (starts_on if self.year_basis == self.YearBasis.OPENING else ends_on).year


class BureauAlias(models.Model):
    """Another name that ledgers write for a bureau, a former one too."""

    bureau = models.ForeignKey(
        Bureau, verbose_name=_("单位"), on_delete=models.CASCADE, related_name="aliases"
    )
    name = models.CharField(_("别名"), max_length=80, unique=True)

    class Meta:
        verbose_name = _("单位别名")
        verbose_name_plural = _("单位别名")
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return self.name
