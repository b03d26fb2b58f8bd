"""Dates and ranges of dates, in the forms that bureaus write."""

import re
import unicodedata
from datetime import date, datetime, timedelta

from ledgers.reading.results import Cell

Span = tuple[date, date]

_EARLIEST, _LATEST = date(1980, 1, 1), date(2100, 12, 31)
_SERIALS = range(20_000, 80_000)
_SERIAL_ZERO = date(1899, 12, 30)

_CLOCK = r"\d{1,2}(?::\d{1,2}(?::\d{1,2}(?:\.\d+)?)?|[时点]半?(?:\d{1,2}分?)?)"
_PART_OF_DAY = r"(?:凌晨|早上|早晨|上午|中午|下午|晚上|晚|全天|AM|PM)"
_TIMES = re.compile(
    rf"(?<=[\d日号\s])T?\s*{_PART_OF_DAY}?\s*{_CLOCK}(?:\s*(?:[-—–~至到]+)\s*{_PART_OF_DAY}?\s*{_CLOCK})?"
    rf"\s*(?:{_PART_OF_DAY}|Z|\+\d\d:\d\d)?",
    re.IGNORECASE,
)
_REMARKS = re.compile(rf"\([^()]*\)|(?:星期|周)[一二三四五六日天]|{_PART_OF_DAY}", re.IGNORECASE)
_BETWEEN = r"(?:[-—–―~〜至到、,]+)"
_YEAR = r"(\d{4})(?:年|[./-])"
_MONTH = r"(\d{1,2})(?:月|[./-])"
_DAY = r"(\d{1,2})[日号]?起?"
_WRITTEN = re.compile(
    rf"(?:{_YEAR})?{_MONTH}{_DAY}(?:{_BETWEEN}(?:(?:{_YEAR})?{_MONTH})?{_DAY}(?:止)?)?(?:止)?",
)
_DIGITS = re.compile(rf"(\d{{4}})(\d\d)(\d\d)(?:{_BETWEEN}(?:(\d{{4}})?(\d\d))?(\d\d))?")


def parse_span(cell: Cell, *, year: int | None) -> Span | None:
    """First and last day of a date or range; None where it is impossible or unreadable.

    A year that is left out is `year`. The last day may stand before the first: the caller judges that.
    """
    if isinstance(cell, datetime):
        return _likely(cell.date(), cell.date())
    if isinstance(cell, date):
        return _likely(cell, cell)
    if isinstance(cell, bool):
        return None
    if isinstance(cell, float | int):
        return _from_number(cell)
    return _from_text(cell, year=year) if isinstance(cell, str) else None


def _likely(first: date, last: date) -> Span | None:
    """Serial 0 and the year 9999 are slips, not days on which a class was held."""
    return (first, last) if _EARLIEST <= first <= _LATEST and _EARLIEST <= last <= _LATEST else None


def _from_number(number: float) -> Span | None:
    if not 0 < number < 1e8:
        return None
    if int(number) in _SERIALS:
        day = _SERIAL_ZERO + timedelta(days=int(number))
        return _likely(day, day)
    return _from_text(str(int(number)), year=None) if float(number).is_integer() else None


def _from_text(text: str, *, year: int | None) -> Span | None:
    text = unicodedata.normalize("NFKC", text).strip()
    if text.isdecimal() and len(text) == 5:
        return _from_number(int(text))
    plain = "".join(_REMARKS.sub("", _TIMES.sub(" ", text)).split())
    if found := _DIGITS.fullmatch(plain):
        return _built(*found.groups(), year=year)
    if found := _WRITTEN.fullmatch(plain.removeprefix("自").removeprefix("从")):
        return _built(*found.groups(), year=year)
    return None


def _built(*parts: str | None, year: int | None) -> Span | None:
    """A span from twice year, month, day; what the last day leaves out is the first's."""
    y1, m1, d1, y2, m2, d2 = (int(part) if part else None for part in parts)
    y1 = y1 or year
    if y1 is None or m1 is None or d1 is None:
        return None
    try:
        first = date(y1, m1, d1)
        last = first if d2 is None else date(y2 or _next_if_over(y1, m1, m2), m2 or m1, d2)
    except ValueError:
        return None
    return _likely(first, last)


def _next_if_over(year: int, first_month: int, last_month: int | None) -> int:
    """12.28—1.3 ends in the next year."""
    return year + 1 if first_month == 12 and last_month == 1 else year
