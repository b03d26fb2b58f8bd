"""Personal names: one form for comparing and showing, and a form for public lists."""

import re
import unicodedata
from functools import cache

from opencc import OpenCC

from peixun.lib.comparing import comparable

_HAN = "\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_DOTS = "·•・‧∙⋅･●᛫"
_CONTROLS = re.compile(
    r"[\u0000-\u0008\u000e-\u001f\u007f-\u009f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]"
)
_DOT = re.compile(rf"\s*[{_DOTS}]\s*")
_FULL_STOP = re.compile(rf"(?<=[{_HAN}])\s*\.\s*(?=[{_HAN}])")
_BESIDE_HAN = re.compile(rf"(?<=[{_HAN}])\s+|\s+(?=[{_HAN}])")
_BLANKS = re.compile(r"\s+")
_BRACKETED = re.compile(r"\(.*\)$")
_ANY_HAN = re.compile(rf"[{_HAN}]")
_DOTTED = re.compile(rf"[{_DOTS}.,，．'’\-]")
# What older systems write for a character that they lack, and the private use area where they put it.
_LACKING = re.compile(r"[?？□■▢◻〓＊*�\ue000-\uf8ff\U000f0000-\U0010fffd]")


def normalise(text: str) -> str:
    """One form of a name: no controls, no blanks in Han names, single ones in Latin, one kind of dot."""
    name = _CONTROLS.sub("", unicodedata.normalize("NFKC", text)).strip()
    if name.isalpha():
        return name
    name = _FULL_STOP.sub("·", _DOT.sub("·", name)).strip("·")
    return _BLANKS.sub(" ", _BESIDE_HAN.sub("", name))


def mask_public(name: str) -> str:
    """The name for a public list: 张*三, 李*, 阿**提; of a Latin name the first letter of each part."""
    name = _BRACKETED.sub("", name).strip() or name
    if not _ANY_HAN.search(name):
        return " ".join(part[:1] + "*" for part in name.split())
    if len(name) <= 2:
        return name[:1] + "*"
    return f"{name[0]}{'*' * (len(name) - 2)}{name[-1]}"


@cache
def _simplifier() -> OpenCC:
    """Made on first use: it reads its dictionaries from disk."""
    return OpenCC("t2s")


def loosely(name: str) -> str:
    """The name without dots, blanks and case, in simplified characters: for comparing only."""
    return str(_simplifier().convert(_DOTTED.sub("", comparable(normalise(name)))))


def same_name(one: str, other: str) -> bool:
    """Whether two names are one, however they are written: dots, blanks, 張/张, a rare character as □ or ?.

    A sign that stands for a missing character fits any one, as long as some characters are known in both.
    """
    if one == other:
        return True
    a, b = loosely(one), loosely(other)
    if a == b or len(a) != len(b):
        return a == b
    pairs = [(x, y) for x, y in zip(a, b, strict=True) if not (_LACKING.match(x) or _LACKING.match(y))]
    return len(pairs) * 2 >= len(a) and all(x == y for x, y in pairs)
