"""What a certificate looks like, as data: `Layout` and the parts of it. `parsing.py` reads it from JSON.

Lengths are millimetres from the upper left corner of the paper, sizes of type are points. A text has a
box that nothing of it ever leaves: see `TextBox.lines`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple

from django.utils.translation import gettext_lazy as _

POINT = 25.4 / 72  # mm

PAPERS: dict[str, tuple[float, float]] = {"landscape": (297.0, 210.0), "portrait": (210.0, 297.0)}

PAPER_LABELS = {"landscape": _("A4 横版"), "portrait": _("A4 竖版")}

FONT_LABELS = {"song": _("宋体"), "hei": _("黑体"), "kai": _("楷体")}

ALIGN_LABELS = {
    "left": _("左对齐"),
    "center": _("居中"),
    "right": _("右对齐"),
    "justify": _("两端对齐"),
}

STAND_LABELS = {"top": _("靠上"), "middle": _("居中"), "bottom": _("靠下")}

VALUE_LABELS = {"plain": _("与正文相同"), "bold": _("加粗"), "underline": _("加下划线")}

BORDER_LABELS = {"none": _("无"), "double": _("双线"), "fret": _("回纹"), "guilloche": _("扭索纹")}

PALETTE = {
    "ink": "#1b1b1b",
    "grey": "#5b6776",
    "red": "#9e1b1b",
    "gold": "#a3782b",
    "blue": "#1f3f7a",
    "green": "#1d5b3f",
}

PALETTE_LABELS = {
    "ink": _("黑"),
    "grey": _("灰"),
    "red": _("红"),
    "gold": _("金"),
    "blue": _("蓝"),
    "green": _("绿"),
}

# What a text may name in braces. `facts.py` says how each is written.
PLACEHOLDERS = {
    "name": _("姓名"),
    "title": _("证书名称"),
    "programme": _("培训项目"),
    "run": _("班次名称"),
    "period": _("培训日期（起止）"),
    "starts_on": _("开始日期"),
    "ends_on": _("结束日期"),
    "hours": _("学时"),
    "days": _("天数"),
    "employer": _("工作单位"),
    "issuer": _("发证单位"),
    "issued_on": _("发证日期（2024年3月5日）"),
    "issued_on_han": _("发证日期（二〇二四年三月五日）"),
    "expires_on": _("有效期至"),
    "number": _("证书编号"),
    "signatory": _("签发人"),
}

# Stands in a table where nothing is known: not applicable.
EMPTY_CELL = "—"

PLACEHOLDER = re.compile(r"\{([^{}]*)\}")


class Area(NamedTuple):
    """A rectangle on the paper, mm, with the words by which a message names it."""

    label: str
    x: float
    y: float
    width: float
    height: float

    def overlaps(self, other: Area) -> bool:
        """Touching edges do not overlap; a tenth of a millimetre is forgiven."""
        across = min(self.x + self.width, other.x + other.width) - max(self.x, other.x)
        down = min(self.y + self.height, other.y + other.height) - max(self.y, other.y)
        return across > 0.1 and down > 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class TextBox:
    """A text in a box of `width` that is as high as `lines` lines of `size`.

    One line is never wrapped: what is too long for it gets smaller. Several lines wrap, and get smaller
    when they are more than the box holds. `least` is the size (pt) below which `tight` complains; the
    text goes on getting smaller all the same, for it must not leave its box.
    `leading` is a multiple of the size, `tracking` and `indent` (of each paragraph's first line) are em.
    """

    text: str
    x: float
    y: float
    width: float
    size: float
    lines: int = 1
    least: float = 8.0
    font: str = "song"
    bold: bool = False
    align: str = "left"
    stand: str = "top"
    leading: float = 1.6
    tracking: float = 0.0
    indent: float = 0.0
    colour: str = "ink"
    values: str = "plain"

    @property
    def height(self) -> float:
        return self.lines * self.size * self.leading * POINT

    @property
    def area(self) -> Area:
        return Area(shortened(self.text), self.x, self.y, self.width, self.height)


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Facts in ruled rows: each row is one or two pairs of a label and a text."""

    x: float
    y: float
    width: float
    label_width: float
    row_height: float
    size: float
    rows: tuple[tuple[tuple[str, str], ...], ...]
    least: float = 8.0
    font: str = "song"
    colour: str = "ink"
    line_colour: str = "ink"

    @property
    def height(self) -> float:
        return self.row_height * len(self.rows)

    @property
    def area(self) -> Area:
        return Area(str(_("表格")), self.x, self.y, self.width, self.height)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A level line; `thickness` is points."""

    x: float
    y: float
    width: float
    thickness: float = 0.6
    colour: str = "ink"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a seal or a signature stands. Without a `digest` the place is left free for ink."""

    x: float
    y: float
    width: float
    height: float
    digest: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class QrPlace:
    """A square, its white margin included."""

    x: float
    y: float
    size: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Border:
    """An ornament along the edge, `inset` from it."""

    kind: str = "none"
    colour: str = "gold"
    inset: float = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """The design of one kind of certificate; `digest` fields name pictures by their SHA-256."""

    paper: str = "landscape"
    tint: str = ""
    background: str = ""
    border: Border = field(default_factory=Border)
    texts: tuple[TextBox, ...] = ()
    table: Table | None = None
    lines: tuple[Line, ...] = ()
    seal: Place | None = None
    signature: Place | None = None
    qr: QrPlace | None = None

    @property
    def width(self) -> float:
        return PAPERS[self.paper][0]

    @property
    def height(self) -> float:
        return PAPERS[self.paper][1]

    def as_json(self) -> dict[str, Any]:
        """What `parsing.parse` reads back as an equal layout."""
        data = asdict(self)
        if self.table:
            data["table"]["rows"] = [[list(pair) for pair in row] for row in self.table.rows]
        return data | {"texts": list(data["texts"]), "lines": list(data["lines"])}

    def digests(self) -> set[str]:
        """The pictures that are needed to draw it."""
        places = [place.digest for _name, place in self.stamps() if place]
        return {digest for digest in (self.background, *places) if digest}

    def stamps(self) -> tuple[tuple[str, Place | None], ...]:
        """Seal and signature with their places in the JSON."""
        return (("seal", self.seal), ("signature", self.signature))

    def closed_areas(self) -> Iterator[tuple[str, Area]]:
        """What must not overlap, each with its place in the JSON (`texts-0`).

        A seal may lie over text, as it does on paper.
        """
        for at, box in enumerate(self.texts):
            yield f"texts-{at}", box.area
        if self.table:
            yield "table", self.table.area
        if self.qr:
            yield "qr", Area(str(_("二维码")), self.qr.x, self.qr.y, self.qr.size, self.qr.size)

    def areas(self) -> Iterator[tuple[str, Area]]:
        """Everything that must lie on the paper, each with its place."""
        yield from self.closed_areas()
        stamps = (("seal", _("印章"), self.seal), ("signature", _("签名"), self.signature))
        for name, label, place in stamps:
            if place:
                yield name, Area(str(label), place.x, place.y, place.width, place.height)
        for at, line in enumerate(self.lines):
            yield f"lines-{at}", Area(str(_("横线")), line.x, line.y, line.width, 0.0)


class Run(NamedTuple):
    """A piece of a paragraph: written in the template, or a value."""

    text: str
    is_value: bool


def paragraphs(text: str, values: Mapping[str, str]) -> list[list[Run]]:
    """`text` with its placeholders filled in, by paragraph.

    A paragraph whose placeholders are all empty is left out: no "有效期至" without a day after it.
    """
    found = []
    for line in text.split("\n"):
        names = PLACEHOLDER.findall(line)
        if not names or any(values.get(name) for name in names):
            pieces = [
                Run(values.get(piece, "") if at % 2 else piece, is_value=bool(at % 2))
                for at, piece in enumerate(PLACEHOLDER.split(line))
            ]
            found.append([piece for piece in pieces if piece.text])
    return found


def in_words(text: str) -> str:
    """A text with what stands for a value in words: 编号：〔证书编号〕."""
    return PLACEHOLDER.sub(lambda found: f"〔{PLACEHOLDERS.get(found[1], found[1])}〕", text)


def shortened(text: str) -> str:
    """Enough of a text to know it by."""
    first = in_words(text).strip().split("\n")[0]
    return f"“{first[:12]}…”" if len(first) > 12 else f"“{first}”"
