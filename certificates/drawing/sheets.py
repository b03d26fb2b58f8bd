"""A page as the plain data that `page.typ` sets: values filled in, table ruled, pictures wrapped."""

from __future__ import annotations

import base64
import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from typing import Any

import zxingcpp
from django.utils.translation import gettext as _

from certificates.drawing.fonts import FontPaths, drawable
from certificates.drawing.layouts import (
    EMPTY_CELL,
    PALETTE,
    POINT,
    Layout,
    Line,
    Place,
    Run,
    Table,
    TextBox,
    paragraphs,
)
from certificates.drawing.ornaments import border_svg

CELL_MARGIN = 2.5  # mm
CELL_LEADING = 1.3
# Lines are broken between two Han, and at blanks; whatever else is in a row may have to stay in a row.
HAN = r"\u2e80-\u2fff\u3005-\u3007\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
UNBROKEN = re.compile(rf"[{HAN}]?[^{HAN} ]+(?:[{HAN}][^{HAN} ]+)*[{HAN}]?|[{HAN}]")
DIGIT = re.compile(r"[0-9]")
# W is wider than an em in Noto Serif.
AN_EM_AT_MOST = re.compile(rf"[ -VX-~·‘’“”…{HAN}\u3000-\u3020\uff00-\uff60]*")
PNG = b"\x89PNG\r\n\x1a\n"
JPEG = b"\xff\xd8\xff"


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One certificate: how it looks, what it says, what its code holds, and its pictures by SHA-256."""

    layout: Layout
    values: Mapping[str, str]
    qr: str = ""
    pictures: Mapping[str, bytes] = field(default_factory=dict)


class PictureUnreadable(ValueError):
    """A picture that is neither PNG nor JPEG."""


def sheet(page: Page, fonts: FontPaths) -> dict[str, Any]:
    """What is set on the page. Its border and pictures stand in it by name: `pictures` has them."""
    layout = page.layout
    boxes = [text_data(box, page.values, fonts) for box in layout.texts]
    if layout.table:
        boxes += [text_data(cell, page.values, fonts, EMPTY_CELL) for cell in cells(layout.table)]
    rules = [*map(level, layout.lines), *(grid(layout.table) if layout.table else [])]
    return {
        "width": layout.width,
        "height": layout.height,
        "tint": paint(layout.tint) if layout.tint else "",
        "background": name_of(whole(layout)) if layout.background in page.pictures else "",
        "border": border_name(layout) if layout.border.kind != "none" else "",
        "rules": rules,
        "boxes": boxes,
        "qr": qr_data(page),
        "stamps": [
            {"name": name_of(place), "alt": alt, "x": place.x, "y": place.y}
            | {"width": place.width, "height": place.height}
            for place, alt in stamps(page)
        ],
    }


def paint(colour: str) -> str:
    return PALETTE.get(colour, colour)


def text_data(box: TextBox, values: Mapping[str, str], fonts: FontPaths, empty: str = "") -> dict[str, Any]:
    """A box with its words in pieces, each of which says whether it is a value; or `empty`."""
    filled = tuple(tuple(one) for one in paragraphs(box.text, values) if one)
    return filled_box(box, filled or ((Run(empty, is_value=True),),), fonts)


@lru_cache(maxsize=512)
def filled_box(box: TextBox, filled: tuple[tuple[Run, ...], ...], fonts: FontPaths) -> dict[str, Any]:
    """Kept, for most of what the certificates of a class say is the same on all of them."""
    drawn = [[Run(drawable(run.text, fonts), run.is_value) for run in one] for one in filled]
    lines = ["".join(run.text for run in one) for one in drawn]
    return asdict(box) | {
        "height": box.height,
        "colour": paint(box.colour),
        "paragraphs": [[run._asdict() for run in one] for one in drawn],
        "fits": fits(lines, box),
        "unbroken": wide_words(" ".join(lines), box),
    }


def fits(paragraphs: Sequence[str], box: TextBox) -> bool:
    """Whether they fit for certain, reckoned by the widest that signs can be: measuring takes time.

    A line is filled until the next unbroken piece is too wide for the rest of it, so each line but the
    last holds all but the widest piece.
    """
    room = box.width / (box.size * POINT)
    lines = 0
    for text in paragraphs:
        if not AN_EM_AT_MOST.fullmatch(text):
            return False
        whole = ems(text, box.tracking) + box.indent
        if whole <= room:
            lines += 1
        else:
            filled = room - max(ems(piece, box.tracking) for piece in UNBROKEN.findall(text))
            lines += math.ceil(whole / filled) if filled > 1 else box.lines + 1
    return lines <= box.lines


def ems(text: str, tracking: float) -> float:
    """The width that `text` has at most: an em for each sign, and less for digits."""
    return len(text) * (1 + tracking) - 0.4 * len(DIGIT.findall(text))


def wide_words(text: str, box: TextBox) -> list[str]:
    """What cannot be broken and may be wider than the box: no sign is wider than three em."""
    em = 3 * box.size * (1 + box.tracking) * POINT
    words = dict.fromkeys(UNBROKEN.findall(text))
    return [word for word in words if (len(word) + box.indent) * em > box.width]


def cells(table: Table) -> Iterator[TextBox]:
    """The labels and texts of a table as boxes, each in the middle of its cell's height."""
    lines = max(1, int(table.row_height / (table.size * CELL_LEADING * POINT)))
    height = lines * table.size * CELL_LEADING * POINT
    for at, row in enumerate(table.rows):
        span = table.width / len(row)
        y = table.y + at * table.row_height + (table.row_height - height) / 2
        for number, (label, text) in enumerate(row):
            x = table.x + number * span
            sides = (
                (label, x, table.label_width, "center"),
                (text, x + table.label_width, span - table.label_width, "left"),
            )
            for words, left, width, align in sides:
                yield TextBox(
                    text=words,
                    x=left + CELL_MARGIN,
                    y=y,
                    width=width - 2 * CELL_MARGIN,
                    size=table.size,
                    lines=lines,
                    least=table.least,
                    font=table.font,
                    align=align,
                    stand="middle",
                    leading=CELL_LEADING,
                    colour=table.colour,
                )


