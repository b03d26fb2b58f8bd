"""What a certificate says, and how each fact is written on paper."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from decimal import Decimal

HAN_DIGITS = "〇一二三四五六七八九"


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Of one certificate, as frozen at issue. `hours` are 学时; what is unknown is empty."""

    name: str
    title: str
    programme: str = ""
    run: str = ""
    starts_on: datetime.date | None = None
    ends_on: datetime.date | None = None
    hours: Decimal | None = None
    days: int | None = None
    employer: str = ""
    issuer: str = ""
    issued_on: datetime.date | None = None
    expires_on: datetime.date | None = None
    number: str = ""
    signatory: str = ""

    def values(self) -> dict[str, str]:
        """One text for each of `layouts.PLACEHOLDERS`."""
        return {
            "name": self.name,
            "title": self.title,
            "programme": self.programme,
            "run": self.run,
            "period": period(self.starts_on, self.ends_on),
            "starts_on": written(self.starts_on),
            "ends_on": written(self.ends_on),
            "hours": "" if self.hours is None else f"{self.hours.normalize():f}",
            "days": "" if self.days is None else str(self.days),
            "employer": self.employer,
            "issuer": self.issuer,
            "issued_on": written(self.issued_on),
            "issued_on_han": written_in_han(self.issued_on),
            "expires_on": written(self.expires_on),
            "number": self.number,
            "signatory": self.signatory,
        }


def written(day: datetime.date | None) -> str:
    """2024年3月5日."""
    return f"{day.year}年{day.month}月{day.day}日" if day else ""


def written_in_han(day: datetime.date | None) -> str:
    """二〇二四年三月五日."""
    if not day:
        return ""
    year = "".join(HAN_DIGITS[int(digit)] for digit in str(day.year))
    return f"{year}年{in_han(day.month)}月{in_han(day.day)}日"


def in_han(number: int) -> str:
    """1–99 as one says it: 五, 十二, 二十, 三十一."""
    tens, ones = divmod(number, 10)
    of_tens = "" if tens == 0 else ("十" if tens == 1 else f"{HAN_DIGITS[tens]}十")
    return of_tens + (HAN_DIGITS[ones] if ones else "")


def period(first: datetime.date | None, last: datetime.date | None) -> str:
    """2024年3月5日, 2024年3月5日至8日, 2024年3月5日至4月2日, or with both years."""
    if not first or not last or first == last:
        return written(first or last)
    if first.year != last.year:
        return f"{written(first)}至{written(last)}"
    if first.month != last.month:
        return f"{written(first)}至{last.month}月{last.day}日"
    return f"{written(first)}至{last.day}日"
