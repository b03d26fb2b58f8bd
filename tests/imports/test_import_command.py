"""`import_ledger`: what it writes, what it refuses, how it ends."""

import json

import pytest
from django.core.management import CommandError
from openpyxl import load_workbook

from bureaus.models import AuditEvent, Bureau, YearClose
from certificates.models import Certificate
from courses.models import ClassRun, Enrolment, Session
from learners.models import Holder, Identity, Learner, Standing
from ledgers.models import LedgerImport, LedgerRow
from tests.imports.conftest import ANNA, BO, HEADINGS, row


def test_a_good_row_writes_person_run_enrolment_and_certificate(bring_in, ledger):
    code, result = bring_in(ledger(row(1, ANNA)))
    assert (code, result["applied"], result["new"]) == (0, True, 1)
    enrolment = Enrolment.objects.get()
    assert (enrolment.name, enrolment.employer, enrolment.hours) == ("张建国", "雨湖区第一中学", 24)
    assert (enrolment.state, enrolment.assessment) == (Enrolment.State.COMPLETED, "passed")
    run = ClassRun.objects.get()
    assert (run.name, run.year, str(run.starts_on), str(run.ends_on)) == (
        "第1期培训班",
        2024,
        "2024-03-05",
        "2024-03-07",
    )
    assert Identity.objects.get().value == ANNA[1]
    assert Holder.objects.get().phone == "13800000001"
    assert Standing.objects.get().group.code == "teachers"
    assert Certificate.objects.get().number == "测培〔2024〕0001号"
    assert AuditEvent.objects.filter(deed=AuditEvent.Deed.LEDGER_IMPORTED).count() == 1


def test_only_the_year_of_birth_stands_beside_an_id_number(bring_in, ledger):
    bring_in(ledger(row(1, ANNA)))
    assert Learner.objects.get().birth == ANNA[1][6:10]


def test_with_a_faulty_row_nothing_is_written_and_it_exits_1(bring_in, ledger):
    code, result = bring_in(ledger(row(1, ANNA), row(2, BO, 学时="若干")))
    assert (code, result["applied"], result["faulty"], result["good"]) == (1, False, 1, 1)
    assert [problem["code"] for problem in result["problems"]] == ["hours_invalid"]
    assert result["problems"][0]["row"] == 3
    assert not Enrolment.objects.exists()
    assert not LedgerImport.objects.exists()


def test_skip_faulty_writes_the_good_rows(bring_in, ledger):
    code, result = bring_in(ledger(row(1, ANNA), row(2, BO, 学时="若干")), "--skip-faulty")
    assert (code, result["applied"]) == (0, True)
    assert Enrolment.objects.count() == 1
    assert list(LedgerRow.objects.values_list("state", flat=True)) == ["new", "faulty"]


def test_a_dry_run_writes_nothing(bring_in, ledger):
    code, result = bring_in(ledger(row(1, ANNA)), "--dry-run")
    assert (code, result["applied"], result["new"]) == (0, False, 1)
    assert not Learner.objects.exists()


def test_a_changed_row_changes_what_differs_and_no_more(bring_in, ledger):
    bring_in(ledger(row(1, ANNA), row(2, BO)))
    _code, result = bring_in(ledger(row(1, ANNA, 学时="16"), row(2, BO)))
    assert (result["new"], result["changed"], result["same"]) == (0, 1, 1)
    assert sorted(Enrolment.objects.values_list("hours", flat=True)) == [16, 24]


def test_a_column_that_the_ledger_lacks_changes_nothing(bring_in, ledger):
    bring_in(ledger(row(1, ANNA)))
    without_hours = [heading for heading in HEADINGS if heading != "学时"]
    short = [value for heading, value in zip(HEADINGS, row(1, ANNA), strict=True) if heading != "学时"]
    _code, result = bring_in(ledger(short, headings=without_hours))
    assert (result["new"], result["changed"], result["same"]) == (0, 0, 1)
    assert Enrolment.objects.get().hours == 24


def test_a_person_of_two_bureaus_is_one_and_each_holds_its_own_phone(bring_in, ledger):
    bring_in(ledger(row(1, ANNA)))
    bring_in(ledger(row(1, ANNA, 联系电话="13900000002", 证书编号="")), bureau="市教育局")
    assert Learner.objects.count() == 1
    phones = dict(Holder.objects.values_list("bureau__name", "phone"))
    assert phones == {"市科协": "13800000001", "市教育局": "13900000002"}


def test_a_person_with_two_phones_in_one_ledger_is_the_same_the_second_time(bring_in, ledger):
    rows = (row(1, ANNA), row(2, ANNA, 班次="第2期培训班", 联系电话="13900000002"))
    bring_in(ledger(*rows))
    assert Holder.objects.get().phone == "13800000001"
    _code, again = bring_in(ledger(*rows))
    assert (again["new"], again["changed"], again["same"]) == (0, 0, 2)


def test_another_persons_certificate_number_is_refused(bring_in, ledger):
    bring_in(ledger(row(1, ANNA)))
    code, result = bring_in(ledger(row(1, BO, 班次="第2期培训班")))
    assert code == 1
    assert [problem["code"] for problem in result["problems"]] == ["certificate_taken"]


def test_the_same_certificate_number_twice_in_a_file_is_refused(bring_in, ledger):
    _code, result = bring_in(ledger(row(1, ANNA), row(1, BO)))
    assert [problem["row"] for problem in result["problems"]] == [3]


