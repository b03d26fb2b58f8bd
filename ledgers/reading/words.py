"""The words by which rows that are no data are known: totals, footers, title lines."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, islice

from ledgers.columns import plain_heading
from ledgers.columns.column import words
from ledgers.reading.cells import folded, text_of
from ledgers.reading.headings import NO_HEADINGS, Headings, anchor_words, anchors_of, is_anchor
from ledgers.reading.results import Cell

LONGEST_HEADING = 40
_TOTAL = re.compile(r"[^::,，。]{0,16}(?:合计|小计|总计|共计|累计)(?:$|[(:\d共人约为].*)")
_FOOTER = re.compile(
    r"(?:填表人|制表人|审核人|单位负责人|统计负责人|说明)"
    r"|联系电话:"
    r"|(?:填报人|制单人|复核人|审批人|批准人|审签人|部门负责人|分管领导|主管领导|负责人|经办人|联系人|填表|制表|审核|"
    r"填表时间|填表日期|填报时间|填报日期|制表时间|制表日期|填报单位|报送单位|备注|注|领导签字|签字|签名|盖章)"
    r"(?:\([^()]*\))?:"
    r"|(?:\()?(?:以下空白|以下无内容|以下无正文|此行以下空白)"
)
_UNIT = re.compile(
    r"(?:填报|填表|报送|上报|呈报|申报|制表|编制|报表)(?:单位|部门|机构)(?:名称)?(?:\([^()]*\))*\s*:\s*(.*)"
    r"|单位(?:名称)?(?:\([^()]*\))+\s*:\s*(.*)|单位(?:名称)?\s*:\s*(.*)"
)
_UNIT_ENDS = re.compile(
    r"\s{2,}|\s*(?:填报|填表|制表|报送|上报)(?:时间|日期|人)|\s*日期\s*:|\s*联系(?:人|电话)|\s*单位\s*:"
)
_MEASURES = frozenset(
    words("人 人次 次 元 万元 学时 课时 个 名 岁 天 期 场 场次 人/次 人、学时 人、元 人,学时")
)
_ATTACHMENT = re.compile(r"(?:附件|附表|附)\s*\d*[:：]?(?:\d+)?")
_TITLE_LINE = re.compile(r".*(?:时间|日期|人|单位|电话|部门)(?:\([^()]*\))*:.*")


@dataclass(frozen=True, slots=True)
class Marks:
    """The raw texts of one sheet that may stand in a header, a total or a footer."""

    anchors: frozenset[str]
    totals: frozenset[str]
    footers: frozenset[str]


# Every mark has one of these signs; letters that NFKC makes others of may become one.
_SIGNS = "".join(sorted({word[-1] for word in anchor_words()}))
_MADE_OTHERS = "\u2e80-\u2fdf\uf900-\ufaff\uff00-\uffef"
_MAY_BE_MARK = re.compile(f"[计说下:：注{re.escape(_SIGNS)}{_MADE_OTHERS}]").search
_TOGETHER = 2000


def _finder(told: frozenset[str]) -> Callable[[str], bool]:
    """True for the texts that are one of these plain headings."""
    if not told:
        return lambda text: False
    signs = re.escape("".join(sorted({word[:1] for word in told})))
    may_be = re.compile(f"[{signs}{_MADE_OTHERS}]").search
    return lambda text: len(text) <= LONGEST_HEADING and bool(may_be(text)) and plain_heading(text) in told


def find_marks(rows: Iterable[list[Cell]], *, headings: Headings = NO_HEADINGS) -> Marks:
    is_told = _finder(anchors_of(headings))
    anchors, totals, footers = set(), set(), set()
    for cell in _distinct_texts(rows):
        if is_told(cell):
            anchors.add(cell)
        if cell.isascii() or not _MAY_BE_MARK(cell):
            continue
        plain = folded(cell[:60])
        if _TOTAL.match(plain):
            totals.add(cell)
        if _FOOTER.match(plain):
            footers.add(cell)
        elif len(plain) <= LONGEST_HEADING and is_anchor(plain_heading(cell)):
            anchors.add(cell)
    return Marks(frozenset(anchors), frozenset(totals), frozenset(footers))


def _distinct_texts(rows: Iterable[list[Cell]]) -> Iterator[str]:
    """The texts of the rows, most of them once: a set of all cells would take as much as the sheet."""
    lines = iter(rows)
    while some := list(islice(lines, _TOGETHER)):
        distinct = set(chain.from_iterable(some))
        yield from (cell for cell in distinct if type(cell) is str)


def reporting_unit(cells: list[Cell]) -> str | None:
    """The unit that a line above the header names, "" where left open; None where it is no such line."""
    for position, cell in enumerate(cells):
        text = _wide(cell)
        found = _UNIT.match(text)
        if not found:
            continue
        value = _UNIT_ENDS.split(next(group for group in found.groups() if group is not None).strip())[
            0
        ].strip()
        if value in _MEASURES:
            continue
        return value or _next_text(cells[position + 1 :])
    return None


def _wide(cell: Cell) -> str:
    """The text with its blanks, but with ASCII colons and brackets."""
    return str(cell).strip().translate(str.maketrans("：（）　", ":() ")) if isinstance(cell, str) else ""


def _next_text(cells: list[Cell]) -> str:
    for cell in cells:
        if text := text_of(cell):
            return "" if ":" in folded(text) else text
    return ""


def title_part(cells: list[Cell]) -> str:
    """The part that a line above the header adds to the title, or ""."""
    texts = [text_of(cell) for cell in cells]
    distinct = list(dict.fromkeys(filter(None, texts)))
    if len(distinct) != 1:
        return ""
    plain = folded(distinct[0])
    if _ATTACHMENT.fullmatch(plain) or _TITLE_LINE.fullmatch(plain) or not re.search(r"[^\W\d]", plain):
        return ""
    return distinct[0][:120]
