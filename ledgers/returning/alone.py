"""The noted rows alone, with their headings and the lines above, as a small workbook of the same look."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Container
from dataclasses import dataclass, field, replace
from io import BytesIO
from xml.sax.saxutils import quoteattr

from ledgers.returning.grid import Cell, Part, Row, Span, reference, shared_items, value_of
from ledgers.returning.orders import Order
from ledgers.returning.package import OFFICE, RELATIONS, Package, attributes
from ledgers.returning.styles import EMPTY, with_value

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
TYPE = "application/vnd.openxmlformats-officedocument"
XML = b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
SHEET_TYPE = "spreadsheetml.worksheet"
HIDDEN = ' state="hidden"'
_P = rb"(?:\w+:)?"
_FORMULA = re.compile(rb"<" + _P + rb"f\b(?:[^<>]*/>|[^<>]*>[^<]*</" + _P + rb"f\s*>)")
_ROOT = re.compile(rb"<" + _P + rb"worksheet\b[^<>]*>")
_KEPT_HEAD = re.compile(
    rb"<" + _P + rb"(?:sheetFormatPr\b[^<>]*/>|cols\b[^<>]*>.*?</" + _P + rb"cols\s*>)", re.DOTALL
)
_ITEM = re.compile(rb"<" + _P + rb"si\b(?:[^<>]*/>|[^<>]*>.*?</" + _P + rb"si\s*>)", re.DOTALL)


@dataclass(slots=True)
class Sieve:
    """One sheet while its rows are picked. `numbers` is old row → new row."""

    part: Part
    kept: set[int]
    numbers: dict[int, int] = field(default_factory=dict)
    strings: set[int] = field(default_factory=set)
    rows: list[bytes] = field(default_factory=list)
    above: dict[tuple[int, int], Cell] = field(default_factory=dict)  # what tall merges say, by their corner

    def run(self) -> None:
        tall = [span for span in self.part.merges if span[2] > span[0]]
        corners = {(top, left) for top, left, _bottom, _right in tall}
        tops = {top for top, _left in corners}
        for row in self.part.rows():
            if row.number in tops:
                self.above.update(
                    {
                        (row.number, cell.column): cell
                        for cell in row.cells()
                        if (row.number, cell.column) in corners
                    }
                )
            if row.number in self.kept:
                self.keep(row, [span for span in tall if span[0] < row.number <= span[2]])

    def keep(self, row: Row, tall: list[Span]) -> None:
        number = self.numbers[row.number] = len(self.numbers) + 1
        cells = {cell.column: cell for cell in row.cells()}
        for top, left, bottom, _right in tall:
            covered = cells.get(left)
            if (
                (top, left) in self.above
                and not (covered and covered.inner)
                and not self.is_kept(top, bottom)
            ):
                cells[left] = self.above[top, left]
        inner = b"".join(self.moved(cells[column], number) for column in sorted(cells))
        name = self.part.prefix + b"row"
        opening = re.sub(rb"\s(?:r|spans)=[\"'][^\"']*[\"']", b"", row.opening)
        self.rows.append(b'<%s r="%d"%s>%s</%s>' % (name, number, opening, inner, name))

    def is_kept(self, top: int, bottom: int) -> bool:
        """A merge of rows that all stay, such as one of a header, stays a merge."""
        return all(row in self.kept for row in range(top, min(bottom, top + 20) + 1)) and bottom - top <= 20

    def moved(self, cell: Cell, row: int) -> bytes:
        """The cell in its new row, without its formula, which would point at other rows now."""
        if cell.kind == "s" and value_of(cell):
            self.strings.add(int(value_of(cell)))
        return with_value(_FORMULA.sub(b"", cell.xml), "r", reference(row, cell.column))

    def xml(self) -> bytes:
        """The sheet of the picked rows: widths and merges of what is left."""
        root = _ROOT.search(self.part.head)
        data, merge = self.part.prefix + b"sheetData", self.part.prefix + b"mergeCells"
        spans = [
            (self.numbers[top], left, self.numbers[bottom], right)
            for top, left, bottom, right in self.part.merges
            if top in self.numbers and bottom in self.numbers and self.is_kept(top, bottom)
        ]
        merges = b"".join(
            self.part.element(
                f'<mergeCell ref="{reference(top, left)}:{reference(bottom, right)}"/>'.encode()
            )
            for top, left, bottom, right in spans
        )
        return b"".join(
            [
                XML,
                root[0] if root else b"",
                *_KEPT_HEAD.findall(self.part.head),
                b"<" + data + b">",
                *self.rows,
                b"</" + data + b">",
                b"<" + merge + b">" + merges + b"</" + merge + b">" if merges else b"",
                b"</" + self.part.prefix + b"worksheet>",
            ]
        )


def rows_to_keep(order: Order, sheet: str) -> set[int]:
    """The noted rows, each table's first header and the lines that belong to it."""
    kept = {note.row for note in order.notes if note.sheet == sheet}
    for place in order.places:
        if place.sheet == sheet:
            kept.update(range(place.lines_from, place.headers[0][-1] + 1))
    return kept


