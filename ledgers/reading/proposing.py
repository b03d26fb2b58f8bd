"""Proposes what stands in a file: where its headers are, and what each column may mean.

For a file whose header is not understood, or was understood wrongly. The samples are values of the file: they
are kept sealed and shown masked.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from learners import id_numbers
from ledgers.reading.cells import folded, is_blank, text_of
from ledgers.reading.dates import parse_span
from ledgers.reading.grid import Merged, Sheet
from ledgers.reading.guesses import (
    POSSIBLE,
    SAMPLE,
    Guess,
    are_heads,
    best_guesses,
    by_heading,
    by_values,
    counts_rows,
    sample_of,
)
from ledgers.reading.headers import MOST_HEADER_ROWS, kind_of, texts_of
from ledgers.reading.headings import (
    NO_HEADINGS,
    Headings,
    fingerprint,
    is_commonly_ignored,
    keys_for,
    paths_of,
)
from ledgers.reading.persons import parse_gender, shown_id_number
from ledgers.reading.results import Cell
from ledgers.reading.tables import find_headers
from ledgers.reading.words import LONGEST_HEADING, find_marks, title_part

MOST_SHEETS, MOST_PLACES, MOST_CANDIDATES, MOST_COLUMNS = 100, 12, 4, 120
_MOST_SPOTS = 6
_LAST_ROW = 30
_WORTH_SHOWING = 0.4  # beside the likeliest
_SAMPLES, _LONGEST_SAMPLE = 3, 30
_DIGITS = re.compile(r"\d{7,}[Xx]?")
_BIRTH = re.compile(r"((?:19\d\d|200\d))(?:年|[./-])?\d{1,2}(?:(?:月|[./-])?\d{0,2}日?)?.*")


@dataclass(frozen=True, slots=True)
class Proposed:
    """One column of a proposed header: what it is called, three masked values, what it may be.

    `path` is its name in a mapping. `known` is true where the reader needs no help with it.
    """

    path: str
    heading: str
    samples: tuple[str, ...]
    key: str
    sure: float
    known: bool


@dataclass(frozen=True, slots=True)
class Candidate:
    """Rows that may be a header. `rows` are numbers as the spreadsheet shows them.

    `is_read` is true for the header that the reader itself finds.
    """

    rows: tuple[int, ...]
    title: str
    fingerprint: str
    columns: tuple[Proposed, ...]
    worth: float
    is_read: bool = False

    @property
    def is_ledger(self) -> bool:
        """True where the guesses make a header that could be read."""
        return kind_of([column.key for column in self.columns]) is not None

    @property
    def is_likely(self) -> bool:
        """True where some column seems to be a person's name or ID number, or the heads of a lecture."""
        keys = {column.key for column in self.columns}
        return not keys.isdisjoint({"name", "id_number", "headcount"})


@dataclass(frozen=True, slots=True)
class Place:
    """Sheets that are laid out alike, with the headers that they may have, the likeliest first."""

    sheets: tuple[str, ...]
    candidates: tuple[Candidate, ...]

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Place":
        """What `dataclasses.asdict` made, after a way through JSON."""
        return cls(
            tuple(data["sheets"]),
            tuple(
                Candidate(
                    tuple(one["rows"]),
                    one["title"],
                    one["fingerprint"],
                    tuple(
                        Proposed(**column | {"samples": tuple(column["samples"])})
                        for column in one["columns"]
                    ),
                    one["worth"],
                    one["is_read"],
                )
                for one in data["candidates"]
            ),
        )


def propose(sheets: Sequence[Sheet], *, headings: Headings = NO_HEADINGS) -> list[Place]:
    """The likely headers of a file's sheets; empty where nothing in it looks like a ledger."""
    places: dict[tuple[str, ...], Place] = {}
    for sheet in sheets[:MOST_SHEETS]:
        merged = Merged(sheet)
        for spots in _spots_of(sheet, merged, headings):
            alike = tuple(spot.fingerprint for spot in spots)
            if before := places.get(alike):
                names = tuple(dict.fromkeys((*before.sheets, sheet.name)))
                places[alike] = Place(names, before.candidates)
            elif len(places) < MOST_PLACES:
                found = [_candidate(sheet, merged, spot, headings=headings) for spot in spots]
                places[alike] = Place((sheet.name,), _likeliest(found))
    return [place for place in places.values() if any(one.is_likely for one in place.candidates)]


