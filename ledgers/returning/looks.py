"""The style sheet of a workbook that is made anew: of text cells, or like that of an old workbook."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from xml.sax.saxutils import quoteattr

import xlrd

from ledgers.returning.alone import MAIN, XML

ACROSS = {
    1: "left",
    2: "center",
    3: "right",
    4: "fill",
    5: "justify",
    6: "centerContinuous",
    7: "distributed",
}
DOWN = {0: "top", 1: "center", 3: "justify", 4: "distributed"}
LINES = {1: "thin", 2: "medium", 3: "dashed", 4: "dotted", 5: "thick", 6: "double", 7: "hair"}
OWN_FORMATS_FROM = 164
BOLD = 700
TWIPS = 20


@dataclass(slots=True)
class Looks:
    """Lists of a style sheet, each element once."""

    formats: dict[str, int] = field(default_factory=dict)
    fonts: list[str] = field(default_factory=lambda: ['<font><sz val="11"/><name val="宋体"/></font>'])
    fills: list[str] = field(
        default_factory=lambda: [
            '<fill><patternFill patternType="none"/></fill>',
            '<fill><patternFill patternType="gray125"/></fill>',
        ]
    )
    borders: list[str] = field(
        default_factory=lambda: ["<border><left/><right/><top/><bottom/><diagonal/></border>"]
    )
    cells: list[str] = field(
        default_factory=lambda: ['<xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>']
    )

    def format_of(self, code: str) -> int:
        return 0 if code == "General" else self.formats.setdefault(code, OWN_FORMATS_FROM + len(self.formats))

    def xml(self) -> bytes:
        formats = "".join(
            f'<numFmt numFmtId="{number}" formatCode={quoteattr(code)}/>'
            for code, number in self.formats.items()
        )
        base = '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
        return (
            XML
            + (
                f'<styleSheet xmlns="{MAIN}">'
                + (f"<numFmts>{formats}</numFmts>" if formats else "")
                + f"<fonts>{''.join(self.fonts)}</fonts><fills>{''.join(self.fills)}</fills>"
                + f"<borders>{''.join(self.borders)}</borders>{base}<cellXfs>{''.join(self.cells)}</cellXfs>"
                + "</styleSheet>"
            ).encode()
        )


def once(items: list[str], item: str) -> int:
    if item not in items:
        items.append(item)
    return items.index(item)


def text_looks() -> Looks:
    """Style 1 is text: what is typed over an ID number stays text too."""
    looks = Looks()
    looks.cells.append(
        '<xf numFmtId="49" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>'
    )
    return looks


def legacy_looks(book: xlrd.book.Book) -> tuple[Looks, Callable[[int], int]]:
    """The looks of an old workbook, and a function from its style index to ours."""
    looks = Looks()
    made: dict[int, int] = {}

    def style_of(index: int) -> int:
        if index not in made:
            known = index < len(book.xf_list)
            made[index] = once(looks.cells, legacy_style(book, book.xf_list[index], looks)) if known else 0
        return made[index]

    return looks, style_of


def legacy_style(book: xlrd.book.Book, xf: xlrd.formatting.XF, looks: Looks) -> str:
    known = book.format_map.get(xf.format_key)
    number = looks.format_of(known.format_str if known and known.format_str else "General")
    font = once(looks.fonts, legacy_font(book, xf.font_index))
    border = once(looks.borders, legacy_border(xf.border))
    fill = once(looks.fills, legacy_fill(book, xf.background))
    across = ACROSS.get(xf.alignment.hor_align)
    words = f' horizontal="{across}"' if across else ""
    words += f' vertical="{DOWN[xf.alignment.vert_align]}"' if xf.alignment.vert_align in DOWN else ""
    words += ' wrapText="1"' if xf.alignment.text_wrapped else ""
    return (
        f'<xf numFmtId="{number}" fontId="{font}" fillId="{fill}" borderId="{border}" xfId="0" '
        f'applyNumberFormat="1" applyFont="1" applyFill="1" applyBorder="1" applyAlignment="1">'
        f"<alignment{words}/></xf>"
    )


def legacy_font(book: xlrd.book.Book, index: int) -> str:
    font = book.font_list[index] if index < len(book.font_list) else None
    if font is None:
        return Looks().fonts[0]
    marks = ("<b/>" if font.weight >= BOLD or font.bold else "") + ("<i/>" if font.italic else "")
    size = f'<sz val="{font.height / TWIPS:g}"/>'
    colour = colour_xml(book, font.colour_index, "color")
    return f"<font>{marks}{size}{colour}<name val={quoteattr(font.name)}/></font>"


def legacy_fill(book: xlrd.book.Book, background: xlrd.formatting.XFBackground) -> str:
    colour = colour_xml(book, background.pattern_colour_index, "fgColor")
    if background.fill_pattern != 1 or not colour:
        return Looks().fills[0]
    return f'<fill><patternFill patternType="solid">{colour}<bgColor indexed="64"/></patternFill></fill>'


def colour_xml(book: xlrd.book.Book, index: int, tag: str) -> str:
    rgb = book.colour_map.get(index)
    return f'<{tag} rgb="FF{rgb[0]:02X}{rgb[1]:02X}{rgb[2]:02X}"/>' if rgb else ""


def legacy_border(border: xlrd.formatting.XFBorder) -> str:
    sides = {
        "left": border.left_line_style,
        "right": border.right_line_style,
        "top": border.top_line_style,
        "bottom": border.bottom_line_style,
    }
    lines = "".join(
        f'<{side} style="{LINES.get(line, "thin")}"/>' if line else f"<{side}/>"
        for side, line in sides.items()
    )
    return f"<border>{lines}<diagonal/></border>"
