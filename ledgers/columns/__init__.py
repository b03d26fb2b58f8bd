"""The columns of a ledger, defined once: reading, preview, export, template and help all use this table.

What is not in the table is never stored. Bank accounts, subsidies and columns that may tell of poverty or
disability (人员类别, 人群类别) are left out on purpose; they are listed as ignored.
"""

from ledgers.columns.classes import CLASSES
from ledgers.columns.column import ALL_GROUPS, Column, plain_heading
from ledgers.columns.outcomes import OUTCOMES
from ledgers.columns.people import PEOPLE

__all__ = [
    "ALL_GROUPS",
    "BY_KEY",
    "COLUMNS",
    "HOURS_KINDS",
    "PARTICULARS",
    "Column",
    "columns_for",
    "plain_heading",
]

COLUMNS: tuple[Column, ...] = (*PEOPLE, *CLASSES, *OUTCOMES)
BY_KEY = {column.key: column for column in COLUMNS}
PARTICULARS = tuple(column.key for column in COLUMNS if column.particular)
HOURS_KINDS = {
    "hours_theory": "theory",
    "hours_practice": "practice",
    "hours_online": "online",
    "hours_offline": "offline",
    "hours": "general",
}


def columns_for(group: str) -> tuple[Column, ...]:
    """The columns that a blank template offers for a group."""
    return tuple(column for column in COLUMNS if group in column.groups)
