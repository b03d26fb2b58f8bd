"""Reads a bureau's ledger file and judges its rows. Pure Python: no Django, no database.

`read_ledger(content, size_limit=…)` gives a `Ledger` or raises `UnreadableFile`;
`check(ledger, year=…, …)` gives one `CheckedRow` for each data row.
"""

from ledgers.reading.checking import check
from ledgers.reading.opening import read_ledger
from ledgers.reading.results import CheckedRow, Kind, Ledger, Row, Table, Understood, UnreadableFile, Warned

__all__ = [
    "CheckedRow",
    "Kind",
    "Ledger",
    "Row",
    "Table",
    "Understood",
    "UnreadableFile",
    "Warned",
    "check",
    "read_ledger",
]
