"""Reads a layout from JSON, and refuses what cannot be drawn with sentences for who designed it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _

from certificates.drawing.layouts import (
    ALIGN_LABELS,
    BORDER_LABELS,
    FONT_LABELS,
    PALETTE,
    PAPER_LABELS,
    PLACEHOLDER,
    PLACEHOLDERS,
    STAND_LABELS,
    VALUE_LABELS,
    Border,
    Layout,
    Line,
    Place,
    QrPlace,
    Table,
    TextBox,
    shortened,
)

LARGEST = 400.0  # mm; no box on A4 is larger
MOST_TEXTS = 40
MOST_LINES = 40
MOST_ROWS = 30
LONGEST_TEXT = 1000
DIGEST = re.compile(r"[0-9a-f]{64}")
COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Fault:
    """A sentence for the designer. It speaks of `places` (`texts-0`, `qr`), and maybe of one `field`."""

    sentence: str
    places: tuple[str, ...]
    field: str = ""


class LayoutFault(ValueError):
    """What is wrong with a layout."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = list(faults)
        self.sentences = [fault.sentence for fault in faults]
        super().__init__("\n".join(self.sentences))


class Part:
    """One JSON object of a layout. What it cannot give it notes in `faults`, and gives a stand-in."""

    def __init__(
        self, data: object, label: str, faults: list[Fault], *, place: str, prefix: str = ""
    ) -> None:
        self.label = label
        self.place = place
        self.prefix = prefix
        self.faults = faults
        self.data: Mapping[str, Any] = data if isinstance(data, dict) else {}
        if not isinstance(data, dict):
            self.refuse(_("%(part)s的内容看不懂。"))

    def refuse(self, sentence: str, at: str = "", **words: object) -> None:
        self.faults.append(
            Fault(sentence % {"part": self.label, **words}, (self.place,), at and f"{self.prefix}{at}")
        )

    def number(self, name: str, label: str, default: float | None, *, least: float, most: float) -> float:
        value = self.data.get(name, default)
        if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
            self.refuse(
                _("%(part)s的%(field)s须是 %(least)s 到 %(most)s 之间的数。"),
                at=name,
                field=label,
                least=f"{least:g}",
                most=f"{most:g}",
            )
            return least
        return float(value)

    def choice(self, name: str, label: str, default: str, among: Mapping[str, str | Promise]) -> str:
        value = self.data.get(name, default)
        if not isinstance(value, str) or value not in among:
            self.refuse(
                _("%(part)s的%(field)s须是：%(among)s。"),
                at=name,
                field=label,
                among="、".join(str(word) for word in among.values()),
            )
            return default
        return value

    def flag(self, name: str, label: str) -> bool:
        value = self.data.get(name, False)
        if not isinstance(value, bool):
            self.refuse(_("%(part)s的%(field)s须是“是”或“否”。"), at=name, field=label)
        return value is True

    def colour(self, name: str, default: str) -> str:
        value = self.data.get(name, default)
        if value == default or (isinstance(value, str) and (value in PALETTE or COLOUR.fullmatch(value))):
            return str(value)
        self.refuse(_("%(part)s的颜色须从色板中选，或写成 #rrggbb。"), at=name)
        return default

    def digest(self, name: str) -> str:
        value = self.data.get(name) or ""
        if isinstance(value, str) and (not value or DIGEST.fullmatch(value)):
            return value
        self.refuse(_("%(part)s的图片找不到，请重新选择。"), at=name)
        return ""

    def text(self, name: str, label: str) -> str:
        """With placeholders, each of which is known; line breaks stay, other control characters go."""
        value = self.data.get(name, "")
        if not isinstance(value, str) or len(value) > LONGEST_TEXT:
            self.refuse(
                _("%(part)s的%(field)s须是不超过 %(most)s 个字的文字。"),
                at=name,
                field=label,
                most=LONGEST_TEXT,
            )
            return ""
        for placeholder in PLACEHOLDER.findall(value):
            if placeholder not in PLACEHOLDERS:
                self.refuse(
                    _("%(part)s里的“{%(name)s}”不是可以填写的内容，请从列表中选。"), at=name, name=placeholder
                )
        if re.search(r"[{}]", PLACEHOLDER.sub("", value)):
            self.refuse(_("%(part)s里的花括号没有成对，请检查。"), at=name)
        return CONTROL.sub("", value)

    def items(self, name: str, label: str, *, most: int) -> list[object]:
        value = self.data.get(name, [])
        if not isinstance(value, list | tuple) or len(value) > most:
            self.refuse(_("%(part)s的%(field)s须是列表，最多 %(most)s 项。"), at=name, field=label, most=most)
            return []
        return list(value)


