"""What is written in a cell of a sign-in sheet. Pure Python."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Literal

from ledgers.reading.cells import text_of
from ledgers.reading.results import Cell

Said = Literal["present", "late", "left_early", "leave", "absent", "blank", "unclear"]

_WORDS: dict[Said, str] = {
    "present": "√ ✓ ✔ ☑ 到 是 1 已到 出勤 已签 已签到 签到 在 在场 全勤 v y yes true 正常 到课 参加",
    "absent": "× ✗ ✘ ✕ x 缺 缺勤 缺席 缺课 旷课 旷 未到 没到 否 0 无故缺席 n no false",
    "leave": "请假 假 事假 病假 公假 婚假 产假 丧假 已请假 公差",
    "late": "迟到 迟 晚到",
    "left_early": "早退 早",
    "blank": "/ \\ - -- — —— _",
}
_BY_WORD: dict[str, Said] = {word: said for said, words in _WORDS.items() for word in words.split()}
_CLOCK = r"(\d{1,2})[:：时点.](\d{2})分?"
_TIME = re.compile(rf"{_CLOCK}(?::\d\d)?(?:[-—–~至到]+{_CLOCK}(?::\d\d)?)?")


@dataclass(frozen=True, slots=True)
class Mark:
    """What one cell says; `came` and `left` where it gives times."""

    what: Said
    came: time | None = None
    left: time | None = None


def read_mark(cell: Cell, *, name: str) -> Mark:
    """What a cell says; a person's own name is a signature."""
    if isinstance(cell, datetime):
        return Mark("present", cell.time())
    if isinstance(cell, time):
        return Mark("present", cell)
    if isinstance(cell, timedelta):
        return _at(int(cell.total_seconds() // 60))
    if isinstance(cell, float) and 0 < cell < 1:
        return _at(round(cell * 24 * 60))
    text = "".join(unicodedata.normalize("NFKC", text_of(cell)).split()).lower()
    if not text:
        return Mark("blank")
    if name and text == name.lower():
        return Mark("present")
    if said := _BY_WORD.get(text):
        return Mark(said)
    return _timed(text) or Mark("unclear")


def _at(minutes: int) -> Mark:
    hour, minute = divmod(minutes, 60)
    return Mark("present", time(hour, minute)) if hour < 24 else Mark("unclear")


def _timed(text: str) -> Mark | None:
    found = _TIME.fullmatch(text)
    if found is None:
        return None
    try:
        came = time(int(found[1]), int(found[2]))
        left = time(int(found[3]), int(found[4])) if found[3] else None
    except ValueError:
        return None
    return Mark("present", came, left)
