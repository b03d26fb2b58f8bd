"""Streams the XML parts of a workbook: checks them and notes what the value reader leaves out."""

import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from ledgers.reading.cells import UNCALCULATED
from ledgers.reading.container import DAMAGED
from ledgers.reading.results import UnreadableFile

CHUNK = 512 * 1024
LONGEST_TOKEN = 256 * 1024
LONGEST_ROW = 4 * 1024 * 1024
MOST_ROWS = 1_048_576
MOST_COLUMNS = 702
MOST_CELLS = 6_000_000
SPARSEST = 4  # places in the rectangle for one cell

_CONTROLS = bytes(b for b in range(32) if b not in (9, 10, 13))
_DECLARATION = re.compile(rb"<!(?!--|\[CDATA\[)")
_CHARACTER = re.compile(rb"&#(?:x([0-9A-Fa-f]{1,8})|([0-9]{1,9}));")
_ENCODING = re.compile(rb"<\?xml[^<>]*encoding\s*=\s*[\"']([^\"']+)", re.IGNORECASE)
_TAG = re.compile(rb"<(?:\w+:)?(\w+)")

_PREFIX = rb"(?:[A-Za-z]\w*:)?"
_ROW = re.compile(rb"<" + _PREFIX + rb"row\b([^<>]*)>")
_ROW_NUMBER = re.compile(rb"\sr\s*=\s*[\"']([^\"']*)")
_HIDDEN = re.compile(rb"\shidden\s*=\s*[\"'](?:1|true)[\"']")
_USUAL_ADDRESS = re.compile(rb'<c r="([^"<>]*)"[^<>]*(?<!/)>')
_ADDRESS = re.compile(rb"<" + _PREFIX + rb"c\b[^<>]*?\sr\s*=\s*[\"']([^\"']*)[\"'][^<>]*(?<!/)>")
_ERROR = re.compile(
    rb"<" + _PREFIX + rb"c\b([^<>]*\st=[\"']e[\"'][^<>]*)>(?:(?!</?" + _PREFIX + rb"(?:c|row)\b).)*?"
    rb"<" + _PREFIX + rb"v>([^<]*)<",
    re.DOTALL,
)
_NO_RESULT = re.compile(
    rb"<" + _PREFIX + rb"c\b([^<>]*)(?<!/)>\s*<" + _PREFIX + rb"f\b(?:[^<>]*/>|[^<>]*>[^<]*</[^<>]*>)\s*"
    rb"(?:<" + _PREFIX + rb"v\s*/>|<" + _PREFIX + rb"v>\s*</[^<>]*>)?\s*</" + _PREFIX + rb"c>"
)
_CELL_NUMBER = re.compile(rb"\sr\s*=\s*[\"']([A-Z]+)([0-9]+)[\"']")
_LETTERS = bytes(range(65, 91))
_DIGITS = bytes(range(48, 58))

_FORBIDDEN = (
    "这个文件里有不合规范的内容（外部实体、控制字符或过长的标记），为安全起见没有读取。"
    "请把台账内容复制到新建的 .xlsx 文件里再上传。"
)
_OTHER_ENCODING = "这个文件内部的文字编码不常见，无法可靠读取。请用 Excel 或 WPS 打开后另存为 .xlsx 再上传。"
_BAD_ADDRESS = "这个文件里的行号或列号超出了 Excel 的范围，文件可能已损坏。请打开后另存为新的 .xlsx 再上传。"
_TOO_WIDE = f"这个文件有工作表超过 {MOST_COLUMNS} 列，不像正常的台账。请删去多余的列后另存为 .xlsx 再上传。"
_TOO_SPARSE = "这个文件在离表格很远的地方还有内容，读取会占用太多内存。请删去表格以外的行和列，另存后再上传。"


def inflate(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Iterator[bytes]:
    """The bytes of a member by chunks; never more than the list of members promised."""
    size = 0
    try:
        with archive.open(member) as part:
            while chunk := part.read(CHUNK):
                size += len(chunk)
                if size > member.file_size:
                    raise UnreadableFile(DAMAGED)
                yield chunk
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError, NotImplementedError, RuntimeError):
        raise UnreadableFile(DAMAGED) from None


def stream(
    archive: zipfile.ZipFile, member: zipfile.ZipInfo, *, visit: Callable[[bytes], None] | None = None
) -> None:
    """Check one XML part; `visit` gets pieces that end with a whole row or, outside rows, a whole tag."""
    rest, root, last = b"", b"", b""
    for chunk in inflate(archive, member):
        buffer = rest + chunk
        if not root:
            root = _check_start(buffer)
        cut = _whole(buffer, rows=visit is not None)
        piece, rest = buffer[:cut], buffer[cut:]
        _check_piece(piece)
        if len(rest) - rest.rfind(b">") > LONGEST_TOKEN:
            raise UnreadableFile(_FORBIDDEN)
        if visit and piece:
            visit(piece)
        last = piece[-200:] or last
    _check_piece(rest)
    if visit and rest:
        visit(rest)
    _check_end((last + rest)[-200:], root=root, member=member)


def _whole(buffer: bytes, *, rows: bool) -> int:
    """How much of the buffer is whole rows or, where there are none, whole tags."""
    end = buffer.rfind(b"row>") if rows else -1
    if end >= 0:
        return end + 4
    within_a_row = rows and b"row" in buffer and len(buffer) < LONGEST_ROW
    return 0 if within_a_row else buffer.rfind(b">") + 1


