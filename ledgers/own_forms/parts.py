"""The parts of a blank form: its sheets as trees that can be changed and written again."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from zipfile import ZipFile

from lxml import etree
from openpyxl.formula.tokenizer import TokenizerError
from openpyxl.formula.translate import Translator
from openpyxl.utils import column_index_from_string

from ledgers.reading.container import open_container, xml_members
from ledgers.reading.parts import stream
from ledgers.reading.results import UnreadableFile
from peixun.lib.xlsx import MAIN, OFFICE

MOST_BYTES = 4 * 1024 * 1024
MOST_ROWS, MOST_COLUMNS, MOST_DIGITS = 2_000, 60, 7
_PLACE = re.compile(r"\$?([A-Z]{1,3})\$?([1-9]\d{0,6})")
RELATION = "{http://schemas.openxmlformats.org/package/2006/relationships}Relationship"
R_ID = f"{{{OFFICE}}}id"
BROKEN = "这个表样读不出来。请用 Excel 或 WPS 打开，另存为新的 .xlsx 文件再上传。"
TOO_LARGE = "表样太大：只留标题、表头、一行样行、合计行和签字行，不要放数据，图片也请缩小。"
NOT_A_WORKBOOK = "表样要用 .xlsx 文件。请在 Excel 或 WPS 里另存为 .xlsx 再上传。"
Place = tuple[int, int]


def tag(name: str) -> str:
    return f"{{{MAIN}}}{name}"


def parsed(content: bytes) -> Any:
    """The tree of an XML part. The gate has seen to it that it declares no entities."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)
    try:
        return etree.fromstring(content, parser)
    except etree.XMLSyntaxError:
        raise UnreadableFile(BROKEN) from None


def written(tree: Any) -> bytes:
    return bytes(etree.tostring(tree, xml_declaration=True, encoding="UTF-8", standalone=True))


@dataclass(slots=True)
class FormSheet:
    """One sheet: its part and tree, and the text of each cell by (row, column) from 1."""

    name: str
    part: str
    tree: Any
    texts: dict[Place, str] = field(default_factory=dict)
    merges: list[tuple[int, int, int, int]] = field(default_factory=list)

    @property
    def data(self) -> Any:
        return self.tree.find(tag("sheetData"))

    @property
    def last_row(self) -> int:
        return max((int(row.get("r")) for row in self.data), default=0)

    def text(self, row: int, column: int) -> str:
        """The text that is seen there: of a merge, that of its first cell."""
        if found := self.texts.get((row, column)):
            return found
        for top, left, bottom, right in self.merges:
            if top <= row <= bottom and left <= column <= right:
                return self.texts.get((top, left), "")
        return ""


class FormBook:
    """A blank form behind the gate. Raises `UnreadableFile`."""

    def __init__(self, content: bytes) -> None:
        if not content.startswith(b"PK"):
            raise UnreadableFile(NOT_A_WORKBOOK)
        if len(content) > MOST_BYTES:
            raise UnreadableFile(TOO_LARGE)
        self.archive: ZipFile = open_container(content)
        for member in xml_members(self.archive):
            stream(self.archive, member)

    def tree(self, part: str) -> Any:
        try:
            return parsed(self.archive.read(part))
        except KeyError:
            raise UnreadableFile(BROKEN) from None

    def targets(self, part: str) -> dict[str, tuple[str, str]]:
        """The relations of a part: id → (the end of the type, the part)."""
        folder, name = posixpath.split(part)
        rels = posixpath.join(folder, "_rels", f"{name}.rels")
        if rels not in self.archive.namelist():
            return {}
        found = {}
        for one in self.tree(rels).iter(RELATION):
            target = posixpath.normpath(posixpath.join("/", folder, one.get("Target", "")))[1:]
            found[one.get("Id", "")] = (one.get("Type", "").rpartition("/")[2], target)
        return found

    @cached_property
    def workbook_part(self) -> str:
        roots = self.targets("").values()
        return next((part for kind, part in roots if kind == "officeDocument"), "xl/workbook.xml")

    @cached_property
    def shared(self) -> list[str]:
        kinds = dict(self.targets(self.workbook_part).values())
        part = kinds.get("sharedStrings")
        if part is None:
            return []
        return [text_in(one) for one in self.tree(part).iter(tag("si"))]

    @cached_property
    def sheets(self) -> list[FormSheet]:
        """The visible sheets with cells."""
        targets = self.targets(self.workbook_part)
        found = []
        for one in self.tree(self.workbook_part).iter(tag("sheet")):
            kind, part = targets.get(one.get(R_ID, ""), ("", ""))
            if kind == "worksheet" and one.get("state", "visible") == "visible":
                found.append(self.read_sheet(one.get("name", ""), part))
        if not found:
            raise UnreadableFile(BROKEN)
        return found

    def read_sheet(self, name: str, part: str) -> FormSheet:
        sheet = FormSheet(name, part, self.tree(part))
        if sheet.data is None:
            raise UnreadableFile(BROKEN)
        number_rows(sheet.data)
        if sheet.last_row > MOST_ROWS:
            raise UnreadableFile(TOO_LARGE)
        expand_shared_formulas(sheet.data)
        for cell in sheet.data.iter(tag("c")):
            if text := self.text_of(cell):
                sheet.texts[place_of(cell)] = text
        sheet.merges = [corners(one.get("ref", "")) for one in sheet.tree.iter(tag("mergeCell"))]
        return sheet

    def text_of(self, cell: Any) -> str:
        if cell.get("t") == "inlineStr":
            return text_in(cell)
        value = cell.findtext(tag("v")) or ""
        if cell.get("t") == "s" and value.isdecimal() and int(value) < len(self.shared):
            return self.shared[int(value)]
        return "" if cell.find(tag("f")) is not None else value


