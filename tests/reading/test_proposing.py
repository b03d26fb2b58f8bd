"""Reading by headings that a person told; and what is proposed where headings are not understood."""

import time
from datetime import date

import pytest

from ledgers.columns import BY_KEY, COLUMNS
from ledgers.reading import HeaderUnknown, Place, UnreadableFile, propose_for, read_ledger
from ledgers.reading.guesses import by_values, guesses
from ledgers.reading.headings import fingerprint, keys_for, paths_of
from ledgers.reading.proposing import masked

LIMIT = 10**7
IDS = ("439999197503120014", "439999197503120022", "439999197503120030")
NAMES = ("张三", "李四", "王五")


def read(content, **words):
    return read_ledger(content, size_limit=LIMIT, **words)


def text(*rows: str) -> bytes:
    return "\n".join(rows).encode()


def keys(ledger) -> dict[str, str]:
    return {column.heading: column.key for column in ledger.tables[0].columns}


# --- Headings that were told --------------------------------------------------------------------


def test_told_headings_go_before_the_table_of_columns():
    content = text("受训者,单位,内容", "张三,一中,电工", "李四,二中,焊工")
    told = {"受训者": "name", "单位": "organiser", "内容": ""}
    assert keys(read(content, headings=told)) == {"受训者": "name", "单位": "organiser"}


def test_a_heading_in_latin_letters_can_be_told():
    content = text("Name,Unit", "张三,一中", "李四,二中")
    assert keys(read(content, headings={"Name": "name", "Unit": ""})) == {"Name": "name"}


def test_a_heading_of_two_rows_is_told_as_a_whole_and_by_its_lower_word(workbook):
    rows = [["人员", "", "课时"], ["称呼", "备案号", "时数"], ["张三", "甲一", 8], ["李四", "甲二", 8]]
    content = workbook(rows, merges=["A1:B1"])
    told = {"人员 称呼": "name", "人员 备案号": "", "课时 时数": "hours"}
    assert keys(read(content, headings=told)) == {"人员 称呼": "name", "课时 时数": "hours"}
    assert read(content, headings={"称呼": "name", "时数": "hours"}).tables[0].columns[0].key == "name"


def test_columns_of_the_same_heading_are_told_apart_by_their_number():
    columns = [("时间",), ("时间",), (), ("姓名",)]
    assert paths_of(columns) == ["时间", "时间#2", "第3列", "姓名"]
    assert keys_for(columns, headings={"时间": "start", "时间#2": "end"}) == ["start", "end", "", "name"]


def test_a_layout_acts_only_in_sheets_that_have_its_header(workbook):
    alike = ["受训者", "单位"]
    content = workbook({"甲": [alike, ["张三", "一中"]], "乙": [["姓名", "单位"], ["李四", "二中"]]})
    layout = fingerprint([(heading,) for heading in alike])
    ledger = read(content, layouts={layout: {"受训者": "name", "单位": "organiser"}, "other": {"姓名": ""}})
    assert ledger.layouts == (layout,)
    assert [[column.key for column in table.columns] for table in ledger.tables] == [
        ["name", "organiser"],
        ["name", "employer"],
    ]


def test_the_rows_that_a_person_chose_are_the_header_though_others_say_as_much(workbook):
    rows = [["姓名", "学时"], ["(大名)姓名", "(数)学时"], ["张三", 8], ["李四", 8]]
    wanted = fingerprint([("姓名", "学时")])
    assert wanted
    ledger = read(workbook(rows))
    assert ledger.row_count == 2


# --- ID numbers that nobody asked for -----------------------------------------------------------


@pytest.mark.parametrize("heading", ["证件", "编码", "", "ID"])
def test_id_numbers_under_an_unknown_heading_refuse_the_file(heading):
    rows = [f"{name},{number},一中" for name, number in zip(NAMES, IDS, strict=True)]
    with pytest.raises(HeaderUnknown, match="身份证号") as refusal:
        read(text(f"姓名,{heading},单位", *rows))
    assert not any(number in refusal.value.message for number in IDS)


def test_id_numbers_that_became_numbers_are_seen_too(workbook):
    rows = [
        ["姓名", "证件", "单位"],
        *([name, float(number), "一中"] for name, number in zip(NAMES, IDS, strict=True)),
    ]
    with pytest.raises(HeaderUnknown, match="身份证号"):
        read(workbook(rows))


@pytest.mark.parametrize("heading", ["家长身份证号", "监护人证件", "联系人证件"])
def test_somebody_elses_id_numbers_are_left_out_as_before(heading):
    rows = [f"{name},{number},一中" for name, number in zip(NAMES, IDS, strict=True)]
    assert read(text(f"姓名,{heading},单位", *rows)).row_count == 3


def test_id_numbers_that_a_person_left_out_are_left_out():
    rows = [f"{name},{number},一中" for name, number in zip(NAMES, IDS, strict=True)]
    assert read(text("姓名,证件,单位", *rows), headings={"证件": ""}).row_count == 3


