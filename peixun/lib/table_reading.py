"""Tables that come in as files. `ledgers` reads them, which stands above all who ask: see `TABLE_READER`."""

from dataclasses import dataclass

MOST_LINES = 2000


class TableRefused(Exception):
    """The whole file is refused; `message` is a sentence for the user."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


@dataclass(frozen=True, slots=True)
class Table:
    """Those of the wanted headings that a file has, and its lines.

    A line is the number that a spreadsheet shows beside it, and its text under each of the headings.
    """

    headings: tuple[str, ...]
    lines: tuple[tuple[int, tuple[str, ...]], ...]
