"""The rows of an import as a table: which columns to show, and which cell of a row is the faulty one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _

from ledgers.columns import COLUMNS, HOURS_KINDS
from ledgers.importing.rows import Shown
from ledgers.models import LedgerImport, LedgerRow

KEYS = {column.heading: column.key for column in COLUMNS}
# What stands together in one cell.
TOGETHER = {
    **dict.fromkeys(("start", "end"), "dates"),
    **dict.fromkeys(("activity", "course", "trade", "grade"), "run"),
    **dict.fromkeys((*HOURS_KINDS, "hours_total", "days"), "hours"),
}
OF_THE_ROW = ("duplicate_row",)  # faults of the whole row: no cell of it is wrong
NUMERIC = ("hours", "headcount")
UNBROKEN = ("name", "id_number", "dates", "hours", "headcount")
LONGEST_UNBROKEN = 23
NOTHING = Shown({}, [])


@dataclass(frozen=True, slots=True)
class Cell:
    key: str
    heading: str
    text: str
    faulty: bool

    @property
    def numeric(self) -> bool:
        return self.key in NUMERIC

    @property
    def unbroken(self) -> bool:
        return self.key in UNBROKEN and len(self.text) <= LONGEST_UNBROKEN


def headings(lectures: bool) -> dict[str, str]:
    """The columns that may be shown, in their order."""
    if lectures:
        return {
            "dates": _("日期"),
            "run": _("活动"),
            "place": _("地点"),
            "headcount": _("人数"),
        }
    return {
        "name": _("姓名"),
        "id_number": _("身份证号"),
        "employer": _("单位"),
        "run": _("班次"),
        "dates": _("培训时间"),
        "hours": _("学时"),
    }


def lay_out(batch: LedgerImport, rows: Iterable[LedgerRow], preview: dict[int, Shown]) -> list[Cell]:
    """Gives each row its `cells`, `changes` and `marked`; answers the cells of the heading.

    A column without a value in these rows is left out, and so are the dates of people unless they are wrong.
    Nothing is shown once the file was dropped.
    """
    rows = list(rows)
    tables = batch.understood.get("tables", [])
    fields = {
        (one["sheet"], heading): KEYS.get(label, "") for one in tables for heading, label in one["columns"]
    }
    lectures = any(one["lecture"] for one in tables)
    columns = headings(lectures) if preview else {}
    shown: list[tuple[LedgerRow, dict[str, str], str]] = []
    for row in rows:
        texts, row.changes = preview.get(row.pk, NOTHING)  # type: ignore[attr-defined]
        shown.append((row, with_run(texts), fault_of(row, fields)))
    used = [
        name
        for name in columns
        if any(
            fault == name or (texts.get(name) and (lectures or name != "dates"))
            for _row, texts, fault in shown
        )
    ]
    for row, texts, fault in shown:
        row.cells = [Cell(name, columns[name], texts.get(name, ""), fault == name) for name in used]  # type: ignore[attr-defined]
        row.marked = fault in used or row.code in OF_THE_ROW  # type: ignore[attr-defined]
    return [Cell(name, columns[name], "", False) for name in used]


def with_run(texts: dict[str, str]) -> dict[str, str]:
    """The row's class or activity under one name, whichever column gave it."""
    trade = " ".join(filter(None, (texts.get("trade"), texts.get("grade"))))
    run = texts.get("run") or texts.get("activity") or texts.get("course") or trade
    return texts | {"run": run}


def fault_of(row: LedgerRow, fields: dict[tuple[str, str], str]) -> str:
    """The column of the fault; "" for none."""
    if row.state != LedgerRow.State.FAULTY or row.code in OF_THE_ROW:
        return ""
    key = fields.get((row.sheet, row.column)) or KEYS.get(row.column, "")
    return TOGETHER.get(key, key)
