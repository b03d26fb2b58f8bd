"""Legal but awkward ledgers: nothing crashes, nothing is counted twice, nothing is lost."""

import datetime

import pytest

from bureaus.models import Bureau, BureauAlias, YearClose
from certificates.models import Certificate, Issuer, Template, TemplateVersion
from certificates.models.certificates import new_code
from courses.models import ClassRun, Enrolment, HourRule, Programme, Session
from learners.models import Identity, Learner, LearnerAlias
from ledgers.importing import jobs
from ledgers.importing.undoing import undo
from ledgers.models import LedgerImport
from tests.imports.conftest import ANNA, BO, HEADINGS, row


def codes(result):
    return [problem["code"] for problem in result["problems"]]


def test_a_class_that_was_renamed_brings_sentences_and_no_crash(bring_in, ledger):
    bring_in(ledger(row(1, ANNA)))
    code, result = bring_in(ledger(row(1, ANNA, 班次="改了名的班")))
    assert (code, codes(result)) == (1, ["certificate_taken"])
    assert "另一个班次" in result["problems"][0]["message"]


def test_swapped_numbers_bring_sentences_and_no_crash(bring_in, ledger):
    bring_in(ledger(row(1, ANNA), row(2, BO)))
    _code, result = bring_in(ledger(row(2, ANNA), row(1, BO)))
    assert codes(result) == ["certificate_taken", "certificate_taken"]


def test_a_corrected_issuer_is_taken(bring_in, ledger):
    headings = [*HEADINGS, "发证单位"]
    bring_in(ledger([*row(1, ANNA), "甲中心"], headings=headings))
    _code, result = bring_in(ledger([*row(1, ANNA), "乙中心"], headings=headings))
    assert result["changed"] == 1
    assert Certificate.objects.get().issuer.name == "乙中心"
    _code, again = bring_in(ledger([*row(1, ANNA), "乙中心"], headings=headings))
    assert again["same"] == 1


def test_a_renamed_bureau_keeps_its_issuer(bring_in, ledger):
    bring_in(ledger(row(1, ANNA)))
    bureau = Bureau.objects.get(name="市科协")
    bureau.name = "市科学技术协会"
    bureau.save()
    _code, result = bring_in(ledger(row(2, BO)), bureau="市科学技术协会")
    assert result["new"] == 1
    assert Issuer.objects.count() == 1


def test_a_merged_bureaus_ledger_is_the_same_under_its_successor(bring_in, ledger):
    bring_in(ledger(row(1, ANNA)), bureau="市乡村振兴局", programme="乡村致富带头人培训计划")
    old, new = Bureau.objects.get(name="市乡村振兴局"), Bureau.objects.get(name="市农业农村局")
    old.successor = new
    old.save()
    BureauAlias.objects.create(bureau=new, name="原乡村振兴局")
    _code, result = bring_in(ledger(row(1, ANNA)), bureau="原乡村振兴局", programme="乡村致富带头人培训计划")
    assert (result["new"], result["changed"]) == (0, 1)  # its phone, which the successor did not hold yet
    assert Enrolment.objects.count() == 1
    YearClose.objects.create(bureau=old, year=2024)
    with pytest.raises(Exception, match="已封账"):
        bring_in(ledger(row(2, BO)), bureau="市农业农村局", programme="乡村致富带头人培训计划")


@pytest.mark.parametrize("name", ["骨干班(一期)", "骨干班 （一期）", "骨干班（一期 ）"])
def test_a_run_in_another_spelling_is_the_same_run(bring_in, ledger, name):
    bring_in(ledger(row(1, ANNA, 班次="骨干班（一期）")))
    _code, result = bring_in(ledger(row(1, ANNA, 班次=name)))
    assert result["same"] == 1
    assert ClassRun.objects.count() == 1


def test_an_employer_in_another_spelling_is_the_same_person(bring_in, ledger):
    headings = ["姓名", "单位", "班次", "学时"]
    bring_in(ledger(["张三", "市一中（东）", "一班", "8"], headings=headings))
    bring_in(ledger(["张三", "市一中(东)", "二班", "8"], headings=headings))
    assert Learner.objects.count() == 1


