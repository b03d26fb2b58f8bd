"""Workbooks in the Open XML format (.xlsx): values by calamine, the rest from the sheet's own XML."""

import html
import posixpath
import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import cast

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from ledgers.reading.container import DAMAGED, open_container, xml_members
from ledgers.reading.grid import PACKED_FROM, PackedRows, Sheet
from ledgers.reading.parts import SheetScan, inflate, stream
from ledgers.reading.results import Cell, UnreadableFile

MOST_SHEETS = 200
_SHEET = re.compile(r"<(?:\w+:)?sheet\b([^<>]*)>")
_RELATION = re.compile(r"<(?:\w+:)?Relationship\b([^<>]*)>")
_ATTRIBUTE = re.compile(r"([\w:]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)')")

_TOO_MANY_SHEETS = (
    f"这个文件的工作表超过 {MOST_SHEETS} 张，不像正常的台账。请只保留台账所在的工作表后再上传。"
)
_UNREADABLE = "这个 Excel 文件无法读取，可能已损坏。请用 Excel 或 WPS 打开，另存为新的 .xlsx 文件再上传。"
_CONNECTED = "文件里有外部链接或数据连接，系统没有打开，只读取了单元格里已有的值。"


@dataclass(frozen=True, slots=True)
class _Listed:
    """A sheet as the workbook lists it, and the name of its part."""

    name: str
    part: str


def read_workbook(content: bytes) -> tuple[list[Sheet], list[str]]:
    """The visible sheets and notes on what was left out. Raises `UnreadableFile`."""
    archive = open_container(content)
    listed = _listed(archive)
    scans = _scan(archive, {sheet.part for sheet in listed})
    notes = [_CONNECTED] if _is_connected(archive) else []
    try:
        book = CalamineWorkbook.from_filelike(BytesIO(content))
        sheets = _read_sheets(book, listed, scans=scans, notes=notes)
    except CalamineError:
        raise UnreadableFile(_UNREADABLE) from None
    except BaseException as problem:
        # A panic of the Rust reader is no Exception and has no class that could be imported.
        if type(problem).__name__ != "PanicException":
            raise
        raise UnreadableFile(_UNREADABLE) from None
    return sheets, notes


def _attributes(text: str) -> dict[str, str]:
    """By local name: the prefix of r:id is anyone's choice."""
    found = _ATTRIBUTE.findall(text)
    return {name.rpartition(":")[2]: html.unescape(double or single) for name, double, single in found}


def _text(archive: zipfile.ZipFile, name: str) -> str:
    try:
        member = archive.getinfo(name)
    except KeyError:
        raise UnreadableFile(DAMAGED) from None
    stream(archive, member)
    return b"".join(inflate(archive, member)).decode("utf-8-sig")


def _targets(archive: zipfile.ZipFile, part: str) -> dict[str, dict[str, str]]:
    """The relations of a part by their id."""
    folder, name = posixpath.split(part)
    text = _text(archive, posixpath.join(folder, "_rels", f"{name}.rels"))
    relations = [_attributes(found) for found in _RELATION.findall(text)]
    for relation in relations:
        relation["Target"] = posixpath.normpath(posixpath.join("/", folder, relation.get("Target", "")))[1:]
    return {relation.get("Id", ""): relation for relation in relations}


def _listed(archive: zipfile.ZipFile) -> list[_Listed]:
    roots = _targets(archive, "").values()
    book = next((root["Target"] for root in roots if root.get("Type", "").endswith("/officeDocument")), "")
    if not book:
        raise UnreadableFile(DAMAGED)
    sheets = [_attributes(found) for found in _SHEET.findall(_text(archive, book))]
    if not sheets:
        raise UnreadableFile("这个文件里没有工作表。请检查后另存为新的 .xlsx 文件再上传。")
    if len(sheets) > MOST_SHEETS:
        raise UnreadableFile(_TOO_MANY_SHEETS)
    targets = _targets(archive, book)
    parts = [targets.get(sheet.get("id", ""), {}).get("Target", "") for sheet in sheets]
    if not set(parts) <= set(archive.namelist()) or len(set(parts)) < len(parts):
        raise UnreadableFile(DAMAGED)
    return [_Listed(sheet.get("name", ""), part) for sheet, part in zip(sheets, parts, strict=True)]


def _scan(archive: zipfile.ZipFile, sheets: set[str]) -> dict[str, SheetScan]:
    """Check every XML part, hidden sheets too, and look into the sheets."""
    scans = {name: SheetScan() for name in sheets}
    for member in xml_members(archive):
        scan = scans.get(member.filename)
        stream(archive, member, visit=scan.visit if scan else None)
        if scan:
            scan.demand_dense()
    return scans


def _is_connected(archive: zipfile.ZipFile) -> bool:
    words = ("xl/externallinks/", "xl/connections.xml", "xl/querytables/", "xl/model/")
    return any(name.lower().startswith(words) for name in archive.namelist())


def _read_sheets(
    book: CalamineWorkbook, listed: list[_Listed], *, scans: dict[str, SheetScan], notes: list[str]
) -> list[Sheet]:
    sheets = []
    if len(book.sheets_metadata) != len(listed):
        raise UnreadableFile(_UNREADABLE)
    for index, (about, place) in enumerate(zip(book.sheets_metadata, listed, strict=True)):
        if about.visible != SheetVisibleEnum.Visible:
            notes.append(f"工作表“{about.name}”是隐藏的，没有读取。")
        elif about.typ != SheetTypeEnum.WorkSheet:
            notes.append(f"工作表“{about.name}”是图表，没有读取。")
        else:
            sheets.append(_sheet(book.get_sheet_by_index(index), scans[place.part]))
    return sheets


def _sheet(source: CalamineSheet, scan: SheetScan) -> Sheet:
    top, left = source.start or (0, 0)
    lines = _with_errors(source, scan.errors_by_row(), top=top, left=left)
    rows: Sequence[list[Cell]] = PackedRows(lines) if source.height >= PACKED_FROM else list(lines)
    merges = [
        (first[0] - top, max(first[1] - left, 0), last[0] - top, last[1] - left)
        for first, last in source.merged_cell_ranges or ()
        if top <= first[0] < top + len(rows) and last[1] >= left
    ]
    numbers = range(top + 1, top + 1 + len(rows))
    return Sheet(source.name, rows, numbers, hidden_rows=scan.hidden_rows, merges=merges)


def _with_errors(
    source: CalamineSheet, errors: dict[int, dict[int, str]], *, top: int, left: int
) -> Iterator[list[Cell]]:
    """The rows, with error texts where the value reader gave nothing; some stand beyond its rectangle."""
    if not source.start:
        return
    lines = cast("Iterator[list[Cell]]", source.iter_rows())
    for number, cells in enumerate(lines, start=top + 1):
        for column, text in errors.get(number, {}).items():
            place = column - 1 - left
            if place >= 0:
                cells.extend([""] * (place + 1 - len(cells)))
                cells[place] = text
        yield cells
