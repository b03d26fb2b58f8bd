"""Resident identity numbers: 17 digits and a check digit (GB 11643, ISO 7064 MOD 11-2).

No table of divisions is asked: prefixes change, and those of elders are abolished.
"""

import re
import unicodedata
from datetime import date
from operator import mul
from typing import Literal

_DROPPED = re.compile(r"[\s\-‐‑‒–—―−\"'`“”‘’„‟′″\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_SHAPE = re.compile(r"[0-9]{17}[0-9X]")
_DAMAGED = re.compile(r"[0-9](\.[0-9]+)?E\+?[0-9]+|[0-9]{9,}\.0+", re.IGNORECASE)
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS = "10X98765432"
_ZEROS = ord("0") * sum(_WEIGHTS)
_EARLIEST = date(1900, 1, 1)

Gender = Literal["male", "female"]


def normalise(text: str) -> str:
    """One form of a number as people type it: no blanks, hyphens, quotes or Excel's ="…", and X raised."""
    if text.isascii() and text.isalnum():
        return text.upper()
    return _DROPPED.sub("", unicodedata.normalize("NFKC", text)).removeprefix("=").upper()


def fault(number: str, *, at: date | None = None) -> str | None:
    """The code of what is wrong with a normalised number, or None; `at` is the day that counts as today."""
    if not _SHAPE.fullmatch(number):
        return "id_number_numeric" if _DAMAGED.fullmatch(number) else "id_number_format"
    born = birth(number)
    if born is None or not _EARLIEST <= born <= (at or date.today()):
        return "id_number_format"
    if number[17] != check_digit(number):
        return "id_number_checksum"
    return None


def check_digit(number: str) -> str:
    """The 18th character that belongs to the first 17 digits."""
    return _CHECKS[(sum(map(mul, number[:17].encode(), _WEIGHTS)) - _ZEROS) % 11]


def birth(number: str) -> date | None:
    """The day of birth in an 18-character number, or None where there is no such day."""
    try:
        return date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return None


def gender(number: str) -> Gender:
    """Odd 17th digits are men's."""
    return "male" if int(number[16]) % 2 else "female"


def mask(number: str) -> str:
    """First 3 and last 4 characters; of a short text, which is no whole number, one end only."""
    if len(number) >= 12:
        return f"{number[:3]}{'*' * (len(number) - 7)}{number[-4:]}"
    return number[:3] + "*" * max(len(number) - 3, 0)
