"""What an import changed gets its old value back, unless somebody changed it since or it may not stand."""

import pytest

from bureaus.models import AuditEvent
from certificates.models import Certificate
from courses.models import ClassRun, Enrolment, Session
from learners.models import Holder
from ledgers.importing.undoing import UndoOutdated, undo, weigh
from ledgers.models import LedgerImport, LedgerRow
from tests.imports.conftest import ANNA, BO, person, row

KEPT, FAILED, REVERSED = LedgerRow.Undone.KEPT, LedgerRow.Undone.FAILED, LedgerRow.Undone.REVERSED


def newest():
    return LedgerImport.objects.order_by("-applied_at")[0]


def fate(number=2):
    row = newest().rows.get(number=number)
    return row.undone, row.undone_why


@pytest.fixture
def changed(bring_in, ledger):
    """Somebody's row in a first import, and changed by a second."""

    def bring(**changes):
        bring_in(ledger(row(1, ANNA)))
        bring_in(ledger(row(1, ANNA, **changes)))

    return bring


def edit(officer, **values):
    enrolment = Enrolment.objects.get()
    for name, value in values.items():
        setattr(enrolment, name, value)
    enrolment.save()
    run = enrolment.run
    AuditEvent.record(AuditEvent.Deed.ENROLMENT_CHANGED, run, user=officer, bureau=run.bureau)


def test_a_value_that_somebody_changed_since_stays_and_the_others_go_back(changed, officer):
    changed(单位="别的学校", 学时="16")
    edit(officer, employer="又一所学校")
    undo(newest(), user=None)
    state, why = fate()
    assert state == KEPT
    assert why.startswith("工作单位后来改过，保留现在的值（李经办，20")
    enrolment = Enrolment.objects.get()
    assert (enrolment.employer, enrolment.hours) == ("又一所学校", 24)
    assert newest().state == LedgerImport.State.APPLIED


def test_a_second_go_touches_only_what_was_left(changed, officer):
    changed(单位="别的学校", 学时="16")
    edit(officer, employer="又一所学校")
    undo(newest(), user=None)
    edit(officer, employer="别的学校", hours=16)  # the words of the import, but a person's
    undo(newest(), user=None)
    enrolment = Enrolment.objects.get()
    assert (enrolment.employer, enrolment.hours) == (ANNA[2], 16)
    assert newest().state == LedgerImport.State.UNDONE


def test_hours_and_their_kinds_stay_together(changed, officer):
    changed(学时="16")
    edit(officer, hours=20)
    undo(newest(), user=None)
    assert fate()[0] == KEPT
    assert "学时后来改过" in fate()[1]
    enrolment = Enrolment.objects.get()
    assert (enrolment.hours, enrolment.hours_general) == (20, 16)


def test_a_value_that_somebody_put_back_by_hand_is_no_reason_to_keep(changed, officer):
    changed(单位="别的学校")
    edit(officer, employer=ANNA[2])
    undo(newest(), user=None)
    assert fate() == (REVERSED, "")


def test_a_seat_that_was_given_away_since_is_not_taken_back(changed, bring_in, ledger):
    changed(考核结果="退学")
    assert Enrolment.objects.get().state == Enrolment.State.WITHDRAWN
    ClassRun.objects.update(seats=1)
    second = newest()
    bring_in(ledger(row(2, BO)))
    undo(second, user=None)
    second_row = second.rows.get()
    assert (second_row.undone, second_row.undone_why) == (FAILED, "班次名额已满，不能恢复原来的参训状态")
    assert Enrolment.objects.holding_seats().count() == 1
    undo(newest(), user=None)
    undo(second, user=None)
    assert Enrolment.objects.get().state == Enrolment.State.COMPLETED


def test_a_number_that_another_certificate_has_by_now_is_not_given_twice(changed, learner):
    changed(证书编号="测培〔2024〕0099号")
    issuer = Certificate.objects.get().issuer
    Certificate.objects.create(
        issuer=issuer, number="测培〔2024〕0001号", learner=learner, name=learner.name, year=2024
    )
    undo(newest(), user=None)
    assert fate() == (FAILED, "原来的证书编号后来已登记给别的证书，不能恢复")
    assert Certificate.objects.filter(number="测培〔2024〕0099号").exists()