def test_the_same_heading_twice_stays_refused_while_two_words_for_one_field_are_asked_about():
    with pytest.raises(UnreadableFile, match="重复") as same:
        read(text("姓名,姓名,单位", "张三,李四,一中"))
    assert not isinstance(same.value, HeaderUnknown)
    with pytest.raises(HeaderUnknown, match="重复"):
        read(text("姓名,学员姓名,单位", "张三,李四,一中"))


# --- Proposals ----------------------------------------------------------------------------------


def the_place(content) -> Place:
    (place,) = propose_for(content, size_limit=LIMIT)
    return place


def test_a_header_in_row_seven_is_found_below_titles(workbook):
    rows = [["附件"], ["2024年一览"], [], ["填报单位：市科协"], [], [], ["受训者", "证件", "所属"]]
    rows += [[name, number, "一中"] for name, number in zip(NAMES, IDS, strict=True)]
    best = the_place(workbook(rows)).candidates[0]
    assert best.rows == (7,)
    assert [column.key for column in best.columns] == ["name", "id_number", "employer"]


def test_a_row_of_data_is_proposed_as_no_header():
    place = the_place(text("受训者,所属,内容", "张三,一中,电工", "李四,二中,焊工"))
    assert [candidate.rows for candidate in place.candidates] == [(1,)]


def test_samples_show_no_whole_number_and_no_day_of_birth():
    content = text(
        "受训者,证件,联络,生于",
        f"张三,{IDS[0]},13900000001,1975-03-12",
        f"李四,{IDS[1]},13900000002,1975年4月",
    )
    shown = str(the_place(content))
    assert IDS[0] not in shown
    assert "13900000001" not in shown
    assert "1975-**" in shown
    assert "03-12" not in shown


@pytest.mark.parametrize(
    ("cell", "shown"),
    [
        (IDS[0], "439***********0014"),
        (4.39999197503120e17, "4.39999E+17"),
        ("6222020200112233445", "622************3445"),
        ("0731-58221234", "0731-58****4"),
        ("20240305", "20240305"),
        ("2024-03-05", "2024-03-05"),
        ("19750312", "1975-**"),
        (date(1975, 3, 12), "1975-**"),
        ("第1期", "第1期"),
        (8.0, "8"),
        ("长" * 40, "长" * 29 + "…"),
    ],
)
def test_a_value_is_masked_for_showing(cell, shown):
    assert masked(cell) == shown


def test_lectures_without_known_headings_are_proposed_as_lectures():
    content = text("活动,何时,规模,地方", "手机讲座,2024-03-05,88,社区", "防骗讲座,2024-04-05,60,社区")
    best = the_place(content).candidates[0]
    assert best.is_ledger
    assert [column.key for column in best.columns][1:3] == ["dates", "headcount"]


def test_a_place_survives_the_way_through_json():
    place = the_place(text("受训者,证件", f"张三,{IDS[0]}", f"李四,{IDS[1]}"))
    parts = {
        "sheets": list(place.sheets),
        "candidates": [
            {
                "rows": list(one.rows),
                "title": one.title,
                "fingerprint": one.fingerprint,
                "columns": [
                    {
                        name: getattr(column, name)
                        for name in ("path", "heading", "samples", "key", "sure", "known")
                    }
                    for column in one.columns
                ],
                "worth": one.worth,
                "is_read": one.is_read,
            }
            for one in place.candidates
        ],
    }
    assert Place.from_json(parts) == place


@pytest.mark.parametrize("content", ["甲,乙\n1,2\n", "只有一列\n张三\n", "受训者,证件\n"])
def test_nothing_is_proposed_where_nothing_looks_like_a_ledger(content):
    assert propose_for(content.encode(), size_limit=LIMIT) == []


def test_a_wide_sheet_of_texts_is_surveyed_within_seconds(workbook):
    rows = [[f"列{n}" for n in range(100)], *([f"张三{n}" for n in range(100)] for _ in range(60))]
    content = workbook({f"表{n}": rows for n in range(3)})
    started = time.process_time()
    propose_for(content, size_limit=LIMIT)
    assert time.process_time() - started < 5


# --- Guesses ------------------------------------------------------------------------------------


@pytest.mark.parametrize("column", COLUMNS, ids=lambda column: column.key)
def test_the_very_words_of_a_field_are_guessed_as_that_field(column):
    assert guesses(column.heading, [column.example])[0].key in BY_KEY
    assert max(guesses(column.heading, []), key=lambda guess: guess.sure).key == column.key


@pytest.mark.parametrize(
    ("values", "key"),
    [
        (IDS, "id_number"),
        (("13900000001", "13800000002"), "phone"),
        (("男", "女"), "gender"),
        (("1975-03", "1980年2月"), "birth"),
        (("2024-03-05", "2024年3月6日"), "dates"),
        (("8学时", "16学时"), "hours"),
        (("合格", "不合格"), "assessment"),
        (("大专", "本科"), "education"),
        (("第1期培训班", "第2期培训班"), "run"),
        (("韶山市实验小学", "湘潭电机公司"), "employer"),
        (NAMES, "name"),
    ],
)
def test_values_alone_tell_the_field(values, key):
    found = by_values(values)
    assert max(found, key=found.__getitem__) == key


def test_serial_numbers_are_no_field_whatever_their_heading():
    assert guesses("编码", ["1", "2", "3"]) == []