def parse(data: object) -> Layout:
    """The layout that `data` (parsed JSON) describes, or `LayoutFault` with all that is wrong with it."""
    layout, faults = read(data)
    if faults:
        raise LayoutFault(faults)
    return layout


def read(data: object) -> tuple[Layout, list[Fault]]:
    """What can be drawn of `data`, for who is still designing it, and all that is wrong with it."""
    faults: list[Fault] = []
    page = Part(data, _("版面"), faults, place="page")
    texts = page.items("texts", _("文字"), most=MOST_TEXTS)
    lines = page.items("lines", _("横线"), most=MOST_LINES)
    given = {name: page.data.get(name) for name in ("table", "seal", "signature", "qr")}
    layout = Layout(
        paper=page.choice("paper", _("纸张"), "landscape", PAPER_LABELS),
        tint=page.colour("tint", ""),
        background=page.digest("background"),
        border=border(page.data.get("border") or {}, faults),
        texts=tuple(text_box(item, at, faults) for at, item in enumerate(texts)),
        table=table(given["table"], faults) if given["table"] else None,
        lines=tuple(line(item, at, faults) for at, item in enumerate(lines)),
        seal=place(given["seal"], "seal", _("印章"), faults) if given["seal"] else None,
        signature=place(given["signature"], "signature", _("签名"), faults) if given["signature"] else None,
        qr=qr_place(given["qr"], faults) if given["qr"] else None,
    )
    if not faults:
        faults += outside(layout) + overlapping(layout)
    return layout, faults


def text_box(data: object, at: int, faults: list[Fault]) -> TextBox:
    part = Part(data, _("第 %(number)s 段文字") % {"number": at + 1}, faults, place=f"texts-{at}")
    text = part.text("text", _("内容"))
    if text.strip():
        part.label = _("文字%(text)s") % {"text": shortened(text)}
    else:
        part.refuse(_("%(part)s没有内容，请填写或删去。"), at="text")
    size = part.number("size", _("字号"), None, least=5, most=120)
    return TextBox(
        text=text,
        x=part.number("x", _("左边距"), None, least=0, most=LARGEST),
        y=part.number("y", _("上边距"), None, least=0, most=LARGEST),
        width=part.number("width", _("宽度"), None, least=5, most=LARGEST),
        size=size,
        lines=int(part.number("lines", _("最多行数"), 1, least=1, most=40)),
        least=part.number("least", _("最小字号"), min(8.0, size), least=4, most=size),
        font=part.choice("font", _("字体"), "song", FONT_LABELS),
        bold=part.flag("bold", _("加粗")),
        align=part.choice("align", _("对齐"), "left", ALIGN_LABELS),
        stand=part.choice("stand", _("上下位置"), "top", STAND_LABELS),
        leading=part.number("leading", _("行距"), 1.6, least=1, most=4),
        tracking=part.number("tracking", _("字距"), 0.0, least=0, most=3),
        indent=part.number("indent", _("首行缩进"), 0.0, least=0, most=8),
        colour=part.colour("colour", "ink"),
        values=part.choice("values", _("填写内容的样式"), "plain", VALUE_LABELS),
    )


def table(data: object, faults: list[Fault]) -> Table:
    part = Part(data, _("表格"), faults, place="table")
    width = part.number("width", _("宽度"), None, least=20, most=LARGEST)
    rows = [table_row(item, part) for item in part.items("rows", _("行"), most=MOST_ROWS)]
    if not rows:
        part.refuse(_("%(part)s没有行，请填写或删去。"), at="rows")
    pairs = max([1, *(len(row) for row in rows)])
    size = part.number("size", _("字号"), None, least=5, most=40)
    least_height = size * 1.3 * 0.3528
    return Table(
        x=part.number("x", _("左边距"), None, least=0, most=LARGEST),
        y=part.number("y", _("上边距"), None, least=0, most=LARGEST),
        width=width,
        label_width=part.number("label_width", _("栏目宽度"), None, least=5, most=width / pairs - 5),
        row_height=part.number("row_height", _("行高"), None, least=least_height, most=60),
        size=size,
        rows=tuple(rows),
        least=part.number("least", _("最小字号"), min(8.0, size), least=4, most=size),
        font=part.choice("font", _("字体"), "song", FONT_LABELS),
        colour=part.colour("colour", "ink"),
        line_colour=part.colour("line_colour", "ink"),
    )


