"""Which paper a row's number is of: the resident card, a passport, a permit, or none at all."""

from __future__ import annotations

import re

from learners import id_numbers
from ledgers.columns import plain_heading
from ledgers.columns.column import words
from ledgers.reading.cells import text_of
from ledgers.reading.results import Cell

RESIDENT, PASSPORT, PERMIT, NONE = "id_number", "passport", "permit", "none"
_KINDS = {
    **dict.fromkeys(words("居民身份证 身份证 二代身份证 第二代居民身份证 公民身份证"), RESIDENT),
    **dict.fromkeys(words("护照 外国护照 中国护照 外籍护照 普通护照 因私护照"), PASSPORT),
    **dict.fromkeys(
        words(
            "港澳台居民居住证等 港澳台居民居住证 港澳居民居住证 台湾居民居住证 港澳居民来往内地通行证 "
            "港澳通行证 "
            "台湾居民来往大陆通行证 台胞证 回乡证 外国人永久居留身份证 外国人永久居留证 居住证 通行证"
        ),
        PERMIT,
    ),
    **dict.fromkeys(words("无证件 没有证件 无身份证 未提供 单位加姓名 无"), NONE),
}
_NUMBER = re.compile(r"[0-9A-Z]{5,20}")


def paper_kind(text: str) -> str:
    """What a cell of 证件类型 means; the resident card where it is blank, "" where it is not understood."""
    return _KINDS.get(plain_heading(text), "") if text else RESIDENT


def parse_paper_number(cell: Cell) -> tuple[str, str]:
    """The normalised number of a passport or permit and the code of its fault, either may be ""."""
    if cell is not None and not isinstance(cell, str):
        return "", "id_number_numeric"
    number = id_numbers.normalise(text_of(cell))
    if not number:
        return "", "id_number_missing"
    return (number, "") if _NUMBER.fullmatch(number) else ("", "paper_number_format")
