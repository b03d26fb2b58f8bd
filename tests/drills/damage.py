"""Copies of a ledger that are damaged by chance, the same for the same seed."""

import random
import re
import string
import zipfile
from io import BytesIO

LETTERS = (
    "一丁龘𠮷㐀·•ÅéßΩжשאَب१\u200b\u202e\ufeff\u2028\xa0￥①½…‘“’”、，；：（）()[]'=+-@&<>%{}\\/0123456789."
    + string.ascii_letters
)
SEPARATORS = ",,,,\t;|，"
# What may stand in a cell, an attribute or a reference.
USUAL = """
    0 -1 1 65536 1e308 1e999 NaN INF 0x10 ٣ 二 0.5 -8 45356 13800000000.0 true 3天 半天 合计 姓名 参加人数
    2024.3.5-3.7 2024年 12024-03-05 9999-12-31 1899-12-31 2024-02-30T25:61:00 439999198601221825 #REF!
    A1 A0 XFD1048576 A1:XFD1048576 ZZZZ9 1A B3:A1 rId1 rId99 ../x e s b d str inlineStr veryHidden
"""
VALUES = (*USUAL.split(), "", " ", "甲\n乙", "甲\t乙", "甲\u2028乙", "9" * 400, "x" * 70_000)
FORBIDDEN = (
    "\x00",
    "甲\x07乙",
    "甲\ufffe",
    "&#0;",
    "&#xD800;",
    "&lol;",
    "]]>",
    "<!--",
    "<![CDATA[",
    '"',
    '甲"乙',
)
TYPES = ("", ' t="n"', ' t="s"', ' t="str"', ' t="b"', ' t="e"', ' t="d"', ' s="1"', ' s="99"')
SHEET = "xl/worksheets/sheet1.xml"

_TAG = re.compile(r"<[^<>]*>")
_VALUE = re.compile(r'(?<==")[^"]*(?=")')
_TEXT = re.compile(r"(?<=>)[^<>]+(?=<)")
_FILLED_CELL = re.compile(r'<c r="([A-Z]+\d+)"[^<>]*>(?:(?!</c>).)*</c>', re.DOTALL)
_MAIN_PART = re.compile(r"sheet1\.xml|sharedStrings|workbook\.xml|styles|Content_Types")


def words(chance, longest=12):
    return "".join(chance.choices(LETTERS, k=chance.randrange(longest)))


def value(chance):
    kind = chance.random()
    if kind < 0.05:
        return chance.choice(FORBIDDEN)
    return chance.choice(VALUES) if kind < 0.6 else words(chance, 200 if kind > 0.95 else 12)


def damaged_bytes(chance, content):
    """Some bytes of the file are others, gone, doubled, or new; the end may be missing."""
    for _ in range(chance.choice((1, 1, 2, 5, 40))):
        at = chance.randrange(len(content) + 1)
        part = content[at : at + chance.choice((1, 2, 4, 16, 500, 5000))]
        new = chance.choice(
            (
                bytes(byte ^ 1 << chance.randrange(8) for byte in part),
                b"",
                part * 2,
                part + chance.randbytes(len(part)),
                bytes(len(part)),
            )
        )
        content = content[:at] + new + content[at + len(part) :]
    return content[: chance.randrange(len(content) + 1)] if chance.random() < 0.15 else content


# --- Workbooks


def members_of(content):
    with zipfile.ZipFile(BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def zipped(members):
    """A sound zip, of the same bytes at any time."""
    target = BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)
    return target.getvalue()


def damaged_workbook(seed, content):
    chance = random.Random(seed)
    if chance.random() < 0.15:
        return damaged_bytes(chance, content)
    members = members_of(content)
    damage = chance.choices((swapped, with_other_text, with_other_cells), (1, 4, 8))[0]
    damage(chance, members)
    return zipped(members)


def swapped(chance, members):
    """One part is another, gone, misnamed or cut."""
    name, other = chance.choice(list(members)), chance.choice(list(members))
    how = chance.randrange(4)
    if how == 0:
        members[name], members[other] = members[other], members[name]
    elif how == 1:
        del members[name]
    elif how == 2:
        members[chance.choice((name.upper(), f"{name}.bak", f"x/{name}", words(chance)))] = members.pop(name)
    else:
        members[name] = chance.choice((b"", b"<x/>", members[name][: len(members[name]) // 2]))


def with_other_text(chance, members):
    """Other tags, attributes, numbers and texts in the XML of a part, most often of the first rows."""
    main = [name for name in members if _MAIN_PART.search(name)]
    name = chance.choice(main) if chance.random() < 0.8 else chance.choice(list(members))
    text = members[name].decode()
    for _ in range(chance.choice((1, 1, 2, 4))):
        pattern = chance.choice((_TAG, _VALUE, _VALUE, _TEXT))
        places = list(pattern.finditer(text, 0, chance.choice((3000, 20_000, len(text)))))
        if not places:
            continue
        place, other = chance.choice(places)[0], chance.choice(places)[0]
        at = text.index(place)
        tags = (other, place * 2, "", place[:-1], place * 500)
        new = chance.choice(tags if pattern is _TAG else (value(chance), other))
        text = text[:at] + new + text[at + len(place) :]
    members[name] = text.encode()


def with_other_cells(chance, members):
    """Other values of any type in cells that are filled, and the XML as sound as a value allows."""
    text = members[SHEET].decode()
    cells = list(_FILLED_CELL.finditer(text))
    some = chance.sample(cells, chance.choice((1, 2, 5, 30)))
    for cell in sorted(some, key=lambda one: -one.start()):
        new = value(chance)
        if new not in FORBIDDEN:
            new = "".join(f"&#{ord(char)};" if char in "&<>" else char for char in new)
        kind, inner = chance.choice(TYPES), f"<v>{new}</v>"
        if chance.random() < 0.6:
            kind, inner = ' t="inlineStr"', f'<is><t xml:space="preserve">{new}</t></is>'
        elif chance.random() < 0.2:
            inner = f"<f>{new}</f>{inner}"
        text = text[: cell.start()] + f'<c r="{cell[1]}"{kind}>{inner}</c>' + text[cell.end() :]
    members[SHEET] = text.encode()


# --- Texts


def damaged_text(seed, content):
    """A text table with other cells, order, separators, quotes or encoding; some with damaged bytes."""
    chance = random.Random(seed)
    lines = [line.split(",") for line in content.decode().splitlines()]
    for _ in range(chance.choice((0, 1, 3, 20))):
        line = chance.choice(lines)
        at = chance.randrange(len(line))
        new = value(chance)
        line[at] = chance.choice((new, f'"{new}"', line[at] * 2))
    if chance.random() < 0.1:
        chance.shuffle(lines)
    separator = chance.choice(SEPARATORS)
    text = chance.choice(("\n", "\r\n", "\r")).join(separator.join(line) for line in lines)
    damaged = text.encode(
        chance.choice(("utf-8", "utf-8", "utf-8-sig", "gb18030", "utf-16", "big5")), "ignore"
    )
    return damaged_bytes(chance, damaged) if chance.random() < 0.2 else damaged
