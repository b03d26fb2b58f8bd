"""The bureau's workbook with the notes in it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

from ledgers.returning.alone import alone
from ledgers.returning.marking import mark_sheet
from ledgers.returning.orders import Note, Order, Place
from ledgers.returning.package import Package
from ledgers.returning.rebuilt import TEXT_SHEET, rebuilt_legacy, rebuilt_text
from ledgers.returning.styles import EMPTY, Styles

OLE = (b"\xd0\xcf\x11\xe0", b"\x09\x08", b"\x09\x04", b"\x09\x02", b"\x09\x00\x04\x00")
STYLES_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml"


def give_back(content: bytes, order: Order) -> bytes:
    """An .xlsx of the file as it came, with what `order` says written into it. Raises `UnreadableFile`."""
    if content.startswith(OLE):
        content = rebuilt_legacy(content)
    elif not content.startswith(b"PK"):
        content, order = rebuilt_text(content), on_sheet(order, TEXT_SHEET)
    if order.alone:
        content, order = alone(content, order)
    return marked(content, order)


def on_sheet(order: Order, sheet: str) -> Order:
    """A text file has no sheets; its workbook has one."""
    return replace(
        order,
        places=[replace(place, sheet=sheet) for place in order.places],
        notes=[replace(note, sheet=sheet) for note in order.notes],
    )


def marked(content: bytes, order: Order) -> bytes:
    package = Package(content)
    styles_part = ensure_styles(package)
    styles = Styles(package.read(styles_part))
    notes: dict[str, list[Note]] = defaultdict(list)
    places: dict[str, list[Place]] = defaultdict(list)
    for note in order.notes:
        notes[note.sheet].append(note)
    for place in order.places:
        places[place.sheet].append(place)
    for name, part in package.sheets().items():
        if places[name] and part in package:
            mark_sheet(package, part, places[name], notes[name], styles=styles)
    package.write(styles_part, styles.xml())
    return package.save()


def ensure_styles(package: Package) -> str:
    """The part of the styles, which some programs leave out."""
    found = package.related(package.book(), "styles")
    if found and found.target in package:
        return found.target
    name = "xl/styles.xml"
    package.write(name, EMPTY)
    package.declare(name, STYLES_TYPE)
    package.relate(package.book(), "styles", name)
    return name
