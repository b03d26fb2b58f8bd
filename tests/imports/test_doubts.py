"""Doubts about who a row speaks of: found, counted safely while open, and settled by what was decided."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bureaus.models import Bureau
from courses.models import Enrolment
from learners.models import Identity, Learner, LearnerAlias
from learners.names import same_name
from ledgers.importing.undoing import undo
from ledgers.models import Doubt, LedgerImport, PersonDecision
from ledgers.reading import apart
from tests.drills.crash import id_number
from tests.imports.conftest import ANNA, BO, row

HEADINGS = ["姓名", "单位", "班次", "学时"]
pytestmark = pytest.mark.django_db


def number_of(place: int) -> str:
    """A synthetic ID number with a right check digit."""
    from_seventeen = f"439999198001{1 + place % 28:02}{place:03}"
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    total = sum(int(digit) * weight for digit, weight in zip(from_seventeen, weights, strict=True))
    return from_seventeen + "10X98765432"[total % 11]


OTHER = number_of(77)


def codes(result):
    return [problem["code"] for problem in result["problems"]]


def warned(result):
    return [one["code"] for one in result["warnings"]]


def decide(doubt: Doubt, *, same: bool) -> PersonDecision:
    return PersonDecision.objects.create(
        key=doubt.key, learner=doubt.learner, same=same, bureau=doubt.batch.bureau
    )


def anna(**changes: str) -> list[str]:
    """Anna's row with another certificate and class, so that only who she is may be doubted."""
    return row(9, ANNA, 班次="第2期培训班", **changes)


def test_the_same_name_at_the_same_employer_with_another_number_is_asked_and_counts_by_itself(
    bring_in, ledger
):
    bring_in(ledger(row(1, ANNA)))
    _code, result = bring_in(ledger(anna(身份证号=OTHER)))
    assert (result["new"], warned(result)) == (1, ["known_elsewhere"])
    doubt = Doubt.objects.get()
    assert (doubt.kind, doubt.number, doubt.decision) == ("other_number", 2, None)
    assert Learner.objects.count() == 2


def test_a_ledger_without_numbers_is_asked_of_who_has_one_and_the_other_way_round(bring_in, ledger):
    bring_in(ledger(row(1, ANNA)))
    bring_in(ledger([ANNA[0], ANNA[2], "二班", "8"], headings=HEADINGS))
    assert Doubt.objects.get().learner == Learner.objects.order_by("pk").first()
    bring_in(ledger(["赵六", "市一中（东）", "二班", "8"], headings=HEADINGS))
    bring_in(ledger(row(3, ("赵六", OTHER, "市一中(东)"))))
    assert Doubt.objects.filter(learner__name="赵六").count() == 1


def test_people_whom_only_another_bureau_holds_are_not_asked_about(bring_in, ledger):
    bring_in(ledger(row(1, ANNA)))
    _code, result = bring_in(ledger(anna(身份证号=OTHER)), bureau="市教育局")
    assert warned(result) == []
    assert not Doubt.objects.exists()


def test_one_who_is_the_same_gets_the_number_and_no_later_import_asks(bring_in, ledger):
    bring_in(ledger(row(1, ANNA)))
    path = ledger(anna(身份证号=OTHER, 证书编号=""))
    bring_in(path, "--dry-run")
    bring_in(path)
    undo(LedgerImport.objects.order_by("-applied_at").first(), user=None)
    decide(Doubt.objects.get(), same=True)
    _code, result = bring_in(path)
    assert (result["new"], warned(result)) == (1, [])
    learner = Learner.objects.get()
    assert learner.enrolments.count() == 2
    assert Identity.objects.get(digest=Identity.by_id_number(OTHER)[2]).learner == learner
    _code, again = bring_in(path)
    assert again["same"] == 1
    assert not Doubt.objects.filter(decision=None, batch__state="applied").exists()


def test_a_decided_row_that_is_else_the_same_is_a_change_and_undoing_takes_the_number_back(bring_in, ledger):
    bring_in(ledger([ANNA[0], ANNA[2], "第2期培训班", "24"], headings=HEADINGS))
    numbered = ledger(
        [ANNA[0], ANNA[1], ANNA[2], "第2期培训班", "24"],
        headings=["姓名", "身份证号", "单位", "班次", "学时"],
    )
    learner = Learner.objects.get()
    PersonDecision.objects.create(key=Identity.by_id_number(ANNA[1])[2], learner=learner, same=True)
    _code, result = bring_in(numbered)
    assert (result["changed"], Enrolment.objects.count()) == (1, 1)
    assert learner.identities.count() == 2
    undo(LedgerImport.objects.order_by("-applied_at").first(), user=None)
    assert learner.identities.get().kind == Identity.Kind.EMPLOYER_NAME


def test_one_who_is_not_the_same_is_never_asked_about_again(bring_in, ledger):
    bring_in(ledger(row(1, ANNA)))
    bring_in(ledger(anna(身份证号=OTHER)), "--dry-run")
    PersonDecision.objects.create(
        key=Identity.by_id_number(OTHER)[2], learner=Learner.objects.get(), same=False
    )
    _code, result = bring_in(ledger(anna(身份证号=OTHER)))
    assert (result["new"], warned(result)) == (1, [])
    assert Learner.objects.count() == 2


