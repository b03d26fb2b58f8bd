"""Ledgers in other shapes than the examples are read just as well."""

import pytest

from ledgers.reading import UnreadableFile


def codes(rows):
    return [row.code for row in rows]


def test_columns_in_another_order(workbook, judge, headings, person):
    rows = judge(workbook([headings[::-1], person(0)[::-1], person(1)[::-1]]))
    assert [(row.name, row.total_hours) for row in rows] == [("测试甲", 24), ("测试乙", 24)]


def test_other_words_for_the_columns(workbook, judge, person):
    words = ["No.", "学员姓名*", "公民身份号码", "单位（学校）", "培训班名称", "起止时间", "课时"]
    rows = judge(workbook([words, person(0)]))
    assert (rows[0].run, rows[0].employer, rows[0].total_hours, rows[0].code) == ("第1期", "市一中", 24, "")


def test_a_heading_with_blanks_line_breaks_and_remarks(workbook, judge, person):
    words = [
        "序 号",
        "姓  名\n（必填）",
        "身份证号【18位】",
        "工作\n单位",
        "班 次 *",
        "培训时间",
        "学时（学时）",
    ]
    assert codes(judge(workbook([words, person(0)]))) == [""]


def test_a_tab_separated_text_file(judge, headings, person):
    text = "\n".join("\t".join(map(str, line)) for line in (headings, person(0), person(1)))
    for encoding in ("utf-8", "utf-8-sig", "gb18030", "utf-16"):
        assert [row.name for row in judge(text.encode(encoding))] == ["测试甲", "测试乙"]


def test_rows_of_a_text_file_are_numbered_by_line_blank_lines_counted(judge):
    text = '标题\n\n姓名,单位,班次,学时\n\n张三,"市\n一中",一班,8\n李四,市一中,一班,8\n'
    assert [(row.number, row.name) for row in judge(text.encode())] == [(5, "张三"), (7, "李四")]


def test_an_unclosed_quote_swallows_no_rows_in_silence(read):
    with pytest.raises(UnreadableFile, match="第 2 行的引号"):
        read('姓名,单位,班次\n张三,"市一中,一班\n李四,市一中,一班\n'.encode())


def test_several_tables_in_one_sheet(workbook, read, judge, headings, person):
    other = ["姓名", "工作单位", "班级", "开班日期", "学时"]
    content = workbook(
        [
            ["甲班培训台账"],
            headings,
            person(0),
            person(1),
            ["合计", "2人"],
            [],
            ["乙班培训台账"],
            ["填报单位：市妇联"],
            other,
            ["王五", "市二中", "乙班", "2024-05-01", 8],
        ]
    )
    tables = read(content).tables
    assert [(table.title, table.has_id_column, len(table.rows)) for table in tables] == [
        ("甲班培训台账", True, 2),
        ("乙班培训台账", False, 1),
    ]
    assert tables[1].reporting_unit == "市妇联"
    assert [(row.number, row.code, row.table) for row in judge(content)] == [
        (3, "", 0),
        (4, "", 0),
        (10, "", 1),
    ]


def test_a_repeated_header_is_no_data(workbook, read, headings, person):
    ledger = read(workbook([headings, person(0), headings, person(1), [], headings, person(2)]))
    assert ledger.row_count == 3
    assert ledger.tables[0].header_rows == (1, 3, 6)


def test_a_repeated_title_above_a_repeated_header_is_no_data(workbook, read, headings, person):
    page = [["培训台账"], ["填报单位：市科协", None, "单位：人次"], headings]
    ledger = read(workbook([*page, person(0), *page, person(1)]))
    assert ledger.row_count == 2


TWO_ROWS = (
    ["序号", "姓名", "身份证号", "培训时间", None, "学时", None, "班次", "考核", None],
    [None, None, None, "开始", "结束", "线上", "线下", None, "结果", "证书编号"],
)
MERGES = ("A1:A2", "B1:B2", "C1:C2", "D1:E1", "F1:G1", "H1:H2", "I1:J1")


@pytest.mark.parametrize("merges", [(), MERGES], ids=["unmerged", "merged"])
def test_a_two_row_header(workbook, judge, merges):
    line = [1, "张三", "439999197503120014", "2024-3-5", "2024-3-7", 8, 16, "一班", "合格", "A-1"]
    (row,) = judge(workbook([*TWO_ROWS, line], merges=merges))
    assert row.code == ""
    assert (str(row.start), str(row.end)) == ("2024-03-05", "2024-03-07")
    assert dict(row.hours) == {"online": 8, "offline": 16}
    assert (row.assessment, row.certificate_number) == ("passed", "A-1")


