"""Ledgers in text files: comma, tab or semicolon separated; UTF-8, UTF-16 with a mark, or GB18030."""

import codecs
import csv
import re
from array import array
from collections.abc import Iterator, Sequence
from io import StringIO

from ledgers.reading.grid import PACKED_FROM, PackedRows, Sheet
from ledgers.reading.results import Cell, UnreadableFile

MOST_COLUMNS = 702
# What stands in quotes separates nothing.
_QUOTED = re.compile(r'"[^"]*"')
_SEPARATORS = ",\t;|，、"

NO_LEDGER = "这个文件不是台账：既不是 Excel 文件，也不是文本表格。请另存为 .xlsx 文件再上传。"
_UNKNOWN_ENCODING = "这个文本文件的文字编码无法识别。请用 Excel 打开后另存为 .xlsx 文件再上传。"
_CONTROLS = "这个文本文件里有控制字符，不像正常的台账。请用 Excel 打开后另存为 .xlsx 文件再上传。"


def read_text(content: bytes) -> list[Sheet]:
    """The one sheet of a text file. Raises `UnreadableFile`."""
    text = _decoded(content)
    if any(ord(char) < 32 for char in set(text) - {"\t", "\n", "\r", "\f"}):
        raise UnreadableFile(_CONTROLS if text.count("\n") else NO_LEDGER)
    separator = _separator(text)
    numbers = array("I")
    width = 0
    for line, cells in _lines(text, separator):
        numbers.append(line)
        width = max(width, len(cells))
    lines = ([*cells, *[""] * (width - len(cells))] for _line, cells in _lines(text, separator))
    rows: Sequence[list[Cell]] = PackedRows(lines) if len(numbers) >= PACKED_FROM else list(lines)
    return [Sheet("", rows, numbers)]


def _lines(text: str, separator: str) -> Iterator[tuple[int, list[Cell]]]:
    """The cells of each line with its number; a cell with line breaks counts as the line it begins in."""
    reader = csv.reader(StringIO(text, newline=""), delimiter=separator, strict=True)
    line = 1
    try:
        for fields in reader:
            if len(fields) > MOST_COLUMNS:
                raise UnreadableFile(f"第 {line} 行超过 {MOST_COLUMNS} 列，不像正常的台账。请检查分隔符。")
            yield line, [field[1:] if field[:1] == "\t" else field for field in fields]
            line = reader.line_num + 1
    except csv.Error:
        raise UnreadableFile(
            f"第 {line} 行的引号不成对，或有单元格过长，后面的内容无法读取。请用 Excel 打开后另存为 .xlsx。"
        ) from None


def _decoded(content: bytes) -> str:
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encodings = ["utf-16"]
    else:
        encodings = ["utf-8-sig", "gb18030"]
    for encoding in encodings:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise UnreadableFile(_UNKNOWN_ENCODING)


def _separator(text: str) -> str:
    """The one that stands in the most lines more than once: a comma in a title does not decide."""
    start = _QUOTED.sub("", text[:20_000])
    lines = [line for line in start.splitlines()[:60] if line.strip()]
    return max(
        _SEPARATORS,
        key=lambda mark: (sum(1 for line in lines if line.count(mark) > 1), start.count(mark)),
    )
