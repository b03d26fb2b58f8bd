"""An import that is taken back leaves the database as it was, whatever the ledger and what stood before."""

import pytest
from django.apps import apps

from certificates.models import Counter, Issuer
from courses.models import ClassRun, Enrolment
from ledgers.importing.undoing import undo, weigh
from ledgers.models import LedgerImport
from tests.imports.conftest import ANNA, BO, person, row
from tests.imports.test_five_ledgers import NAMES, expected_of, options_of

APPS = ("learners", "courses", "certificates")


def dump():
    """Every row of the apps that an import writes to. Counters move on only: a number is not given twice."""
    return {
        model._meta.label: sorted(model._base_manager.values_list(), key=repr)
        for app in APPS
        for model in apps.get_app_config(app).get_models(include_auto_created=True)
        if model is not Counter
    }


def newest():
    return LedgerImport.objects.order_by("-applied_at")[0]


@pytest.mark.parametrize("name", NAMES)
def test_each_of_the_five_ledgers_comes_and_goes(bring_in, name):
    before = dump()
    bring_in(name, "--skip-faulty", **options_of(expected_of(name)))
    stands = dump()
    assert stands != before
    report = weigh(newest())
    assert dump() == stands
    done = undo(newest(), user=None)
    assert (done.reversed, done.kept, done.failed, done.digest) == (
        report.reversed, 0, 0, report.digest,
    )  # fmt: skip
    assert dump() == before


def test_what_stood_before_comes_back_to_the_last_field(bring_in, ledger):
    bring_in(ledger(row(1, ANNA), row(2, BO)))
    ClassRun.objects.update(state=ClassRun.State.RUNNING, place="")
    before = dump()
    changes = {
        "学时": "16",
        "单位": "别的学校",
        "联系电话": "13900000009",
        "证书编号": "测培〔2024〕0099号",
        "考核结果": "不合格",
        "培训时间": "2024-03-01至2024-03-09",
    }
    third = person(3)
    bring_in(ledger(row(1, ANNA, **changes), row(2, BO), row(7, third)), "--skip-faulty")
    assert Enrolment.objects.get(name=ANNA[0]).state == Enrolment.State.NOT_COMPLETED
    assert dump() != before
    undo(newest(), user=None)
    assert dump() == before


def test_an_issuer_that_the_ledger_brought_goes_with_it(bring_in, ledger):
    before = dump()
    headings = ["姓名", "身份证号", "单位", "班次", "培训时间", "学时", "证书编号", "发证单位"]
    name, number, employer = ANNA
    values = [name, number, employer, "第1期", "2024-03-05至2024-03-07", "24", "外字1号", "外地学院"]
    bring_in(ledger(values, headings=headings))
    assert Issuer.objects.filter(name="外地学院").exists()
    undo(newest(), user=None)
    assert dump() == before


def test_three_imports_undone_in_any_order_leave_nothing(bring_in, ledger):
    before = dump()
    bring_in(ledger(row(1, ANNA)))
    bring_in(ledger(row(1, ANNA, 学时="16"), row(2, BO)))
    bring_in(ledger(row(2, BO), row(3, ANNA, 班次="第2期培训班", 联系电话="13900000009")))
    batches = list(LedgerImport.objects.order_by("applied_at"))
    for batch in (batches[0], batches[2], batches[1], batches[0]):
        batch.refresh_from_db()
        undo(batch, user=None)
    assert set(LedgerImport.objects.values_list("state", flat=True)) == {LedgerImport.State.UNDONE}
    assert dump() == before
