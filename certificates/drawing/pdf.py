"""Sets certificates with typst: pages in, one PDF or a picture out. The same pages give the same bytes."""

from __future__ import annotations

import datetime
import json
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import typst
from django.utils.translation import gettext as _

from certificates.drawing.fonts import FontPaths, drawable, found_fonts, stacks
from certificates.drawing.sheets import Page, pictures, sheet

SOURCE = files("certificates.drawing").joinpath("page.typ").read_bytes()
# Fit for archives, and for being read aloud: PDF/A-2a with PDF/UA-1.
STANDARDS: list[typst.PDFStandard] = ["a-2a", "ua-1"]
ANY_DAY = datetime.date(2000, 1, 1)


@dataclass(frozen=True, slots=True)
class Tight:
    """A text that fits its box only below the box's least size; `size` is what it came to, in points.

    `box` counts the texts of the layout, then the cells of its table.
    """

    page: int
    box: int
    text: str
    size: float


def draw(
    pages: Sequence[Page], *, day: datetime.date, title: str = "", author: str = "", fonts: FontPaths = ()
) -> bytes:
    """One PDF of all `pages`. It is dated `day`, the day of issue: its bytes must not depend on today."""
    made = press(fonts).compile(
        SOURCE,
        format="pdf",
        pdf_standards=STANDARDS,
        timestamp=datetime.datetime.combine(day, datetime.time(), datetime.UTC),
        sys_inputs=inputs(pages, day=day, title=title, author=author, fonts=fonts),
    )
    return only(made)


def picture(page: Page, *, pixels_per_inch: float = 96, fonts: FontPaths = ()) -> bytes:
    """The page as PNG, to look at while it is designed."""
    given = inputs([page], day=ANY_DAY, fonts=fonts)
    made = press(fonts).compile(SOURCE, format="png", ppi=pixels_per_inch, sys_inputs=given)
    return only(made)


def tight(pages: Sequence[Page], *, fonts: FontPaths = ()) -> list[Tight]:
    """The texts that had to become smaller than their least size: to be told before issue."""
    found = typst.query(
        SOURCE,
        "<tight>",
        field="value",
        font_paths=found_fonts(fonts),
        ignore_system_fonts=True,
        sys_inputs=inputs(pages, day=ANY_DAY, fonts=fonts, report=True),
    )
    return [Tight(one["page"], one["box"], one["text"], round(one["size"], 1)) for one in json.loads(found)]


def only(made: bytes | list[bytes] | None) -> bytes:
    """typst gives a PDF as bytes, and pictures as a list where there are several."""
    first = made[0] if isinstance(made, list) else made
    if first is None:
        raise RuntimeError("typst gave nothing back")
    return first


presses = threading.local()


def press(fonts: FontPaths) -> typst.Compiler:
    """This thread's compiler for `fonts`. It stays warm, and does one job at a time."""
    kept: dict[FontPaths, typst.Compiler] = presses.__dict__.setdefault("by_fonts", {})
    if fonts not in kept:
        kept[fonts] = typst.Compiler(font_paths=found_fonts(fonts), ignore_system_fonts=True)
    return kept[fonts]


def inputs(
    pages: Sequence[Page],
    *,
    day: datetime.date,
    fonts: FontPaths,
    title: str = "",
    author: str = "",
    report: bool = False,
) -> dict[str, str]:
    """What `page.typ` reads: the data as JSON, and each picture once, under its name."""
    data: Mapping[str, Any] = {
        "title": drawable(title, fonts) or _("证书"),
        "author": [drawable(author, fonts)] if author else [],
        "day": [day.year, day.month, day.day],
        "fonts": stacks(fonts),
        "words": {"qr": _("查验二维码")},
        "report": report,
        "pages": [sheet(page, fonts) for page in pages],
    }
    named: dict[str, str] = {}
    for page in pages:
        named |= pictures(page)
    return {"data": json.dumps(data, ensure_ascii=False), **named}
