"""An import is taken back row by row: reversed, kept since somebody used it, or failed; each row says why."""

import json
import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from bureaus.models import AuditEvent, Bureau, District, YearClose, YearClosed
from certificates.models import Certificate
from courses.models import (
    Appeal,
    Attendance,
    Ballot,
    ClassRun,
    Enrolment,
    Evaluation,
    Evidence,
    Mark,
    Notice,
    Programme,
    Session,
)
from learners.models import Holder, Identity, Learner, Standing
from ledgers.importing.undoing import CannotUndo, undo
from ledgers.importing.undoing.deeds import SIGNED
from ledgers.importing.undoing.holding_on import built_on
from ledgers.models import LedgerImport, LedgerRow
from tests.imports.conftest import ANNA, BO, person, row

MODELS_HELD = (Enrolment, Session, Certificate)
MODELS = (Learner, Identity, Holder, Standing, ClassRun, Session, Enrolment, Certificate)


def counts():
    return {model.__name__: model.objects.count() for model in MODELS}


def newest():
    return LedgerImport.objects.order_by("-applied_at")[0]


def fates(batch=None):
    """What became of the rows of the newest import, by their number in the file."""
    rows = (batch or newest()).rows.exclude(undone="").order_by("number")
    return {row.number: (row.undone, row.undone_why) for row in rows}


def kept(batch=None):
    """Why the only row was kept."""
    ((state, why),) = fates(batch).values()
    assert state == LedgerRow.Undone.KEPT
    return why


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


def test_rows_that_a_later_import_brings_too_are_kept_until_that_one_is_undone(bring_in, ledger):
    before = counts()
    bring_in(ledger(row(1, ANNA), row(2, BO)))
    first = newest()
    bring_in(ledger(row(1, ANNA, 学时="16")))
    second = newest()
    assert undo(first, user=None).kept == 1
    assert fates(first)[2][0] == LedgerRow.Undone.KEPT
    assert "后来导入的“台账.csv”也有这一行" in fates(first)[2][1]
    assert fates(first)[3] == (LedgerRow.Undone.REVERSED, "")
    first.refresh_from_db()
    assert first.state == LedgerImport.State.PARTLY
    assert Enrolment.objects.get().hours == 16
    undo(second, user=None)
    assert Enrolment.objects.get().hours == 24
    assert undo(first, user=None).reversed == 1
    first.refresh_from_db()
    assert first.state == LedgerImport.State.UNDONE
    assert counts() == before


def test_rows_that_a_later_import_found_to_be_the_same_are_kept_too(bring_in, ledger):
    bring_in(ledger(row(1, ANNA)))
    first = newest()
    bring_in(ledger(row(1, ANNA)))
    second = newest()
    undo(first, user=None)
    assert "后来导入" in kept(first)
    undo(second, user=None)
    undo(first, user=None)
    assert not Enrolment.objects.exists()


def session_of(run):
    return Session.objects.create(
        run=run, programme=run.programme, bureau=run.bureau, district=run.district, year=2024,
        title="第一课", held_on=run.starts_on,
    )  # fmt: skip


def test_rows_with_attendance_are_kept_and_say_whose_it_is(bring_in, ledger, officer):
    bring_in(ledger(row(1, ANNA), row(2, BO)))
    enrolment = Enrolment.objects.select_related("run").get(name=ANNA[0])
    session = session_of(enrolment.run)
    Attendance.objects.create(
        enrolment=enrolment, session=session, state=Attendance.State.PRESENT, noted_by=officer
    )
    undo(newest(), user=None)
    anna, bo = fates().values()
    assert anna[0] == LedgerRow.Undone.KEPT
    assert "后来有了1 条出勤（李经办，20" in anna[1]
    assert bo == (LedgerRow.Undone.REVERSED, "")
    assert Enrolment.objects.get() == enrolment
    assert Certificate.objects.get().enrolment == enrolment
    assert (Learner.objects.count(), Holder.objects.count(), Standing.objects.count()) == (1, 1, 1)


