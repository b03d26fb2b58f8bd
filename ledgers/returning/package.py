"""The parts of a workbook: read, changed, and put together again; what is not changed stays as it was."""

from __future__ import annotations

import html
import posixpath
import re
import zipfile
from dataclasses import dataclass
from io import BytesIO
from xml.sax.saxutils import quoteattr

from ledgers.reading.container import DAMAGED, open_container
from ledgers.reading.results import UnreadableFile

OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
TYPES = "[Content_Types].xml"
_SHEET = re.compile(r"<(?:\w+:)?sheet\b([^<>]*)>")
_RELATION = re.compile(r"<(?:\w+:)?Relationship\b([^<>]*)>")
_ATTRIBUTE = re.compile(r"([\w:]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)')")


@dataclass(frozen=True, slots=True)
class Relation:
    """`target` is a part's name from the root of the package."""

    id: str
    kind: str
    target: str


def attributes(text: str) -> dict[str, str]:
    """The attributes of a tag by their local names."""
    found = _ATTRIBUTE.findall(text)
    return {name.rpartition(":")[2]: html.unescape(double or single) for name, double, single in found}


class Package:
    """A zipped workbook that has passed the gate. Raises `UnreadableFile`."""

    def __init__(self, content: bytes) -> None:
        self._archive = open_container(content)
        self._names = {member.filename for member in self._archive.infolist()}
        self._changed: dict[str, bytes] = {}

    def __contains__(self, name: str) -> bool:
        return name in self._names or name in self._changed

    def read(self, name: str) -> bytes:
        if name in self._changed:
            return self._changed[name]
        if name not in self._names:
            raise UnreadableFile(DAMAGED)
        return self._archive.read(name)

    def write(self, name: str, data: bytes) -> None:
        self._changed[name] = data

    def free_name(self, pattern: str) -> str:
        """The first of `pattern` with a number that no part has."""
        taken = {name.lower() for name in (*self._names, *self._changed)}
        number = 1
        while pattern.format(number).lower() in taken:
            number += 1
        return pattern.format(number)

    def relations(self, part: str) -> list[Relation]:
        name = relations_of(part)
        if name not in self:
            return []
        found = [attributes(one) for one in _RELATION.findall(self.read(name).decode("utf-8-sig"))]
        folder = posixpath.dirname(part)
        return [
            Relation(
                one.get("Id", ""),
                one.get("Type", "").rpartition("/")[2],
                posixpath.normpath(posixpath.join("/", folder, one.get("Target", "")))[1:],
            )
            for one in found
        ]

    def related(self, part: str, kind: str) -> Relation | None:
        return next((one for one in self.relations(part) if one.kind == kind), None)

    def relate(self, part: str, kind: str, target: str) -> str:
        """Adds a relation and gives its id."""
        known = {one.id for one in self.relations(part)}
        number = 1
        while f"rId{number}" in known:
            number += 1
        name = relations_of(part)
        text = (
            self.read(name)
            if name in self
            else f'<Relationships xmlns="{RELATIONS}"></Relationships>'.encode()
        )
        line = f'<Relationship Id="rId{number}" Type="{OFFICE}/{kind}" Target="/{target}"/>'
        self.write(name, before_end(text, "Relationships", line.encode()))
        return f"rId{number}"

    def declare(self, part: str, kind: str) -> None:
        """Says of what type a part is."""
        line = f'<Override PartName="/{part}" ContentType={quoteattr(kind)}/>'
        self.write(TYPES, before_end(self.read(TYPES), "Types", line.encode()))

    def declare_ending(self, ending: str, kind: str) -> None:
        text = self.read(TYPES)
        if re.search(
            rb"<(?:\w+:)?Default\b[^<>]*\sExtension=[\"']" + ending.encode() + rb"[\"']", text, re.IGNORECASE
        ):
            return
        line = f'<Default Extension="{ending}" ContentType={quoteattr(kind)}/>'
        cut = re.search(rb"<(?:\w+:)?Types\b[^<>]*>", text)
        at = cut.end() if cut else 0
        self.write(TYPES, text[:at] + line.encode() + text[at:])

    def book(self) -> str:
        """The name of the workbook's own part."""
        found = self.related("", "officeDocument")
        if found is None:
            raise UnreadableFile(DAMAGED)
        return found.target

    def sheets(self) -> dict[str, str]:
        """Sheet name → part, of all sheets, hidden ones too."""
        book = self.book()
        targets = {one.id: one.target for one in self.relations(book)}
        listed = [attributes(one) for one in _SHEET.findall(self.read(book).decode("utf-8-sig"))]
        return {one.get("name", ""): targets.get(one.get("id", ""), "") for one in listed}

    def save(self) -> bytes:
        file = BytesIO()
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=4) as archive:
            for member in self._archive.infolist():
                data = self._changed.get(member.filename)
                archive.writestr(member.filename, self._archive.read(member) if data is None else data)
            for name, data in self._changed.items():
                if name not in self._names:
                    archive.writestr(name, data)
        return file.getvalue()


def relations_of(part: str) -> str:
    folder, name = posixpath.split(part)
    return posixpath.join(folder, "_rels", f"{name}.rels")


def before_end(text: bytes, root: str, addition: bytes) -> bytes:
    """`addition` before the end of the root element; one that is written `<root/>` is opened for it.

    The addition bears the prefix of the root, where that has one.
    """
    closing = re.search(rb"</((?:\w+:)?)" + root.encode() + rb"\s*>\s*$", text)
    if closing:
        return text[: closing.start()] + prefixed(addition, closing[1]) + text[closing.start() :]
    empty = re.search(rb"<((?:\w+:)?)" + root.encode() + rb"\b([^<>]*)/>\s*$", text)
    if empty is None:
        raise UnreadableFile(DAMAGED)
    name = empty[1] + root.encode()
    opened = b"<" + name + empty[2] + b">" + prefixed(addition, empty[1]) + b"</" + name + b">"
    return text[: empty.start()] + opened


def prefixed(xml: bytes, prefix: bytes) -> bytes:
    """Our own elements under the prefix that a part gives to its namespace."""
    return re.sub(rb"<(/?)(?=[A-Za-z])", rb"<\1" + prefix, xml) if prefix else xml
