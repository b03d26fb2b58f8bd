"""Who issues certificates, and how its numbers are made."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from bureaus.access import bureaus_for
from bureaus.models import Bureau, User

LONGEST_KEY = 480
BRACKETS = str.maketrans("〔［【[｛（(〕］】]｝）)", "(((((((" + ")))))))")
# {year} once and {seq} or {seq:04} once.
YEAR = "{year}"
SEQUENCE = re.compile(r"\{seq(?::0(\d))?\}")


@lru_cache(maxsize=8192)
def number_key(number: str) -> str:
    """A number for comparison: NFKC, capitals, one kind of bracket, no white space or hyphens."""
    return re.sub(r"[\s\-–—_]", "", unicodedata.normalize("NFKC", number).translate(BRACKETS)).upper()


def demand_pattern(pattern: str) -> None:
    """A pattern names the year and the sequence once each, so that a year can start at 1 again."""
    plain = SEQUENCE.sub("", pattern.replace(YEAR, "", 1), count=1)
    if pattern.count(YEAR) != 1 or len(SEQUENCE.findall(pattern)) != 1 or "{" in plain or "}" in plain:
        raise ValidationError(
            _("编号格式须含一个 {year} 和一个 {seq}（或 {seq:04}），例如：潭科协培〔{year}〕{seq:04}号。")
        )
    if re.search(r"(\}\{)|(\d\{seq)|(\{seq[^}]*\}\d)|(\d\{year)|(\{year\}\d)", pattern):
        raise ValidationError(_("编号格式里年份和序号的两边不能紧挨着数字或另一项，请用文字或括号隔开。"))


class IssuerQuerySet(models.QuerySet["Issuer"]):
    def editable_by(self, user: User) -> IssuerQuerySet:
        """Issuers that are one of the bureaus for which the user may issue certificates."""
        return self.filter(bureau__in=bureaus_for(user, "certificates.issue"))


class Issuer(models.Model):
    """发证单位: a bureau of the city, or anybody else by name. Only one with a pattern draws numbers here."""

    name = models.CharField(_("名称"), max_length=200, unique=True)
    bureau = models.OneToOneField(
        Bureau, verbose_name=_("单位"), null=True, blank=True, on_delete=models.PROTECT, related_name="issuer"
    )
    pattern = models.CharField(
        _("编号格式"),
        max_length=60,
        blank=True,
        validators=[demand_pattern],
        help_text=_("例如：潭科协培〔{year}〕{seq:04}号"),
    )
    signatory = models.CharField(_("签发人"), max_length=60, blank=True)

    objects = IssuerQuerySet.as_manager()

    class Meta:
        verbose_name = _("发证单位")
        verbose_name_plural = _("发证单位")
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.pattern = self.pattern.strip()
        super().save(*args, **kwargs)

    def number_of(self, year: int, sequence: int) -> str:
        """The number as it is printed. Needs a pattern."""
        match = SEQUENCE.search(self.pattern)
        if match is None:
            raise ValueError(f"{self.name} has no pattern for numbers.")
        digits = str(sequence).zfill(int(match.group(1) or 1))
        return SEQUENCE.sub(digits, self.pattern).replace(YEAR, str(year))

    def sequence_in(self, key: str) -> tuple[int, int] | None:
        """(year, sequence) of a `number_key` that is of this issuer's own pattern, else None."""
        if not self.pattern:
            return None
        marked = SEQUENCE.sub("\x01", self.pattern.replace(YEAR, "\x00"))
        expression = re.escape(number_key(marked)).replace("\x00", r"(?P<year>\d{4})")
        match = re.fullmatch(expression.replace("\x01", r"(?P<seq>\d{1,9})"), key)
        return (int(match["year"]), int(match["seq"])) if match else None


class Counter(models.Model):
    """The last sequence that an issuer drew in a year. Taken in the transaction of the issue itself."""

    issuer = models.ForeignKey(
        Issuer, verbose_name=_("发证单位"), on_delete=models.PROTECT, related_name="counters"
    )
    year = models.PositiveSmallIntegerField(_("年度"))
    last = models.PositiveIntegerField(_("最后的序号"), default=0)

    class Meta:
        verbose_name = _("编号计数")
        verbose_name_plural = _("编号计数")
        ordering: ClassVar = ["issuer", "-year"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["issuer", "year"], name="one_counter_a_year")
        ]

    def __str__(self) -> str:
        return f"{self.issuer} {self.year}: {self.last}"