def level(line: Line) -> dict[str, Any]:
    return rule(line.x, line.y, across=line.width, thickness=line.thickness, colour=line.colour)


def rule(
    x: float, y: float, *, colour: str, across: float = 0.0, down: float = 0.0, thickness: float = 0.5
) -> dict[str, Any]:
    return {
        "x": x,
        "y": y,
        "across": across,
        "down": down,
        "thickness": thickness,
        "colour": paint(colour),
    }


def grid(table: Table) -> Iterator[dict[str, Any]]:
    """The table's rules; the outer ones are stronger."""
    colour = table.line_colour
    last = len(table.rows)
    for at in range(last + 1):
        thickness = 1.0 if at in (0, last) else 0.5
        y = table.y + at * table.row_height
        yield rule(table.x, y, across=table.width, thickness=thickness, colour=colour)
    for x in (table.x, table.x + table.width):
        yield rule(x, table.y, down=table.height, thickness=1.0, colour=colour)
    for at, row in enumerate(table.rows):
        span = table.width / len(row)
        y = table.y + at * table.row_height
        for number in range(len(row)):
            if number:
                yield rule(table.x + number * span, y, down=table.row_height, colour=colour)
            x = table.x + number * span + table.label_width
            yield rule(x, y, down=table.row_height, colour=colour)


def qr_data(page: Page) -> dict[str, Any] | None:
    place = page.layout.qr
    if not place or not page.qr:
        return None
    return {"x": place.x, "y": place.y, "size": place.size, "svg": qr_svg(page.qr)}


def qr_svg(text: str) -> str:
    """A QR code as one path on white, with its quiet zone. ValueError for more than about 2,300 letters."""
    code = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode, ec_level="M")
    drawn: str = zxingcpp.write_barcode_to_svg(code)
    return drawn


def whole(layout: Layout) -> Place:
    """The place of the background: all of the paper."""
    return Place(x=0, y=0, width=layout.width, height=layout.height, digest=layout.background)


def stamps(page: Page) -> list[tuple[Place, str]]:
    """The seal and the signature that are there, with words for who hears the page read."""
    places = ((page.layout.signature, _("签名")), (page.layout.seal, _("印章")))
    return [(place, alt) for place, alt in places if place and place.digest in page.pictures]


def name_of(place: Place) -> str:
    """The same picture in another size is another one."""
    return f"{place.digest} {place.width:g} {place.height:g}"


def border_name(layout: Layout) -> str:
    border = layout.border
    return f"{border.kind} {layout.paper} {border.inset:g} {border.colour}"


def pictures(page: Page) -> dict[str, str]:
    """The border, background, seal and signature as texts, by the names that `sheet` uses."""
    layout = page.layout
    found = {}
    if layout.border.kind != "none":
        found[border_name(layout)] = border_svg(
            layout.border.kind,
            width=layout.width,
            height=layout.height,
            inset=layout.border.inset,
            colour=paint(layout.border.colour),
        )
    if layout.background in page.pictures:
        paper = whole(layout)
        found[name_of(paper)] = wrapped(page.pictures[paper.digest], paper.width, paper.height, fill=True)
    for place, _alt in stamps(page):
        found[name_of(place)] = wrapped(page.pictures[place.digest], place.width, place.height, fill=False)
    return found


@lru_cache(maxsize=32)
def wrapped(content: bytes, width: float, height: float, *, fill: bool) -> str:
    """A PNG or JPEG of `width` × `height` as text, for that is what typst takes from memory.

    Seals are kept sealed: they never go through a file. A JPEG stands in an SVG, which passes it on as it
    is; a PNG would be packed anew for each page there, so it goes as the numbers of its bytes. `fill` cuts
    off what the paper's shape leaves over; otherwise all of the picture is shown.
    """
    if content.startswith(PNG):
        return json.dumps(list(content), separators=(",", ":"))
    if not content.startswith(JPEG):
        raise PictureUnreadable
    fit = "slice" if fill else "meet"
    coded = base64.b64encode(content).decode()
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:g}" height="{height:g}">'
        f'<image width="{width:g}" height="{height:g}" preserveAspectRatio="xMidYMid {fit}" '
        f'href="data:image/jpeg;base64,{coded}"/></svg>'
    )
