"""The styles of a form: which are for days, and a text's copy of each."""

from __future__ import annotations

import copy
import re
from typing import Any

from ledgers.own_forms.parts import tag

TEXT_FORMAT = "49"
_BUILT_IN_DAYS = frozenset({*range(14, 23), *range(27, 37), *range(50, 59)})
_NOT_CODES = re.compile(r'"[^"]*"|\[[^\]]*\]|\\.|_.')
_DAY_CODES = re.compile(r"[ymd]", re.IGNORECASE)


class Styles:
    """The cell formats of styles.xml; `changed` once one was added."""

    def __init__(self, tree: Any) -> None:
        self.tree = tree
        self.formats = tree.find(tag("cellXfs"))
        self.codes = {one.get("numFmtId"): one.get("formatCode", "") for one in tree.iter(tag("numFmt"))}
        self.texts: dict[int, int] = {}
        self.changed = False

    def format_of(self, style: int) -> str:
        formats = list(self.formats) if self.formats is not None else []
        return str(formats[style].get("numFmtId", "0")) if style < len(formats) else "0"

    def is_day(self, style: int) -> bool:
        number = self.format_of(style)
        if number in self.codes:
            return bool(_DAY_CODES.search(_NOT_CODES.sub("", self.codes[number])))
        return number.isdecimal() and int(number) in _BUILT_IN_DAYS

    def is_wrapped(self, style: int) -> bool:
        formats = list(self.formats) if self.formats is not None else []
        alignment = formats[style].find(tag("alignment")) if style < len(formats) else None
        return alignment is not None and alignment.get("wrapText") in ("1", "true")

    def as_text(self, style: int) -> int:
        """The same look for a text, so that nobody's click makes a number of an ID number."""
        if self.formats is None or style >= len(self.formats) or self.format_of(style) == TEXT_FORMAT:
            return style
        if style not in self.texts:
            look = copy.deepcopy(self.formats[style])
            look.set("numFmtId", TEXT_FORMAT)
            look.set("applyNumberFormat", "1")
            self.formats.append(look)
            self.formats.set("count", str(len(self.formats)))
            self.texts[style] = len(self.formats) - 1
            self.changed = True
        return self.texts[style]
