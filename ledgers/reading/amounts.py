"""Hours and numbers of people."""

import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal

from ledgers.reading.results import Cell

MOST_HOURS = Decimal(9999)
MOST_PEOPLE = 1_000_000

_BRACKETED = re.compile(r"\([^()]*\)")
_PLAIN = re.compile(r"(\d+(?:\.\d+)?)个?(?:学时|课时)?")
_DAYS = re.compile(r"(\d+(?:\.\d+)?|[一二两三四五六七八九十])个?天(半)?")
_PEOPLE = re.compile(r"共?(\d{1,3}(?:,\d{3})+|\d+)(?:\.0+)?(?:人次|人|名|位|个)?")
_NUMERALS = {numeral: Decimal(n) for n, numeral in enumerate("一二三四五六七八九十", 1)} | {"两": Decimal(2)}


@dataclass(frozen=True, slots=True)
class DayRule:
    """How many 学时 a day and half a day count."""

    day: Decimal
    half_day: Decimal

    def hours(self, days: Decimal) -> Decimal:
        whole = days.to_integral_value(rounding="ROUND_FLOOR")
        if days - whole == Decimal("0.5"):
            return whole * self.day + self.half_day
        return days * self.day


def _in_bounds(hours: Decimal) -> Decimal | None:
    return round(hours, 2) if 0 <= hours <= MOST_HOURS else None


def parse_hours(cell: Cell, *, rule: DayRule, in_days: bool = False) -> Decimal | None:
    """学时 of a cell that is not blank; None where negative or unreadable. `in_days` is for bare numbers."""
    if isinstance(cell, bool) or not isinstance(cell, float | int | str):
        return None
    if isinstance(cell, float | int):
        if not 0 <= cell <= MOST_HOURS:
            return None
        number = Decimal(str(cell))
        return _in_bounds(rule.hours(number) if in_days else number)
    return _from_text(cell, rule=rule, in_days=in_days)


def _from_text(text: str, *, rule: DayRule, in_days: bool) -> Decimal | None:
    text = _BRACKETED.sub("", "".join(unicodedata.normalize("NFKC", text).split()))
    if text == "半天":
        return rule.half_day
    if found := _PLAIN.fullmatch(text):
        number = Decimal(found[1])
        bare = found[1] == text
        return _in_bounds(rule.hours(number) if in_days and bare else number)
    if found := _DAYS.fullmatch(text):
        days = _NUMERALS[found[1]] if found[1] in _NUMERALS else Decimal(found[1])
        return _in_bounds(rule.hours(days) + (rule.half_day if found[2] else 0))
    return None


def parse_people(cell: Cell) -> int | None:
    """A number of people such as 88, `88人` or `1,200人次`; None where it is none."""
    if isinstance(cell, bool):
        return None
    if isinstance(cell, float | int):
        return int(cell) if 0 <= cell <= MOST_PEOPLE and float(cell).is_integer() else None
    if not isinstance(cell, str):
        return None
    found = _PEOPLE.fullmatch(_BRACKETED.sub("", "".join(unicodedata.normalize("NFKC", cell).split())))
    number = int(found[1].replace(",", "")) if found else -1
    return number if 0 <= number <= MOST_PEOPLE else None