def test_old_values_of_what_is_gone_fail(changed):
    changed(单位="别的学校")
    Certificate.objects.all().delete()
    Enrolment.objects.all().delete()
    undo(newest(), user=None)
    assert fate() == (FAILED, "记录后来已被删除，改前的值不能恢复")


def test_days_that_would_stand_on_their_head_stay(bring_in, ledger):
    bring_in(ledger(row(1, ANNA)))
    bring_in(ledger(row(1, ANNA, 培训时间="2024-03-01至2024-03-09")))
    ClassRun.objects.update(starts_on="2024-03-08")
    undo(newest(), user=None)
    assert fate()[0] == FAILED
    assert "先后颠倒" in fate()[1]
    run = ClassRun.objects.get()
    assert (str(run.starts_on), str(run.ends_on)) == ("2024-03-08", "2024-03-09")


def test_the_days_of_a_run_hold_whoever_stays_in_it(bring_in, ledger, officer):
    bring_in(ledger(row(1, ANNA)))
    third = person(3)
    bring_in(ledger(row(2, BO, 培训时间="2024-03-01至2024-03-09"), row(3, third)))
    one = Enrolment.objects.get(name=third[0])
    one.employer = "改过"
    one.save()
    undo(newest(), user=None)
    assert fate(2) == (KEPT, "班次的起止日期不变：班里还有保留的学员")
    assert not Enrolment.objects.filter(name=BO[0]).exists()
    assert str(ClassRun.objects.get().starts_on) == "2024-03-01"
    Enrolment.objects.filter(pk=one.pk).update(changed_at=newest().applied_at)
    undo(newest(), user=None)
    assert str(ClassRun.objects.get().starts_on) == "2024-03-05"


def test_a_phone_of_a_row_whose_enrolment_is_gone_goes_back_later(bring_in, ledger):
    bring_in(ledger(row(1, ANNA)))
    bring_in(ledger(row(2, ANNA, 班次="第2期", 联系电话="13900000009")))
    second = newest()
    bring_in(ledger(row(3, ANNA, 班次="第3期", 联系电话="13900000009")))
    undo(second, user=None)
    assert second.rows.get().undone_why == "联系电话不变：后来的导入也有这个人"
    undo(newest(), user=None)
    undo(second, user=None)
    assert Holder.objects.get().phone == "13800000001"


def test_the_parts_of_a_headcount_stay_with_it(bring_in):
    options = {"programme": "智慧助老行动", "bureau": "市卫生健康委"}
    bring_in("seniors-2024.csv", "--skip-faulty", **options)
    session = Session.objects.filter(headcount__gt=10)[0]
    first = newest()
    count = session.headcount
    Session.objects.filter(pk=session.pk).update(headcount=count - 1, women=None, elders=None)
    bring_in("seniors-2024.csv", "--skip-faulty", **options)
    assert Session.objects.get(pk=session.pk).headcount == count
    Session.objects.filter(pk=session.pk).update(headcount=count + 5)
    undo(newest(), user=None)
    assert newest().rows.filter(undone=KEPT).count() == 1
    assert Session.objects.get(pk=session.pk).headcount == count + 5
    assert first.rows.filter(session=session).exists()


def test_an_undo_that_would_do_something_else_than_was_shown_is_refused(bring_in, ledger):
    bring_in(ledger(row(1, ANNA), row(2, BO)))
    shown = weigh(newest())
    assert (shown.reversed, shown.kept) == (2, 0)
    Enrolment.objects.get(name=ANNA[0]).save()
    with pytest.raises(UndoOutdated):
        undo(newest(), user=None, expected=shown.digest)
    assert Enrolment.objects.count() == 2


def test_weighing_tells_the_figures_before_and_after(bring_in, ledger):
    bring_in(ledger(row(1, ANNA), row(2, BO)))
    bring_in(ledger(row(3, ANNA, 班次="第2期培训班")))
    first = LedgerImport.objects.order_by("applied_at")[0]
    lines = {(line["label"], line["year"]): line for line in weigh(first).figures}
    line = lines["培训科技辅导员", 2024]
    assert (line["before"]["person_times"], line["after"]["person_times"]) == (3, 1)
    assert (line["before"]["people"], line["after"]["people"]) == (2, 1)
    assert (line["before"]["certificates"], line["after"]["certificates"]) == (3, 1)
    assert lines["合计", 2024]["after"]["hours"] == 24
    assert Enrolment.objects.count() == 3