def test_a_run_with_sessions_stays_without_its_people_and_is_told(bring_in, ledger):
    bring_in(ledger(row(1, ANNA)))
    session_of(ClassRun.objects.get())
    undo(newest(), user=None)
    assert fates() == {2: (LedgerRow.Undone.REVERSED, "班次保留：班里还有别的记录")}
    assert not Enrolment.objects.exists()
    assert ClassRun.objects.exists()


def test_a_run_that_somebody_arranged_since_stays(bring_in, ledger, officer):
    bring_in(ledger(row(1, ANNA)))
    run = ClassRun.objects.get()
    AuditEvent.record(AuditEvent.Deed.RUN_CHANGED, run, user=officer, bureau=run.bureau)
    undo(newest(), user=None)
    assert fates() == {2: (LedgerRow.Undone.REVERSED, "班次保留：后来有人改过")}
    assert ClassRun.objects.get() == run


@pytest.mark.parametrize(
    ("model", "values", "words"),
    [
        (Mark, {"state": "present", "outcome": "conflict"}, "点名记录"),
        (Appeal, {"kind": "excuse", "words": "生病"}, "请假与申诉"),
        (Notice, {"key": "x", "kind": "reminder", "channel": "console", "subject": "开课"}, "通知"),
        (Evidence, {"kind": "photo", "digest": "x"}, "佐证"),
        (Evaluation, {"content": 5, "teaching": 5, "arrangement": 5, "made_on": "2024-06-01"}, "满意度评价"),
        (Ballot, {"digest": "x"}, "已评价"),
    ],
)
def test_what_people_did_since_is_kept(bring_in, ledger, model, values, words):
    bring_in(ledger(row(1, ANNA)))
    enrolment = Enrolment.objects.get()
    bring_in("seniors-2024.csv", "--skip-faulty", programme="智慧助老行动", bureau="市卫生健康委")
    session = Session.objects.all()[0]
    now = timezone.now()
    times = {"key": uuid.uuid4(), "marked_at": now} if model is Mark else {}
    times |= {"due_at": now} if model is Notice else {}
    places = {field.name for field in model._meta.fields} & {"enrolment", "session"}
    known = {"enrolment": enrolment, "session": session}
    made = model.objects.create(**(values | times | {name: known[name] for name in places}))
    lectures, ledgers = LedgerImport.objects.order_by("-applied_at")
    for batch, name in ((lectures, "session"), (ledgers, "enrolment")):
        undo(batch, user=None)
        reasons = [why for state, why in fates(batch).values() if state == LedgerRow.Undone.KEPT]
        assert len(reasons) == (name in places)
        assert all(words in why for why in reasons)
    assert model.objects.get() == made


def test_all_that_may_be_built_on_an_import_says_who_and_when():
    """A new model that leads to an enrolment, a session or a certificate has to be entered."""
    leading = {relation.related_model for model in MODELS_HELD for relation in built_on(model)}
    assert leading == set(SIGNED)


def test_rows_with_a_later_certificate_are_kept(bring_in, ledger, officer):
    bring_in(ledger(row(1, ANNA)))
    first = Certificate.objects.get()
    Certificate.objects.create(
        issuer=first.issuer,
        number="新证1号",
        learner=first.learner,
        enrolment=first.enrolment,
        name="张建国",
        year=2024,
        issued_by=officer,
        issued_on="2024-06-01",
    )
    undo(newest(), user=None)
    assert kept() == "后来有了1 条证书（李经办，2024-06-01）"
    assert Certificate.objects.count() == 2


def test_rows_whose_certificate_was_renewed_are_kept(bring_in, ledger):
    bring_in(ledger(row(1, ANNA), row(2, BO)))
    first = Certificate.objects.get(number__contains="0001")
    Certificate.objects.create(
        issuer=first.issuer,
        number="换证1号",
        learner=first.learner,
        name=first.name,
        year=2024,
        replaces=first,
    )
    undo(newest(), user=None)
    anna, bo = fates().values()
    assert (anna[0], bo[0]) == (LedgerRow.Undone.KEPT, LedgerRow.Undone.REVERSED)
    assert "证书" in anna[1]
    assert Enrolment.objects.get().name == ANNA[0]


