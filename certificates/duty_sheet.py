"""Who has learnt how much of what was asked, as a workbook to hand on or to print."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import IO

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import override

from courses.duties import Duty
from peixun.lib.xlsx import Book, Line, Sheet, Value, across, halves, headings
from peixun.lib.xlsx_styles import Style

HEADER_ROW = 3
Column = tuple[str, float, Style]


@dataclass(frozen=True, slots=True)
class DutyRow:
    """One requirement of one learner, as one's bureaus wrote name, employer and level last."""

    pk: int
    name: str
    employer: str
    level: str
    duty: Duty


def write_duties(file: IO[bytes], rows: Sequence[DutyRow], *, unit: str, at: datetime.date) -> str:
    """Writes the sheet; returns the file's name."""
    with override(settings.LANGUAGE_CODE):  # an official form, whatever its user's language
        title = _("学时任务完成情况")
        widths = [6.0, *(width for _heading, width, _style in columns())]
        with Book(file) as book:
            book.add(Sheet(title, widths, lines(rows, title=title, unit=unit, at=at), HEADER_ROW))
        return f"{title} {at.isoformat()}.xlsx"


def columns() -> list[Column]:
    return [
        (_("姓名"), 12, Style.WORDS),
        (_("单位"), 28, Style.WORDS),
        (_("级别"), 16, Style.WORDS),
        (_("学时任务"), 28, Style.WORDS),
        (_("周期"), 14, Style.WORDS),
        (_("应完成学时"), 11, Style.HOURS),
        (_("已完成学时"), 11, Style.HOURS),
        (_("其中结转"), 10, Style.HOURS),
        (_("还差学时"), 10, Style.HOURS),
        (_("完成率"), 10, Style.RATE),
        (_("情况"), 10, Style.WORDS),
    ]


def state_words() -> dict[str, str]:
    return {"done": _("已完成"), "behind": _("落后"), "steady": _("按期"), "exempt": _("已减免")}


def values(row: DutyRow, words: dict[str, str]) -> list[Value]:
    duty = row.duty
    first, last = duty.window
    rate = None if duty.is_exempt else round(duty.done / duty.needed, 4)
    return [
        row.name,
        row.employer,
        row.level,
        duty.requirement.name,
        str(last) if first == last else f"{first}—{last}",
        duty.needed,
        duty.done,
        duty.carried,
        duty.remaining,
        rate,
        words[duty.state],
    ]


def lines(rows: Sequence[DutyRow], *, title: str, unit: str, at: datetime.date) -> Iterator[Line]:
    last, words = len(columns()), state_words()
    yield across(title, last, Style.TITLE, height=32)
    reports = _("填报单位：%(unit)s") % {"unit": unit}
    yield halves(reports, _("截至：%(day)s　　单位：学时") % {"day": at.isoformat()}, last)
    yield headings([_("序号"), *(heading for heading, _width, _style in columns())])
    styles = [Style.INDEX, *(style for _heading, _width, style in columns())]
    for number, row in enumerate(rows, start=1):
        yield Line([number, *values(row, words)], styles)
