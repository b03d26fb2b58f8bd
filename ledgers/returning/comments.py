"""Comments on cells: their texts in one part, the boxes that show them in an old drawing beside it."""

from __future__ import annotations

import re

from ledgers.reading.container import DAMAGED
from ledgers.reading.results import UnreadableFile
from ledgers.returning.grid import column_number, escaped, reference
from ledgers.returning.orders import AUTHOR
from ledgers.returning.package import Package, before_end, prefixed

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.comments+xml"
DRAWING_TYPE = "application/vnd.openxmlformats-officedocument.vmlDrawing"
BOXES_A_BLOCK = 1024
_P = rb"(?:\w+:)?"
_AUTHOR = re.compile(rb"<" + _P + rb"author\b(?:[^<>]*/>|[^<>]*>([^<]*)</" + _P + rb"author\s*>)")
_COMMENT = re.compile(rb"<" + _P + rb"comment\b([^<>]*)>.*?</" + _P + rb"comment\s*>", re.DOTALL)
_REFERENCE = re.compile(rb"\sref=[\"']([A-Z]+)(\d+)[\"']")
_BY = re.compile(rb"\sauthorId=[\"'](\d+)[\"']")
_BOX = re.compile(rb"<v:shape\b(?:(?!</?v:shape\b).)*</v:shape\s*>", re.DOTALL)
_BOX_ROW = re.compile(rb"<x:Row>\s*(\d+)\s*</x:Row>")
_BOX_COLUMN = re.compile(rb"<x:Column>\s*(\d+)\s*</x:Column>")
_EMPTY_DRAWING = b"<xml></xml>"
_SPACES = {
    b"v": b"urn:schemas-microsoft-com:vml",
    b"o": b"urn:schemas-microsoft-com:office:office",
    b"x": b"urn:schemas-microsoft-com:office:excel",
}
_BOX_TYPE = (
    '<v:shapetype id="_x0000_t202" coordsize="21600,21600" o:spt="202" path="m,l,21600r21600,l21600,xe">'
    '<v:stroke joinstyle="miter"/><v:path gradientshapeok="t" o:connecttype="rect"/></v:shapetype>'
)
Place = tuple[int, int]  # row, column


def comment(package: Package, sheet: str, words: dict[Place, str]) -> str:
    """Puts comments on cells of a sheet in place of those of an earlier time.

    A cell that bears somebody's comment keeps that. Gives the id of the drawing that the sheet has yet to
    name, or "".
    """
    stored = package.related(sheet, "comments")
    text = package.read(stored.target) if stored else b""
    text, ours = without_ours(text)
    taken = {place_of(found[1]) for found in _COMMENT.finditer(text)}
    words = {place: said for place, said in words.items() if place not in taken}
    if not words and not ours:
        return ""
    if stored:
        package.write(stored.target, with_comments(text, words))
    else:
        add_part(package, sheet, with_comments(b"", words))
    return draw(package, sheet, set(words), gone=ours)


def place_of(opening: bytes) -> Place:
    found = _REFERENCE.search(opening)
    return (int(found[2]), column_number(found[1].decode())) if found else (0, 0)


def without_ours(text: bytes) -> tuple[bytes, set[Place]]:
    """The comments without our own, and where those stood."""
    authors = [name.decode() for name in _AUTHOR.findall(text)]
    if AUTHOR not in authors:
        return text, set()
    own = str(authors.index(AUTHOR)).encode()
    gone: set[Place] = set()

    def drop(found: re.Match[bytes]) -> bytes:
        by = _BY.search(found[1])
        if by is None or by[1] != own:
            return found[0]
        gone.add(place_of(found[1]))
        return b""

    return _COMMENT.sub(drop, text), gone


def with_comments(text: bytes, words: dict[Place, str]) -> bytes:
    if not text:
        text = f'<comments xmlns="{MAIN}"><authors></authors><commentList></commentList></comments>'.encode()
    authors = [name.decode() for name in _AUTHOR.findall(text)]
    if AUTHOR not in authors:
        text = into(text, "authors", f"<author>{AUTHOR}</author>".encode())
        authors.append(AUTHOR)
    by = authors.index(AUTHOR)
    lines = (
        b'<comment ref="%s" authorId="%d"><text><r><rPr><sz val="9"/></rPr>'
        b'<t xml:space="preserve">%s</t></r></text></comment>'
        % (reference(row, column).encode(), by, escaped(said))
        for (row, column), said in sorted(words.items())
    )
    return into(text, "commentList", b"".join(lines))


