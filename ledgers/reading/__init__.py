"""Reads a bureau's ledger file and judges its rows. Pure Python: no Django, no database.

`read_ledger(content, size_limit=…)` gives a `Ledger` or raises `UnreadableFile`;
`propose_for(content, size_limit=…)` proposes what the columns of a file mean that is not understood;
`check(ledger, year=…, …)` gives one `CheckedRow` for each data row.
"""

from ledgers.reading.checking import check
from ledgers.reading.opening import propose_for, read_ledger
from ledgers.reading.proposing import Candidate, Place, Proposed
from ledgers.reading.results import (
    CheckedRow,
    HeaderUnknown,
    Kind,
    Ledger,
    Row,
    Table,
    Understood,
    UnreadableFile,
    Warned,
)

__all__ = [
    "Candidate",
    "CheckedRow",
    "HeaderUnknown",
    "Kind",
    "Ledger",
    "Place",
    "Proposed",
    "Row",
    "Table",
    "Understood",
    "UnreadableFile",
    "Warned",
    "check",
    "propose_for",
    "read_ledger",
]
