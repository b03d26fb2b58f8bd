"""Finds the header of a table: one to three rows, in any row of the sheet, merged or not."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ledgers.columns import BY_KEY, plain_heading
from ledgers.reading.cells import text_of
from ledgers.reading.grid import Merged, Sheet
from ledgers.reading.headings import (
    NO_HEADINGS,
    SERIAL_HEADINGS,
    Headings,
    fingerprint,
    is_commonly_ignored,
    is_given_back,
    keys_for,
    paths_of,
)
from ledgers.reading.results import Cell, HeaderUnknown, Kind, Understood, UnreadableFile

MOST_HEADER_ROWS = 3
_ONE_COLUMN_ONLY = frozenset({"name", "id_number"})


@dataclass(frozen=True, slots=True)
class Header:
    """A header and what its columns mean; `top` counts within the sheet's rows.

    `told` is true where a person said of every column what it means. `unknown` are the positions and
    headings that nothing was made of.
    """

    top: int
    height: int
    kind: Kind
    columns: tuple[Understood, ...]
    ignored: tuple[str, ...]
    serial: int | None
    known: int
    told: bool
    unknown: tuple[tuple[int, str], ...]
    fingerprint: str

    @property
    def bottom(self) -> int:
        return self.top + self.height - 1

    @property
    def layout(self) -> tuple[tuple[int, str], ...]:
        return tuple((column.position, column.key) for column in self.columns)

    def positions(self, *keys: str) -> tuple[int, ...]:
        return tuple(column.position for column in self.columns if column.key in keys)


def find_header(
    sheet: Sheet, merged: Merged, row: int, *, after: int, headings: Headings = NO_HEADINGS
) -> Header | None:
    """The best header that has `row` in it and begins below `after`."""
    best: Header | None = None
    candidates = _candidates(sheet, merged, row, after=after, headings=headings)
    for header in candidates:
        # Of headers that say as much the shortest is right: a title line above it adds nothing.
        if best is None or _weight(header) > _weight(best):
            best = header
    return best


def _weight(header: Header) -> tuple[bool, int, int]:
    return header.told, header.known, -header.height


def _candidates(
    sheet: Sheet, merged: Merged, row: int, *, after: int, headings: Headings
) -> Iterator[Header]:
    """Headers from one to three rows, `row` or, where `row` is a mere title, the row below it among them."""
    for height in range(1, MOST_HEADER_ROWS + 1):
        for top in range(max(row - height + 1, after + 1), row + 2):
            if top + height > len(sheet.rows) or _has_values(sheet.rows[row + 1 : top + height]):
                continue
            rows = [merged.as_header(at) for at in range(top, top + height)]
            if header := _read(rows, top=top, headings=headings):
                yield header


def refuse_duplicates(sheet: Sheet, header: Header) -> None:
    """Which of two columns of the same name is meant is never guessed."""
    seen: dict[tuple[str, str], Understood] = {}
    for column in header.columns:
        heading = "" if column.key in _ONE_COLUMN_ONLY else plain_heading(column.heading)
        if (column.key, heading) in seen:
            where = f"工作表“{sheet.name}”" if sheet.name else "文件"
            numbers = "、".join(str(sheet.numbers[header.top + n]) for n in range(header.height))
            # The very same heading twice is a slip; two words for one field are for a person to tell apart.
            same = plain_heading(column.heading) == plain_heading(seen[column.key, heading].heading)
            raise (UnreadableFile if same else HeaderUnknown)(
                f"{where}第 {numbers} 行的表头里，“{column.label}”一列重复出现，无法判断用哪一列。"
                "请删去或改名其中一列后再上传。"
            )
        seen[column.key, heading] = column


def _has_values(rows: Sequence[list[Cell]]) -> bool:
    """Numbers and dates below the row with the name's heading are data."""
    return any(cell is not None and not isinstance(cell, str) for row in rows for cell in row)


def _read(rows: list[list[Cell]], *, top: int, headings: Headings) -> Header | None:
    """The header that these rows are, or None where they are none."""
    texts, plain = texts_of(rows)
    keys = keys_for(plain, headings=headings)
    kind = kind_of(keys)
    told = [path in headings for path in paths_of(plain)]
    # A group head merged over two columns is one heading until the row below it is read.
    known = len(
        {plain[at] for at, key in enumerate(keys) if key or told[at] or is_commonly_ignored(plain[at])}
    )
    if kind is None or (known < 2 and sum(map(bool, plain)) > 1):
        return None
    serials = [at for at, column in enumerate(plain) if column and column[-1] in SERIAL_HEADINGS]
    return Header(
        top=top,
        height=len(rows),
        kind=kind,
        columns=tuple(_understood(texts[at], key=key, at=at) for at, key in enumerate(keys) if key),
        ignored=tuple(
            " ".join(texts[at])
            for at, key in enumerate(keys)
            if not key and any(plain[at]) and at not in serials
        ),
        serial=serials[0] if serials else None,
        known=known,
        told=all(told[at] for at, column in enumerate(plain) if column),
        unknown=tuple(
            (at, " ".join(texts[at]))
            for at, key in enumerate(keys)
            if not key and not told[at] and not is_commonly_ignored(plain[at])
        ),
        fingerprint=fingerprint(plain),
    )


def texts_of(rows: list[list[Cell]]) -> tuple[list[list[str]], list[tuple[str, ...]]]:
    """The texts of each column of a header from top to bottom, as written and plain."""
    texts = _columns_of_texts(_without_ours(rows))
    return texts, [tuple(filter(None, map(plain_heading, column))) for column in texts]


def _understood(texts: list[str], *, key: str, at: int) -> Understood:
    return Understood(heading=" ".join(texts), key=key, label=BY_KEY[key].heading, position=at)


def kind_of(keys: list[str]) -> Kind | None:
    if "name" in keys:
        return "participant"
    dated = not {"dates", "start", "end"}.isdisjoint(keys)
    return "lecture" if dated and "headcount" in keys else None


def _without_ours(rows: list[list[Cell]]) -> list[list[Cell]]:
    """The rows without the column that giving back has added."""
    ours = {at for row in rows for at, cell in enumerate(row) if is_given_back(cell)}
    if not ours:
        return rows
    return [["" if at in ours else cell for at, cell in enumerate(row)] for row in rows]


def _columns_of_texts(rows: list[list[Cell]]) -> list[list[str]]:
    """For each column its texts from top to bottom; what is merged over several rows stands once."""
    lines = [[text_of(cell) for cell in row] for row in rows]
    width = max(map(len, lines))
    for line in lines:
        line.extend([""] * (width - len(line)))
    for upper, lower in zip(lines, lines[1:], strict=False):
        _spread_group_heads(upper, lower)
    columns: list[list[str]] = []
    for stack in zip(*lines, strict=True):
        columns.append([text for at, text in enumerate(stack) if text and text not in stack[:at]])
    return columns


def _spread_group_heads(upper: list[str], lower: list[str]) -> None:
    """Where nothing is merged, a group's head stands over its first column only."""
    head = ""
    for at, text in enumerate(upper):
        if text:
            head = text if lower[at] else ""
        elif lower[at]:
            upper[at] = head
        else:
            head = ""
