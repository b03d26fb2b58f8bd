"""What a row says of a person: gender, birth, phone, assessment, ID number."""

import re
from datetime import date, datetime

from learners import id_numbers
from ledgers.reading.cells import folded, text_of, value_of
from ledgers.reading.results import Cell

_GENDERS = {"男": "male", "女": "female", "男性": "male", "女性": "female", "男士": "male", "女士": "female"}
_MOBILE = re.compile(r"(?:\+?86)?(1[3-9]\d{9})")
_LANDLINE = re.compile(r"(?:\+?86)?0\d{2,3}[2-9]\d{6,7}(?:(?:转|#)\d{1,6})?|[2-9]\d{6,7}|[48]00\d{7}")
_SEVERAL = re.compile(r"[/、,;，；]|或")
_PHONE_DROPPED = re.compile(r"[\s()\-—–.]")
_YEAR_AND_MONTH = re.compile(r"((?:19|20)\d\d)[年./-]?(?:(\d{1,2})[月./-]?(?:(\d{1,2})日?)?)?(?:生|出生)?")
_PASSED = re.compile(r".*(?:合格|及格|通过|达标|结业|称职|毕业)|优秀?|良好?|中等?|是|A|B|√|✓")
_FAILED = re.compile(r".*[不未](?:合格|及格|通过|达标|结业|称职|毕业).*|否|差|缺考|旷考|×|✗")
_MARK = re.compile(r"(\d{1,3}(?:\.\d+)?)分?")


def parse_gender(cell: Cell) -> str:
    """ "male", "female" or ""."""
    return _GENDERS.get(folded(text_of(cell)), "")


def parse_phone(cell: Cell) -> tuple[str, bool]:
    """The number and whether it is one; of several the first that is one. Blank is fine."""
    if type(cell) is str and _MOBILE.fullmatch(cell):
        return cell[-11:], True
    written = value_of(cell)
    if not written:
        return "", True
    for part in _SEVERAL.split(written):
        plain = _PHONE_DROPPED.sub("", folded(part))
        if found := _MOBILE.fullmatch(plain):
            return found[1], True
        if _LANDLINE.fullmatch(plain):
            return part.strip(), True
    return written, False


def parse_birth(cell: Cell) -> str:
    """`1991`, `1991-03` or `1991-03-05`, as far as the cell tells; "" where it tells nothing."""
    if isinstance(cell, datetime):
        return cell.date().isoformat()
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, float) and not cell.is_integer() and round(cell * 100) % 100 == 10:
        # 1982.1 in a number cell is January or October: nobody can tell.
        return str(int(cell))
    text = folded(text_of(cell))
    if len(text) in (6, 8) and text.isdecimal():
        text = "-".join(filter(None, (text[:4], text[4:6], text[6:])))
    found = _YEAR_AND_MONTH.fullmatch(text)
    return _as_iso(*found.groups()) if found else ""


def _as_iso(year: str, month: str | None, day: str | None) -> str:
    try:
        date(int(year), int(month or 1), int(day or 1))
    except ValueError:
        return ""
    return "-".join((year, *(part.zfill(2) for part in (month, day) if part)))


def parse_assessment(text: str) -> str:
    """ "passed", "failed" or "" where the text says neither; marks count from 60."""
    plain = folded(text)
    if _FAILED.fullmatch(plain):
        return "failed"
    if found := _MARK.fullmatch(plain):
        return "passed" if float(found[1]) >= 60 else "failed"
    return "passed" if _PASSED.fullmatch(plain) else ""


def parse_id_number(cell: Cell, *, today: date | None) -> tuple[str, str]:
    """The normalised number and the code of its fault, either may be ""."""
    if cell is None:
        return "", "id_number_missing"
    if not isinstance(cell, str):
        return "", "id_number_numeric" if type(cell) in (float, int) else "id_number_format"
    number = id_numbers.normalise(cell)
    if not number or not value_of(number) or not value_of(cell):
        return "", "id_number_missing"
    return number, id_numbers.fault(number, at=today) or ""


def shown_id_number(cell: Cell) -> str:
    """For a preview: masked; of a damaged one its first six digits, as spreadsheets show it."""
    if isinstance(cell, float | int) and not isinstance(cell, bool):
        return f"{cell:.5E}"
    number = id_numbers.normalise(text_of(cell))
    if "." in number and id_numbers.fault(number) == "id_number_numeric":
        return f"{float(number):.5E}"
    return id_numbers.mask(number)


def shown_phone(text: str) -> str:
    return f"{text[:3]}****{text[-4:]}" if len(text) == 11 and text.isdecimal() else text
