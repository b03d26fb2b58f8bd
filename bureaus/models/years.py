"""Closed years: figures that were reported do not move."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from bureaus.models.bureaus import Bureau


class YearClosed(Exception):
    """A deed would change a figure of a year that its bureau has closed. Its text is for the user."""


class YearCloseQuerySet(models.QuerySet["YearClose"]):
    def demand_open(self, bureau: Bureau, year: int) -> None:
        """Raises `YearClosed` where `bureau`, or one merged into it, has closed `year`."""
        if self.filter(bureau__in=bureau.with_predecessors(), year=year).exists():
            raise YearClosed(
                gettext("%(bureau)s %(year)d 年度已封账，数据不能再改。如确需更正，请单位管理员先解除封账。")
                % {"bureau": bureau, "year": year}
            )

    def hold_open(self, bureau: Bureau, year: int) -> None:
        """Demands that `year` is open, and keeps it so until the transaction ends.

        `bureaus.closing.close_year` waits for the bureau's row, which is taken here. Rows that only refer to
        the bureau may be written meanwhile: a stronger lock would wait for them at commit, and they for it.
        """
        Bureau.objects.select_for_update(no_key=True).get(pk=bureau.pk)
        self.demand_open(bureau, year)


class YearClose(models.Model):
    """`bureau` has closed `year`: every deed that would change a figure of it asks here first."""

    bureau = models.ForeignKey(
        Bureau, verbose_name=_("单位"), on_delete=models.CASCADE, related_name="closed_years"
    )
    year = models.PositiveSmallIntegerField(_("年度"))
    closed_at = models.DateTimeField(_("封账时间"), auto_now_add=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("封账人"), null=True, on_delete=models.SET_NULL
    )

    objects = YearCloseQuerySet.as_manager()

    class Meta:
        verbose_name = _("年度封账")
        verbose_name_plural = _("年度封账")
        ordering: ClassVar = ["-year", "bureau"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["bureau", "year"],
                name="year_closed_once",
                violation_error_message=_("该年度已封账。"),
            )
        ]

    def __str__(self) -> str:
        return f"{self.bureau} {self.year}"
