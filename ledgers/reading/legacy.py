"""Old binary workbooks (.xls). xlrd, because it knows hidden rows, merged cells and error values."""

import struct
from datetime import datetime

import xlrd

from ledgers.reading.grid import Sheet
from ledgers.reading.parts import MOST_CELLS
from ledgers.reading.results import Cell, UnreadableFile

_ENCRYPTED_PACKAGE = "EncryptedPackage".encode("utf-16-le")
_WORKBOOK = "Workbook".encode("utf-16-le")
_BOOK = "Book\0".encode("utf-16-le")
_MACROS = "_VBA_PROJECT".encode("utf-16-le")
_PROBLEMS = (
    xlrd.XLRDError,
    xlrd.compdoc.CompDocError,
    AssertionError,
    AttributeError,
    IndexError,
    KeyError,
    MemoryError,
    NotImplementedError,
    OverflowError,
    RecursionError,
    TypeError,
    UnicodeError,
    ValueError,
    ZeroDivisionError,
    struct.error,
)

_LOCKED = "这个文件设了打开密码，无法读取。请去掉密码后另存为 .xlsx 文件再上传。"
_OTHER_OLE = (
    "这不是能读取的 Excel 文件，可能是 WPS 表格（.et）或其他文档。"
    "请用 Excel 或 WPS 打开，另存为 .xlsx 再上传。"
)
_UNREADABLE = "这个 .xls 文件无法读取，可能已损坏。请用 Excel 或 WPS 打开，另存为 .xlsx 文件再上传。"
_WITH_MACROS = "文件里带有宏，系统没有运行，只读取了单元格里的值。"


def read_legacy(content: bytes) -> tuple[list[Sheet], list[str]]:
    """The visible sheets and notes on what was left out. Raises `UnreadableFile`."""
    notes = [_WITH_MACROS] if _MACROS in content else []
    book = open_legacy(content)
    try:
        sheets = [_sheet(sheet, book.datemode) for sheet in book.sheets() if not sheet.visibility]
        notes += [f"工作表“{sheet.name}”是隐藏的，没有读取。" for sheet in book.sheets() if sheet.visibility]
    except _PROBLEMS:
        raise UnreadableFile(_UNREADABLE) from None
    return sheets, notes


def open_legacy(content: bytes) -> "xlrd.book.Book":
    """The workbook as xlrd knows it. Raises `UnreadableFile`."""
    if _ENCRYPTED_PACKAGE in content:
        raise UnreadableFile(_LOCKED)
    if _WORKBOOK not in content and _BOOK not in content:
        raise UnreadableFile(_OTHER_OLE)
    try:
        return xlrd.open_workbook(file_contents=content, formatting_info=True, logfile=_Silent())
    except _PROBLEMS as problem:
        raise UnreadableFile(_LOCKED if "encrypted" in str(problem) else _UNREADABLE) from None


class _Silent:
    """xlrd tells its doubts to a file; they could hold what stands in cells."""

    def write(self, _text: str) -> None:
        return

    def flush(self) -> None:
        return


def _sheet(source: "xlrd.sheet.Sheet", datemode: int) -> Sheet:
    if source.nrows * source.ncols > MOST_CELLS:
        raise UnreadableFile(_UNREADABLE)
    rows = [
        [
            _cell(kind, value, datemode)
            for kind, value in zip(source.row_types(r), source.row_values(r), strict=True)
        ]
        for r in range(source.nrows)
    ]
    width = max(map(len, rows), default=0)
    for row in rows:
        row.extend([""] * (width - len(row)))
    hidden = {r + 1 for r, info in source.rowinfo_map.items() if info.hidden}
    merges = [
        (top, left, bottom - 1, right - 1)
        for top, bottom, left, right in source.merged_cells
        if top < len(rows)
    ]
    return Sheet(source.name, rows, range(1, len(rows) + 1), hidden_rows=hidden, merges=merges)


def _cell(kind: int, value: str | float | int, datemode: int) -> Cell:
    if kind == xlrd.XL_CELL_DATE:
        return _date(float(value), datemode)
    if kind == xlrd.XL_CELL_BOOLEAN:
        return bool(value)
    if kind == xlrd.XL_CELL_ERROR:
        return str(xlrd.error_text_from_code.get(int(value), "#N/A"))
    return value


def _date(serial: float, datemode: int) -> Cell:
    """A number that bears a date's format but is none stays a number."""
    try:
        moment: datetime = xlrd.xldate_as_datetime(serial, datemode)
    except (xlrd.xldate.XLDateError, OverflowError, ValueError):
        return serial
    return moment if serial % 1 else moment.date()
