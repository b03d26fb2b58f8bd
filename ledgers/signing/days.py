"""Which day and half day the heading of a column of a sign-in sheet means. Pure Python."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from ledgers.reading.results import Cell

AM, PM, EVENING, WHOLE = "am", "pm", "evening", ""
_HALVES = ((EVENING, "晚上|晚间|夜"), (AM, "上午|早上|早晨|早"), (PM, "下午|午后"))
_LEAVING = re.compile("签退|离开|离场")
_FULL = re.compile(r"(20\d\d)[年./-](\d{1,2})[月./-](\d{1,2})日?")
_SHORT = re.compile(r"(\d{1,2})[月./-](\d{1,2})[日号]?")
_DAY_ONLY = re.compile(r"(\d{1,2})[日号]")
_NTH = re.compile(r"第([0-9]{1,2}|[一二三四五六七八九十]{1,3})[天日]")
_DIGITS = {word: at for at, word in enumerate("一二三四五六七八九", start=1)}
_SERIALS = range(40_000, 60_000)
_SERIAL_ZERO = date(1899, 12, 30)


@dataclass(frozen=True, slots=True)
class Day:
    """A column's day as far as its heading tells: whole, without a year, or as the n-th day of the class."""

    half: str = WHOLE
    on: date | None = None
    month: int = 0
    day: int = 0
    nth: int = 0
    tenth: bool = False  # 3.1 as a number may have been 3.10

    @property
    def known(self) -> bool:
        return bool(self.on or self.day or self.nth)


def day_of(cells: list[Cell]) -> Day | None:
    """The day that the heading's cells mean, from top to bottom; None where they mean none.

    A heading that has only 上午 or 下午 is a half of the day before it: its `Day` is not `known`.
    """
    text = "".join(unicodedata.normalize("NFKC", str(cell)) for cell in cells if isinstance(cell, str))
    text = "".join(text.split())
    if _LEAVING.search(text):
        return None
    half = next((half for half, words in _HALVES if re.search(words, text)), WHOLE)
    for cell in cells:
        if found := _from_value(cell):
            return replace(found, half=half)
    if found := _from_text(text):
        return replace(found, half=half)
    return Day(half=half) if half else None


def _from_value(cell: Cell) -> Day | None:
    """A date cell, a date's number, or 3.5 that Excel took for a number."""
    if isinstance(cell, datetime):
        return Day(on=cell.date())
    if isinstance(cell, date):
        return Day(on=cell)
    if isinstance(cell, bool) or not isinstance(cell, int | float) or not 1 <= cell < _SERIALS.stop:
        return None
    if int(cell) in _SERIALS:
        return Day(on=_SERIAL_ZERO + timedelta(days=int(cell)))
    month, _point, day = f"{cell:.2f}".rstrip("0").partition(".")
    if not day or not 1 <= int(month) <= 12:
        return None
    return Day(month=int(month), day=int(day), tenth=len(day) == 1 and day in "123")


def _from_text(text: str) -> Day | None:
    if found := _FULL.search(text):
        try:
            return Day(on=date(*(int(part) for part in found.groups())))
        except ValueError:
            return None
    if found := _NTH.search(text):
        return Day(nth=_number(found[1]))
    if (found := _SHORT.search(text)) and 1 <= int(found[1]) <= 12 and 1 <= int(found[2]) <= 31:
        return Day(month=int(found[1]), day=int(found[2]))
    found = _DAY_ONLY.search(text)
    return Day(day=int(found[1])) if found and 1 <= int(found[1]) <= 31 else None


def _number(text: str) -> int:
    """十二 and 12 alike."""
    if text.isdigit():
        return int(text)
    tens, ten, ones = text.rpartition("十")
    if not ten:
        return _DIGITS.get(ones, 0)
    return 10 * _DIGITS.get(tens, 1) + _DIGITS.get(ones, 0)


def placed(days: list[Day], *, starts_on: date, held_on: list[date]) -> list[date | None]:
    """The dates of a sheet's columns; years and months that are left out come from the class's first day.

    `held_on` are the days of the class's sessions: the n-th day is the n-th of these.
    """
    found: list[date | None] = []
    last = starts_on
    month = starts_on.month
    for day in days:
        month = day.month or month
        when = _placed(replace(day, month=month), starts_on=starts_on, last=last, held_on=held_on)
        found.append(when)
        last = when or last
    return found


def _placed(day: Day, *, starts_on: date, last: date, held_on: list[date]) -> date | None:
    if day.on:
        return day.on
    if day.nth:
        several = sorted(set(held_on))
        if len(several) >= day.nth:
            return several[day.nth - 1]
        return starts_on + timedelta(days=day.nth - 1)
    choices = [day.day, day.day * 10] if day.tenth else [day.day]
    dates = [when for number in choices if (when := _in_year(starts_on, day.month, number))]
    later = [when for when in dates if when >= last]
    return next(iter(later or dates), None)


def _in_year(starts_on: date, month: int, day: int) -> date | None:
    """A class that runs over New Year has its January in the next year."""
    year = starts_on.year + (1 if starts_on.month >= 10 and month <= 3 else 0)
    try:
        return date(year, month, day)
    except ValueError:
        return None
