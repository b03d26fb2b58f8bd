"""The five ledgers in the shapes that bureaus keep, against what a right import gives."""

import json

import pytest

LEDGERS = (
    "teachers-2024.xlsx",
    "farmers-2024.xlsx",
    "workers-2024.xls",
    "cadres-2024.xlsx",
    "seniors-2024.csv",
)


@pytest.fixture(params=LEDGERS)
def pair(request, tests_folder, judge, read):
    path = tests_folder / "ledgers" / request.param
    expected = json.loads((path.parent / f"{path.name}.expected.json").read_text())
    ledger = read(path.read_bytes())
    return expected, judge(ledger), ledger


def places(problems):
    return sorted((problem["sheet"], problem["row"], problem["code"]) for problem in problems)


def test_every_fault_is_found_and_no_other(pair):
    expected, rows, _ = pair
    assert sorted((row.sheet, row.number, row.code) for row in rows if row.code) == places(
        expected["problems"]
    )


def test_every_warning_is_found_and_no_other(pair):
    expected, rows, _ = pair
    found = sorted((row.sheet, row.number, warned.code) for row in rows for warned in row.warnings)
    assert found == places(expected["warnings"])


def test_the_figures_agree(pair):
    expected, rows, _ = pair
    good = [row for row in rows if row.good and row.kind == "participant"]
    assert len(rows) == expected["read"]
    assert sum(row.good for row in rows) == expected["good"]
    assert len({row.id_number or (row.name, row.employer) for row in good}) == expected["learners"]
    assert len(good) == expected["enrolments"]
    assert len({(row.programme, row.run) for row in good}) == expected["runs"]
    assert float(sum(row.total_hours for row in good)) == expected["hours"]
    assert sum(bool(row.certificate_number) for row in good) == expected["certificates"]


def test_lectures_are_counted_by_head(pair):
    expected, rows, _ = pair
    lectures = [row for row in rows if row.good and row.kind == "lecture"]
    headcount = {"sessions": len(lectures), "person_times": sum(row.headcount for row in lectures)}
    assert headcount == expected.get("headcount", {"sessions": 0, "person_times": 0})


def test_no_bank_card_number_is_kept_anywhere(tests_folder, judge):
    rows = judge((tests_folder / "ledgers" / "farmers-2024.xlsx").read_bytes())
    assert "62282" not in repr([(row.shown, row.particulars, row.certificate_number) for row in rows])


def test_the_bank_card_column_is_listed_as_ignored(tests_folder, read):
    ledger = read((tests_folder / "ledgers" / "farmers-2024.xlsx").read_bytes())
    assert ledger.tables[0].ignored == ("年龄", "银行卡号")


def test_hidden_and_other_sheets_are_named(tests_folder, read):
    ledger = read((tests_folder / "ledgers" / "farmers-2024.xlsx").read_bytes())
    assert ledger.notes == (
        "工作表“字典”是隐藏的，没有读取。",
        "工作表“填表说明”里没有台账的表头，没有读取。",
    )


def test_title_and_reporting_unit_are_found(tests_folder, read):
    table = read((tests_folder / "ledgers" / "teachers-2024.xlsx").read_bytes()).tables[0]
    assert (table.title, table.reporting_unit) == (
        "2024年度湘潭市科技辅导员培训人员台账",
        "湘潭市科学技术协会",
    )


def test_a_run_without_a_class_is_trade_and_level(tests_folder, judge):
    rows = judge((tests_folder / "ledgers" / "workers-2024.xls").read_bytes())
    assert rows[0].run == "电工（四级/中级工）"
    assert dict(rows[0].hours) == {"theory": 40, "practice": 80}


def test_no_whole_id_number_stands_in_a_preview_or_a_message(pair):
    _, rows, _ = pair
    for row in rows:
        assert not row.id_number or row.id_number not in repr((row.shown, row.message, row.warnings))


def test_a_duplicate_names_the_other_row(tests_folder, judge):
    rows = judge((tests_folder / "ledgers" / "teachers-2024.xlsx").read_bytes())
    assert rows[-1].message == "与第 186 行是同一人同一班次，请删去其中一行。"
