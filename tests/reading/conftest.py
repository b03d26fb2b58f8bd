"""What the tests of reading share: small workbooks made on the spot, and a short way to judge a file."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from ledgers.reading import CheckedRow, Ledger, check, read_ledger

HEADINGS = ("序号", "姓名", "身份证号", "工作单位", "班次", "培训时间", "学时")
PEOPLE = (
    ("测试甲", "439999197503120014"),
    ("测试乙", "439999197503120022"),
    ("测试丙", "439999197503120030"),
    ("测试丁", "439999197503120049"),
)
TESTS = Path(__file__).resolve().parent.parent
SIZE_LIMIT = 20 * 1024 * 1024


def person_row(at: int, **changes: Any) -> list[Any]:
    """A good row under HEADINGS; `changes` by heading."""
    name, number = PEOPLE[at]
    row = dict(zip(HEADINGS, (at + 1, name, number, "市一中", "第1期", "2024.3.5-3.7", 24), strict=True))
    return list((row | changes).values())


@pytest.fixture
def tests_folder() -> Path:
    return TESTS


@pytest.fixture
def headings() -> list[str]:
    return list(HEADINGS)


@pytest.fixture
def person() -> Callable[..., list[Any]]:
    return person_row


@pytest.fixture
def workbook() -> Callable[..., bytes]:
    """Rows of one sheet, or sheet name → rows, as the bytes of an .xlsx file."""

    def make(
        rows: Any, *, merges: Sequence[str] = (), hidden_rows: Sequence[int] = (), state: Mapping = {}
    ) -> bytes:  # noqa: B006
        book = openpyxl.Workbook()
        book.remove(book.active)
        sheets = rows if isinstance(rows, dict) else {"台账": rows}
        for name, lines in sheets.items():
            sheet = book.create_sheet(name)
            for line in lines:
                sheet.append(list(line))
            for merge in merges:
                sheet.merge_cells(merge)
            for number in hidden_rows:
                sheet.row_dimensions[number].hidden = True
            sheet.sheet_state = state.get(name, "visible")
        target = BytesIO()
        book.save(target)
        return target.getvalue()

    return make


@pytest.fixture
def read() -> Callable[[bytes], Ledger]:
    return lambda content: read_ledger(content, size_limit=SIZE_LIMIT)


@pytest.fixture
def judge() -> Callable[..., list[CheckedRow]]:
    def judged(
        content: bytes | Ledger, *, year: int | None = 2024, known: Any = None, **constants: str
    ) -> list[CheckedRow]:
        ledger = content if isinstance(content, Ledger) else read_ledger(content, size_limit=SIZE_LIMIT)
        rows = check(
            ledger,
            year=year,
            constants=constants,
            hours_per_day=8,
            hours_per_half_day=4,
            knows_programme=known or (lambda text: text == "乡村致富带头人培训计划"),
            today=date(2025, 1, 1),
        )
        return list(rows)

    return judged
