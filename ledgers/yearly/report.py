"""What heads every sheet of the workbook: who reports on what, and when."""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass

from django.utils import timezone
from django.utils.translation import gettext as _

from bureaus.access import memberships_of, scope_of
from bureaus.models import User
from courses.models import Plan
from ledgers.figures import Selection

_NOT_IN_FILE_NAMES = re.compile(r'[\\/:*?"<>|\x00-\x1f]')


@dataclass(frozen=True, slots=True)
class Report:
    selection: Selection
    at: datetime.datetime
    made_by: User | None
    unit: str
    title: str

    @property
    def day(self) -> str:
        return f"{timezone.localtime(self.at):%Y-%m-%d}"


def report_of(selection: Selection, *, at: datetime.datetime, made_by: User | None) -> Report:
    """Two queries at most."""
    return Report(selection, at, made_by, unit=reporting_unit(selection), title=title_of(selection))


def title_of(selection: Selection) -> str:
    """2024年度市科协培训台账, 2024年度全市培训台账."""
    return _("%(year)d年度%(reach)s培训台账") % {"year": selection.year, "reach": reach_of(selection)}


def file_name(selection: Selection) -> str:
    """The title as a file's name, with the filters in brackets."""
    filters = "、".join(words for _label, words in filters_of(selection))
    suffix = f"（{filters}）" if filters else ""
    return safe_name(f"{title_of(selection)}{suffix}.xlsx")


def safe_name(name: str) -> str:
    """`name` without what no file's name may have."""
    return _NOT_IN_FILE_NAMES.sub("_", name)


def reach_of(selection: Selection) -> str:
    """The bureau that was chosen, else those of a user who does not see the whole city, else 全市."""
    if selection.bureau:
        return selection.bureau.name
    if selection.user is None or scope_of(selection.user).whole_city:
        return _("全市")
    bureaus = dict.fromkeys(member.bureau.name for member in memberships_of(selection.user))
    return "、".join(bureaus) or _("本人")


def reporting_unit(selection: Selection) -> str:
    """The bureau that reports; for the whole city the one that coordinates the plan."""
    reach = reach_of(selection)
    if reach != _("全市"):
        return reach
    plan = Plan.objects.in_year(selection.year).select_related("coordinator").first()
    return plan.coordinator.name if plan and plan.coordinator else reach


def filters_of(selection: Selection) -> list[tuple[str, str]]:
    """The filters other than year and bureau, each with its name."""
    filters = (
        (_("项目"), selection.programme),
        (_("群体"), selection.group),
        (_("牵头单位"), selection.lead),
        (_("县市区"), selection.district),
    )
    return [(label, str(chosen)) for label, chosen in filters if chosen is not None]
