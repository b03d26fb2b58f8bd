"""How the rows of one table are read: which cell gives which field."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from ledgers.columns import BY_KEY, COLUMNS, HOURS_KINDS
from ledgers.reading.cells import is_blank
from ledgers.reading.results import Cell, Table

_DATES = ("dates", "start", "end")
_HOURS = (*HOURS_KINDS, "hours_total", "days")
_TEXTS = (
    "position",
    "level",
    "district",
    "place",
    "teacher",
    "certificate_name",
    "status",
    "certificate_number",
)
_SHOWN = (
    "name",
    "gender",
    "employer",
    "position",
    "level",
    "district",
    "programme",
    "run",
    "course",
    "activity",
    "trade",
    "grade",
    "place",
    "teacher",
    "assessment",
    "certificate_number",
    "headcount",
    "women",
    "elders",
)


@dataclass(frozen=True, slots=True)
class Plan:
    """Positions of each field's cells; constants stand behind the row's own cells."""

    table: Table
    width: int
    extra: tuple[str, ...]
    positions: Mapping[str, tuple[int, ...]]
    lone: Mapping[str, int] = field(repr=False)
    headings: Mapping[int, str]
    limits: tuple[tuple[int, int], ...] = field(repr=False)
    shown: tuple[tuple[str, int], ...] = field(repr=False)
    texts: tuple[str, ...] = field(repr=False)
    particulars: tuple[tuple[str, int], ...] = field(repr=False)
    hours: tuple[tuple[str, int], ...] = field(repr=False)
    dates: tuple[int, ...] = field(repr=False)
    has_id_column: bool

    def cells(self, row: list[Cell]) -> list[Cell]:
        return [*row, *[""] * (self.width - len(row)), *self.extra] if self.extra else row

    def first(self, key: str, cells: list[Cell]) -> tuple[Cell, int]:
        """The first cell with something in it among the columns of a field, and its position; -1 for none.

        A lone column's cell may hold mere white space: callers go by its text.
        """
        lone = self.lone.get(key)
        if lone is not None:
            cell = cells[lone]
            return (cell, lone) if cell != "" else (None, lone)
        positions = self.positions.get(key)
        if positions is None:
            return None, -1
        for at in positions:
            cell = cells[at]
            if cell != "" and not is_blank(cell):
                return cell, at
        return None, positions[0]

    def heading(self, at: int, *, key: str) -> str:
        """The heading of a cell as the file has it, or the field's own where the file has no such column."""
        return self.headings.get(at) or BY_KEY[key].heading


def make_plan(table: Table, constants: Mapping[str, str]) -> Plan:
    """The plan for one table; a constant counts only where the table has no column for its field."""
    positions: dict[str, tuple[int, ...]] = {}
    for column in table.columns:
        positions[column.key] = (*positions.get(column.key, ()), column.position)
    used = {key: text for key, text in constants.items() if text.strip() and _is_lacking(key, positions)}
    width = max((len(row.cells) for row in table.rows), default=0) if used else 0
    for at, key in enumerate(used, start=width):
        positions[key] = (at,)
    flat = [(key, at) for key, several in positions.items() for at in several]
    return Plan(
        table=table,
        width=width,
        extra=tuple(used.values()),
        positions=positions,
        lone={key: several[0] for key, several in positions.items() if len(several) == 1},
        headings={column.position: column.heading for column in table.columns},
        limits=tuple((at, BY_KEY[key].longest) for key, at in flat),
        shown=tuple((key, positions[key][0]) for key in _SHOWN if key in positions),
        texts=tuple(key for key in _TEXTS if key in positions),
        particulars=tuple(
            (column.key, positions[column.key][0])
            for column in COLUMNS
            if column.particular and column.key in positions
        ),
        hours=tuple((key, at) for key, at in flat if key in _HOURS),
        dates=tuple(at for key in _DATES for at in positions.get(key, ())),
        has_id_column="id_number" in positions,
    )


def _is_lacking(key: str, positions: Mapping[str, tuple[int, ...]]) -> bool:
    """Dates and hours are families: a constant closing day beside dates of the file would contradict them."""
    family = _DATES if key in _DATES else _HOURS if key in _HOURS else (key,)
    return key in BY_KEY and positions.keys().isdisjoint(family)
