"""The text of a cell, and what counts as an empty or an erroneous one."""

import re
import unicodedata
from datetime import date, datetime, time, timedelta

from ledgers.reading.results import Cell

SHORT = 20
UNCALCULATED = "#未计算!"
ERRORS = frozenset(
    {
        "#REF!",
        "#N/A",
        "#VALUE!",
        "#DIV/0!",
        "#NAME?",
        "#NULL!",
        "#NUM!",
        "#GETTING_DATA",
        "#SPILL!",
        "#CALC!",
        "#FIELD!",
        "#BLOCKED!",
        "#UNKNOWN!",
        "#CONNECT!",
        UNCALCULATED,
    }
)
_NOTHING = frozenset(
    {"", "无", "暂无", "没有", "/", "\\", "-", "--", "—", "——", "－", "_", "不详", "空", "N/A", "n/a"}
)
_UNSEEN = re.compile(
    r"[\x00-\x08\x0e-\x1f\x7f-\x9f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufffe\uffff]"
)


def text_of(cell: Cell) -> str:
    """The cell as a person reads it: single blanks, no controls; whole numbers without a point."""
    if type(cell) is str:
        if cell.isalnum():
            return cell
        return " ".join((cell if cell.isprintable() else _UNSEEN.sub("", cell)).split())
    if cell is None:
        return ""
    return _text_of_other(cell)


def printed(cell: Cell) -> str:
    """The cell as it is written: as `text_of`, but with its own blanks and lines."""
    if isinstance(cell, str):
        return "\n".join(_UNSEEN.sub("", cell).splitlines()).strip()
    return text_of(cell)


def _text_of_other(cell: Cell) -> str:
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, datetime) and cell.time() == time(0):
        return cell.date().isoformat()
    if isinstance(cell, date | time | timedelta):
        return str(cell)
    return str(cell)


def is_blank(cell: Cell) -> bool:
    """Nothing but white space and unseen characters."""
    if cell is None or cell == "":
        return True
    return isinstance(cell, str) and not cell.isalnum() and not text_of(cell)


def value_of(cell: Cell) -> str:
    """The text, with 无, / and the like as nothing."""
    text = text_of(cell)
    return "" if text in _NOTHING else text


class Texts(dict[Cell, str]):
    """`value_of` for each distinct cell, worked out once: most columns of a ledger repeat themselves.

    `long` are the cells whose texts may be longer than their column allows.
    """

    def __init__(self) -> None:
        super().__init__()
        self.long: set[Cell] = set()

    def __missing__(self, cell: Cell) -> str:
        text = self[cell] = value_of(cell)
        if len(text) > SHORT:
            self.long.add(cell)
        return text


def folded(text: str) -> str:
    """NFKC without white space, for matching words."""
    return "".join(unicodedata.normalize("NFKC", text).split())
