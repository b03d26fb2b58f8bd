"""What is to be written into which workbook; goes to the process that does it as JSON."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

AUTHOR = "培训台账检查"


@dataclass(frozen=True, slots=True)
class Note:
    """One sentence about one row. `column` is the heading of its cell; "" speaks of the whole row."""

    sheet: str
    row: int
    column: str
    text: str
    warning: bool = False

    @property
    def words(self) -> str:
        """The sentence as it stands in the added column."""
        words = f"{self.column}：{self.text}" if self.column else self.text
        return f"提醒：{words}" if self.warning else words


@dataclass(frozen=True, slots=True)
class Place:
    """Where a table stands: the rows of its headers, and the first of the lines above them.

    `headings` are heading → the name of its field, of the columns that were understood.
    """

    sheet: str
    header_rows: list[int]
    lines_from: int
    headings: dict[str, str]

    @property
    def headers(self) -> list[list[int]]:
        """Its headers, each as the rows that it has."""
        found: list[list[int]] = []
        for row in sorted(self.header_rows):
            if found and found[-1][-1] == row - 1:
                found[-1].append(row)
            else:
                found.append([row])
        return found


@dataclass(frozen=True, slots=True)
class Order:
    """`alone` asks for a workbook of the noted rows only."""

    places: list[Place]
    notes: list[Note]
    alone: bool = False

    def dump(self) -> bytes:
        return json.dumps(asdict(self), ensure_ascii=False).encode()

    @classmethod
    def load(cls, data: bytes) -> Order:
        values = json.loads(data)
        return cls(
            places=[Place(**one) for one in values["places"]],
            notes=[Note(**one) for one in values["notes"]],
            alone=values["alone"],
        )
