"""The table of an import's rows: which cell is at fault, and which columns are shown."""

import pytest

from ledgers.importing.rows import Shown
from ledgers.models import LedgerImport, LedgerRow
from ledgers.views.preview import lay_out

COLUMNS = [
    ["姓名", "姓名"],
    ["身份证号码", "身份证号"],
    ["培训时间 开班日期", "开班日期"],
    ["学时 线下", "线下学时"],
]
VALUES = {"name": "李秀英", "id_number": "439***********1070", "dates": "2024-03-05", "hours": "24"}


def batch_of(columns=COLUMNS, *, lecture=False):
    table = {"sheet": "湘潭县", "columns": columns, "lecture": lecture}
    return LedgerImport(understood={"tables": [table]})


def laid_out(column, *, code="", batch=None, values=VALUES, state=LedgerRow.State.FAULTY):
    row = LedgerRow(sheet="湘潭县", number=14, state=state, code=code, column=column)
    headings = lay_out(batch or batch_of(), [row], {row.pk: Shown(values, [])})
    return row, [cell.key for cell in headings]


@pytest.mark.parametrize(
    ("column", "key"),
    [
        ("身份证号码", "id_number"),  # the file's own word
        ("学时 线下", "hours"),
        ("培训时间 开班日期", "dates"),
        ("姓名", "name"),
        ("培训班次", ""),  # neither of the file nor of ours
    ],
)
def test_the_faulty_cell_is_the_one_of_the_faulty_column(column, key):
    row, _headings = laid_out(column)
    assert [cell.key for cell in row.cells if cell.faulty] == ([key] if key else [])
    assert row.marked == bool(key)


def test_a_column_that_the_file_lacks_is_shown_empty_where_it_is_the_fault():
    row, headings = laid_out("班次", code="run_missing")
    assert "run" in headings
    assert [(cell.text, cell.faulty) for cell in row.cells if cell.key == "run"] == [("", True)]


def test_a_second_row_of_the_same_person_has_no_wrong_cell():
    row, _headings = laid_out("姓名", code="duplicate_row")
    assert not any(cell.faulty for cell in row.cells)
    assert row.marked, "the sentence alone says it"


def test_the_dates_of_people_are_shown_only_where_they_are_wrong():
    assert "dates" not in laid_out("身份证号码")[1]
    assert "dates" in laid_out("培训时间 开班日期")[1]


def test_columns_without_any_value_are_left_out():
    assert laid_out("姓名", values={"name": "李秀英"})[1] == ["name"]


def test_lectures_have_columns_of_their_own():
    values = {"dates": "2024年6月3日", "activity": "智能手机使用讲座", "headcount": "很多"}
    row, headings = laid_out(
        "参加人数", batch=batch_of([["参加人数", "参加人数"]], lecture=True), values=values
    )
    assert headings == ["dates", "run", "headcount"]
    assert [cell.key for cell in row.cells if cell.faulty] == ["headcount"]


def test_nothing_of_a_dropped_file_is_shown():
    row = LedgerRow(sheet="湘潭县", number=14, state=LedgerRow.State.FAULTY, column="姓名")
    assert lay_out(batch_of(), [row], {}) == []
    assert not row.marked