def test_rows_whose_certificate_was_revoked_are_kept(bring_in, ledger):
    bring_in(ledger(row(1, ANNA)))
    Certificate.objects.update(state=Certificate.State.REVOKED)
    undo(newest(), user=None)
    assert "证书后来改为“作废”" in kept()


def test_rows_that_were_edited_since_are_kept_and_say_by_whom(bring_in, ledger, officer):
    bring_in(ledger(row(1, ANNA)))
    enrolment = Enrolment.objects.get()
    enrolment.employer = "改过的单位"
    enrolment.save()
    run = enrolment.run
    AuditEvent.record(AuditEvent.Deed.ENROLMENT_CHANGED, run, user=officer, bureau=run.bureau)
    undo(newest(), user=None)
    assert "参训记录后来改过（李经办，20" in kept()
    assert Enrolment.objects.get().employer == "改过的单位"


def test_an_edit_that_nobody_signed_says_so(bring_in, ledger):
    bring_in(ledger(row(1, ANNA)))
    Enrolment.objects.get().save()
    undo(newest(), user=None)
    assert "没有记下是谁" in kept()


def test_lectures_that_were_registered_since_are_kept(bring_in, officer):
    bring_in("seniors-2024.csv", "--skip-faulty", programme="智慧助老行动", bureau="市卫生健康委")
    session = Session.objects.all()[0]
    AuditEvent.record(AuditEvent.Deed.ATTENDANCE_CORRECTED, session, user=officer, bureau=session.bureau)
    report = undo(newest(), user=None)
    assert (report.kept, report.reversed) == (1, 45)
    assert report.kinds == [("kept", "后来有人改过", 1)]
    assert Session.objects.get() == session


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


def test_the_last_undone_of_two_imports_takes_their_shared_run_and_person(bring_in, ledger):
    before = counts()
    bring_in(ledger(row(1, ANNA)))
    first = newest()
    bring_in(ledger(row(2, BO), row(3, ANNA, 班次="第2期培训班")))
    second = newest()
    undo(first, user=None)
    assert (Learner.objects.count(), ClassRun.objects.count()) == (2, 2)
    undo(second, user=None)
    assert counts() == before


def test_what_was_made_by_hand_stays(bring_in, ledger):
    bureau = Bureau.objects.get(name="市科协")
    programme = Programme.objects.named("培训科技辅导员", year=2024)
    ClassRun.objects.create(
        programme=programme, name="第1期培训班", bureau=bureau, district=District.objects.all()[0], year=2024
    )
    learner = Learner.objects.create(name=ANNA[0])
    kind, value, digest = Identity.by_id_number(ANNA[1])
    Identity.objects.create(learner=learner, kind=kind, value=value, digest=digest)
    Holder.objects.create(learner=learner, bureau=bureau)
    Standing.objects.create(learner=learner, group=programme.group)
    before = counts()
    bring_in(ledger(row(1, ANNA)))
    assert Learner.objects.count() == 1
    undo(newest(), user=None)
    assert counts() == before


def test_a_later_import_keeps_its_days_and_phone(bring_in, ledger):
    bring_in(ledger(row(1, ANNA)))
    bring_in(
        ledger(
            row(2, BO, 培训时间="2024-03-04至2024-03-08"), row(4, ANNA, 班次="第2期", 联系电话="13900000002")
        )
    )
    second = newest()
    later = row(5, ANNA, 班次="第3期", 联系电话="13900000003")
    third = person(3)
    bring_in(ledger(row(6, third, 培训时间="2024-03-02至2024-03-09"), later))
    undo(second, user=None)
    run = ClassRun.objects.get(name="第1期培训班")
    assert (str(run.starts_on), str(run.ends_on)) == ("2024-03-02", "2024-03-09")
    assert Holder.objects.get(learner__name=ANNA[0]).phone == "13900000003"


