"""The yearly sheet of what was taught (授课工作量表), as a workbook: by trainer, and session by session."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import IO

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import override

from courses.workload import Lesson, Load, Sums, sums_of
from peixun.lib.xlsx import Book, Line, Sheet, Value, across, halves, headings
from peixun.lib.xlsx_styles import Style

HEADER_ROW = 3
Column = tuple[str, float, Style]
Row = Sequence[Value]


@dataclass(frozen=True, slots=True)
class Form:
    """What heads each sheet."""

    title: str
    unit: str
    at: datetime.date


@dataclass(frozen=True, slots=True)
class Table:
    """`rows` and `total` hold a value for each column; the column 序号 stands before them by itself."""

    name: str
    columns: list[Column]
    rows: Iterator[Row]
    total: Row
    note: str = ""


def write_workload(file: IO[bytes], loads: Sequence[Load], *, year: int, unit: str, at: datetime.date) -> str:
    """Writes both sheets; returns the file's name."""
    with override(settings.LANGUAGE_CODE):  # an official form, whatever its user's language
        form = Form(_("%(year)d年度授课工作量") % {"year": year}, unit, at)
        with Book(file) as book:
            for table in (by_trainer(loads), by_session(loads)):
                widths = [6.0, *(width for _heading, width, _style in table.columns)]
                book.add(Sheet(table.name, widths, lines(table, form), HEADER_ROW))
        return f"{form.title}.xlsx"


def by_trainer(loads: Sequence[Load]) -> Table:
    once = {lesson.session.pk: lesson for load in loads for lesson in load.lessons}
    total: Row = ["", "", "", "", *figures(sums_of(once.values()))]
    note = _("多人合上的课次，每位教师各计一次；合计行每个课次只计一次。")
    return Table(_("教师汇总"), trainer_columns(), trainer_rows(loads), total, note)


def by_session(loads: Sequence[Load]) -> Table:
    sums = sums_of(lesson for load in loads for lesson in load.lessons)
    total: Row = [_("%(count)d 条") % {"count": sums.sessions}, *[""] * 5, sums.hours, sums.minutes]
    return Table(_("课次明细"), lesson_columns(), lesson_rows(loads), [*total, sums.person_times, ""])


def trainer_columns() -> list[Column]:
    return [
        (_("授课教师"), 14, Style.WORDS),
        (_("单位"), 24, Style.WORDS),
        (_("职称、专长"), 20, Style.WORDS),
        (_("授课群体"), 30, Style.WORDS),
        (_("场次"), 9, Style.NUMBER),
        (_("学时"), 10, Style.HOURS),
        (_("授课分钟"), 11, Style.NUMBER),
        (_("人次"), 10, Style.NUMBER),
        (_("评价份数"), 10, Style.NUMBER),
        (_("满意度（5 分制）"), 12, Style.HOURS),
    ]


def trainer_rows(loads: Sequence[Load]) -> Iterator[Row]:
    for load in loads:
        groups = "、".join(name for name, _sums in load.groups)
        yield [load.trainer.name, load.trainer.bureau.name, load.trainer.title, groups, *figures(load.sums)]


def figures(sums: Sums) -> list[Value]:
    return [
        sums.sessions,
        sums.hours,
        sums.minutes,
        sums.person_times,
        sums.scores.count,
        score(sums.scores.overall),
    ]


def lesson_columns() -> list[Column]:
    return [
        (_("授课教师"), 14, Style.WORDS),
        (_("日期"), 12, Style.DATE),
        (_("课次"), 26, Style.WORDS),
        (_("班次"), 26, Style.WORDS),
        (_("项目"), 26, Style.WORDS),
        (_("群体"), 16, Style.WORDS),
        (_("学时"), 9, Style.HOURS),
        (_("分钟"), 9, Style.NUMBER),
        (_("人次"), 9, Style.NUMBER),
        (_("满意度（5 分制）"), 12, Style.HOURS),
    ]


def lesson_rows(loads: Sequence[Load]) -> Iterator[Row]:
    for load in loads:
        for lesson in load.lessons:
            yield lesson_row(load.trainer.name, lesson)


def lesson_row(name: str, lesson: Lesson) -> list[Value]:
    session = lesson.session
    return [
        name,
        session.held_on,
        session.title,
        session.run.name if session.run else "",
        session.programme.name,
        session.programme.group.name,
        lesson.hours,
        lesson.minutes,
        lesson.person_times,
        score(lesson.scores.overall),
    ]


def score(mean: float | None) -> Value:
    """To a tenth; None where too few have answered."""
    return None if mean is None else round(Decimal(mean), 1)


def lines(table: Table, form: Form) -> Iterator[Line]:
    last = len(table.columns)
    yield across(f"{form.title}·{table.name}", last, Style.TITLE, height=32)
    made = _("填报时间：%(day)s　　单位：场次、学时、分钟、人次") % {"day": form.at.isoformat()}
    yield halves(_("填报单位：%(unit)s") % {"unit": form.unit}, made, last)
    yield headings([_("序号"), *(heading for heading, _width, _style in table.columns)])
    styles = [style for _heading, _width, style in table.columns]
    numbered = [Style.INDEX, *styles]
    for number, row in enumerate(table.rows, start=1):
        yield Line([number, *row], numbered)
    yield Line([_("合计"), *table.total], [Style.BOLD_CODE, *(style.bold for style in styles)])
    if table.note:
        yield across(table.note, last, Style.LEFT_LINE)
    who = (_("制表人"), _("审核人"), _("单位负责人"))
    words = "　　　　　　　　".join(_("%(who)s：") % {"who": one} for one in who)
    yield across(words, last, Style.LEFT_LINE, height=32)
