"""How a row is judged: one code, the first that applies; warnings only on good rows."""

import pytest


@pytest.fixture
def one(workbook, judge, headings, person):
    """Judge one row with changes by heading; more headings may be given."""

    def made(**changes):
        extra = [heading for heading in changes if heading not in headings]
        line = person(0, **changes)
        return judge(workbook([[*headings, *extra], line]))[0]

    return made


@pytest.mark.parametrize(
    ("changes", "code", "column"),
    [
        ({"学时": "#REF!"}, "formula_error", "学时"),
        ({"姓名": "　"}, "name_missing", "姓名"),
        ({"姓名": "无"}, "name_missing", "姓名"),
        ({"身份证号": None}, "id_number_missing", "身份证号"),
        ({"身份证号": "无"}, "id_number_missing", "身份证号"),
        ({"身份证号": 439999197503120014}, "id_number_numeric", "身份证号"),
        ({"身份证号": "4.39999E+17"}, "id_number_numeric", "身份证号"),
        ({"身份证号": "43999919750312001"}, "id_number_format", "身份证号"),
        ({"身份证号": "439999209901010035"}, "id_number_format", "身份证号"),
        ({"身份证号": "439999197503120015"}, "id_number_checksum", "身份证号"),
        ({"培训项目": "没有的项目"}, "programme_unknown", "培训项目"),
        ({"班次": None}, "run_missing", "班次"),
        ({"培训时间": "待定"}, "date_invalid", "培训时间"),
        ({"培训时间": "2024.3.7-3.5"}, "date_order", "培训时间"),
        ({"学时": -8}, "hours_invalid", "学时"),
        ({"备注": "长" * 2001}, "text_too_long", "备注"),
    ],
)
def test_each_fault_has_its_code_and_its_column(one, changes, code, column):
    row = one(**changes)
    assert (row.code, row.column) == (code, column)
    assert row.message.endswith("。")
    assert row.warnings == ()


def test_the_first_fault_in_order_is_the_one_told(one):
    assert one(姓名=None, 身份证号=None, 班次=None, 学时="若干").code == "name_missing"
    assert one(身份证号=None, 班次=None, 学时="若干").code == "id_number_missing"
    assert one(班次=None, 培训时间="待定", 学时="若干").code == "run_missing"
    assert one(培训时间="待定", 学时="若干").code == "date_invalid"


def test_a_number_cell_is_a_fault_even_where_its_check_digit_fits(one):
    assert one(身份证号=439999197503120000).code == "id_number_numeric"


@pytest.mark.parametrize(
    "written",
    [
        "43999919750312009x",
        "４３９９９９１９７５０３１２００９Ｘ",
        " 439999 19750312 009X ",
        "439999-19750312-009X",
        "'43999919750312009X",
        "439999197\u200b50312009X",
    ],
)
def test_an_id_number_is_normalised(one, written):
    row = one(身份证号=written)
    assert (row.code, row.id_number) == ("", "43999919750312009X")


def test_excels_guard_around_a_number_in_a_text_file_is_dropped(judge):
    (row,) = judge('姓名,身份证号,班次\n张三,="43999919750312009X",一班\n'.encode())
    assert (row.code, row.id_number) == ("", "43999919750312009X")


def test_the_preview_masks_id_numbers_good_or_bad(one):
    assert one().shown["id_number"] == "439***********0014"
    assert one(身份证号="4399991975031200145").shown["id_number"] == "439************0145"
    assert one(身份证号=4.39999197503120e17).shown["id_number"] == "4.39999E+17"


def test_a_gender_that_contradicts_the_number_is_a_warning(one):
    row = one(性别="女")
    assert (row.code, row.gender) == ("", "male")
    assert [warned.code for warned in row.warnings] == ["gender_conflict"]


def test_a_missing_gender_comes_from_the_number(one):
    assert one().gender == "male"


def test_a_phone_that_is_none_is_a_warning(one):
    row = one(联系电话="1390000")
    assert (row.code, [warned.code for warned in row.warnings]) == ("", ["phone_invalid"])


def test_a_year_other_than_the_ledgers_is_no_fault(one):
    assert one(培训时间="2023.3.5").code == ""


