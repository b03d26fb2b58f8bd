"""A sheet as rows of cells, whatever kind of file it came from."""

import pickle
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import overload

from ledgers.reading.cells import is_blank
from ledgers.reading.results import Cell, UnreadableFile

Merge = tuple[int, int, int, int]

MOST_MERGED_CELLS = 3_000_000
_HUGE_MERGE = 2_000_000
_TALLEST_HEADER = 12
_BLOCK = 1024
PACKED_FROM = 200_000  # rows of a sheet


class PackedRows(Sequence[list[Cell]]):
    """Rows that are kept pickled by blocks: a tenth of the memory that a million lists of cells take.

    Meant to be read from top to bottom; the two blocks last used are held open, so that looking back a few
    rows costs nothing. A row that is changed is not changed here.
    """

    def __init__(self, rows: Iterable[list[Cell]]) -> None:
        self._blocks: list[bytes] = []
        self._length = 0
        iterator = iter(rows)
        while block := list(islice(iterator, _BLOCK)):
            self._blocks.append(pickle.dumps(block, pickle.HIGHEST_PROTOCOL))
            self._length += len(block)
        self._open: dict[int, list[list[Cell]]] = {}

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[list[Cell]]:
        for at in range(len(self._blocks)):
            yield from self._block(at)

    @overload
    def __getitem__(self, at: int) -> list[Cell]: ...
    @overload
    def __getitem__(self, at: slice) -> list[list[Cell]]: ...
    def __getitem__(self, at: int | slice) -> list[Cell] | list[list[Cell]]:
        if isinstance(at, slice):
            return [self[one] for one in range(*at.indices(self._length))]
        block, row = divmod(at, _BLOCK)
        return self._block(block)[row]

    def _block(self, at: int) -> list[list[Cell]]:
        if at not in self._open:
            if len(self._open) > 1:
                del self._open[next(iter(self._open))]
            # They were pickled above, by this very process.
            self._open[at] = pickle.loads(self._blocks[at])  # noqa: S301
        return self._open[at]


@dataclass(slots=True)
class Sheet:
    """`numbers` are what the spreadsheet shows beside each row; `merges` are (top, left, bottom, right),
    inclusive and counted within `rows`.
    """

    name: str
    rows: Sequence[list[Cell]]
    numbers: Sequence[int]
    hidden_rows: set[int] = field(default_factory=set)
    merges: list[Merge] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


class Merged:
    """What merged cells give to the cells that they span."""

    def __init__(self, sheet: Sheet) -> None:
        self._rows = sheet.rows
        self.down: dict[int, list[tuple[int, Cell]]] = {}
        self._flat: dict[int, list[Merge]] = {}
        spanned = 0
        for merge in sheet.merges:
            top, left, bottom, right = merge
            if (bottom - top + 1) * (right - left + 1) > _HUGE_MERGE:
                sheet.notes.append(f"工作表“{sheet.name}”有一处合并单元格的范围过大，已按未合并读取。")
                continue
            bottom = min(bottom, len(self._rows) - 1)
            spanned += bottom - top + 1
            if spanned > MOST_MERGED_CELLS:
                raise UnreadableFile("这个文件的合并单元格太多，无法读取。请取消合并后另存为 .xlsx 再上传。")
            self._fill_down(top, left, bottom=bottom)
            for row in range(top, min(bottom + 1, top + _TALLEST_HEADER)):
                self._flat.setdefault(row, []).append(merge)

    def _fill_down(self, top: int, column: int, *, bottom: int) -> None:
        """Only a merge's first column is filled: its value over two columns of hours would count twice."""
        if bottom <= top or column >= len(self._rows[top]) or is_blank(self._rows[top][column]):
            return
        value = self._rows[top][column]
        for row in range(top + 1, bottom + 1):
            self.down.setdefault(row, []).append((column, value))

    def filled(self, row: int) -> list[Cell]:
        """A row with the values of merges that began above it."""
        cells = self._rows[row]
        additions = self.down.get(row)
        if not additions:
            return cells
        cells = list(cells)
        for column, value in additions:
            if column < len(cells) and is_blank(cells[column]):
                cells[column] = value
        return cells

    def as_header(self, row: int) -> list[Cell]:
        """A row with every merge's value in all the columns that it spans."""
        cells = list(self._rows[row])
        for top, left, _, right in self._flat.get(row, ()):
            if left >= len(self._rows[top]):
                continue
            for column in range(left, min(right + 1, len(cells))):
                if is_blank(cells[column]):
                    cells[column] = self._rows[top][left]
        return cells

    def spans(self, row: int, *, columns: int) -> bool:
        """True where one merge makes a band of at least so many columns in this row."""
        return any(right - left + 1 >= columns for _, left, _, right in self._flat.get(row, ()))
