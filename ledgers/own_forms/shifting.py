"""Where rows, ranges and formulas of a form come to lie when its sample row becomes many rows."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from openpyxl.formula import Tokenizer
from openpyxl.formula.tokenizer import Token, TokenizerError

LAST_ROW = 1_048_576
_CELL = re.compile(r"(\$?)([A-Za-z]{1,3})(\$?)(\d+)")
_ROWS = re.compile(r"(\$?)(\d+):(\$?)(\d+)")
_AREA = re.compile(r"(\$?[A-Za-z]{1,3}\$?)(\d+)(?::(\$?[A-Za-z]{1,3}\$?)(\d+))?")


@dataclass(frozen=True)
class Shift:
    """The rows from `first` to `last` of the form give way to `count` rows. All count from 1."""

    first: int
    last: int
    count: int

    @cached_property
    def new_last(self) -> int:
        return self.first + self.count - 1

    def row(self, row: int) -> int:
        if row <= self.first:
            return row
        if row > self.last:
            return min(row + self.new_last - self.last, LAST_ROW)
        return self.new_last if row == self.last else min(row, self.new_last)

    def span(self, top: int, bottom: int) -> tuple[int, int]:
        """A range of rows; one that holds the sample row takes in all rows made of it."""
        if top <= self.first <= bottom:
            return top, self.new_last if bottom <= self.last else self.row(bottom)
        return self.row(top), self.row(bottom)

    def area(self, text: str) -> str:
        """One range such as A5:H9, as it stands in the XML."""
        if _ROWS.fullmatch(text):
            return self._rows(text)
        found = _AREA.fullmatch(text)
        if not found:
            return text
        left, top, right, bottom = found.groups()
        new_top, new_bottom = self.span(int(top), int(bottom or top))
        if right is None and new_top == new_bottom:
            return f"{left}{new_top}"
        return f"{left}{new_top}:{right or left}{new_bottom}"

    def areas(self, text: str) -> str:
        """Several ranges parted by blanks."""
        return " ".join(map(self.area, text.split()))

    def _rows(self, text: str) -> str:
        found = _ROWS.fullmatch(text)
        if not found:
            return text
        one, top, two, bottom = found.groups()
        new_top, new_bottom = self.span(int(top), int(bottom))
        return f"{one}{new_top}:{two}{new_bottom}"

    def formula(self, text: str, *, sheet: str, own: bool) -> str:
        """A formula without its "="; references to `sheet` move, bare ones where it stands in that sheet."""
        return _rewritten(text, sheet, own, self._reference)

    def _reference(self, text: str) -> str:
        """A reference in a formula: a range takes in the rows, a single cell moves."""
        if ":" in text:
            return self.area(text)
        found = _CELL.fullmatch(text)
        return f"{found[1]}{found[2]}{found[3]}{self.row(int(found[4]))}" if found else text


def _rewritten(text: str, sheet: str, own: bool, change: Callable[[str], str]) -> str:
    try:
        tokens = Tokenizer(f"={text}")
    except (TokenizerError, IndexError):
        return text
    for token in tokens.items:
        if token.type == Token.OPERAND and token.subtype == Token.RANGE:
            place, mark, reference = token.value.rpartition("!")
            named = place.strip("'").replace("''", "'") == sheet
            if named or (own and not mark):
                token.value = f"{place}{mark}{change(reference)}"
    return "".join(token.value for token in tokens.items)


@dataclass(frozen=True, slots=True)
class RowFormula:
    """A formula of the sample row; `pieces` are texts, and numbers that are counted from its own row."""

    pieces: tuple[str | int, ...]

    def at(self, row: int) -> str:
        return "".join(piece if isinstance(piece, str) else str(row + piece) for piece in self.pieces)


def row_formula(text: str, *, shift: Shift) -> RowFormula:
    """References of the sample row go with each row that is made of it; `$5` and ranges elsewhere stay."""
    pieces: list[str | int] = []
    try:
        tokens = Tokenizer(f"={text}").items
    except (TokenizerError, IndexError):
        return RowFormula((text,))
    for token in tokens:
        bare = token.type == Token.OPERAND and token.subtype == Token.RANGE and "!" not in token.value
        pieces += _pieces(token.value, shift) if bare else [token.value]
    return RowFormula(tuple(pieces))


def _pieces(reference: str, shift: Shift) -> list[str | int]:
    found: list[str | int] = []
    end = 0
    for cell in _CELL.finditer(reference):
        fixed, column, pinned, row = cell.groups()
        found.append(f"{reference[end : cell.start()]}{fixed}{column}{pinned}")
        found.append(str(shift.row(int(row))) if pinned else int(row) - shift.first)
        end = cell.end()
    return [*found, reference[end:]]