def test_a_merged_learner_listed_twice_is_a_duplicate(bring_in, ledger):
    bring_in(ledger(row(1, ANNA), row(2, BO)))
    stays = Learner.objects.get(name="张建国")
    Identity.objects.filter(learner__name="李秀英").update(learner=stays)
    LearnerAlias.objects.create(learner=stays, name="李秀英")
    _code, result = bring_in(ledger(row(3, ANNA, 班次="新班"), row(4, BO, 班次="新班")))
    assert codes(result) == ["duplicate_row"]


def test_quarter_hours_are_the_same_the_second_time(bring_in, ledger):
    bring_in(ledger(row(1, ANNA, 学时="2.25")))
    assert str(Enrolment.objects.get().hours) == "2.25"
    _code, again = bring_in(ledger(row(1, ANNA, 学时="2.25")))
    assert again["same"] == 1


def test_a_certificates_year_follows_its_day_and_a_closed_one_is_asked_for(bring_in, ledger):
    headings = [*HEADINGS, "发证日期"]
    bring_in(ledger([*row(1, ANNA), "2024-12-30"], headings=headings))
    bring_in(ledger([*row(1, ANNA), "2025-01-10"], headings=headings))
    assert Certificate.objects.get().year == 2025
    YearClose.objects.create(bureau=Bureau.objects.get(name="市科协"), year=2025)
    with pytest.raises(Exception, match="2025 年度已封账"):
        bring_in(ledger([*row(2, BO), "2025-01-11"], headings=headings))


def test_a_revoked_certificates_number_is_not_written_over(bring_in, ledger):
    bring_in(ledger(row(1, ANNA)))
    Certificate.objects.update(state=Certificate.State.REVOKED)
    bring_in(ledger(row(1, ANNA, 证书编号="新证〔2024〕1号")))
    assert dict(Certificate.objects.values_list("number", "state")) == {
        "测培〔2024〕0001号": "revoked",
        "新证〔2024〕1号": "valid",
    }


def test_rows_of_a_cancelled_run_are_told(bring_in, ledger):
    bring_in(ledger(row(1, ANNA)))
    ClassRun.objects.update(state=ClassRun.State.CANCELLED)
    _code, result = bring_in(ledger(row(2, BO)))
    assert codes(result) == ["run_cancelled"]


def test_a_ledger_takes_no_more_seats_than_a_run_has(bring_in, ledger):
    bring_in(ledger(row(1, ANNA)))
    ClassRun.objects.update(seats=1)
    _code, result = bring_in(ledger(row(1, ANNA), row(2, BO)))
    assert codes(result) == ["run_full"]
    assert Enrolment.objects.get().name == ANNA[0]
    ClassRun.objects.update(seats=2)
    _code, result = bring_in(ledger(row(1, ANNA), row(2, BO)))
    assert (result["new"], codes(result)) == (1, [])


def test_who_never_came_takes_no_seat(bring_in, ledger):
    bring_in(ledger(row(1, ANNA)))
    ClassRun.objects.update(seats=1)
    Enrolment.objects.update(state=Enrolment.State.WITHDRAWN)
    _code, result = bring_in(ledger(row(2, BO)))
    assert result["new"] == 1
    _code, result = bring_in(ledger(row(1, ANNA)))
    assert codes(result) == ["run_full"]


def test_a_planned_run_is_finished_by_its_ledger(bring_in, ledger):
    bring_in(ledger(row(1, ANNA)))
    ClassRun.objects.update(state=ClassRun.State.PLANNED)
    bring_in(ledger(row(2, BO)))
    assert ClassRun.objects.get().state == ClassRun.State.FINISHED


def lecture(tmp_path, *lines):
    path = tmp_path / "讲座.csv"
    path.write_text("\n".join(["日期,活动名称,地点,参加人数", *lines]), encoding="utf-8")
    return path


ELDERS = {"programme": "智慧助老行动", "bureau": "市卫生健康委"}


