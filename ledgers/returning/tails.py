"""What stands around the rows of a sheet: widths of columns, merges, the drawing of the comments."""

from __future__ import annotations

import re

from ledgers.returning.grid import Part, Span, reference
from ledgers.returning.package import OFFICE
from ledgers.returning.styles import value, with_value

_P = rb"(?:\w+:)?"
# The elements of a sheet that may follow its merges, and those that may follow its comments' drawing.
_AFTER_MERGES = (
    rb"phoneticPr|conditionalFormatting|dataValidations|hyperlinks|printOptions|pageMargins|pageSetup|"
    rb"headerFooter|rowBreaks|colBreaks|customProperties|cellWatches|ignoredErrors|smartTags|drawing|"
    rb"legacyDrawing"
)
_AFTER_COMMENTS = (
    rb"legacyDrawingHF|drawingHF|picture|oleObjects|controls|webPublishItems|tableParts|extLst|"
    rb"AlternateContent"
)
_COLUMNS = re.compile(rb"<" + _P + rb"cols\b[^<>]*>(.*?)</" + _P + rb"cols\s*>", re.DOTALL)
_COLUMN = re.compile(rb"<" + _P + rb"col\b[^<>]*/>")
_MERGES = re.compile(rb"<" + _P + rb"mergeCells\b[^<>]*>(.*?)</" + _P + rb"mergeCells\s*>", re.DOTALL)
_DIMENSION = re.compile(rb"<" + _P + rb"dimension\b[^<>]*/>")


def add_column_width(part: Part, column: int, width: int) -> None:
    """Makes one column `width` characters wide; a group of columns that it is one of is divided."""
    own = part.element(b'<col min="%d" max="%d" width="%d" customWidth="1"/>' % (column, column, width))
    part.head = _DIMENSION.sub(b"", part.head, count=1)  # it would leave the new column out; it is optional
    found = _COLUMNS.search(part.head)
    if found is None:
        at = part.head.rindex(b"<" + part.prefix + b"sheetData")
        part.head = part.head[:at] + part.element(b"<cols>") + own + part.element(b"</cols>") + part.head[at:]
        return
    columns = sorted(
        [own, *around(_COLUMN.findall(found[1]), column)], key=lambda one: int(value(one, "min"))
    )
    part.head = part.head[: found.start(1)] + b"".join(columns) + part.head[found.end(1) :]


def around(columns: list[bytes], column: int) -> list[bytes]:
    """The groups of columns without that one."""
    kept: list[bytes] = []
    for group in columns:
        first, last = int(value(group, "min") or 0), int(value(group, "max") or 0)
        if not first <= column <= last:
            kept.append(group)
            continue
        if first < column:
            kept.append(with_value(group, "max", str(column - 1)))
        if column < last:
            kept.append(with_value(group, "min", str(column + 1)))
    return kept


def add_merges(part: Part, spans: list[Span]) -> None:
    if not spans:
        return
    new = b"".join(
        part.element(f'<mergeCell ref="{reference(top, left)}:{reference(bottom, right)}"/>'.encode())
        for top, left, bottom, right in spans
    )
    found = _MERGES.search(part.tail)
    if found:
        opening = re.sub(rb"\scount=[\"']\d+[\"']", b"", part.tail[found.start() : found.start(1)])
        part.tail = part.tail[: found.start()] + opening + found[1] + new + part.tail[found.end(1) :]
    else:
        whole = part.element(b"<mergeCells>") + new + part.element(b"</mergeCells>")
        insert(part, whole, before=_AFTER_MERGES + rb"|" + _AFTER_COMMENTS)


def add_to_tail(part: Part, drawing: str) -> None:
    """Names the comments' drawing; "" where there is none to be named."""
    if drawing:
        attribute = f'<legacyDrawing xmlns:r="{OFFICE}" r:id="{drawing}"/>'.encode()
        insert(part, part.element(attribute), before=_AFTER_COMMENTS)


def insert(part: Part, xml: bytes, *, before: bytes) -> None:
    """Puts an element before the first of some others, or at the end of the sheet."""
    found = re.search(rb"<" + _P + rb"(?:" + before + rb")\b|</" + _P + rb"worksheet\s*>", part.tail)
    at = found.start() if found else len(part.tail)
    part.tail = part.tail[:at] + xml + part.tail[at:]