def note_written(kind, values):
    """Notes what the newest import wrote, as applying does."""
    changed = next(row for row in newest().rows.all() if row.before)
    noted = json.loads(changed.before)
    changed.before = json.dumps(noted | {"wrote": noted.get("wrote", {}) | {kind: values}})
    changed.save()


def test_values_that_were_edited_since_stay(bring_in, ledger):
    bring_in(ledger(row(1, ANNA)))
    bring_in(
        ledger(
            row(
                1,
                ANNA,
                证书编号="测培〔2024〕0099号",
                联系电话="13900000009",
                培训时间="2024-03-01至2024-03-09",
            )
        )
    )
    note_written("certificate", {"number": "测培〔2024〕0099号", "number_key": "测培(2024)0099号"})
    note_written("phone", "13900000009")
    note_written("run", {"days": ["2024-03-01", "2024-03-09"]})
    certificate = Certificate.objects.get()
    certificate.number = "手工更正1号"
    certificate.save()
    Holder.objects.update(phone="13700000000")
    ClassRun.objects.update(starts_on="2024-02-20")
    undo(newest(), user=None)
    certificate.refresh_from_db()
    assert (certificate.number, certificate.number_key) == ("手工更正1号", "手工更正1号")
    assert Holder.objects.get().phone == "13700000000"
    run = ClassRun.objects.get()
    assert (str(run.starts_on), str(run.ends_on)) == ("2024-02-20", "2024-03-07")


def test_sessions_with_attendance_are_kept(bring_in, ledger):
    bring_in(ledger(row(1, ANNA)))
    enrolment = Enrolment.objects.get()
    bring_in("seniors-2024.csv", "--skip-faulty", programme="智慧助老行动", bureau="市卫生健康委")
    session = Session.objects.all()[0]
    Attendance.objects.create(enrolment=enrolment, session=session, state=Attendance.State.PRESENT)
    undo(newest(), user=None)
    assert [state for state, _why in fates().values()].count("kept") == 1
    assert Session.objects.get() == session


def test_rows_whose_certificate_counts_in_a_closed_year_are_kept(bring_in, ledger):
    bring_in(ledger(row(1, ANNA), row(2, BO)))
    Certificate.objects.filter(number__contains="0001").update(year=2025)
    closed = YearClose.objects.create(bureau=Bureau.objects.get(name="市科协"), year=2025)
    undo(newest(), user=None)
    anna, bo = fates().values()
    assert anna == (LedgerRow.Undone.KEPT, "证书统计在 2025 年度，该年度已封账")
    assert bo[0] == LedgerRow.Undone.REVERSED
    assert Certificate.objects.get().year == 2025
    closed.delete()
    undo(newest(), user=None)
    assert not Certificate.objects.exists()


def queries_of_undoing(bring_in, path):
    bring_in(path)
    with CaptureQueriesContext(connection) as made:
        undo(newest(), user=None)
    return len(made)


def test_undoing_asks_no_query_per_row(bring_in, ledger):
    def rows(count, **changes):
        return [row(n, person(n), **changes) for n in range(1, count + 1)]

    few = queries_of_undoing(bring_in, ledger(*rows(20)))
    many = queries_of_undoing(bring_in, ledger(*rows(60)))
    assert Learner.objects.count() == 0
    assert many <= few + 3
    bring_in(ledger(*rows(60)))
    changes = {"学时": "16", "联系电话": "13900000009"}
    few = queries_of_undoing(bring_in, ledger(*rows(20, **changes)))
    many = queries_of_undoing(bring_in, ledger(*rows(60, **changes)))
    assert set(Enrolment.objects.values_list("hours", flat=True)) == {24}
    assert set(Holder.objects.values_list("phone", flat=True)) == {"13800000001"}
    assert many <= few + 3
