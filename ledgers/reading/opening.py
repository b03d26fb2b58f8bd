"""From the bytes of a file to its tables; what a file is, is told by its content and not by its ending."""

import re
from collections.abc import Mapping
from typing import Literal

from ledgers.reading.container import DAMAGED
from ledgers.reading.grid import Sheet
from ledgers.reading.headings import NO_HEADINGS, Headings
from ledgers.reading.legacy import read_legacy
from ledgers.reading.proposing import Place, fitting, propose
from ledgers.reading.results import HeaderUnknown, Ledger, Table, UnreadableFile
from ledgers.reading.tables import find_tables
from ledgers.reading.text import NO_LEDGER, read_text
from ledgers.reading.workbook import read_workbook

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_BARE_BIFF = (
    b"\x09\x08\x10\x00",
    b"\x09\x08\x08\x00",
    b"\x09\x04\x06\x00",
    b"\x09\x02\x06\x00",
    b"\x09\x00\x04\x00",
)
_MARKUP = re.compile(rb"\s*<(?:!doctype|\?xml|html|meta|head|table|style|body|div)", re.IGNORECASE)
_OTHERS = (
    (b"%PDF", "这是 PDF 文件，不是台账。请上传原来的 Excel 文件。"),
    (b"\x89PNG", "这是图片，不是台账。请上传原来的 Excel 文件。"),
    (b"\xff\xd8\xff", "这是图片，不是台账。请上传原来的 Excel 文件。"),
    (b"Rar!", "这是压缩包，不是台账。请解压后上传里面的 Excel 文件。"),
    (b"7z\xbc\xaf", "这是压缩包，不是台账。请解压后上传里面的 Excel 文件。"),
    (b"\x1f\x8b", "这是压缩包，不是台账。请解压后上传里面的 Excel 文件。"),
    (b"{\\rtf", "这是 RTF 文档，不是台账。请把表格复制到 Excel 里，另存为 .xlsx 再上传。"),
)

_MARKED_UP = (
    "这是网页格式的表格，不是真正的 Excel 文件，有些系统会导出成这样。请用 Excel 打开后另存为 .xlsx 再上传。"
)
_NO_HEADER = "没有找到台账的表头：要有“姓名”一列；讲座台账要有日期和参加人数两列。"
_ONLY_HIDDEN = "可见的工作表里没有台账，隐藏的工作表没有读取。请把台账所在的工作表取消隐藏后再上传。"
_NO_ROWS = "找到了表头，但下面没有数据行。请填好数据后再上传。"


def read_ledger(
    content: bytes,
    *,
    size_limit: int,
    headings: Headings = NO_HEADINGS,
    layouts: Mapping[str, Headings] = {},
) -> Ledger:
    """The tables of a ledger file, whatever its ending says; `size_limit` is in bytes.

    `headings` says of plain headings which fields they mean, before the table of columns does. `layouts` are
    remembered ones by fingerprint: a sheet whose header has one of them is read by its headings first of all.
    Raises `UnreadableFile`; `HeaderUnknown` where other `headings` would help.
    """
    form, sheets, notes = _opened(content, size_limit=size_limit)
    tables, without, used = _tables_of(sheets, headings=headings, layouts=layouts)
    for sheet in sheets:
        notes += sheet.notes
    if not tables:
        hidden = any("是隐藏的" in note for note in notes)
        raise UnreadableFile(_ONLY_HIDDEN) if hidden and not without else HeaderUnknown(_NO_HEADER)
    if not any(table.count for table in tables):
        raise UnreadableFile(_NO_ROWS)
    notes += [f"工作表“{name}”里没有台账的表头，没有读取。" for name in without]
    notes += [
        f"工作表“{table.sheet}”只有表头，没有数据行。" for table in tables if not table.count and table.sheet
    ]
    return Ledger(form, tuple(tables), tuple(dict.fromkeys(notes)), tuple(dict.fromkeys(used)))


def propose_for(content: bytes, *, size_limit: int, headings: Headings = NO_HEADINGS) -> list[Place]:
    """Where the headers of a file may be, and what its columns may mean. Raises `UnreadableFile`."""
    return propose(_opened(content, size_limit=size_limit)[1], headings=headings)


def _opened(
    content: bytes, *, size_limit: int
) -> tuple[Literal["xlsx", "xls", "text"], list[Sheet], list[str]]:
    """The sheets of a file that is neither empty nor over the limit."""
    if not content:
        raise UnreadableFile("这是空文件，里面没有内容。请检查后重新上传。")
    if len(content) > size_limit:
        size = size_limit / 1024 / 1024
        raise UnreadableFile(f"文件超过 {size:g} MB 的上限。请拆成几个文件，或删去图片后再上传。")
    return _read(content)


def read_sheets(content: bytes, *, size_limit: int) -> list[Sheet]:
    """The visible sheets of a file that is no ledger, through the same gate. Raises `UnreadableFile`."""
    return _opened(content, size_limit=size_limit)[1]


def _read(content: bytes) -> tuple[Literal["xlsx", "xls", "text"], list[Sheet], list[str]]:
    if content.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return "xlsx", *read_workbook(content)
    if content.startswith((_OLE, *_BARE_BIFF)):
        return "xls", *read_legacy(content)
    if content.startswith(_OLE[:4]):
        raise UnreadableFile(DAMAGED)
    for head, message in _OTHERS:
        if content.startswith(head):
            raise UnreadableFile(message)
    if _MARKUP.match(content[:500].removeprefix(b"\xef\xbb\xbf")):
        raise UnreadableFile(_MARKED_UP)
    if b"\0" in content and not content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise UnreadableFile(NO_LEDGER)
    return "text", read_text(content), []


def _tables_of(
    sheets: list[Sheet], *, headings: Headings, layouts: Mapping[str, Headings]
) -> tuple[list[Table], list[str], list[str]]:
    """All tables, the names of the sheets that have cells but no ledger, and the layouts that were used."""
    tables, without, used = [], [], []
    for sheet in sheets:
        layout = fitting(sheet, layouts)
        found = find_tables(sheet, headings={**headings, **layouts[layout]} if layout else headings)
        used += [layout] if layout and any(table.fingerprint == layout for table in found) else []
        tables += found
        if not found and sheet.rows:
            without.append(sheet.name)
    return tables, without, used
