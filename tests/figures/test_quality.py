"""What the stored data tells of its own flaws."""

from ledgers.figures import Selection, quality
from ledgers.models import LedgerImport, LedgerRow
from tests.figures.city import YEAR, City


def counts(selection: Selection) -> dict[str, int]:
    return {finding.words: finding.count for finding in quality(selection) if finding.count}


def test_faulty_rows_and_warnings_of_applied_imports_are_counted_by_code(city: City) -> None:
    for state in ("applied", "undone"):
        batch = LedgerImport.objects.create(
            bureau=city.science, programme=city.tutors, year=YEAR, file_name="台账.xlsx", state=state
        )
        LedgerRow.objects.create(batch=batch, number=1, state="faulty", code="name_missing")
        LedgerRow.objects.create(batch=batch, number=2, state="faulty", code="name_missing")
        warnings = [["hidden_row", "", "隐藏"]]
        LedgerRow.objects.create(batch=batch, number=3, state="new", warnings=warnings)
    assert counts(Selection(YEAR)) == {"缺姓名": 2, "隐藏的行": 1}
    assert counts(Selection(YEAR, bureau=city.health)) == {}
    assert counts(Selection(YEAR - 1)) == {}


def test_what_is_missing_in_the_figures_is_counted(city: City) -> None:
    city.enrol(city.run("一期", ends_on=None, state="running"), "张三", hours=0, district=city.county)
    city.lecture("没有登记人数")
    city.lecture("没有女性人数", 10)
    assert counts(Selection(YEAR)) == {
        "没有学时": 1,
        "没有考核结果": 1,
        "学员没有证件号": 1,
        "缺开班或结业日期": 1,
        "尚未结业": 1,
        "没有参加人数也没有签到": 1,
        "没有女性人数": 1,
    }
