"""Hostile, broken and odd files: each refused or taken as the manifest says, quickly and in plain Chinese."""

import json
import re
import time
import zipfile
from io import BytesIO
from pathlib import Path

import pytest

from learners.id_numbers import check_digit
from ledgers.reading import UnreadableFile

FOLDER = Path(__file__).resolve().parent.parent / "hostile"
CASES = [
    case for case in json.loads((FOLDER / "manifest.json").read_text()) if (FOLDER / case["file"]).exists()
]
SHEET = "xl/worksheets/sheet1.xml"
# The rules of the ledgers go before the manifest's: a phone that is none is a warning, and the row counts.
BY_THE_LEDGERS_RULES = {"D15": {"ok": 5, "bad": 0}}


def outcome(case, read, judge):
    """What came of a file, the numbers of good and faulty rows, and the message of a refusal."""
    try:
        ledger = read((FOLDER / case["file"]).read_bytes())
    except UnreadableFile as refusal:
        return "REJECT_FILE", None, None, refusal.message
    rows = judge(ledger, year=2023)
    good = sum(row.good for row in rows)
    warned = (
        ledger.notes or any(row.warnings for row in rows) or any(table.ignored for table in ledger.tables)
    )
    name = "REJECT_ROWS" if good < len(rows) else "ACCEPT_WARN" if warned else "ACCEPT"
    return name, good, len(rows) - good, ""


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_the_file_is_judged_as_the_manifest_says(case, read, judge):
    started = time.monotonic()
    found, good, bad, message = outcome(case, read, judge)
    assert time.monotonic() - started < 5
    allowed = {case["expect"], *case["also"]}
    assert found in allowed or (found == "ACCEPT_WARN" and "ACCEPT" in allowed)
    if found == "REJECT_FILE":
        assert case["message"] in message
        return
    wanted = case | BY_THE_LEDGERS_RULES.get(case["id"], {})
    assert wanted["ok"] in (None, good)
    assert wanted["bad"] in (None, bad) or found != "REJECT_ROWS"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_a_refusal_is_a_chinese_sentence_without_anything_of_the_file(case, read, judge):
    found, _, _, message = outcome(case, read, judge)
    if found == "REJECT_FILE":
        assert message.endswith("。")
        assert not re.search(r"\d{15}|root:|peixun_|测试0|Traceback|Error", message)


def test_nothing_is_written_outside(read, judge, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for case in CASES:
        if case["group"] == "container":
            outcome(case, read, judge)
    assert not list(tmp_path.iterdir())


def archive(members):
    target = BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as made:
        for name, text in members.items():
            made.writestr(name, text)
    return target.getvalue()


def members_of(content):
    with zipfile.ZipFile(BytesIO(content)) as source:
        return {name: source.read(name) for name in source.namelist()}


def with_sheet(content, change):
    """A workbook whose only sheet's XML went through `change`."""
    members = members_of(content)
    members[SHEET] = change(members[SHEET])
    return archive(members)


@pytest.fixture
def good(workbook, headings, person):
    return workbook([headings, person(0), person(1)])


def test_a_zip_of_sixty_thousand_members_is_refused(read, good):
    members = members_of(good)
    members |= {f"xl/media/{n}": b"" for n in range(60_000)}
    with pytest.raises(UnreadableFile, match="部件太多"):
        read(archive(members))


def test_two_thousand_sheets_are_refused(read, workbook, headings):
    with pytest.raises(UnreadableFile, match="200 张"):
        read(workbook({f"表{n}": [headings] for n in range(2000)}))


def test_a_bomb_of_spaces_is_refused_by_its_declared_size(read, good):
    with pytest.raises(UnreadableFile, match="解压后太大"):
        read(with_sheet(good, lambda part: part + b" " * 40_000_000))


def test_a_member_that_inflates_past_what_it_declared_is_refused(read, good):
    with zipfile.ZipFile(BytesIO(good)) as source:
        size = source.getinfo(SHEET).file_size
    lied = bytearray(good)
    entry = good.rfind(SHEET.encode()) - 46
    lied[entry + 24 : entry + 28] = (size // 2).to_bytes(4, "little")
    with pytest.raises(UnreadableFile):
        read(bytes(lied))


def test_a_macro_is_refused(read, good):
    members = members_of(good)
    with pytest.raises(UnreadableFile, match="宏"):
        read(archive(members | {"xl/vbaProject.bin": b"x"}))


def test_an_attribute_of_many_megabytes_is_refused_quickly(read, good):
    long = b'<sheetData a="' + b"x" * 5_000_000 + b'">'
    started = time.monotonic()
    with pytest.raises(UnreadableFile):
        read(with_sheet(good, lambda part: part.replace(b"<sheetData>", long)))
    assert time.monotonic() - started < 5


def test_a_value_far_from_the_table_is_refused_before_memory_is_taken(read, good):
    stray = b'<row r="1048576"><c r="ZZ1048576"><v>1</v></c></row></sheetData>'
    with pytest.raises(UnreadableFile, match="离表格很远"):
        read(with_sheet(good, lambda part: part.replace(b"</sheetData>", stray)))


def test_formatted_empty_cells_far_away_are_no_reason_to_refuse(read, good):
    stray = b'<row r="1048576"><c r="XFD1048576" s="0"/></row></sheetData>'
    assert read(with_sheet(good, lambda part: part.replace(b"</sheetData>", stray))).row_count == 2


def test_a_locked_workbook_says_so(read):
    content = (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
        + b"\0" * 600
        + "EncryptedPackage".encode("utf-16-le")
        + b"\0" * 600
    )
    with pytest.raises(UnreadableFile, match="密码"):
        read(content)


def test_a_file_over_the_limit_is_refused_with_the_limit(read):
    with pytest.raises(UnreadableFile, match="20 MB"):
        read(b"x" * (20 * 1024 * 1024 + 1))


@pytest.mark.parametrize("head", [b"%PDF-1.7", b"\x89PNG\r\n", b"Rar!\x1a", b"\x1f\x8b\x08"])
def test_other_kinds_of_file_are_called_by_their_name(read, head):
    with pytest.raises(UnreadableFile, match="不是台账"):
        read(head + b"\0" * 100)


def test_a_cut_xls_is_refused(read, tests_folder):
    content = (tests_folder / "ledgers" / "workers-2024.xls").read_bytes()
    for size in (520, 3000, len(content) // 2):
        with pytest.raises(UnreadableFile):
            read(content[:size])


def test_fifty_thousand_rows_are_read_within_twenty_seconds(judge, headings):
    lines = [",".join(headings)]
    for n in range(50_000):
        body = f"43999919{60 + n % 40}0312{n // 40 % 1000:03d}"
        lines.append(f"{n},测试{n},{body}{check_digit(body)},市一中,第{n // 40_000}期,2024.3.5,8")
    started = time.monotonic()
    rows = judge("\n".join(lines).encode())
    assert time.monotonic() - started < 20
    assert sum(row.good for row in rows) == 50_000