def test_who_did_not_come_is_no_person_time(bring_in, ledger):
    bring_in(ledger(row(1, ANNA, 考核结果="未参加", 证书编号="")))
    assert Enrolment.objects.get().state == Enrolment.State.NO_SHOW
    assert not Enrolment.objects.took_part().exists()


def test_a_bureau_is_known_by_its_alias(bring_in, ledger):
    bring_in(ledger(row(1, ANNA)), bureau="湘潭市科学技术协会")
    assert ClassRun.objects.get().bureau.name == "市科协"


def test_set_fills_in_what_the_file_lacks(bring_in, ledger):
    headings = [heading for heading in HEADINGS if heading not in ("学时", "班次")]
    short = [v for h, v in zip(HEADINGS, row(1, ANNA), strict=True) if h in headings]
    path = ledger(short, headings=headings)
    code, result = bring_in(path)
    assert (code, result["problems"][0]["code"]) == (1, "run_missing")
    code, _result = bring_in(path, "--set", "班次=补录班", "--set", "hours=8")
    assert code == 0
    assert (Enrolment.objects.get().run.name, Enrolment.objects.get().hours) == ("补录班", 8)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"programme": "没有的项目"}, "没有的项目"),
        ({"bureau": "没有的局"}, "没有的局"),
    ],
)
def test_an_unknown_name_exits_2_with_one_sentence(bring_in, ledger, options, words):
    with pytest.raises(CommandError, match=words) as caught:
        bring_in(ledger(row(1, ANNA)), **options)
    assert caught.value.returncode == 2


def test_an_unknown_field_to_set_exits_2(bring_in, ledger):
    with pytest.raises(CommandError) as caught:
        bring_in(ledger(row(1, ANNA)), "--set", "颜色=红")
    assert caught.value.returncode == 2


@pytest.mark.parametrize("content", [b"", b"\x00\x01\x02", b"<html><table></table></html>", b"a,b\n1,2\n"])
def test_an_unreadable_file_exits_2_with_one_sentence_and_writes_nothing(bring_in, tmp_path, content):
    path = tmp_path / "台账.xlsx"
    path.write_bytes(content)
    with pytest.raises(CommandError) as caught:
        bring_in(path)
    assert caught.value.returncode == 2
    assert not LedgerImport.objects.exists()


def test_a_missing_file_exits_2(bring_in, tmp_path):
    with pytest.raises(CommandError, match="打不开") as caught:
        bring_in(tmp_path / "nowhere.xlsx")
    assert caught.value.returncode == 2


def test_a_closed_year_is_not_written_to(bring_in, ledger):
    YearClose.objects.create(bureau=Bureau.objects.get(name="市科协"), year=2024)
    with pytest.raises(CommandError, match="已封账"):
        bring_in(ledger(row(1, ANNA)))
    assert not Learner.objects.exists()
    assert not LedgerImport.objects.exists()


def test_the_report_lists_the_faulty_rows_as_text(bring_in, ledger, tmp_path):
    report = tmp_path / "report.xlsx"
    bring_in(ledger(row(1, ANNA), row(2, BO, 学时="=1+1")), "--report", str(report))
    sheet = load_workbook(report).active
    assert [cell.value for cell in sheet[3]][1:3] == ["3", "学时"]
    assert "439999199510251070" not in str([cell.value for line in sheet for cell in line])
    assert all(cell.data_type != "f" for line in sheet for cell in line)


def test_lectures_become_sessions_and_twins_stay_two(bring_in, tmp_path):
    path = tmp_path / "讲座.csv"
    line = "2024-05-09,合理用药讲座,敬老院,40"
    path.write_text(f"日期,活动名称,地点,参加人数\n{line}\n{line}\n", encoding="utf-8")
    options = {"programme": "智慧助老行动", "bureau": "市卫生健康委"}
    _code, result = bring_in(path, **options)
    assert result["headcount"] == {"sessions": 2, "person_times": 80}
    assert Session.objects.count() == 2
    _code, again = bring_in(path, **options)
    assert (again["new"], again["same"]) == (0, 2)


def test_the_row_names_its_district_else_the_sheet_else_the_city(bring_in, ledger, tmp_path):
    bring_in(ledger(row(1, ANNA)))
    assert Enrolment.objects.get().district.name == "湘潭市"
    path = tmp_path / "区.csv"
    path.write_text(f"姓名,身份证号,班次,县市区\n{BO[0]},{BO[1]},二班,经开区\n", encoding="utf-8")
    bring_in(path)
    assert Enrolment.objects.get(name=BO[0]).district.name == "湘潭经开区"


def test_the_number_of_queries_does_not_grow_with_the_rows(bring_in, ledger, django_assert_max_num_queries):
    people = [(f"学员{n}", "", f"单位{n}") for n in range(60)]
    headings = ["姓名", "单位", "班次", "学时"]
    lines = [[name, employer, "一班", "8"] for name, _number, employer in people]
    with django_assert_max_num_queries(60):
        _code, result = bring_in(ledger(*lines, headings=headings))
    assert result["new"] == 60


def test_json_is_one_object_on_stdout(bring_in, ledger):
    _code, result = bring_in(ledger(row(1, ANNA)))
    assert json.loads(json.dumps(result)) == result
    assert {"problems", "warnings", "headcount", "applied"} <= set(result)
