"""The gate before a zipped workbook: what it holds and how big it grows, before any of it is parsed."""

import struct
import zipfile
from collections.abc import Iterable
from io import BytesIO

from ledgers.reading.results import UnreadableFile

MOST_MEMBERS = 3000
MOST_INFLATED = 300 * 1024 * 1024
USUAL_RATIO = 25  # a million rows of a ledger are 100 MB, and 1.2 GB inflated
MOST_RATIO = 200
RATIO_COUNTS_FROM = 8 * 1024 * 1024

_XML_ENDINGS = (".xml", ".rels", ".vml")
_MACROS = ("vbaproject.bin", "xl/macrosheets/", "xl/dialogsheets/", "vbadata.xml")
_FOREIGN_HEADS = (b"PK\x03\x04", b"MZ", b"\x7fELF", b"Rar!", b"7z\xbc\xaf", b"#!")

DAMAGED = (
    "这个 Excel 文件不完整或已损坏，可能上传时中断了。请用 Excel 或 WPS 打开，另存为新的 .xlsx 文件再上传。"
)
_TOO_BIG = "这个文件解压后太大，不像正常的台账。请把有用的工作表复制到新建的 .xlsx 文件里再上传。"
_SUSPICIOUS = "这个文件的内部结构不正常，为安全起见没有读取。请把台账内容复制到新建的 .xlsx 文件里再上传。"
_LOCKED = "这个文件设了打开密码，无法读取。请去掉密码后另存为 .xlsx 文件再上传。"
_EMBEDDED = "这个文件里嵌有压缩包或程序，为安全起见没有读取。请删除嵌入的文件后另存为 .xlsx 再上传。"
_MACRO = "这个文件带有宏，为安全起见没有读取。请另存为不带宏的 .xlsx 文件再上传。"


def open_container(content: bytes) -> zipfile.ZipFile:
    """The zip, judged by its list of members only. Raises `UnreadableFile`."""
    _check_count(content)
    try:
        archive = zipfile.ZipFile(BytesIO(content))
    except (zipfile.BadZipFile, ValueError, OSError, struct.error, NotImplementedError, UnicodeError):
        raise UnreadableFile(DAMAGED) from None
    members = archive.infolist()
    _check_names(members)
    _check_kind({member.filename for member in members})
    _check_sizes(members, most=max(MOST_INFLATED, USUAL_RATIO * len(content)))
    _check_contents(archive, members)
    return archive


def _check_count(content: bytes) -> None:
    """Read the count from the end record, so that a list of a million names is never built."""
    end = content.rfind(b"PK\x05\x06", -66_000)
    if end < 0 or len(content) < end + 22:
        raise UnreadableFile(DAMAGED)
    if struct.unpack_from("<H", content, end + 10)[0] > MOST_MEMBERS:
        raise UnreadableFile(
            "这个文件里的部件太多，不像正常的台账。请把有用的工作表复制到新建的 .xlsx 文件里再上传。"
        )


def _check_names(members: Iterable[zipfile.ZipInfo]) -> None:
    seen: set[str] = set()
    for member in members:
        name = member.orig_filename
        climbs = ".." in name.split("/") or name.startswith("/")
        if not name or climbs or "\\" in name or ":" in name or "\0" in name or name.lower() in seen:
            raise UnreadableFile(_SUSPICIOUS)
        seen.add(name.lower())
        if member.flag_bits & 0x1:
            raise UnreadableFile(_LOCKED)
        if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise UnreadableFile(_SUSPICIOUS)


def _check_kind(names: set[str]) -> None:
    lowered = {name.lower() for name in names}
    if "word/document.xml" in lowered or any(name.startswith("ppt/") for name in lowered):
        raise UnreadableFile(
            "这是 Word 或 PPT 文件，不是 Excel 台账。请把表格复制到 Excel 里，另存为 .xlsx 再上传。"
        )
    if "xl/workbook.bin" in lowered:
        raise UnreadableFile("这是 .xlsb 格式的文件，无法读取。请用 Excel 打开后另存为 .xlsx 再上传。")
    if "mimetype" in lowered or "content.xml" in lowered:
        raise UnreadableFile("这是 .ods（开放文档）格式的文件，无法读取。请打开后另存为 .xlsx 再上传。")
    if "[content_types].xml" not in lowered or not any(name.endswith(".rels") for name in lowered):
        raise UnreadableFile("这是一个压缩包，不是 Excel 台账。请解压后上传里面的 .xlsx 文件。")
    if any(word in name for name in lowered for word in _MACROS):
        raise UnreadableFile(_MACRO)


def _check_sizes(members: Iterable[zipfile.ZipInfo], *, most: int) -> None:
    total = 0
    for member in members:
        total += member.file_size
        steep = member.file_size > MOST_RATIO * max(member.compress_size, 1)
        if total > most or (steep and member.file_size > RATIO_COUNTS_FROM):
            raise UnreadableFile(_TOO_BIG)


def _check_contents(archive: zipfile.ZipFile, members: Iterable[zipfile.ZipInfo]) -> None:
    """A file within the file may be anything; a picture or printer setting is none of these."""
    for member in members:
        if member.filename.lower().endswith(_XML_ENDINGS) or member.is_dir():
            continue
        try:
            with archive.open(member) as part:
                head = part.read(4)
        except (zipfile.BadZipFile, OSError, EOFError, ValueError, NotImplementedError):
            raise UnreadableFile(DAMAGED) from None
        if head.startswith(_FOREIGN_HEADS):
            raise UnreadableFile(_EMBEDDED)


def xml_members(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    return [member for member in archive.infolist() if member.filename.lower().endswith(_XML_ENDINGS)]