def _likeliest(found: list[Candidate]) -> tuple[Candidate, ...]:
    """What the reader itself takes for the header comes first; the others by their worth."""
    first, *others = found
    if not first.is_read:
        first, *others = sorted(found, key=lambda one: -one.worth)
    others.sort(key=lambda one: -one.worth)
    return (first, *(one for one in others if one.worth > max(first.worth * _WORTH_SHOWING, 0)))[
        :MOST_CANDIDATES
    ]


@dataclass(frozen=True, slots=True)
class _Spot:
    """Rows that may be a header; `worth` by the words in them alone."""

    top: int
    height: int
    fingerprint: str
    worth: float
    is_read: bool = False


def _spots_of(sheet: Sheet, merged: Merged, headings: Headings) -> Iterator[list[_Spot]]:
    """For each table of a sheet the headers that it may have."""
    found = find_headers(sheet, merged, find_marks(sheet.rows, headings=headings), headings=headings)
    tables = {one.fingerprint: _Spot(one.top, one.height, one.fingerprint, 0, is_read=True) for one in found}
    if len(tables) > 1:
        yield from ([spot] for spot in tables.values())
        return
    others = sorted(_guessed(sheet, merged), key=lambda spot: -spot.worth)[:_MOST_SPOTS]
    several = {**tables, **{spot.fingerprint: spot for spot in others if spot.fingerprint not in tables}}
    if several:
        yield list(several.values())


def _guessed(sheet: Sheet, merged: Merged) -> Iterator[_Spot]:
    """Headers among the first rows of a sheet, by their looks."""
    for top in range(min(_LAST_ROW, len(sheet.rows) - 1)):
        for height in range(1, MOST_HEADER_ROWS + 1):
            if top + height >= len(sheet.rows) or not _may_be_header(sheet, merged, top, height=height):
                break
            plain = texts_of([merged.as_header(row) for row in range(top, top + height)])[1]
            headed = [texts for texts in plain if texts]
            if len(headed) <= MOST_COLUMNS:
                likeness = sum(max(dict(by_heading(texts[-1])).values(), default=0.0) for texts in headed)
                yield _Spot(top, height, fingerprint(plain), likeness - top / 20 - height / 4)


def _may_be_header(sheet: Sheet, merged: Merged, top: int, *, height: int) -> bool:
    """Two different short texts or more in each row, and no values; several rows only if they interlock."""
    rows = [merged.as_header(row) for row in range(top, top + height)]
    for cells in rows:
        texts = [text_of(cell) for cell in cells if not is_blank(cell)]
        if len(set(texts)) < 2 or any(len(text) > LONGEST_HEADING for text in texts):
            return False
        if any(_is_value(cell) for cell in cells if not is_blank(cell)):
            return False
    return height == 1 or _interlock(sheet, top, height=height)


def _is_value(cell: Cell) -> bool:
    """What stands in data and not in headings."""
    if not isinstance(cell, str):
        return cell is not None
    text = folded(cell)
    if text.isascii() and any(map(str.isdigit, text)):
        return True
    return bool(parse_gender(cell)) or parse_span(cell, year=2000) is not None or bool(_DIGITS.search(text))


def _interlock(sheet: Sheet, top: int, *, height: int) -> bool:
    """Cells merged over these rows, or a group's head above several, bind them to one header."""
    last = top + height - 1
    for first, left, bottom, right in sheet.merges:
        if first >= top and bottom <= last and (bottom > first or (first < last and right > left)):
            return True
    upper, lower = sheet.rows[top], sheet.rows[last]
    blank_above = [
        is_blank(above) and not is_blank(below) for above, below in zip(upper, lower, strict=False)
    ]
    blank_below = [
        not is_blank(above) and is_blank(below) for above, below in zip(upper, lower, strict=False)
    ]
    return any(blank_above) and any(blank_below)


def _candidate(sheet: Sheet, merged: Merged, spot: _Spot, *, headings: Headings) -> Candidate:
    top, height = spot.top, spot.height
    written, plain = texts_of([merged.as_header(row) for row in range(top, top + height)])
    first = top + height
    below = [merged.filled(row) for row in range(first, min(first + SAMPLE, len(sheet.rows)))]
    samples = [sample_of(below, at) for at in range(len(plain))]
    used = [at for at, texts in enumerate(plain) if texts or samples[at]]
    keys, paths = keys_for(plain, headings=headings), paths_of(plain)
    known = [
        bool(key) or path in headings or is_commonly_ignored(texts)
        for key, path, texts in zip(keys, paths, plain, strict=True)
    ]
    guessed = _guesses(plain, samples, keys=keys, known=known)
    columns = tuple(
        Proposed(
            path=paths[at],
            heading=" ".join(written[at]),
            samples=_shown(samples[at]),
            key=guessed[at].key,
            sure=guessed[at].sure,
            known=known[at],
        )
        for at in used
    )
    return Candidate(
        rows=tuple(sheet.numbers[row] for row in range(top, first)),
        title=" ".join(filter(None, (title_part(sheet.rows[row]) for row in range(max(0, top - 3), top)))),
        fingerprint=spot.fingerprint,
        columns=columns,
        worth=_worth(plain, samples, guessed, height=height) - top / 20,
        is_read=spot.is_read,
    )


