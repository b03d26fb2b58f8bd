"""How the cells of our workbooks look."""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
INTEGER, TEXT, SHARE, ONE_PLACE, DAY = 3, 49, 164, 165, 166
FORMATS = {SHARE: "0.0%", ONE_PLACE: "#,##0.0", DAY: "yyyy\\-mm\\-dd"}


class Style(IntEnum):
    """The place of each style in the sheet of styles; a column's style + `BOLD` is that of its total."""

    __hash__ = int.__hash__  # an Enum's own is slow, and every cell asks for it

    NORMAL = 0
    TITLE = 1
    LEFT_LINE = 2
    RIGHT_LINE = 3
    HEADING = 4
    COVER_TITLE = 5
    COVER_LABEL = 6
    COVER_VALUE = 7
    COVER_RULE = 8
    INDEX = 9
    WORDS = 10
    NUMBER = 11
    HOURS = 12
    RATE = 13
    DATE = 14
    CODE = 15
    BOLD_INDEX = 16
    BOLD_WORDS = 17
    BOLD_NUMBER = 18
    BOLD_HOURS = 19
    BOLD_RATE = 20
    BOLD_DATE = 21
    BOLD_CODE = 22

    @property
    def bold(self) -> Style:
        return Style(self + Style.BOLD_INDEX - Style.INDEX)


class Look(NamedTuple):
    """`font`, `fill` and `border` are places in the lists below."""

    format: int = 0
    font: int = 0
    fill: int = 0
    border: int = 0
    align: str = "left"
    wrap: bool = True


BODY, STRONG, LARGE, HUGE, MEDIUM, MEDIUM_STRONG = range(6)
FONTS = ((10, False), (10, True), (16, True), (26, True), (12, False), (12, True))
SHADED = 2
COLUMN_LOOKS = (
    Look(format=1, align="center"),
    Look(format=TEXT),
    Look(format=INTEGER, align="right"),
    Look(format=ONE_PLACE, align="right"),
    Look(format=SHARE, align="right"),
    Look(format=DAY, align="center"),
    Look(format=TEXT, align="center"),
)
LOOKS = (
    Look(wrap=False),
    Look(font=LARGE, align="center"),
    Look(wrap=False),
    Look(align="right", wrap=False),
    Look(font=STRONG, fill=SHADED, border=1, align="center"),
    Look(font=HUGE, align="center"),
    Look(font=MEDIUM_STRONG, border=1, align="center"),
    Look(format=TEXT, font=MEDIUM, border=1),
    Look(font=MEDIUM),
    *(look._replace(border=1) for look in COLUMN_LOOKS),
    *(look._replace(border=1, font=STRONG, fill=SHADED) for look in COLUMN_LOOKS),
)


def styles_xml() -> str:
    formats = "".join(f'<numFmt numFmtId="{n}" formatCode="{code}"/>' for n, code in FORMATS.items())
    fonts = "".join(
        f'<font>{"<b/>" if bold else ""}<sz val="{size}"/><name val="宋体"/><charset val="134"/></font>'
        for size, bold in FONTS
    )
    fills = (
        '<fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill>'
        '<fill><patternFill patternType="solid"><fgColor rgb="FFE8EFF9"/></patternFill></fill>'
    )
    sides = "".join(f'<{side} style="thin"/>' for side in ("left", "right", "top", "bottom"))
    borders = f"<border/><border>{sides}</border>"
    looks = "".join(map(look_xml, LOOKS))
    return (
        f'<styleSheet xmlns="{MAIN}"><numFmts count="{len(FORMATS)}">{formats}</numFmts>'
        f'<fonts count="{len(FONTS)}">{fonts}</fonts><fills count="3">{fills}</fills>'
        f'<borders count="2">{borders}</borders>'
        '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
        f'<cellXfs count="{len(LOOKS)}">{looks}</cellXfs>'
        '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
    )


def look_xml(look: Look) -> str:
    return (
        f'<xf numFmtId="{look.format}" fontId="{look.font}" fillId="{look.fill}" borderId="{look.border}" '
        'xfId="0" applyNumberFormat="1" applyFont="1" applyFill="1" applyBorder="1" applyAlignment="1">'
        f'<alignment horizontal="{look.align}" vertical="center" wrapText="{int(look.wrap)}"/></xf>'
    )


STYLES_XML = styles_xml()
