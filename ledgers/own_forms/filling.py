"""Fills a form: the sample row becomes as many rows as there are records, and all below moves down.

The sheet is written as text between two halves of its own XML, so that memory stays the same however many
rows there are; openpyxl would hold every cell, and drop what it does not know.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import IO, Any
from zipfile import ZIP_DEFLATED, ZipFile

from lxml import etree

from ledgers.own_forms.kinds import adding_up
from ledgers.own_forms.moving import (
    AFTER_HEADER_FOOTER,
    AFTER_PAGE_SETUP,
    MOVERS,
    add_cells,
    add_core_relation,
    put_before,
    set_text,
)
from ledgers.own_forms.parts import RELATION, FormBook, FormSheet, letters_of, place_of, tag, whole, written
from ledgers.own_forms.placeholders import filled
from ledgers.own_forms.recognising import Layout
from ledgers.own_forms.rows import Rows, figure, rows_of
from ledgers.own_forms.shifting import Shift
from ledgers.own_forms.styles import Styles
from ledgers.records import Record
from peixun.lib.xlsx import CORE_TYPE, XML, Properties, core_of, writable

HERE = "peixun-rows"
_RANGES = {
    "mergeCell": "ref",
    "hyperlink": "ref",
    "autoFilter": "ref",
    "sortState": "ref",
    "dimension": "ref",
}
_LISTS = ("dataValidation", "conditionalFormatting", "ignoredError")
_FORMULAS = ("formula1", "formula2", "formula")
_SUM = re.compile(r"(SUM|SUBTOTAL)\((?:(9|109),)?\$?([A-Z]+)\$?(\d+)(?::\$?\3\$?(\d+))?\)")
EXCEL_X14 = "{http://schemas.microsoft.com/office/excel/2006/main}"
MOST_SHARED_PAGE_ROWS = 60
TOTAL = re.compile(r"(?:合\s*计|总\s*计|小\s*计)")


@dataclass(frozen=True, slots=True)
class Fill:
    """What a form is filled with. `count` is the number of records, known before they are read."""

    records: Iterable[Record]
    count: int
    values: Mapping[str, str]
    mark: str = ""
    creator: str = ""


def fill(book: FormBook, layout: Layout, given: Fill, file: IO[bytes]) -> int:
    """Writes the filled workbook; gives the number of rows."""
    return Filling(book, layout, given).write(file)


class Filling:
    """One form on its way to a file."""

    def __init__(self, book: FormBook, layout: Layout, given: Fill) -> None:
        self.book, self.layout, self.given = book, layout, given
        self.sheet: FormSheet = next(one for one in book.sheets if one.name == layout.sheet)
        self.shift = Shift(*layout.body, count=max(given.count, 1))
        kinds = dict(book.targets(book.workbook_part).values())
        self.styles_part = kinds.get("styles", "xl/styles.xml")
        self.chain_part = kinds.get("calcChain", "")
        self.styles = Styles(book.tree(self.styles_part))
        self.changed: dict[str, bytes] = {}

    def write(self, file: IO[bytes]) -> int:
        rows = rows_of(self.sheet, self.layout.columns, shift=self.shift, styles=self.styles)
        repeated = self.merges_of_sample()
        self.move_rows()
        self.move_ranges()
        self.repeat_merges(repeated)
        self.set_up_pages()
        self.move_other_parts()
        if self.styles.changed:
            self.changed[self.styles_part] = written(self.styles.tree)
        with ZipFile(file, "w", ZIP_DEFLATED) as archive:
            with archive.open(self.sheet.part, "w", force_zip64=True) as out:
                self.write_sheet(out, rows)
            self.copy_others(archive)
        return rows.count

    # --- The sheet itself ---------------------------------------------------------------------

    def write_sheet(self, out: IO[bytes], rows: Rows) -> None:
        head, _tail = self.halves()
        out.write(head)
        for some in rows.written(self.given.records):
            out.write(some.encode())
        self.write_sums(rows)
        _head, tail = self.halves()
        out.write(tail)

    def halves(self) -> tuple[bytes, bytes]:
        head, _mark, tail = written(self.sheet.tree).partition(f"<!--{HERE}-->".encode())
        return head, tail

    def merges_of_sample(self) -> list[tuple[int, int]]:
        first = self.shift.first
        return [(left, right) for top, left, bottom, right in self.sheet.merges if top == bottom == first]

    def move_rows(self) -> None:
        """Takes the body's rows out, leaves a mark in their place, and moves down what is below."""
        data, (first, last) = self.sheet.data, self.layout.body
        at = 0
        for row in list(data):
            number = int(row.get("r"))
            if first <= number <= last:
                data.remove(row)
                continue
            at += number < first
            if number > last:
                row.set("r", str(self.shift.row(number)))
            row.attrib.pop("spans", None)
            for cell in row.iter(tag("c")):
                self.move_cell(cell)
        data.insert(at, etree.Comment(HERE))

    def move_cell(self, cell: Any) -> None:
        row, column = place_of(cell)
        text = self.sheet.texts.get((row, column), "")
        cell.set("r", f"{letters_of(column)}{self.shift.row(row)}")
        formula = cell.find(tag("f"))
        if formula is not None:
            formula.text = self.shift.formula(formula.text or "", sheet=self.sheet.name, own=True)
            if formula.get("ref"):
                formula.set("ref", self.shift.area(formula.get("ref")))
            for value in cell.findall(tag("v")):
                cell.remove(value)
            cell.attrib.pop("t", None)
        elif (new := filled(text, self.given.values)) != text:
            set_text(cell, new)

    def move_ranges(self) -> None:
        first, last = self.layout.body
        for one in list(self.sheet.tree.iter(*map(tag, _RANGES))):
            if one.tag == tag("mergeCell") and self.is_inside(one.get("ref")):
                one.getparent().remove(one)
            else:
                one.set("ref", self.shift.area(one.get("ref", "")))
        for one in self.sheet.tree.iter(*map(tag, _LISTS)):
            one.set("sqref", self.shift.areas(one.get("sqref", "")))
        for one in self.sheet.tree.iter(*map(tag, _FORMULAS)):
            one.text = self.shift.formula(one.text or "", sheet=self.sheet.name, own=True)
        for one in self.sheet.tree.iter(f"{EXCEL_X14}sqref"):
            one.text = self.shift.areas(one.text or "")
        for one in self.sheet.tree.iter(f"{EXCEL_X14}f"):
            one.text = self.shift.formula(one.text or "", sheet=self.sheet.name, own=True)
        for one in self.sheet.tree.iter(tag("brk")):
            if one.getparent().tag == tag("rowBreaks") and whole(one.get("id"), 0) >= last:
                one.set("id", str(self.shift.row(int(one.get("id")) + 1) - 1))

    def is_inside(self, reference: str) -> bool:
        rows = [int(number) for number in re.findall(r"\d+", reference)]
        return bool(rows) and self.layout.body[0] <= min(rows) and max(rows) <= self.layout.body[1]

    def repeat_merges(self, columns: list[tuple[int, int]]) -> None:
        """Cells that the sample row merges side by side are merged in every row."""
        if not columns:
            return
        merges = self.sheet.tree.find(tag("mergeCells"))
        if merges is None:
            merges = etree.Element(tag("mergeCells"))
            self.sheet.data.addnext(merges)
        for row in range(self.shift.first, self.shift.new_last + 1):
            for left, right in columns:
                etree.SubElement(merges, tag("mergeCell")).set(
                    "ref", f"{letters_of(left)}{row}:{letters_of(right)}{row}"
                )

    def set_up_pages(self) -> None:
        """One page for everything is for a blank form: many rows go on as many pages as they need."""
        merges = self.sheet.tree.find(tag("mergeCells"))
        if merges is not None:
            merges.set("count", str(len(merges)))
            if not len(merges):
                self.sheet.tree.remove(merges)
        setup = self.sheet.tree.find(tag("pageSetup"))
        fits = self.sheet.tree.find(f"{tag('sheetPr')}/{tag('pageSetUpPr')}")
        if (
            fits is not None
            and fits.get("fitToPage") in ("1", "true")
            and self.shift.count > MOST_SHARED_PAGE_ROWS
        ):
            if setup is None:
                setup = etree.Element(tag("pageSetup"))
                put_before(self.sheet.tree, setup, AFTER_PAGE_SETUP)
            setup.set("fitToHeight", "0")
        for one in self.sheet.tree.iter(*(tag(name) for name in ("oddHeader", "oddFooter"))):
            one.text = filled(one.text or "", {k: v.replace("&", "&&") for k, v in self.given.values.items()})
        if self.given.mark:
            self.mark_pages()

    def mark_pages(self) -> None:
        """Who took the numbers out stands at the foot of every page, before what the form has there."""
        whole = self.sheet.tree.find(tag("headerFooter"))
        if whole is None:
            whole = etree.Element(tag("headerFooter"))
            put_before(self.sheet.tree, whole, AFTER_HEADER_FOOTER)
        for name in ("differentOddEven", "differentFirst"):
            whole.attrib.pop(name, None)
        for one in list(whole):
            if etree.QName(one).localname != "oddFooter":
                continue
            whole.remove(one)
        header = whole.find(tag("oddHeader"))
        if header is None:
            header = etree.Element(tag("oddHeader"))
            whole.insert(0, header)
        mark = writable(self.given.mark).replace("&", "&&")[:180]
        header.text = f"&R{mark}"
        footer = etree.Element(tag("oddFooter"))
        footer.text = f"&L{mark}&R&P / &N"[:250]
        header.addnext(footer)

    def write_sums(self, rows: Rows) -> None:
        """What the sums come to, for readers that do not calculate; a line of sums left blank is filled."""
        last = self.shift.new_last
        additive = {
            letters_of(column.at)
            for column in self.layout.columns
            if column.field in adding_up(self.layout.kind)
        }
        for row in self.sheet.data.iter(tag("row")):
            if int(row.get("r")) <= last:
                continue
            is_total = any(TOTAL.match(text) for text in self.texts_of(row))
            if is_total:
                add_cells(row, additive)
            for cell in row.iter(tag("c")):
                self.write_sum(cell, rows, additive if is_total else set())

    def texts_of(self, row: Any) -> list[str]:
        return [
            self.sheet.texts.get((self.unshifted(int(row.get("r"))), place_of(cell)[1]), "").strip()
            for cell in row.iter(tag("c"))
        ]

    def unshifted(self, row: int) -> int:
        return row - self.shift.new_last + self.shift.last

    def write_sum(self, cell: Any, rows: Rows, additive: set[str]) -> None:
        column = letters_of(place_of(cell)[1])
        formula = cell.find(tag("f"))
        if formula is not None:
            value = self.value_of(formula.text or "", rows)
        elif column in additive and cell.find(tag("v")) is None and cell.find(tag("is")) is None:
            value = rows.sums.get(column)
        else:
            return
        if value is not None:
            etree.SubElement(cell, tag("v")).text = figure(value)

    def value_of(self, formula: str, rows: Rows) -> Decimal | int | None:
        """Of a plain sum over all rows; None of anything else, which the spreadsheet works out."""
        found = _SUM.fullmatch(formula.replace(" ", "").upper())
        if not found or int(found[4]) != self.shift.first or int(found[5] or found[4]) != self.shift.new_last:
            return None
        return rows.sums.get(found[3], Decimal(0))

    # --- The rest of the workbook ---------------------------------------------------------------

    def move_other_parts(self) -> None:
        self.move_workbook()
        for other in self.book.sheets:
            if other is not self.sheet and self.moves_formulas(other):
                self.changed[other.part] = written(other.tree)
        for kind, part in self.book.targets(self.sheet.part).values():
            if kind in MOVERS:
                tree = self.book.tree(part)
                MOVERS[kind](tree, self.shift)
                self.changed[part] = written(tree)

    def moves_formulas(self, other: FormSheet) -> bool:
        moved = False
        for one in other.tree.iter(tag("f"), *map(tag, _FORMULAS)):
            new = self.shift.formula(one.text or "", sheet=self.sheet.name, own=False)
            moved, one.text = moved or new != one.text, new
        return moved

    def move_workbook(self) -> None:
        """Print areas and names move; formulas are worked out anew when the file is opened."""
        tree = self.book.tree(self.book.workbook_part)
        names = tree.find(tag("definedNames"))
        for one in names if names is not None else ():
            one.text = self.shift.formula(one.text or "", sheet=self.sheet.name, own=False)
        at = [one.get("name") for one in tree.iter(tag("sheet"))].index(self.sheet.name)
        if not any(
            one.get("name") == "_xlnm.Print_Titles" and one.get("localSheetId") == str(at)
            for one in tree.iter(tag("definedName"))
        ):
            self.add_print_titles(tree, names, at)
        calculation = tree.find(tag("calcPr"))
        if calculation is None:
            calculation = etree.Element(tag("calcPr"))
            (tree.find(tag("definedNames"))).addnext(calculation)
        calculation.set("fullCalcOnLoad", "1")
        self.changed[self.book.workbook_part] = written(tree)

    def add_print_titles(self, tree: Any, names: Any, at: int) -> None:
        """A form that fits one page repeats no header; its many rows need it on each."""
        if names is None:
            names = etree.Element(tag("definedNames"))
            before = tree.find(tag("externalReferences"))
            (before if before is not None else tree.find(tag("sheets"))).addnext(names)
        one = etree.SubElement(names, tag("definedName"))
        one.set("name", "_xlnm.Print_Titles")
        one.set("localSheetId", str(at))
        top, bottom = self.layout.header_rows
        quoted = self.sheet.name.replace("'", "''")
        one.text = f"'{quoted}'!${top}:${bottom}"

    def copy_others(self, archive: ZipFile) -> None:
        core = next((p for kind, p in self.book.targets("").values() if kind == "core-properties"), "")
        if self.given.mark:
            self.changed[core or "docProps/core.xml"] = (
                XML + core_of(Properties(self.given.creator, self.given.mark))
            ).encode()
        for member in self.book.archive.infolist():
            name = member.filename
            if name in (self.sheet.part, self.chain_part) or member.is_dir():
                continue
            content = self.changed.pop(name, None) or self.book.archive.read(member)
            archive.writestr(name, self.without_chain(name, content, core))
        for name, content in self.changed.items():
            archive.writestr(name, content)

    def without_chain(self, name: str, content: bytes, core: str) -> bytes:
        """The lists of parts forget the blank form's order of calculation, and learn of the mark."""
        if name == "[Content_Types].xml":
            tree = self.book.tree(name)
            for one in list(tree):
                if self.chain_part and one.get("PartName") == f"/{self.chain_part}":
                    tree.remove(one)
            text = written(tree)
            new = self.given.mark and not core
            return text.replace(b"</Types>", f"{CORE_TYPE}</Types>".encode()) if new else text
        if name.endswith(".rels"):
            tree = self.book.tree(name)
            for one in list(tree.iter(RELATION)):
                if one.get("Type", "").endswith("/calcChain"):
                    tree.remove(one)
            if name == "_rels/.rels" and self.given.mark and not core:
                add_core_relation(tree)
            return written(tree)
        return content