def _guesses(
    plain: Sequence[tuple[str, ...]],
    samples: Sequence[Sequence[Cell]],
    *,
    keys: Sequence[str],
    known: Sequence[bool],
) -> list[Guess]:
    """A guess for each column; what the reader knows is sure, and what it leaves out on purpose stays out."""
    found = [Guess(key, 1.0) if key else Guess() for key in keys]
    open_ones = [at for at, settled in enumerate(known) if not settled]
    asked = [(plain[at][-1] if plain[at] else "", samples[at]) for at in open_ones]
    for at, guess in zip(open_ones, best_guesses(asked, taken=filter(None, keys)), strict=True):
        found[at] = guess
    sure = {guess.key for guess in found}
    if "dates" in sure and sure.isdisjoint({"name", "id_number", "headcount"}):
        heads = next((at for at in open_ones if not found[at].key and _may_be_heads(samples[at])), None)
        found = [Guess("headcount", POSSIBLE) if at == heads else one for at, one in enumerate(found)]
    return found


def _may_be_heads(cells: Sequence[Cell]) -> bool:
    return are_heads(cells) and not counts_rows(cells)


def _worth(
    plain: Sequence[tuple[str, ...]],
    samples: Sequence[Sequence[Cell]],
    guessed: Sequence[Guess],
    *,
    height: int,
) -> float:
    """How much rows look like a header: words that resemble headings, over columns that have values."""
    worth = -height / 4
    for texts, cells, guess in zip(plain, samples, guessed, strict=True):
        if not texts:
            worth -= 0.5 if cells else 0
            continue
        worth += max((likeness for _, likeness in by_heading(texts[-1])), default=0.0)
        worth += 0.5 if guess.sure >= POSSIBLE else 0
        # A heading that looks like what stands below it is a row of data.
        worth -= 2 if not by_values(cells).keys().isdisjoint(by_values(texts[-1:])) else 0
        worth += 0.3 if cells else -0.5
    return worth


def _shown(cells: Sequence[Cell]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(filter(None, map(masked, cells[:20]))))[:_SAMPLES]


def masked(cell: Cell) -> str:
    """A value for showing: of long numbers only the ends, of a day of birth only the year."""
    if isinstance(cell, float | int) and not isinstance(cell, bool) and abs(cell) >= 1e15:
        return shown_id_number(cell)
    text = text_of(cell)
    number = id_numbers.normalise(text) if len(text) < 60 else text
    if len(number) >= 15 and number[:14].isdecimal():
        return id_numbers.mask(number)[:_LONGEST_SAMPLE]
    if found := _BIRTH.fullmatch(folded(text)):
        return f"{found[1]}-**"
    text = _DIGITS.sub(lambda found: found[0] if _is_day(found[0]) else _ends(found[0]), text)
    return text if len(text) <= _LONGEST_SAMPLE else f"{text[: _LONGEST_SAMPLE - 1]}…"


def _is_day(digits: str) -> bool:
    return len(digits) == 8 and parse_span(digits, year=None) is not None


def _ends(digits: str) -> str:
    return f"{digits[:3]}****{digits[-4:]}" if len(digits) > 9 else f"{digits[:2]}****{digits[-1]}"


def fitting(sheet: Sheet, layouts: Mapping[str, Headings]) -> str:
    """The fingerprint of the remembered layout that a header among the first rows has, or ""."""
    merged = Merged(sheet) if layouts and sheet.rows else None
    for top in range(min(_LAST_ROW, len(sheet.rows)) if merged else 0):
        for height in range(1, MOST_HEADER_ROWS + 1):
            if merged and top + height <= len(sheet.rows):
                found = fingerprint(texts_of([merged.as_header(row) for row in range(top, top + height)])[1])
                if found in layouts:
                    return found
    return ""