def test_a_three_row_header(workbook, judge):
    rows = [
        ["姓名", "单位", "班次", "培训情况", None, None],
        [None, None, None, "培训时间", None, "学时"],
        [None, None, None, "开班日期", "结业日期", None],
        ["张三", "市一中", "一班", "2024-3-5", "2024-3-7", 8],
    ]
    merges = ("A1:A3", "B1:B3", "C1:C3", "D1:F1", "D2:E2", "F2:F3")
    (row,) = judge(workbook(rows, merges=merges))
    assert (row.code, str(row.end), row.total_hours) == ("", "2024-03-07", 8)


def test_the_line_of_column_numbers_below_a_header_is_no_data(workbook, judge, headings, person):
    assert codes(judge(workbook([headings, list(range(1, 8)), person(0)]))) == [""]


def test_merged_cells_give_their_value_to_each_row(workbook, judge, headings, person):
    lines = [headings, person(0), person(1, 班次=None), person(2, 班次=None)]
    assert codes(judge(workbook(lines, merges=["E2:E3"]))) == ["", "", "run_missing"]


def test_totals_footers_and_blank_rows_are_not_counted(workbook, judge, headings, person):
    lines = [
        headings,
        person(0),
        ["小 计", "1人"],
        [],
        [None, "　", " "],
        person(1),
        [None, "总计：2人", None, None, None, None, 48],
        [None, None, "填表人：李四", None, "审核人：王五"],
        [None, "单位负责人：", "赵六", None, "联系电话：0731-58580000"],
        ["说明：按每天8学时折算"],
        [None, None, None, None, None, "2024年12月20日"],
    ]
    assert [row.number for row in judge(workbook(lines))] == [2, 6]


def test_a_remark_that_begins_like_a_footer_hides_no_person(workbook, judge, headings, person):
    lines = [[*headings, "备注"], [*person(0), "说明：补录"], [*person(1), "审核人：李四"]]
    assert codes(judge(workbook(lines))) == ["", ""]


def test_numbered_but_empty_lines_are_blank(workbook, read, headings, person):
    assert read(workbook([headings, person(0), [2], [3]])).row_count == 1


def test_hidden_rows_count_with_a_warning(workbook, judge, headings, person):
    rows = judge(workbook([headings, person(0), person(1)], hidden_rows=[3]))
    assert [[warned.code for warned in row.warnings] for row in rows] == [[], ["hidden_row"]]


def test_hidden_sheets_are_skipped_and_named(workbook, read, headings, person):
    sheets = {"台账": [headings, person(0)], "旧": [headings, person(1)]}
    ledger = read(workbook(sheets, state={"旧": "veryHidden"}))
    assert (ledger.row_count, ledger.notes) == (1, ("工作表“旧”是隐藏的，没有读取。",))


def test_a_ledger_only_on_hidden_sheets_says_so(workbook, read, headings, person):
    sheets = {"首页": [], "台账": [headings, person(0)]}
    with pytest.raises(UnreadableFile, match="隐藏"):
        read(workbook(sheets, state={"台账": "hidden"}))


def test_two_columns_of_names_are_never_guessed(workbook, read, person, headings):
    with pytest.raises(UnreadableFile, match="“姓名”一列重复"):
        read(workbook([[*headings, "学员姓名"], [*person(0), "别人"]]))


def test_a_header_without_rows_is_refused(workbook, read, headings):
    with pytest.raises(UnreadableFile, match="没有数据行"):
        read(workbook([headings, ["合计"]]))


def test_a_sheet_that_explains_the_columns_is_no_ledger(workbook, read, headings, person):
    guide = [["列名", "说明"], ["姓名", "填写真实姓名"], ["身份证号", "18位"], ["学时", "数字"]]
    ledger = read(workbook({"填表说明": guide, "台账": [headings, person(0)]}))
    assert [table.sheet for table in ledger.tables] == ["台账"]


def test_a_lecture_ledger_with_other_words(workbook, judge):
    lines = [
        ["序号", "活动时间", "讲座主题", "活动地点", "主讲人", "参与人数", None],
        [None, None, None, None, None, "总数", "其中女性"],
        [1, "2024年3月5日 上午9:00", "防诈骗", "社区", "江老师", "88人", 40],
        [2, "2024.3.6", "防诈骗", "社区", "江老师", 20, 30],
        [3, None, "防诈骗", "社区", "江老师", 20, None],
        [4, "2024.3.6", None, "社区", "江老师", 20, None],
    ]
    rows = judge(workbook(lines, merges=["F1:G1"]))
    assert codes(rows) == ["", "headcount_invalid", "date_invalid", "run_missing"]
    assert (rows[0].kind, rows[0].run, rows[0].headcount, rows[0].women) == ("lecture", "防诈骗", 88, 40)


def test_a_word_of_a_heading_in_every_row_costs_no_time(judge, headings, person):
    lines = [[*headings, "人员身份"]] + [[*person(n % 4), "学员"] for n in range(5000)]
    rows = judge("\n".join(",".join(map(str, line)) for line in lines).encode())
    assert len(rows) == 5000