def table_row(data: object, part: Part) -> tuple[tuple[str, str], ...]:
    """One or two pairs of label and text."""
    pairs = data if isinstance(data, list | tuple) else []
    if len(pairs) not in (1, 2) or any(not isinstance(p, list | tuple) or len(p) != 2 for p in pairs):
        part.refuse(_("%(part)s的每一行须是一组或两组“栏目、内容”。"), at="rows")
        return ()
    found = []
    for label, text in pairs:
        cell = Part({"label": label, "text": text}, part.label, part.faults, place=part.place)
        found.append((cell.text("label", _("栏目")), cell.text("text", _("内容"))))
    return tuple(found)


def border(data: object, faults: list[Fault]) -> Border:
    part = Part(data, _("边框"), faults, place="page", prefix="border_")
    return Border(
        kind=part.choice("kind", _("样式"), "none", BORDER_LABELS),
        colour=part.colour("colour", "gold"),
        inset=part.number("inset", _("边距"), 10.0, least=0, most=40),
    )


def line(data: object, at: int, faults: list[Fault]) -> Line:
    part = Part(data, _("第 %(number)s 条横线") % {"number": at + 1}, faults, place=f"lines-{at}")
    return Line(
        x=part.number("x", _("左边距"), None, least=0, most=LARGEST),
        y=part.number("y", _("上边距"), None, least=0, most=LARGEST),
        width=part.number("width", _("长度"), None, least=1, most=LARGEST),
        thickness=part.number("thickness", _("粗细"), 0.6, least=0.1, most=10),
        colour=part.colour("colour", "ink"),
    )


def place(data: object, name: str, label: str, faults: list[Fault]) -> Place:
    part = Part(data, label, faults, place=name)
    return Place(
        x=part.number("x", _("左边距"), None, least=0, most=LARGEST),
        y=part.number("y", _("上边距"), None, least=0, most=LARGEST),
        width=part.number("width", _("宽度"), None, least=5, most=120),
        height=part.number("height", _("高度"), None, least=5, most=120),
        digest=part.digest("digest"),
    )


def qr_place(data: object, faults: list[Fault]) -> QrPlace:
    """At least 18 mm: a phone reads no smaller print of a long text."""
    part = Part(data, _("二维码"), faults, place="qr")
    return QrPlace(
        x=part.number("x", _("左边距"), None, least=0, most=LARGEST),
        y=part.number("y", _("上边距"), None, least=0, most=LARGEST),
        size=part.number("size", _("大小"), None, least=18, most=80),
    )


def outside(layout: Layout) -> list[Fault]:
    """A sentence for each box that does not lie wholly on the paper."""
    sentence = _("%(part)s超出纸张：到 %(across)s × %(down)s 毫米，纸张只有 %(width)s × %(height)s 毫米。")
    return [
        Fault(
            sentence
            % {
                "part": area.label,
                "across": f"{area.x + area.width:.0f}",
                "down": f"{area.y + area.height:.0f}",
                "width": f"{layout.width:g}",
                "height": f"{layout.height:g}",
            },
            (name,),
        )
        for name, area in layout.areas()
        if area.x + area.width > layout.width + 0.1 or area.y + area.height > layout.height + 0.1
    ]


def overlapping(layout: Layout) -> list[Fault]:
    """A sentence for each two texts, or text and code, that would be printed over one another."""
    return [
        Fault(
            _("%(one)s和%(other)s重叠，请移开或改小。") % {"one": one.label, "other": other.label},
            (name, other_name),
        )
        for (name, one), (other_name, other) in combinations(layout.closed_areas(), 2)
        if one.overlaps(other)
    ]