def test_a_known_programme_is_kept(one):
    assert one(培训项目="乡村致富带头人培训计划").programme == "乡村致富带头人培训计划"


def test_without_an_id_column_a_person_is_the_name_at_the_employer(workbook, judge):
    lines = [
        ["姓名", "工作单位", "班次"],
        ["张三", "市一中", "一班"],
        ["张 三", "市二中", "一班"],
        ["张三", None, "一班"],
        ["张　三", "市一中", "一班"],
    ]
    assert [row.code for row in judge(workbook(lines))] == ["", "", "employer_missing", "duplicate_row"]


def test_the_same_person_twice_in_a_run_is_a_fault_that_names_the_row_and_no_person(
    workbook, judge, headings, person
):
    sheets = {"甲": [headings, person(0)], "乙": [headings, person(0), person(0, 班次="第2期")]}
    rows = judge(workbook(sheets))
    assert [row.code for row in rows] == ["", "duplicate_row", ""]
    assert rows[1].message == "与工作表“甲”第 2 行是同一人同一班次，请删去其中一行。"


def test_a_faulty_row_makes_no_other_a_duplicate(workbook, judge, headings, person):
    rows = judge(workbook([headings, person(0, 学时="若干"), person(0)]))
    assert [row.code for row in rows] == ["hours_invalid", ""]


def test_spellings_of_one_run_are_one_run(workbook, judge, headings, person):
    rows = judge(workbook([headings, person(0, 班次="第1期（春季）"), person(1, 班次=" 第1期 (春季)")]))
    assert {row.run for row in rows} == {"第1期（春季）"}


def test_hours_of_several_columns_add_up(one):
    assert one(学时=None, 理论学时=16, 实操课时="1天").total_hours == 24


def test_a_plain_column_that_is_the_sum_of_the_parts_counts_once(one):
    assert one(学时=24, 线上学时=8, 线下学时=16).total_hours == 24


def test_a_total_that_contradicts_the_parts_is_a_warning(one):
    row = one(学时=None, 线上学时=8, 线下学时=16, 总学时=30)
    assert row.total_hours == 24
    assert [warned.code for warned in row.warnings] == ["hours_conflict"]


def test_days_count_where_there_are_no_hours(workbook, judge):
    lines = [
        ["姓名", "单位", "班次", "培训天数"],
        ["张三", "市一中", "一班", 3],
        ["李四", "市一中", "一班", "2天"],
    ]
    assert [row.total_hours for row in judge(workbook(lines))] == [24, 16]


def test_a_formula_without_a_result_is_a_fault(one):
    assert one(学时="=8*3").code == "formula_error"


def test_an_error_in_a_column_that_is_not_read_is_none(one):
    assert one(银行卡号="#N/A").code == ""


def test_constants_stand_in_every_row_of_a_table_that_lacks_the_column(workbook, judge):
    content = workbook([["姓名", "单位", "学时"], ["张三", "市一中", 8], ["李四", "市一中", None]])
    rows = judge(content, run="第1期", dates="2024.3.5-3.7", hours="100")
    assert [(row.code, row.run, str(row.end), row.total_hours) for row in rows] == [
        ("", "第1期", "2024-03-07", 8),
        ("", "第1期", "2024-03-07", 0),
    ]


def test_a_bad_constant_is_a_fault_of_every_row(workbook, judge):
    rows = judge(workbook([["姓名", "单位", "班次"], ["张三", "市一中", "一班"]]), hours="若干")
    assert [(row.code, row.column) for row in rows] == [("hours_invalid", "学时")]


def test_certificates_and_numbers_are_text(one):
    row = one(证书编号=20230001, 发证日期="2024.5.1", 证书名称="结业证")
    assert (row.certificate_number, str(row.certificate_day), row.certificate_name) == (
        "20230001",
        "2024-05-01",
        "结业证",
    )


def test_a_certificate_number_of_none_is_no_certificate(one):
    assert [one(证书编号=text).certificate_number for text in ("无", "/", "-")] == ["", "", ""]


def test_particulars_are_kept_by_key(one):
    row = one(职称="一级教师", 课程名称="人工智能", 备注=None)
    assert dict(row.particulars) == {"title": "一级教师", "course": "人工智能"}