def translated(formula: str, *, origin: str, to: str) -> str:
    """A shared formula as it is in another cell."""
    try:
        return str(Translator(f"={formula}", origin=origin).translate_formula(to))[1:]
    except (TokenizerError, ValueError, IndexError):
        return formula


def text_in(element: Any) -> str:
    """The text of a string, rich or plain, without its readings in kana."""
    return "".join(one.text or "" for one in element.iter(tag("t")) if one.getparent().tag != tag("rPh"))


def whole(text: str | None, default: int) -> int:
    """A number of the XML; a file that has something else there is broken."""
    if not text:
        return default
    if not text.isascii() or not text.isdecimal() or len(text) > MOST_DIGITS:
        raise UnreadableFile(BROKEN)
    return int(text)


def measure(text: str | None, default: float) -> float:
    """A width or height of the XML."""
    try:
        return float(text or default)
    except ValueError:
        return default


def number_rows(data: Any) -> None:
    """Rows and cells whose place is left out stand behind the one before."""
    row_number = 0
    for row in data:
        row_number = whole(row.get("r"), row_number + 1)
        row.set("r", str(row_number))
        column = 0
        for cell in row.iter(tag("c")):
            column = place_of(cell)[1] if cell.get("r") else column + 1
            cell.set("s", str(whole(cell.get("s"), 0)))
            cell.set("r", f"{letters_of(column)}{row_number}")


def expand_shared_formulas(data: Any) -> None:
    """Each cell gets the formula that it shares with others: they will no longer lie side by side."""
    masters: dict[str, tuple[str, str]] = {}
    for cell in data.iter(tag("c")):
        formula = cell.find(tag("f"))
        if formula is None or formula.get("t") != "shared":
            continue
        if formula.text:
            masters[formula.get("si", "")] = (formula.text, cell.get("r"))
        text, origin = masters.get(formula.get("si", ""), ("", cell.get("r")))
        formula.text = translated(text, origin=origin, to=cell.get("r"))
        for name in ("t", "si", "ref"):
            formula.attrib.pop(name, None)


def place_of(cell: Any) -> Place:
    return place(cell.get("r", ""))


def place(reference: str) -> Place:
    """Row and column of B5, from 1."""
    found = _PLACE.fullmatch(reference)
    if not found:
        raise UnreadableFile(BROKEN)
    return int(found[2]), column_index_from_string(found[1])


def corners(reference: str) -> tuple[int, int, int, int]:
    """Top, left, bottom and right of a range, from 1."""
    first, _, last = reference.partition(":")
    return (*place(first), *place(last or first))


def letters_of(column: int) -> str:
    above, last = divmod(column - 1, 26)
    return (letters_of(above) if above else "") + chr(65 + last)