def alone(content: bytes, order: Order) -> tuple[bytes, Order]:
    """The workbook of the noted rows, and the order with their new places."""
    package = Package(content)
    sieves: dict[str, Sieve] = {}
    for name, part in package.sheets().items():
        if any(note.sheet == name for note in order.notes):
            sieves[name] = Sieve(Part.parse(package.read(part)), rows_to_keep(order, name))
            sieves[name].run()
    return packed(package, sieves), moved(order, {name: sieve.numbers for name, sieve in sieves.items()})


def moved(order: Order, numbers: dict[str, dict[int, int]]) -> Order:
    """The order with the places that the rows have now; each sentence tells where its row came from."""
    return Order(
        places=[
            replace(place, header_rows=[numbers[place.sheet][row] for row in place.headers[0]], lines_from=1)
            for place in order.places
            if place.sheet in numbers and all(row in numbers[place.sheet] for row in place.headers[0])
        ],
        notes=[
            replace(note, row=numbers[note.sheet][note.row], text=f"{note.text}（原表第 {note.row} 行）")
            for note in order.notes
            if note.row in numbers.get(note.sheet, {})
        ],
    )


def packed(package: Package, sieves: dict[str, Sieve]) -> bytes:
    """A package of these sheets with the styles of the bureau's own."""
    book = package.book()
    parts: dict[str, bytes] = {}
    for number, sieve in enumerate(sieves.values(), start=1):
        parts[f"xl/worksheets/sheet{number}.xml"] = sieve.xml()
    styles = package.related(book, "styles")
    parts["xl/styles.xml"] = package.read(styles.target) if styles else EMPTY
    theme = package.related(book, "theme")
    if theme:
        parts["xl/theme/theme1.xml"] = package.read(theme.target)
    shared = package.related(book, "sharedStrings")
    if shared:
        wanted = {at for sieve in sieves.values() for at in sieve.strings}
        parts["xl/sharedStrings.xml"] = without_others(package.read(shared.target), wanted)
    parts["xl/workbook.xml"] = book_xml(list(sieves), date1904=is_1904(package.read(book)))
    parts["xl/_rels/workbook.xml.rels"] = book_relations(parts)
    parts["_rels/.rels"] = relations_xml([("officeDocument", "xl/workbook.xml")])
    parts["[Content_Types].xml"] = types_xml(parts)
    file = BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(parts):
            archive.writestr(name, parts[name])
    return file.getvalue()


def without_others(xml: bytes, wanted: set[int]) -> bytes:
    """The shared strings with nothing in those that no kept row names: they are other people's."""
    items = shared_items(xml, wanted)
    first = _ITEM.search(xml)
    if first is None:
        return xml
    start = xml[: first.start()]
    end = re.search(rb"</" + _P + rb"sst\s*>\s*$", xml)
    prefix = re.match(rb"<(" + _P + rb")", first[0])
    blank = b"<%ssi><%st/></%ssi>" % ((prefix[1] if prefix else b"",) * 3)
    pieces = [items.get(at, blank) for at in range(max(items, default=-1) + 1)]
    return (
        re.sub(rb"\s(?:count|uniqueCount)=[\"']\d+[\"']", b"", start)
        + b"".join(pieces)
        + (end[0] if end else b"")
    )


def is_1904(book: bytes) -> bool:
    found = re.search(rb"<" + _P + rb"workbookPr\b([^<>]*)", book)
    return found is not None and attributes(found[1].decode()).get("date1904") in ("1", "true")


def book_xml(names: list[str], *, date1904: bool, hidden: Container[str] = ()) -> bytes:
    about = '<workbookPr date1904="1"/>' if date1904 else "<workbookPr/>"
    sheets = "".join(
        f'<sheet name={quoteattr(name)} sheetId="{at}"{HIDDEN if name in hidden else ""} r:id="rId{at}"/>'
        for at, name in enumerate(names, start=1)
    )
    return (
        XML
        + f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}">{about}<sheets>{sheets}</sheets></workbook>'.encode()
    )


def book_relations(parts: dict[str, bytes]) -> bytes:
    sheets = [("worksheet", name) for name in parts if name.startswith("xl/worksheets/")]
    others = [
        ("styles", "xl/styles.xml"),
        ("theme", "xl/theme/theme1.xml"),
        ("sharedStrings", "xl/sharedStrings.xml"),
    ]
    return relations_xml([*sheets, *((kind, name) for kind, name in others if name in parts)])


def relations_xml(targets: list[tuple[str, str]]) -> bytes:
    lines = "".join(
        f'<Relationship Id="rId{at}" Type="{OFFICE}/{kind}" Target="/{name}"/>'
        for at, (kind, name) in enumerate(targets, start=1)
    )
    return XML + f'<Relationships xmlns="{RELATIONS}">{lines}</Relationships>'.encode()


def types_xml(parts: dict[str, bytes]) -> bytes:
    kinds = {
        "xl/workbook.xml": "spreadsheetml.sheet.main",
        "xl/styles.xml": "spreadsheetml.styles",
        "xl/sharedStrings.xml": "spreadsheetml.sharedStrings",
        "xl/theme/theme1.xml": "theme",
    }
    lines = "".join(
        f'<Override PartName="/{name}" ContentType="{TYPE}.{kinds.get(name, SHEET_TYPE)}+xml"/>'
        for name in parts
        if name in kinds or name.startswith("xl/worksheets/")
    )
    start = (
        '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
    )
    return XML + f"{start}{lines}</Types>".encode()
