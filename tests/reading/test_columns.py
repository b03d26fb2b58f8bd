"""The table of columns."""

import pytest

from ledgers.columns import ALL_GROUPS, BY_KEY, COLUMNS, columns_for
from ledgers.columns.column import plain_heading
from ledgers.reading.headings import keys_for


def key(*texts):
    return keys_for([tuple(map(plain_heading, texts))])[0]


@pytest.mark.parametrize(
    ("heading", "wanted"),
    [
        ("姓名", "name"),
        ("* 学员姓名（必填）", "name"),
        ("学员身份证件号码", "id_number"),
        ("单位（学校）", "employer"),
        ("参加培训的班次名称", "run"),
        ("本次培训学时数", "hours"),
        ("集中面授学时", "hours_offline"),
        ("报名截止时间", ""),
        ("家长电话", ""),
        ("联系人姓名", ""),
        ("银行卡号", ""),
        ("人员类别", ""),
        ("民族", ""),
        ("单位：人次", ""),
    ],
)
def test_a_heading_is_understood(heading, wanted):
    assert key(heading) == wanted


@pytest.mark.parametrize(
    ("upper", "lower", "wanted"),
    [
        ("培训时间", "开班日期", "start"),
        ("培训时间", "止", "end"),
        ("学时", "线下", "hours_offline"),
        ("理论", "课时", "hours_theory"),
        ("成绩", "实操", "practice_score"),
        ("学员信息", "姓名", "name"),
        ("合格证书", "编号", "certificate_number"),
        ("参加人数", "其中女性", "women"),
    ],
)
def test_a_two_row_heading_is_both_texts_together(upper, lower, wanted):
    assert key(upper, lower) == wanted


def test_beside_the_very_word_a_similar_one_is_somebody_elses():
    assert keys_for([("姓名",), ("孩子姓名",)]) == ["name", ""]


def test_every_column_has_an_example_and_a_hint():
    assert all(column.hint.endswith("。") and (column.example or column.key == "note") for column in COLUMNS)


def test_the_example_of_each_template_is_a_good_row(judge, workbook):
    for group in ALL_GROUPS:
        columns = [column for column in columns_for(group) if column.key != "programme"]
        content = workbook([[column.heading for column in columns], [column.example for column in columns]])
        rows = judge(content)
        assert [(row.code, row.warnings) for row in rows] == [("", ())], group


def test_a_heading_stands_for_one_column_only():
    headings = [plain_heading(column.heading) for column in COLUMNS]
    assert len(headings) == len(set(headings)) == len(BY_KEY)