def test_a_place_that_was_missing_is_filled_in(bring_in, tmp_path):
    bring_in(lecture(tmp_path, "2024-05-09,合理用药讲座,,40"), **ELDERS)
    _code, result = bring_in(lecture(tmp_path, "2024-05-09,合理用药讲座,敬老院,40"), **ELDERS)
    assert result["changed"] == 1
    assert Session.objects.get().place == "敬老院"


def test_a_lecture_that_was_to_come_counts_when_it_was_held(bring_in, tmp_path):
    line = "2024-05-09,合理用药讲座,敬老院,40"
    bring_in(lecture(tmp_path, line), **ELDERS)
    Session.objects.update(state=Session.State.PLANNED)
    bring_in(lecture(tmp_path, line), **ELDERS)
    assert Session.objects.get().state == Session.State.HELD


def test_days_are_hours_by_the_rule_of_the_ledgers_year(bring_in, ledger):
    HourRule.objects.filter(programme=None).update(valid_to=datetime.date(2024, 12, 31))
    HourRule.objects.create(hours_per_day=6, valid_from=datetime.date(2025, 1, 1))
    bring_in(ledger(row(1, ANNA, 学时="3天")))
    assert Enrolment.objects.get().hours == 24


def test_a_late_preview_does_not_take_an_import_back(bring_in, ledger, plan, officer):
    bring_in(ledger(row(1, ANNA)))
    batch = LedgerImport.objects.select_related("bureau", "programme__plan").get()
    jobs.fail(batch, "太晚了")
    batch.refresh_from_db()
    assert batch.state == LedgerImport.State.APPLIED


def test_another_programmes_row_is_written_there(bring_in, ledger):
    headings = [*HEADINGS, "培训项目"]
    bring_in(ledger([*row(1, ANNA), "省培计划"], headings=headings))
    assert Enrolment.objects.get().run.programme == Programme.objects.get(name="省培计划")


def test_a_certificate_that_was_drawn_here_stays_as_it_was_issued(bring_in, ledger):
    headings = [*HEADINGS, "证书名称"]
    bring_in(ledger([*row(1, ANNA), "结业证书"], headings=headings))
    template = Template.objects.create(bureau=Bureau.objects.get(name="市科协"), name="结业证书")
    version = TemplateVersion.objects.create(template=template, number=1, layout={})
    Certificate.objects.update(origin=Certificate.Origin.DRAWN, code=new_code(), version=version)
    _code, result = bring_in(ledger([*row(1, ANNA), "另一种证书"], headings=headings))
    assert (result["same"], result["changed"]) == (1, 0)
    assert Certificate.objects.get().title == "结业证书"


def test_without_an_issuer_a_certificate_keeps_the_one_that_it_has(bring_in, ledger):
    """So its new number must be free with that issuer, and not with the bureau."""
    headings = [*HEADINGS, "发证单位"]
    one, other = row(1, ANNA, 证书编号="甲1号"), row(2, BO, 证书编号="甲2号")
    bring_in(ledger([*one, "外地学院"], [*other, "外地学院"], headings=headings))
    _code, result = bring_in(ledger(row(1, ANNA, 证书编号="甲2号")), "--skip-faulty")
    assert [problem["code"] for problem in result["problems"]] == ["certificate_taken"]
    _code, result = bring_in(ledger(row(1, ANNA, 证书编号="甲3号")))
    assert result["changed"] == 1
    assert Certificate.objects.get(number="甲3号").issuer.name == "外地学院"


def test_a_number_that_an_earlier_row_gives_up_is_free(bring_in, ledger):
    bring_in(ledger(row(1, ANNA, 证书编号="甲1号"), row(2, BO, 证书编号="甲2号")))
    moved = ledger(row(1, ANNA, 证书编号="甲3号"), row(2, BO, 证书编号="甲1号"))
    _code, result = bring_in(moved)
    assert (result["changed"], result["faulty"]) == (2, 0)
    undo(LedgerImport.objects.order_by("-applied_at")[0], user=None)
    assert set(Certificate.objects.values_list("name", "number")) == {(ANNA[0], "甲1号"), (BO[0], "甲2号")}
