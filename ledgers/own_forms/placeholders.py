"""Words in a form that are filled: {year}年度, 〔单位〕 and their like, and a 填报单位： left open."""

from __future__ import annotations

import re
from collections.abc import Mapping

# Name in code → what a form may write for it, beside the name itself.
NAMES: dict[str, tuple[str, ...]] = {
    "year": ("年度", "年份"),
    "unit": ("单位", "填报单位"),
    "date": ("日期", "填报日期", "填报时间"),
    "filler": ("填表人", "填报人"),
    "programme": ("项目", "培训项目"),
    "run": ("班次",),
    "district": ("县市区",),
    "group": ("群体",),
    "rows": ("行数",),
    "person_times": ("人次",),
    "people": ("人数",),
    "runs": ("期数",),
    "sessions": ("场次",),
    "hours": ("总学时", "学时"),
}
BY_WORD = {word: name for name, words in NAMES.items() for word in (name, *words)}
_PLACEHOLDER = re.compile(r"[{｛〔]\s*([^{}｛｝〔〕]{1,12}?)\s*[}｝〕]")
_END = r"(?=\s*$|[\s　]{2,})"
_OPEN = (
    (re.compile(rf"((?:填报|填表|报送|上报)单位(?:名称)?(?:[（(][^（）()]*[）)])?[:：]){_END}"), "unit"),
    (re.compile(rf"((?:填报|填表|制表)(?:时间|日期)[:：]){_END}"), "date"),
)
FIXED_YEAR = re.compile(r"20\d\d\s*年")


def filled(text: str, values: Mapping[str, str]) -> str:
    """`text` with its placeholders filled; words that are no placeholder stay, such as 〔2024〕0001号."""

    def value(found: re.Match[str]) -> str:
        name = BY_WORD.get(found[1].lower() if found[1].isascii() else found[1])
        return values.get(name, "") if name else found[0]

    text = _PLACEHOLDER.sub(value, text)
    for pattern, name in _OPEN:
        text = pattern.sub(lambda found, name=name: f"{found[1]}{values.get(name, '')}", text)  # type: ignore[misc]
    return text


def names_in(text: str) -> list[str]:
    """The placeholders that a text has."""
    return [BY_WORD[word] for word in _PLACEHOLDER.findall(text) if word in BY_WORD]


def word_in(text: str) -> str:
    """What stands in a cell that is one placeholder, such as 〔姓名〕 in the sample row; else ""."""
    found = _PLACEHOLDER.fullmatch(text.strip())
    return found[1] if found else ""
