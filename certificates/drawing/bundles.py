"""Many certificates: files for the printer, or a ZIP of single ones, without holding them all in memory."""

from __future__ import annotations

import datetime
import re
import zipfile
from collections.abc import Iterable, Iterator
from itertools import islice

from certificates.drawing.fonts import FontPaths
from certificates.drawing.pdf import draw
from certificates.drawing.sheets import Page

# typst holds a document while it sets it, half a megabyte to one a page, and remembers the last ten or so.
PAGES_A_FILE = 100
UNFIT_FOR_A_NAME = re.compile(r'[\x00-\x1f\x7f\\/:*?"<>|]+')
LONGEST_NAME = 80


def merged(
    pages: Iterable[Page],
    *,
    day: datetime.date,
    title: str = "",
    author: str = "",
    per_file: int = PAGES_A_FILE,
    fonts: FontPaths = (),
) -> Iterator[bytes]:
    """PDFs of up to `per_file` pages each, in order: a single one where there are no more."""
    rest = iter(pages)
    while batch := list(islice(rest, per_file)):
        yield draw(batch, day=day, title=title, author=author, fonts=fonts)


def zipped(files: Iterable[tuple[str, bytes]], *, day: datetime.date) -> Iterator[bytes]:
    """A ZIP in pieces: each file is sent as soon as it is drawn. Names are given with their ending.

    PDFs are packed already, so the ZIP only holds them. A name that comes twice is numbered.
    """
    outlet = Outlet()
    taken: dict[str, int] = {}
    with zipfile.ZipFile(outlet, "w") as archive:
        for name, content in files:
            taken[name] = taken.get(name, 0) + 1
            stem, dot, ending = name.rpartition(".")
            own = name if taken[name] == 1 else f"{stem}（{taken[name]}）{dot}{ending}"
            archive.writestr(zipfile.ZipInfo(own, (day.year, day.month, day.day, 0, 0, 0)), content)
            yield outlet.take()
    yield outlet.take()


def file_name(number: str) -> str:
    """The name of a certificate's file: its number and nothing else, for files are sent around."""
    fit = UNFIT_FOR_A_NAME.sub("-", number).strip(" .-")[:LONGEST_NAME]
    return f"{fit or '证书'}.pdf"


class Outlet:
    """What a ZIP is written to, and taken from in pieces."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []

    def write(self, piece: bytes) -> int:
        self.pieces.append(piece)
        return len(piece)

    def flush(self) -> None:
        """Nothing is held back."""

    def close(self) -> None:
        """The pieces are taken all the same."""

    def take(self) -> bytes:
        taken = b"".join(self.pieces)
        self.pieces.clear()
        return taken