def test_a_number_under_another_name_is_refused_until_somebody_says_who_it_is(bring_in, ledger):
    bring_in(ledger(row(1, ANNA)))
    renamed = ledger(anna(姓名="张建军", 证书编号=""))
    _code, result = bring_in(renamed, "--skip-faulty")
    assert codes(result) == ["other_name"]
    assert Enrolment.objects.count() == 1
    decision = decide(Doubt.objects.get(), same=True)
    _code, result = bring_in(renamed)
    assert result["new"] == 1
    assert LearnerAlias.objects.get().name == "张建军"
    _code, again = bring_in(renamed)
    assert again["same"] == 1
    decision.delete()
    _code, known = bring_in(renamed)
    assert known["same"] == 1  # by the other name, which is known now


@pytest.mark.parametrize("rows_together", [1, 2000])
def test_a_new_number_under_two_names_in_one_file_is_refused_the_second_time(
    bring_in, ledger, monkeypatch, rows_together
):
    """However the rows are read, and before as while they are written: a preview must be what happens."""
    monkeypatch.setattr(apart, "CHUNK", rows_together)
    twice = ledger(row(1, ANNA), row(2, BO), anna(姓名="张卫东"), row(8, ANNA, 班次="第3期"))
    for option in ("--dry-run", "--skip-faulty"):
        _code, result = bring_in(twice, option)
        assert (result["new"], codes(result)) == (3, ["other_name"])
        assert "第 2 行" in result["problems"][0]["message"]
    assert set(Learner.objects.values_list("name", flat=True)) == {ANNA[0], BO[0]}


def test_a_number_that_is_another_persons_stays_refused_with_another_sentence(bring_in, ledger):
    bring_in(ledger(row(1, ANNA)))
    wrong = ledger(row(2, (BO[0], ANNA[1], BO[2])))
    bring_in(wrong, "--skip-faulty")
    decide(Doubt.objects.get(), same=False)
    _code, result = bring_in(wrong, "--skip-faulty")
    assert codes(result) == ["number_of_another"]


@pytest.mark.parametrize("name", ["張建國", "张 建国", "张建□", "张?国"])
def test_a_name_that_is_only_written_otherwise_is_no_doubt(bring_in, ledger, name):
    bring_in(ledger(row(1, ANNA)))
    _code, result = bring_in(ledger(anna(姓名=name, 证书编号="")))
    assert (result["new"], result["faulty"]) == (1, 0)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("买买提·艾力", "买买提艾力", True),
        ("王䶮", "王\ue863", True),
        ("李四", "李五", False),
        ("张三", "张三丰", False),
        ("□□", "张三", False),
        ("John Smith", "JOHN  SMITH", True),
    ],
)
def test_names_are_one_however_they_are_written(one, other, same):
    assert same_name(one, other) is same


def test_the_number_of_queries_does_not_grow_with_the_rows(bring_in, ledger):
    people = [(f"张{chr(0x4E00 + n)}", number_of(n), "市一中") for n in range(40)]
    bring_in(ledger(*(row(n, one) for n, one in enumerate(people, 1))))

    def queries(count: int) -> int:
        rows = [
            row(100 + n, (name, number_of(50 + n), employer), 班次="二班")
            for n, (name, _number, employer) in enumerate(people[:count])
        ]
        rows += [
            row(200 + n, (f"李{n}明", one[1], one[2]), 班次="三班") for n, one in enumerate(people[:count])
        ]
        with CaptureQueriesContext(
            connection,
        ) as caught:
            _code, result = bring_in(ledger(*rows), "--dry-run")
        assert result["read"] == 2 * count
        assert codes(result) == ["other_name"] * count
        assert len(warned(result)) == count
        return len(caught)

    assert queries(3) == queries(40)


def test_another_bureaus_learner_with_that_number_is_kept_as_a_doubt(bring_in, ledger):
    bring_in(ledger(row(1, ANNA)))
    _code, result = bring_in(ledger(anna(姓名="张建军")), "--skip-faulty", bureau="市教育局")
    assert codes(result) == ["other_name"]
    assert "张建国" not in result["problems"][0]["message"]
    assert Doubt.objects.get().batch.bureau == Bureau.objects.get(name="市教育局")


def test_many_strangers_are_compared_with_everybody_at_once(bring_in, ledger):
    """One of more than a thousand rows is the namesake of somebody known, and of others of the file."""
    bring_in(ledger(row(1, ANNA)))
    name, _number, employer = ANNA
    rows = [
        row(
            at,
            (name, id_number(at), employer if at == 1_100 else f"第{at}小学"),
            班次="第2期培训班",
            证书编号="",
        )
        for at in range(1, 1_200)
    ]
    _code, result = bring_in(ledger(*rows))
    assert (result["new"], warned(result)) == (1_199, ["known_elsewhere"])
    assert Doubt.objects.get().number == 1_101
