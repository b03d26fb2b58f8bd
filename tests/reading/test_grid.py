"""Rows that are kept packed."""

import datetime

from ledgers.reading import grid
from ledgers.reading.grid import PackedRows
from ledgers.reading.workbook import read_workbook

ROWS = [[f"第{n}行", float(n), None, True, datetime.date(2024, 1, 1 + n % 28)] for n in range(5000)]


def test_packed_rows_are_the_rows():
    packed = PackedRows(iter(ROWS))
    assert len(packed) == 5000
    assert list(packed) == ROWS
    assert packed[0] == ROWS[0]
    assert packed[4999] == ROWS[4999]
    assert packed[1020:1030] == ROWS[1020:1030]
    assert packed[3:1] == []


def test_looking_back_a_few_rows_is_right_across_blocks():
    packed = PackedRows(ROWS)
    for at in (1024, 1023, 2048, 2047, 0, 4096, 1):
        assert packed[at] == ROWS[at]


def test_a_large_sheet_is_read_as_a_small_one(workbook, person, headings, judge, read, monkeypatch):
    content = workbook([headings, *(person(at) for at in range(4))], merges=["E2:E5"])
    small = judge(content)
    monkeypatch.setattr("ledgers.reading.workbook.PACKED_FROM", 2)
    (sheet,), _notes = read_workbook(content)
    assert isinstance(sheet.rows, PackedRows)
    assert judge(content) == small
    assert grid.PACKED_FROM > 2


def test_a_large_text_is_read_as_a_small_one(judge, headings, monkeypatch):
    lines = [
        headings,
        ["1", "测试甲", "439999197503120014", "市一中", "第1期", "2024.3.5-3.7", "24"],
        ["2", "测试乙"],
    ]
    content = "\n".join(",".join(line) for line in lines).encode()
    small = judge(content)
    monkeypatch.setattr("ledgers.reading.text.PACKED_FROM", 2)
    assert judge(content) == small
    assert [row.code for row in small] == ["", "id_number_missing"]
