"""公示 lists: a list of its own and never a ledger minus a column. No number of a person can stand in it."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import IO

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from courses.models import Enrolment
from learners.names import mask_public
from ledgers.figures import Selection, enrolments
from ledgers.records import CHUNK
from ledgers.yearly.tables import height_of
from peixun.lib.xlsx import Book, Line, Sheet, across, headings
from peixun.lib.xlsx_styles import Style

WIDTHS = (8.0, 16.0, 44.0, 40.0, 30.0)
# A year, a day or 第12期 may stand in a unit or a class; more digits than these are somebody's number.
MOST_DIGITS, MOST_IN_PARTS = 4, 6
_DAY = re.compile(r"(?:19|20)\d\d\s*[-./年]\s*\d{1,2}(?:\s*[-./月]\s*\d{1,2})?")
_IN_PARTS = re.compile(r"\d(?:[\s\-–—.·/()（）+]*\d)*")


@dataclass(frozen=True, slots=True)
class Notice:
    """What heads and closes a public list."""

    title: str
    since: datetime.date
    until: datetime.date
    unit: str
    contact: str

    @property
    def period(self) -> str:
        words = {"since": self.since.isoformat(), "until": self.until.isoformat()}
        return _("公示期：%(since)s 至 %(until)s") % words


@dataclass(frozen=True, slots=True)
class PublicRow:
    """`hides` says that digits were taken out of unit, class or programme."""

    name: str
    unit: str
    run: str
    programme: str
    hides: bool = False


def public_rows(selection: Selection, *, completed: bool) -> Iterator[PublicRow]:
    """Who took part, or completed, with masked names. One query, streamed."""
    found = enrolments(selection).order_by("run__programme__order", "run__starts_on", "run", "employer", "pk")
    if completed:
        found = found.filter(state=Enrolment.State.COMPLETED)
    rows = found.values_list("name", "employer", "run__name", "run__programme__name")
    for name, *texts in rows.iterator(CHUNK):
        unit, run, programme = map(without_numbers, texts)
        masked = without_digits(mask_public(name))
        yield PublicRow(masked, unit, run, programme, hides=[unit, run, programme] != texts)


def without_numbers(text: str) -> str:
    """The text with the digits of any long number hidden; years, days and small numbers stay."""
    kept = {found.span() for found in _DAY.finditer(text)}

    def hidden(found: re.Match[str]) -> str:
        if any(start <= found.start() and found.end() <= end for start, end in kept):
            return found[0]
        digits = sum(char.isdecimal() for char in found[0])
        longest = max(map(len, re.findall(r"\d+", found[0])))
        return without_digits(found[0]) if longest > MOST_DIGITS or digits > MOST_IN_PARTS else found[0]

    return _IN_PARTS.sub(hidden, text)


def without_digits(text: str) -> str:
    return re.sub(r"\d", "*", text)


def write_public_list(file: IO[bytes], notice: Notice, rows: Iterator[PublicRow]) -> None:
    with translation.override(settings.LANGUAGE_CODE), Book(file) as book:  # an official form
        book.add(Sheet(_("公示名单"), WIDTHS, lines(notice, rows), header_row=3))


def names() -> Sequence[str]:
    return (_("序号"), _("姓名"), _("单位"), _("班次"), _("项目"))


def lines(notice: Notice, rows: Iterator[PublicRow]) -> Iterator[Line]:
    last = len(WIDTHS) - 1
    yield across(notice.title, last, Style.TITLE, height=36)
    yield across(notice.period, last, Style.LEFT_LINE, height=22)
    yield headings(names(), height=26)
    styles = [Style.INDEX, *[Style.WORDS] * last]
    for number, row in enumerate(rows, start=1):
        texts = (row.name, row.unit, row.run, row.programme)
        yield Line([number, *texts], styles, height=height_of(texts, WIDTHS[1:]))
    yield across(closing(notice), last, Style.LEFT_LINE, height=30)
    yield across(notice.unit, last, Style.RIGHT_LINE, height=24)


def closing(notice: Notice) -> str:
    return _("对名单有异议的，请在公示期内反映：%(contact)s") % {"contact": notice.contact}
