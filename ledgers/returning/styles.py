"""Cell styles that are a given one with something changed, added at the end of the workbook's list."""

from __future__ import annotations

import re

FAULT, WARNING = "FFFFD6D9", "FFFFF1CC"
_P = rb"(?:\w+:)?"
_WHITE = re.compile(
    rb"<" + _P + rb"color\b[^<>]*(?:rgb=[\"']FFFFFFFF[\"']|theme=[\"']0[\"']|indexed=[\"'](?:1|9)[\"'])"
)
_ALIGNED = b'<alignment vertical="center" wrapText="1"/>'
EMPTY = (
    b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
    b'<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
    b'<fonts count="1"><font><sz val="11"/><name val="Calibri"/></font></fonts>'
    b'<fills count="2"><fill><patternFill patternType="none"/></fill>'
    b'<fill><patternFill patternType="gray125"/></fill></fills>'
    b'<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
    b'<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
    b'<cellXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/></cellXfs>'
    b"</styleSheet>"
)


class Styles:
    """The style sheet of a workbook; a style is named by its index, as cells name it."""

    def __init__(self, xml: bytes) -> None:
        self._xml = xml
        self._xfs = children(xml, "cellXfs", "xf")
        self._fills = children(xml, "fills", "fill")
        self._fonts = children(xml, "fonts", "font")
        self._known = len(self._xfs)
        self._made: dict[tuple[int, str, bool], int] = {}
        found = re.search(rb"<(" + _P + rb")styleSheet\b", xml)
        prefix = found[1].removesuffix(b"styleSheet") if found else b""
        self._prefix = prefix
        self.ours = self._with_our_fills()

    def _with_our_fills(self) -> set[int]:
        """The styles that an earlier giving back has made, so that mended cells lose their colour."""
        fills = {
            at for at, fill in enumerate(self._fills) if FAULT.encode() in fill or WARNING.encode() in fill
        }
        return {at for at, xf in enumerate(self._xfs) if fills and int(value(xf, "fillId") or 0) in fills}

    def coloured(self, base: int, colour: str) -> int:
        """The style with a light fill; white letters become black ones."""
        return self._make(base, colour, words=False)

    def worded(self, base: int, colour: str = "") -> int:
        """The style for the sentences: text, wrapped, with the borders and the font of `base`."""
        return self._make(base, colour, words=True)

    def plain(self, base: int) -> int:
        """The style without its fill."""
        return self._make(base, "", words=False)

    def _make(self, base: int, colour: str, *, words: bool) -> int:
        key = (base, colour, words)
        if key not in self._made:
            xf = self._xfs[base] if base < len(self._xfs) else self._xfs[0]
            xf = with_value(with_value(xf, "fillId", str(self._fill(colour))), "applyFill", "1")
            if colour and self._is_white(xf):
                xf = with_value(xf, "fontId", "0")
            if words:
                xf = self._as_text(xf)
            self._xfs.append(xf)
            self._made[key] = len(self._xfs) - 1
        return self._made[key]

    def _fill(self, colour: str) -> int:
        if not colour:
            return 0
        fill = self._element(
            f'<fill><patternFill patternType="solid"><fgColor rgb="{colour}"/><bgColor indexed="64"/>'
            "</patternFill></fill>".encode()
        )
        if fill not in self._fills:
            self._fills.append(fill)
        return self._fills.index(fill)

    def _is_white(self, xf: bytes) -> bool:
        font = int(value(xf, "fontId") or 0)
        return font < len(self._fonts) and bool(_WHITE.search(self._fonts[font]))

    def _as_text(self, xf: bytes) -> bytes:
        tag = re.match(rb"<[^<>]*?/?>", xf)
        opening = (tag[0] if tag else xf).rstrip(b"/>").rstrip()
        for name, what in (("numFmtId", "49"), ("applyNumberFormat", "1"), ("applyAlignment", "1")):
            opening = with_value(opening + b">", name, what)[:-1]
        return opening + b">" + self._element(_ALIGNED) + b"</" + self._prefix + b"xf>"

    def _element(self, xml: bytes) -> bytes:
        return re.sub(rb"<(/?)(?=[A-Za-z])", rb"<\1" + self._prefix, xml)

    def xml(self) -> bytes:
        text = with_children(self._xml, "fills", self._fills)
        return with_children(text, "cellXfs", self._xfs)


def block(xml: bytes, name: str) -> re.Match[bytes] | None:
    tag = _P + name.encode()
    return re.search(rb"<" + tag + rb"\b[^<>]*>(.*?)</" + tag + rb"\s*>", xml, re.DOTALL)


def children(xml: bytes, parent: str, name: str) -> list[bytes]:
    found = block(xml, parent)
    tag = _P + name.encode()
    item = rb"<" + tag + rb"\b(?:[^<>]*/>|[^<>]*>.*?</" + tag + rb"\s*>)"
    return re.findall(item, found[1], re.DOTALL) if found else []


def with_children(xml: bytes, parent: str, items: list[bytes]) -> bytes:
    found = block(xml, parent)
    if found is None:
        return xml
    text = re.sub(rb"\scount=[\"']\d+[\"']", b"", found[0][: found.start(1) - found.start()], count=1)
    opening = text.rstrip(b">") + b' count="%d">' % len(items)
    closing = found[0][found.end(1) - found.start() :]
    return xml[: found.start()] + opening + b"".join(items) + closing + xml[found.end() :]


def value(tag: bytes, name: str) -> str:
    found = re.match(rb"<[^<>]*?\s" + name.encode() + rb"=[\"']([^\"']*)[\"']", tag)
    return found[1].decode() if found else ""


def with_value(tag: bytes, name: str, what: str) -> bytes:
    """The element with an attribute of its first tag set."""
    there = re.match(rb"(<[^<>]*?\s" + name.encode() + rb"=[\"'])[^\"']*", tag)
    if there:
        return there[1] + what.encode() + tag[there.end() :]
    opening = re.match(rb"<[^\s<>/]+", tag)
    at = opening.end() if opening else 0
    return tag[:at] + f' {name}="{what}"'.encode() + tag[at:]
