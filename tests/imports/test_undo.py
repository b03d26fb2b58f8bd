"""An import is taken back as a whole, while nothing was built on it."""

import pytest

from bureaus.models import AuditEvent, Bureau, YearClose, YearClosed
from certificates.models import Certificate
from courses.models import Attendance, ClassRun, Enrolment, Session
from learners.models import Holder, Identity, Learner, Standing
from ledgers.importing.undoing import CannotUndo, undo
from ledgers.models import LedgerImport
from tests.imports.conftest import ANNA, BO, row

MODELS = (Learner, Identity, Holder, Standing, ClassRun, Session, Enrolment, Certificate)


def counts():
    return {model.__name__: model.objects.count() for model in MODELS}


def newest():
    return LedgerImport.objects.order_by("-applied_at")[0]


def test_undoing_takes_back_everything_that_was_made(bring_in, ledger):
    before = counts()
    bring_in(ledger(row(1, ANNA), row(2, BO)))
    assert counts() != before
    undo(newest(), user=None, reason="传错了文件")
    assert counts() == before
    assert newest().state == LedgerImport.State.UNDONE
    assert AuditEvent.objects.get(deed=AuditEvent.Deed.LEDGER_UNDONE).reason == "传错了文件"


def test_undoing_lectures_takes_back_the_sessions(bring_in):
    bring_in("seniors-2024.csv", "--skip-faulty", programme="智慧助老行动", bureau="市卫生健康委")
    undo(newest(), user=None)
    assert counts() == dict.fromkeys(counts(), 0)


def test_undoing_a_change_puts_the_old_values_back(bring_in, ledger):
    bring_in(ledger(row(1, ANNA)))
    before = Enrolment.objects.values().get()
    changed = {"学时": "16", "单位": "别的学校", "联系电话": "13900000009", "证书编号": "测培〔2024〕0099号"}
    bring_in(ledger(row(1, ANNA, 培训时间="2024-03-01至2024-03-09", **changed)))
    assert Enrolment.objects.get().hours == 16
    undo(newest(), user=None)
    after = Enrolment.objects.values().get()
    assert {k: v for k, v in after.items() if k != "changed_at"} == {
        k: v for k, v in before.items() if k != "changed_at"
    }
    assert Holder.objects.get().phone == "13800000001"
    assert Certificate.objects.get().number == "测培〔2024〕0001号"
    assert str(ClassRun.objects.get().starts_on) == "2024-03-05"


def test_a_person_whom_another_import_knows_too_stays(bring_in, ledger):
    bring_in(ledger(row(1, ANNA)))
    first = newest()
    bring_in(ledger(row(5, ANNA, 班次="第2期培训班")))
    undo(first, user=None)
    assert Learner.objects.count() == 1
    assert Enrolment.objects.get().run.name == "第2期培训班"
    assert ClassRun.objects.count() == 1


def test_an_import_on_which_a_later_one_stands_is_kept(bring_in, ledger):
    bring_in(ledger(row(1, ANNA)))
    first = newest()
    bring_in(ledger(row(1, ANNA, 学时="16")))
    with pytest.raises(CannotUndo, match="先撤销那一次"):
        undo(first, user=None)
    assert Enrolment.objects.get().hours == 16
    undo(newest(), user=None)
    undo(first, user=None)
    assert not Enrolment.objects.exists()


def test_rows_with_attendance_are_kept(bring_in, ledger):
    bring_in(ledger(row(1, ANNA)))
    enrolment = Enrolment.objects.select_related("run").get()
    run = enrolment.run
    session = Session.objects.create(
        run=run, programme=run.programme, bureau=run.bureau, district=run.district, year=2024,
        title="第一课", held_on=run.starts_on,
    )  # fmt: skip
    Attendance.objects.create(enrolment=enrolment, session=session, state=Attendance.State.PRESENT)
    with pytest.raises(CannotUndo, match="考勤"):
        undo(newest(), user=None)


def test_rows_with_a_later_certificate_are_kept(bring_in, ledger):
    bring_in(ledger(row(1, ANNA)))
    first = Certificate.objects.get()
    Certificate.objects.create(
        issuer=first.issuer,
        number="新证1号",
        learner=first.learner,
        enrolment=first.enrolment,
        name="张建国",
        year=2024,
    )
    with pytest.raises(CannotUndo, match="证书"):
        undo(newest(), user=None)


def test_rows_that_were_edited_since_are_kept(bring_in, ledger):
    bring_in(ledger(row(1, ANNA)))
    enrolment = Enrolment.objects.get()
    enrolment.employer = "改过的单位"
    enrolment.save()
    with pytest.raises(CannotUndo, match="改过"):
        undo(newest(), user=None)


def test_a_closed_year_is_not_undone(bring_in, ledger):
    bring_in(ledger(row(1, ANNA)))
    YearClose.objects.create(bureau=Bureau.objects.get(name="市科协"), year=2024)
    with pytest.raises(YearClosed):
        undo(newest(), user=None)
    assert Enrolment.objects.count() == 1


def test_an_import_is_undone_once(bring_in, ledger):
    bring_in(ledger(row(1, ANNA)))
    undo(newest(), user=None)
    with pytest.raises(CannotUndo):
        undo(newest(), user=None)