def _check_start(start: bytes) -> bytes:
    """The name of the root element, of a part in UTF-8."""
    if start.startswith((b"\xff\xfe", b"\xfe\xff", b"<\0", b"\0<")):
        raise UnreadableFile(_OTHER_ENCODING)
    declared = _ENCODING.match(start.removeprefix(b"\xef\xbb\xbf").lstrip())
    if declared and declared[1].lower() not in (b"utf-8", b"utf8", b"us-ascii"):
        raise UnreadableFile(_OTHER_ENCODING)
    found = _TAG.search(start)
    return found[1] if found else b"?"


def _check_piece(piece: bytes) -> None:
    if b"<!" in piece and _DECLARATION.search(piece):
        raise UnreadableFile(_FORBIDDEN)
    if len(piece.translate(None, _CONTROLS)) != len(piece):
        raise UnreadableFile(_FORBIDDEN)
    if b"&#" in piece and not all(map(_is_character, _CHARACTER.finditer(piece))):
        raise UnreadableFile(_FORBIDDEN)
    try:
        piece.decode()
    except UnicodeDecodeError:
        raise UnreadableFile(_FORBIDDEN) from None


def _is_character(reference: re.Match[bytes]) -> bool:
    code = int(reference[1], 16) if reference[1] else int(reference[2])
    return code in (9, 10, 13) or 0x20 <= code <= 0xD7FF or 0xE000 <= code <= 0x10FFFF


def _check_end(end: bytes, *, root: bytes, member: zipfile.ZipInfo) -> None:
    """A part that was cut off does not end with its root's end tag."""
    if member.filename.lower().endswith(".vml"):
        return
    if not re.search(rb"(?:</(?:\w+:)?" + re.escape(root) + rb"\s*|/)>\s*(?:<!--.*-->\s*)?$", end, re.DOTALL):
        raise UnreadableFile(DAMAGED)


@dataclass(slots=True)
class SheetScan:
    """What the value reader does not tell of one sheet; row and column numbers from 1."""

    hidden_rows: set[int] = field(default_factory=set)
    errors: dict[tuple[int, int], str] = field(default_factory=dict)
    cells: int = 0
    last_row: int = 0
    last_column: int = 0
    _row: int = 0

    def visit(self, piece: bytes) -> None:
        self._scan_rows(piece)
        self._scan_addresses(piece)
        if b"<f" in piece or b":f" in piece or b't="e"' in piece or b"t='e'" in piece:
            self._scan_errors(piece)

    def errors_by_row(self) -> dict[int, dict[int, str]]:
        found: dict[int, dict[int, str]] = {}
        for (row, column), text in self.errors.items():
            found.setdefault(row, {})[column] = text
        return found

    def _scan_rows(self, piece: bytes) -> None:
        if b"hidden" not in piece and self._numbered(piece):
            return
        for match in _ROW.finditer(piece):
            attributes = match[1]
            number = _ROW_NUMBER.search(attributes)
            self._row = _row_number(number[1]) if number else self._row + 1
            if b"hidden" in attributes and _HIDDEN.search(attributes):
                self.hidden_rows.add(self._row)

    def _numbered(self, piece: bytes) -> bool:
        """The usual piece: every row has a number and none is hidden. Checks the numbers."""
        attributes = _ROW.findall(piece)
        numbers = _ROW_NUMBER.findall(b"\n".join(attributes))
        if len(numbers) != len(attributes):
            return False
        for number in numbers:
            self._row = _row_number(number)
        return True

    def _scan_addresses(self, piece: bytes) -> None:
        """Where there are values; the value reader makes a full rectangle up to the farthest."""
        usual = piece.count(b"<c ") + piece.count(b":c ") == piece.count(b'<c r="')
        found = b",".join((_USUAL_ADDRESS if usual else _ADDRESS).findall(piece))
        if not found:
            return
        self.cells += found.count(b",") + 1
        for row in set(found.translate(None, _LETTERS).split(b",")):
            self.last_row = max(self.last_row, _row_number(row))
        for letters in set(found.translate(None, _DIGITS).split(b",")):
            self.last_column = max(self.last_column, column_number(letters))
        if self.last_column > MOST_COLUMNS:
            raise UnreadableFile(_TOO_WIDE)

    def demand_dense(self) -> None:
        """The value reader takes as much memory for an empty place as for a cell."""
        if self.last_row * self.last_column > max(MOST_CELLS, SPARSEST * self.cells):
            raise UnreadableFile(_TOO_SPARSE)

    def _scan_errors(self, piece: bytes) -> None:
        for match in _ERROR.finditer(piece):
            self._note(match[1], match[2].decode().strip() or UNCALCULATED)
        for match in _NO_RESULT.finditer(piece):
            if not re.search(rb"\st=[\"']str[\"']", match[1]):
                self._note(match[1], UNCALCULATED)

    def _note(self, attributes: bytes, text: str) -> None:
        address = _CELL_NUMBER.search(attributes)
        if not address:
            raise UnreadableFile(_BAD_ADDRESS)
        self.errors[int(address[2]), column_number(address[1])] = text


def _row_number(text: bytes) -> int:
    if not text.isdigit() or len(text) > 7 or not 1 <= int(text) <= MOST_ROWS:
        raise UnreadableFile(_BAD_ADDRESS)
    return int(text)


def column_number(letters: bytes) -> int:
    """A is 1, XFD is 16,384; anything else is refused."""
    number = 0
    if not letters.isalpha() or not letters.isupper() or len(letters) > 3:
        raise UnreadableFile(_BAD_ADDRESS)
    for letter in letters:
        number = number * 26 + letter - 64
    return number
