"""The fonts that certificates are set in: those of the packages, then those of folders that the office names.

System fonts are never looked at: a certificate must come out the same on every machine.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from pathlib import Path

import pylopdf_fonts_jp
import pylopdf_fonts_zh_cn
import typst
from fontTools.ttLib import TTFont

SONG = ("Noto Serif SC", "Noto Serif JP")
HEI = ("Noto Sans SC", "Noto Sans JP")
KAI = re.compile(r"wen ?kai|kaiti|kai ?ti|ukai|tw-kai|楷", re.IGNORECASE)
# Han that no font has is drawn as printers always did: by a mark that nobody takes for a character.
MARK = "〓"

# Blanks and joints that forbid a line to end are for who sets type, not for a name.
BREAKABLE = str.maketrans({"\u00a0": " ", "\u2007": " ", "\u202f": " ", "\u2060": None, "\ufeff": None})

FontPaths = tuple[Path, ...]


@cache
def found_fonts(extra: FontPaths = ()) -> typst.Fonts:
    """The fonts of the packages and of the folders `extra`."""
    packaged = [package.serif_path().parent for package in (pylopdf_fonts_zh_cn, pylopdf_fonts_jp)]
    return typst.Fonts(
        include_system_fonts=False, include_embedded_fonts=False, font_paths=[*packaged, *extra]
    )


@cache
def stacks(extra: FontPaths = ()) -> dict[str, list[str]]:
    """For each face of a layout the families to try, in order. Without a Kai font, Song stands in."""
    others = sorted(set(found_fonts(extra).families()) - {*SONG, *HEI})
    kai = [family for family in others if KAI.search(family)]
    rest = [family for family in others if family not in kai]
    return {
        "song": [*SONG, *HEI, *rest, *kai],
        "hei": [*HEI, *SONG, *rest, *kai],
        "kai": [*kai, *SONG, *HEI, *rest],
    }


def has_kai(extra: FontPaths = ()) -> bool:
    return stacks(extra)["kai"][0] not in SONG


@cache
def characters(extra: FontPaths = ()) -> frozenset[int]:
    """The code points that at least one of the fonts draws."""
    found: set[int] = set()
    for info in found_fonts(extra).fonts():
        if info.path:
            with TTFont(info.path, fontNumber=info.index, lazy=True) as font:
                found.update(font.getBestCmap() or {})
    return frozenset(found)


def missing_glyphs(text: str, extra: FontPaths = ()) -> list[str]:
    """The characters of `text` that no font has, each once, in order: to be told before issue."""
    known = characters(extra)
    return [sign for sign in dict.fromkeys(text) if ord(sign) not in known and is_drawn(sign)]


def is_drawn(sign: str) -> bool:
    """Whether `sign` leaves ink: no white space, control or format character, or variation selector."""
    return not (
        sign.isspace()
        or unicodedata.category(sign) in ("Cc", "Cf", "Cs")
        or 0xFE00 <= ord(sign) <= 0xFE0F
        or 0xE0100 <= ord(sign) <= 0xE01EF
    )


def drawable(text: str, extra: FontPaths = ()) -> str:
    """`text` without signs that leave no ink, and `MARK` for what no font has. White space is a blank."""
    known = characters(extra)
    text = text.translate(BREAKABLE)
    if all(ord(sign) in known for sign in text):
        return text
    seen = [" " if sign.isspace() else sign for sign in text if is_drawn(sign) or sign.isspace()]
    return "".join(sign if ord(sign) in known else MARK for sign in seen)