def into(text: bytes, name: str, addition: bytes) -> bytes:
    """`addition` as the last of an element's children."""
    tag = name.encode()
    found = re.search(rb"</(" + _P + rb")" + tag + rb"\s*>", text)
    if found:
        return text[: found.start()] + prefixed(addition, found[1]) + text[found.start() :]
    empty = re.search(rb"<(" + _P + rb")" + tag + rb"\s*/>", text)
    if empty is None:
        return before_end(text, "comments", b"<" + tag + b">" + addition + b"</" + tag + b">")
    whole = prefixed(b"<" + tag + b">" + addition + b"</" + tag + b">", empty[1])
    return text[: empty.start()] + whole + text[empty.end() :]


def add_part(package: Package, sheet: str, text: bytes) -> None:
    name = package.free_name("xl/comments{}.xml")
    package.write(name, b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n' + text)
    package.declare(name, TYPE)
    package.relate(sheet, "comments", name)


def draw(package: Package, sheet: str, places: set[Place], *, gone: set[Place]) -> str:
    """A hidden box for each place; boxes of `gone` are taken away."""
    stored = package.related(sheet, "vmlDrawing")
    text = package.read(stored.target) if stored else _EMPTY_DRAWING

    def drop(found: re.Match[bytes]) -> bytes:
        row, column = _BOX_ROW.search(found[0]), _BOX_COLUMN.search(found[0])
        at = (int(row[1]) + 1, int(column[1]) + 1) if row and column else (0, 0)
        return b"" if at in gone else found[0]

    text = with_spaces(_BOX.sub(drop, text) if gone else text)
    first = max((int(number) for number in re.findall(rb"_x0000_s(\d+)", text)), default=BOXES_A_BLOCK) + 1
    boxes = [box(row, column, number) for number, (row, column) in enumerate(sorted(places), start=first)]
    kind = "" if b"_x0000_t202" in text else _BOX_TYPE
    text = before_end(text, "xml", (kind + "".join(boxes)).encode())
    if stored:
        package.write(stored.target, text)
        return ""
    name = package.free_name("xl/drawings/vmlDrawing{}.vml")
    package.write(name, text)
    package.declare_ending("vml", DRAWING_TYPE)
    return package.relate(sheet, "vmlDrawing", name)


def with_spaces(text: bytes) -> bytes:
    """The drawing with the namespaces of our boxes declared; other programs declare only what they use."""
    root = re.search(rb"<xml\b([^<>]*)>", text)
    if root is None:
        raise UnreadableFile(DAMAGED)
    missing = (
        b' xmlns:%s="%s"' % (prefix, name)
        for prefix, name in _SPACES.items()
        if b"xmlns:" + prefix + b"=" not in root[1]
    )
    return text[: root.start(1)] + b"".join(missing) + text[root.start(1) :]


def box(row: int, column: int, number: int) -> str:
    """Beside its cell, three columns wide and four rows high; hidden until the cell is pointed at."""
    return (
        f'<v:shape id="_x0000_s{number}" type="#_x0000_t202" fillcolor="#ffffe1" o:insetmode="auto" '
        'style="position:absolute;margin-left:60pt;margin-top:2pt;width:180pt;height:64pt;z-index:1;'
        'visibility:hidden"><v:fill color2="#ffffe1"/><v:textbox style="mso-direction-alt:auto"/>'
        f'<x:ClientData ObjectType="Note"><x:MoveWithCells/><x:SizeWithCells/>'
        f"<x:Anchor>{column}, 15, {max(row - 2, 0)}, 10, {column + 3}, 15, {row + 2}, 4</x:Anchor>"
        f"<x:AutoFill>False</x:AutoFill><x:Row>{row - 1}</x:Row><x:Column>{column - 1}</x:Column>"
        "</x:ClientData></v:shape>"
    )
