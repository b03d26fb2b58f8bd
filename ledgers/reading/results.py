"""What reading and checking a ledger gives: plain frozen values, no database, no Django."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Literal, NamedTuple

Cell = str | int | float | bool | date | datetime | time | timedelta | None
Kind = Literal["participant", "lecture"]
EMPTY: Mapping[str, Any] = {}


class UnreadableFile(Exception):
    """The whole file is refused; the text is a sentence for the user and holds nothing of the file's rows."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class HeaderUnknown(UnreadableFile):
    """Refused because of what its columns are called: a person who says what they mean can mend that."""


@dataclass(frozen=True, slots=True)
class Understood:
    """One column that is read: its heading as the file has it, and the field that is made of it."""

    heading: str
    key: str
    label: str
    position: int


@dataclass(frozen=True, slots=True)
class Row:
    """One data row; `cells` start at the sheet's first column, values of merged cells filled in."""

    number: int
    hidden: bool
    cells: list[Cell]


@dataclass(frozen=True, slots=True)
class Table:
    """One table of one sheet. `header_rows` are row numbers as the spreadsheet shows them.

    There are `count` data rows; `rows` are all of them, or the first few where that is enough. `unknown` are
    those of the ignored headings that nothing was made of, each with the field that it may mean or "".
    `fingerprint` is that of all the headings in their order.
    """

    sheet: str
    kind: Kind
    title: str
    reporting_unit: str
    header_rows: tuple[int, ...]
    columns: tuple[Understood, ...]
    ignored: tuple[str, ...]
    has_id_column: bool
    rows: Sequence[Row] = field(repr=False)
    count: int
    unknown: tuple[tuple[str, str], ...] = ()
    fingerprint: str = ""

    def lacks(self, key: str) -> bool:
        """True where no column of the table gives this field."""
        return all(column.key != key for column in self.columns)


@dataclass(frozen=True, slots=True)
class Ledger:
    """A file that was read: its tables, and sentences about what was left out.

    `layouts` are the fingerprints of the remembered layouts by which it was read.
    """

    format: Literal["xlsx", "xls", "text"]
    tables: tuple[Table, ...]
    notes: tuple[str, ...]
    layouts: tuple[str, ...] = ()

    @property
    def row_count(self) -> int:
        return sum(table.count for table in self.tables)

    def lacks(self, key: str) -> bool:
        """True where some table has no column for this field, so that a constant for it is of use."""
        return any(table.lacks(key) for table in self.tables)


class Warned(NamedTuple):
    """A doubt about a row that counts all the same."""

    code: str
    column: str
    message: str


class CheckedRow(NamedTuple):
    """One row, judged. A row with a `code` is faulty and bears no warnings.

    Of a faulty row only `shown` is meant for use; the values stand as far as they were read.
    `shown` holds field → text for a preview, the ID number masked. `hours` is kind → 学时 with the kinds
    "theory", "practice", "online", "offline" and "general"; their sum is what the row credits.
    `paper_kind` and `paper_number` are of a passport or permit; `status` is how the learner took part, as the
    row has it.
    """

    sheet: str
    number: int
    hidden: bool
    kind: Kind
    code: str = ""
    column: str = ""
    message: str = ""
    warnings: tuple[Warned, ...] = ()
    shown: Mapping[str, str] = EMPTY
    name: str = ""
    id_number: str = ""
    gender: str = ""
    birth: str = ""
    phone: str = ""
    employer: str = ""
    position: str = ""
    level: str = ""
    district: str = ""
    programme: str = ""
    run: str = ""
    start: date | None = None
    end: date | None = None
    place: str = ""
    teacher: str = ""
    hours: Mapping[str, Decimal] = EMPTY
    assessment: str = ""
    assessment_text: str = ""
    certificate_number: str = ""
    certificate_name: str = ""
    certificate_day: date | None = None
    headcount: int | None = None
    women: int | None = None
    elders: int | None = None
    particulars: Mapping[str, str] = EMPTY
    table: int = 0
    paper_kind: str = ""
    paper_number: str = ""
    status: str = ""

    @property
    def good(self) -> bool:
        return not self.code

    @property
    def total_hours(self) -> Decimal:
        return sum(self.hours.values(), Decimal(0))
