"""Parts of a workbook that name a form's rows, and small changes to trees."""

from __future__ import annotations

from typing import Any

from lxml import etree
from openpyxl.utils import column_index_from_string

from ledgers.own_forms.parts import RELATION, place_of, tag
from ledgers.own_forms.shifting import Shift
from peixun.lib.xlsx import writable

DRAWING = "{http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing}"
# What may stand behind these in a sheet, of which the first found decides the place.
AFTER_HEADER_FOOTER = (
    *("rowBreaks", "colBreaks", "customProperties", "cellWatches", "ignoredErrors", "smartTags", "drawing"),
    *(
        "legacyDrawing",
        "legacyDrawingHF",
        "picture",
        "oleObjects",
        "controls",
        "webPublishItems",
        "tableParts",
    ),
    "extLst",
)
AFTER_PAGE_SETUP = ("headerFooter", *AFTER_HEADER_FOOTER)


def put_before(tree: Any, element: Any, followers: tuple[str, ...]) -> None:
    """Puts the element where the order of a sheet's parts wants it."""
    for one in tree:
        if isinstance(one.tag, str) and etree.QName(one).localname in followers:
            one.addprevious(element)
            return
    tree.append(element)


def set_text(cell: Any, text: str) -> None:
    """The cell holds `text` itself, and no longer a string that others share."""
    for one in list(cell):
        cell.remove(one)
    cell.set("t", "inlineStr")
    content = etree.SubElement(etree.SubElement(cell, tag("is")), tag("t"))
    content.text = writable(text)
    content.set("{http://www.w3.org/XML/1998/namespace}space", "preserve")


def add_cells(row: Any, columns: set[str]) -> None:
    """Cells in these columns, where the row has none yet."""
    cells = {place_of(cell)[1]: cell for cell in row.iter(tag("c"))}
    for letters in columns:
        at = column_index_from_string(letters)
        if at in cells:
            continue
        one = etree.Element(tag("c"))
        one.set("r", f"{letters}{row.get('r')}")
        before = max((column for column in cells if column < at), default=None)
        if before is None:
            row.insert(0, one)
        else:
            cells[before].addnext(one)
        cells[at] = one


def add_core_relation(tree: Any) -> None:
    one = etree.SubElement(tree, RELATION)
    one.set("Id", "rIdPeixunCore")
    one.set("Type", "http://schemas.openxmlformats.org/package/2006/relationships/metadata/core-properties")
    one.set("Target", "docProps/core.xml")


# --- Parts beside the sheet that name its rows ---------------------------------------------------


def move_drawing(tree: Any, shift: Shift) -> None:
    """Pictures and shapes below the rows; rows count from 0 there."""
    for one in tree.iter(f"{DRAWING}row"):
        one.text = str(shift.row(int(one.text or "0") + 1) - 1)


def move_comments(tree: Any, shift: Shift) -> None:
    for one in tree.iter(tag("comment")):
        one.set("ref", shift.area(one.get("ref")))


def move_notes(tree: Any, shift: Shift) -> None:
    """The boxes of comments: their row, and the rows between which they are drawn, from 0."""
    for one in tree.iter("{urn:schemas-microsoft-com:office:excel}Row"):
        one.text = str(shift.row(int(one.text or "0") + 1) - 1)
    for one in tree.iter("{urn:schemas-microsoft-com:office:excel}Anchor"):
        numbers = (one.text or "").split(",")
        for at in (2, 6) if len(numbers) == 8 else ():
            numbers[at] = str(shift.row(int(numbers[at]) + 1) - 1)
        one.text = ",".join(numbers)


def move_table(tree: Any, shift: Shift) -> None:
    for one in tree.iter(tag("table"), tag("autoFilter"), tag("sortState"), tag("sortCondition")):
        one.set("ref", shift.area(one.get("ref")))


MOVERS = {"drawing": move_drawing, "comments": move_comments, "vmlDrawing": move_notes, "table": move_table}
