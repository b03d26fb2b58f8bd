"""A register (基础资料) that comes in as a table: one header with headings that are known, texts below it."""

from collections.abc import Collection
from functools import partial

from ledgers.columns import plain_heading
from ledgers.reading.apart import answer_apart
from ledgers.reading.cells import ERRORS, printed
from ledgers.reading.grid import Merged, Sheet
from ledgers.reading.opening import read_sheets
from ledgers.reading.results import Cell, UnreadableFile
from peixun.lib.table_reading import MOST_LINES, Table, TableRefused

HEADER_WITHIN = 40  # rows
LONGEST_TEXT = 32_767  # what a cell of Excel holds

_NO_HEADER = "没有找到表头。表里要有这些列：{headings}。请用导出的表作模板。"
_NO_LINES = "找到了表头，但下面没有数据行。请填好后再上传。"
_SEVERAL = "有几张工作表都像这张表：{sheets}。请只留一张后再上传。"
_TWICE = "{where}的表头里，“{heading}”一列重复出现，无法判断用哪一列。请删去或改名其中一列后再上传。"
_TOO_LONG = f"这张表超过 {MOST_LINES} 行。请拆成几个文件，分次上传。"
_ERROR = "{where}“{heading}”一列是错误值或没有算出结果的公式。请改成具体内容后再上传。"
_LONG_TEXT = "{where}“{heading}”一列的内容太长。请缩短后再上传。"


def read_apart(content: bytes, *, wanted: Collection[str], size_limit: int) -> Table:
    """`read_register` by another process within limits. Raises `TableRefused`."""
    try:
        return answer_apart(content, partial(read_register, wanted=tuple(wanted), size_limit=size_limit))
    except UnreadableFile as refusal:
        # What is said of ledgers is true of any table.
        raise TableRefused(refusal.message.replace("台账", "表格")) from None


def read_register(content: bytes, *, wanted: Collection[str], size_limit: int) -> Table:
    """The one table of a file that has the most of the `wanted` headings. Raises `UnreadableFile`."""
    headings = {plain_heading(heading): heading for heading in wanted}
    found = [_header(sheet, headings) for sheet in read_sheets(content, size_limit=size_limit)]
    most = max((len(header.places) for header in found), default=0)
    if not most:
        raise UnreadableFile(_NO_HEADER.format(headings="、".join(wanted)))
    best = [header for header in found if len(header.places) == most]
    if len(best) > 1:
        raise UnreadableFile(_SEVERAL.format(sheets="、".join(header.sheet.name for header in best)))
    return best[0].table()


class _Header:
    """The row of a sheet in which the most of the headings stand, and the column of each."""

    def __init__(self, sheet: Sheet, row: int, places: list[tuple[str, int]]) -> None:
        self.sheet, self.row, self.places = sheet, row, places

    def table(self) -> Table:
        names = [heading for heading, _at in self.places]
        if twice := next((name for name in names if names.count(name) > 1), None):
            raise UnreadableFile(_TWICE.format(where=self.where(self.row), heading=twice))
        merged = Merged(self.sheet)
        lines = []
        for row in range(self.row + 1, len(self.sheet.rows)):
            texts = self.texts(row, merged.filled(row))
            if any(texts) and list(map(plain_heading, texts)) != list(map(plain_heading, names)):
                lines.append((self.sheet.numbers[row], texts))
            if len(lines) > MOST_LINES:
                raise UnreadableFile(_TOO_LONG)
        if not lines:
            raise UnreadableFile(_NO_LINES)
        return Table(tuple(names), tuple(lines))

    def texts(self, row: int, cells: list[Cell]) -> tuple[str, ...]:
        texts = tuple(printed(cells[at]) if at < len(cells) else "" for _heading, at in self.places)
        for (heading, _at), text in zip(self.places, texts, strict=True):
            if text in ERRORS:
                raise UnreadableFile(_ERROR.format(where=self.where(row), heading=heading))
            if len(text) > LONGEST_TEXT:
                raise UnreadableFile(_LONG_TEXT.format(where=self.where(row), heading=heading))
        return texts

    def where(self, row: int) -> str:
        return f"第 {self.sheet.numbers[row]} 行"


def _header(sheet: Sheet, headings: dict[str, str]) -> _Header:
    merged = Merged(sheet)
    rows = range(min(len(sheet.rows), HEADER_WITHIN))
    found = [_Header(sheet, row, _places(merged.as_header(row), headings)) for row in rows]
    return max(found, key=lambda header: len(header.places), default=_Header(sheet, 0, []))


def _places(cells: list[Cell], headings: dict[str, str]) -> list[tuple[str, int]]:
    texts = [plain_heading(cell) if isinstance(cell, str) else "" for cell in cells]
    return [(headings[text], at) for at, text in enumerate(texts) if text in headings]
