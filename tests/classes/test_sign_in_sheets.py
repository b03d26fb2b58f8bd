"""A paper sign-in sheet in: days across become the attendance of many sessions of a class."""

import datetime
from io import BytesIO
from pathlib import Path

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from bureaus.models import AuditEvent, YearClose
from courses.models import Attendance, ClassRun, Enrolment, Session
from courses.registering import Presence, register
from learners.models import Identity
from ledgers.models import SheetImport
from ledgers.reading import UnreadableFile, apart
from ledgers.signing import keeping
from ledgers.signing.days import Day, day_of, placed
from ledgers.signing.marks import read_mark
from ledgers.signing.reading import TOO_WIDE, read_sign_in
from tests.reading.test_apart import with_memory_of

State = Attendance.State
NEW = "/sign-in-sheets/new/"
DAY = datetime.timedelta(days=1)
NUMBER = "439999198506122829"
HOSTILE = Path(__file__).resolve().parent.parent / "hostile"


@pytest.fixture(autouse=True)
def _files(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def client(login, officer):
    return login(officer)


@pytest.fixture
def today():
    return timezone.localdate()


def workbook(heads, *lines, title="第一期签到表", halves=("上午", "下午")):
    """A sheet with a title, and a header of dates that are merged over their halves."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet["A1"] = title
    sheet.merge_cells(start_row=1, start_column=1, end_row=1, end_column=2 + len(heads) * len(halves))
    for column, text in enumerate(("姓名", "单位"), start=1):
        sheet.cell(2, column, text)
        sheet.merge_cells(start_row=2, start_column=column, end_row=3, end_column=column)
    for at, head in enumerate(heads):
        column = 3 + at * len(halves)
        sheet.cell(2, column, head)
        sheet.merge_cells(start_row=2, start_column=column, end_row=2, end_column=column + len(halves) - 1)
        for half, word in enumerate(halves):
            sheet.cell(3, column + half, word)
    for line in lines:
        sheet.append(line)
    file = BytesIO()
    book.save(file)
    return file.getvalue()


@pytest.fixture
def send(client):
    """Uploads a sheet from the page of a class, or from the general one, and gives it."""

    def upload(content, *, run=None, name="签到表.xlsx", bureau=None):
        address = f"{NEW}?run={run.pk}" if run else NEW
        data = {"file": SimpleUploadedFile(name, content), "bureau": (bureau or run.bureau).pk}
        answer = client.post(address, data)
        assert answer.status_code == 302, answer.content.decode()
        return SheetImport.objects.latest("uploaded_at")

    return upload


def page(client, sheet, status=200):
    answer = client.get(reverse("ledgers:sheet", args=[sheet.pk]))
    assert answer.status_code == status
    return answer


def confirm(client, sheet, **data):
    form = page(client, sheet).context["form"]
    answer = client.post(
        reverse("ledgers:sheet-confirm", args=[sheet.pk]), {"fingerprint": form["fingerprint"].value()} | data
    )
    sheet.refresh_from_db()
    return answer


def states(run):
    found = Attendance.objects.filter(session__run=run).order_by("session__held_on", "session__starts_at")
    return [(row.enrolment.name, row.session.held_on, row.session.starts_at.hour, row.state) for row in found]


def words(day):
    return f"{day.month}月{day.day}日"


# --- The whole way


def test_one_sheet_registers_every_session_of_a_class_and_adds_those_that_are_missing(
    client, send, run, classes, today
):
    known = classes.session(run, held_on=today - DAY, starts_at=datetime.time(8), ends_at=datetime.time(11))
    content = workbook(
        [words(today - DAY), words(today)],
        ["王小明", "", "√", "1", "到", "是"],
        ["李秀英", "", "迟到", "请假", "缺", ""],
        ["张建国", "", "√", "√", "√", "√"],
        ["合计", "", 3, 2, 2, 2],
    )
    sheet = send(content, run=run)
    assert sheet.run == run
    found = page(client, sheet).context
    assert (found["counts"]["new"], found["counts"]["faulty"]) == (11, 0)
    assert [target.proposed is None for target, _counts in found["targets"]] == [True, False, False, False]
    assert not Attendance.objects.exists()

    assert confirm(client, sheet).status_code == 302
    assert sheet.state == SheetImport.State.APPLIED
    assert run.sessions.count() == 4
    assert known.attendances.count() == 3
    assert states(run)[:3] == [
        ("王小明", today - DAY, 8, State.PRESENT),
        ("李秀英", today - DAY, 8, State.LATE),
        ("张建国", today - DAY, 8, State.PRESENT),
    ]
    assert {row.way for row in Attendance.objects.all()} == {Attendance.Way.SHEET}
    # 180 minutes of the known session, and three half days of four hours each by the rule.
    assert run.enrolments.get(name="王小明").hours == 16
    assert run.enrolments.get(name="李秀英").hours == 4
    line = AuditEvent.objects.get(deed=AuditEvent.Deed.SHEET_IMPORTED)
    assert (line.user.username, line.after["new"], line.after["sessions"]) == ("李经办", 11, 4)
    assert AuditEvent.objects.filter(deed=AuditEvent.Deed.ATTENDANCE_REGISTERED).count() == 4


def test_the_same_sheet_again_writes_nothing(client, send, run, today):
    content = workbook([words(today)], ["王小明", "", "√", "14:50"], ["李秀英", "", "缺", "√"])
    assert confirm(client, send(content, run=run)).status_code == 302
    again = send(content, run=run)
    counts = page(client, again).context["counts"]
    assert (counts["new"], counts["changed"], counts["same"]) == (0, 0, 4)
    assert confirm(client, again).status_code == 422
    assert run.sessions.count() == 2


def test_a_corrected_sheet_changes_only_what_was_corrected(client, send, run, today):
    confirm(client, send(workbook([words(today)], ["王小明", "", "缺", "√"]), run=run))
    sheet = send(workbook([words(today)], ["王小明", "", "√", "√"]), run=run)
    found = page(client, sheet)
    assert (found.context["counts"]["changed"], found.context["counts"]["same"]) == (1, 1)
    assert "<del>缺席</del>" in found.content.decode()
    confirm(client, sheet)
    assert {row.state for row in Attendance.objects.all()} == {State.PRESENT}


def test_an_undone_sheet_leaves_no_trace_of_what_it_made(client, send, run, classes, today):
    session = classes.session(run, starts_at=datetime.time(9))
    member = run.enrolments.get(name="王小明")
    register(session, [Presence(member.pk, State.ABSENT)], user=None, at=timezone.now(), done=False)
    sheet = send(workbook([words(today)], ["王小明", "", "√", "√"], ["李秀英", "", "√", "√"]), run=run)
    confirm(client, sheet)
    assert Attendance.objects.count() == 4
    address = reverse("ledgers:sheet-undo", args=[sheet.pk])
    client.post(address, {"reason": ""})
    assert Attendance.objects.count() == 4
    client.post(address, {"reason": "传错了班"})
    sheet.refresh_from_db()
    assert sheet.state == SheetImport.State.UNDONE
    assert [(row.enrolment, row.state) for row in Attendance.objects.all()] == [(member, State.ABSENT)]
    assert list(run.sessions.all()) == [session]
    assert {one.hours for one in run.enrolments.all()} == {0}
    assert AuditEvent.objects.get(deed=AuditEvent.Deed.SHEET_UNDONE).reason == "传错了班"
    client.post(address, {"reason": "再来一次"})
    assert AuditEvent.objects.filter(deed=AuditEvent.Deed.SHEET_UNDONE).count() == 1


def test_what_somebody_has_changed_since_is_kept_by_the_undoing(client, send, run, today):
    sheet = send(workbook([words(today)], ["王小明", "", "√", "√"]), run=run)
    confirm(client, sheet)
    session = run.sessions.order_by("starts_at").first()
    member = run.enrolments.get(name="王小明")
    register(session, [Presence(member.pk, State.LEAVE)], user=None, at=timezone.now(), done=False)
    client.post(reverse("ledgers:sheet-undo", args=[sheet.pk]), {"reason": "传错了班"})
    sheet.refresh_from_db()
    assert (sheet.figures["reversed"], sheet.figures["kept"]) == (1, 1)
    assert [row.state for row in Attendance.objects.all()] == [State.LEAVE]
    assert list(run.sessions.all()) == [session]


# --- People


def test_people_are_known_by_number_by_name_and_by_their_order(send, client, run, classes, today):
    first, second = classes.enrol(run, "陈伟", "陈伟", employer="")
    kind, value, digest = Identity.by_id_number(NUMBER)
    learner = run.enrolments.get(name="王小明").learner
    Identity.objects.create(learner=learner, kind=kind, value=value, digest=digest)
    text = f"姓名,身份证号,{words(today)}\n王小明,{NUMBER},√\n陈伟,,√\n陈伟,,缺\n"
    sheet = send(text.encode(), run=run, name="签到.csv")
    people = page(client, sheet).context["plan"].people
    assert [person.enrolment and person.enrolment.pk for person in people] == [
        run.enrolments.get(name="王小明").pk,
        first.pk,
        second.pk,
    ]
    assert [bool(person.doubt) for person in people] == [False, True, True]


def test_unknown_people_are_left_out_unless_somebody_lets_them_in(client, send, run, today):
    sheet = send(workbook([words(today)], ["王小明", "", "√", "√"], ["外来人", "某村", "√", ""]), run=run)
    found = page(client, sheet)
    assert found.context["counts"]["left_out"] == 1
    assert "名单里没有这个人" in found.content.decode()
    key = found.context["plan"].open[0].key
    client.post(reverse("ledgers:sheet-choose", args=[sheet.pk]), {f"person-{key}": "walk_in"})
    assert page(client, sheet).context["counts"]["new"] == 3
    confirm(client, sheet)
    stranger = Enrolment.objects.get(name="外来人")
    assert (stranger.came_by, stranger.to_match, stranger.employer) == ("walk_in", True, "某村")
    assert stranger.attendances.count() == 1
    again = send(workbook([words(today)], ["外来人", "某村", "√", ""]), run=run)
    assert page(client, again).context["counts"]["same"] == 1
    client.post(reverse("ledgers:sheet-undo", args=[sheet.pk]), {"reason": "不是本班的"})
    assert not Enrolment.objects.filter(name="外来人").exists()


def test_a_doubtful_person_is_chosen_from_those_of_the_name(client, send, run, today):
    Enrolment.objects.filter(run=run, name="王小明").update(employer="甲村")
    sheet = send(workbook([words(today)], ["王小明", "乙镇政府", "√", ""]), run=run)
    person = page(client, sheet).context["plan"].open[0]
    member = run.enrolments.get(name="王小明")
    assert person.candidates == [member]
    address = reverse("ledgers:sheet-choose", args=[sheet.pk])
    assert client.post(address, {f"person-{person.key}": "999999"}).status_code == 422
    client.post(address, {f"person-{person.key}": str(member.pk)})
    confirm(client, sheet)
    assert member.attendances.count() == 1


def test_the_second_line_of_a_person_and_one_without_a_name_are_faulty(client, send, run, today):
    content = workbook(
        [words(today)], ["王小明", "", "√", ""], ["王小明", "", "缺", ""], [None, "某村", "√", ""]
    )
    plan = page(client, send(content, run=run)).context["plan"]
    assert [person.fault[:8] for person in plan.refused] == ["与第 4 行是同", "没有填写姓名，请"]
    assert len(plan.writing) == 1


# --- Days and sessions


def test_the_class_is_guessed_by_the_title_and_may_be_changed(client, send, run, classes, bureau, today):
    other = classes.run("第二期养蜂班")
    sheet = send(workbook([words(today)], ["王小明", "", "√", ""], title="第二期养蜂班签到表"), bureau=bureau)
    assert sheet.run == other
    choose = reverse("ledgers:sheet-choose", args=[sheet.pk])
    assert client.post(choose, {"run": "0"}).status_code == 422
    client.post(choose, {"run": run.pk})
    sheet.refresh_from_db()
    assert sheet.run == run
    assert page(client, sheet).context["counts"]["new"] == 1


def test_a_class_that_nothing_hints_at_is_asked_for(client, send, run, bureau, today):
    sheet = send(
        workbook([words(today)], ["王小明", "", "√", ""], title="签到表"), bureau=bureau, name="1.xlsx"
    )
    assert sheet.run is None
    assert "plan" not in page(client, sheet).context


@pytest.mark.parametrize(
    ("cells", "day"),
    [
        (["3月5日", "上午"], Day("am", month=3, day=5)),
        (["3月5日（周二）下午"], Day("pm", month=3, day=5)),
        (["2024-03-05"], Day(on=datetime.date(2024, 3, 5))),
        (["2024年3月5日晚上"], Day("evening", on=datetime.date(2024, 3, 5))),
        ([datetime.datetime(2024, 3, 5)], Day(on=datetime.date(2024, 3, 5))),
        ([45356], Day(on=datetime.date(2024, 3, 5))),
        (["3.5"], Day(month=3, day=5)),
        ([3.5], Day(month=3, day=5)),
        ([3.1, "上午"], Day("am", month=3, day=1, tenth=True)),
        (["第1天"], Day(nth=1)),
        (["第十二天上午"], Day("am", nth=12)),
        (["3月", "5日"], Day(month=3, day=5)),
        (["上午"], Day("am")),
        (["上午签退"], None),
        (["备注"], None),
        (["13.45"], None),
        ([float("inf")], None),
        ([-3.5], None),
    ],
)
def test_days_are_read_as_they_are_written(cells, day):
    assert day_of(cells) == day


def test_days_without_a_year_or_of_which_only_the_number_is_known_find_their_dates():
    first = datetime.date(2024, 12, 30)
    days = [Day(month=12, day=30), Day(nth=2), Day(month=1, day=1), Day(month=2, day=30)]
    assert placed(days, starts_on=first, held_on=[]) == [
        first,
        first + DAY,
        datetime.date(2025, 1, 1),
        None,
    ]
    march = datetime.date(2024, 3, 8)
    assert placed([Day(month=3, day=9), Day(month=3, day=1, tenth=True)], starts_on=march, held_on=[])[1] == (
        datetime.date(2024, 3, 10)
    )
    assert placed([Day(nth=2)], starts_on=march, held_on=[march, march + 7 * DAY]) == [march + 7 * DAY]


@pytest.mark.parametrize(
    ("cell", "what"),
    [
        *(
            (word, "present")
            for word in ("√", "✓", "1", 1, 1.0, "是", "到", True, "王小明", datetime.time(8, 30))
        ),
        *((word, "late") for word in ("迟到", "迟")),
        *((word, "leave") for word in ("请假", "事假")),
        *((word, "absent") for word in ("×", "缺", "缺勤", 0, "X")),
        *((word, "blank") for word in (None, "", " ", "/", "—")),
        *((word, "unclear") for word in ("○", "李四", "25:00", 7)),
        ("早退", "left_early"),
        (0.3541666667, "present"),
        ("8:30-11:30", "present"),
    ],
)
def test_marks_are_read_as_they_are_written(cell, what):
    assert read_mark(cell, name="王小明").what == what


def test_times_make_people_late_or_gone_early_with_their_minutes(client, send, run, classes, today):
    classes.session(run, starts_at=datetime.time(9), ends_at=datetime.time(12))
    content = workbook(
        [words(today)],
        ["王小明", "", "9:05", ""],
        ["李秀英", "", "10:00", ""],
        ["张建国", "", "9:00-11:00", ""],
    )
    confirm(client, send(content, run=run))
    rows = Attendance.objects.order_by("enrolment")
    assert [(row.state, row.minutes) for row in rows] == [
        (State.PRESENT, 180),
        (State.LATE, 120),
        (State.LEFT_EARLY, 120),
    ]


def test_what_cannot_be_read_or_registered_is_said_and_the_rest_is_written(client, send, run, classes, today):
    cancelled = classes.session(run, held_on=today - DAY, state=Session.State.CANCELLED, cancel_reason="停电")
    content = workbook(
        [words(today - DAY), words(today), words(today + DAY)],
        ["王小明", "", "√", "", "○", "√", "√", ""],
        ["李秀英", "", "", "", "13:00", "", "", ""],
    )
    found = page(client, send(content, run=run))
    assert [effect.message[:7] for effect in found.context["plan"].faulty] == [
        "这一天的课次已",
        "这个格子认不出",
        "还没有到这一天",
        "时间不在这个课",
    ]
    assert confirm(client, SheetImport.objects.get()).status_code == 302
    assert not cancelled.attendances.exists()
    assert Attendance.objects.count() == 1


def test_a_session_over_the_whole_day_is_not_registered_by_halves(client, send, run, classes, today):
    classes.session(run, starts_at=datetime.time(9), ends_at=datetime.time(17))
    found = page(client, send(workbook([words(today)], ["王小明", "", "√", "√"]), run=run))
    assert "不能分上午、下午登记" in found.content.decode()
    whole = f"姓名,{words(today)}\n王小明,√\n".encode()
    assert confirm(client, send(whole, run=run, name="a.csv")).status_code == 302
    assert Attendance.objects.count() == 1


def test_blank_cells_are_absent_only_where_somebody_says_so(client, send, run, today):
    sheet = send(workbook([words(today)], ["王小明", "", "√", ""]), run=run)
    assert page(client, sheet).context["counts"]["new"] == 1
    client.post(reverse("ledgers:sheet-choose", args=[sheet.pk]), {"blanks_absent": "on"})
    confirm(client, sheet)
    assert [row.state for row in Attendance.objects.order_by("pk")] == [State.PRESENT, State.ABSENT]


# --- Refusals


def test_a_closed_year_refuses_all_of_it(client, send, run, today):
    sheet = send(workbook([words(today)], ["王小明", "", "√", "√"]), run=run)
    YearClose.objects.create(bureau=run.bureau, year=run.year)
    answer = confirm(client, sheet)
    assert answer.status_code == 422
    assert "封账" in answer.content.decode()
    assert not Attendance.objects.exists()
    assert not run.sessions.exists()


def test_a_finished_class_asks_first(client, send, run, classes, today):
    classes.session(run)
    ClassRun.objects.filter(pk=run.pk).update(state=ClassRun.State.FINISHED)
    sheet = send(workbook([words(today)], ["王小明", "", "√", ""]), run=run)
    answer = confirm(client, sheet)
    assert answer.status_code == 422
    assert "班次已结业" in answer.content.decode()
    assert confirm(client, sheet, finished="on").status_code == 302
    assert Attendance.objects.count() == 1


def test_a_finished_class_gets_no_new_sessions(client, send, run, today):
    ClassRun.objects.filter(pk=run.pk).update(state=ClassRun.State.FINISHED)
    sheet = send(workbook([words(today)], ["王小明", "", "√", ""]), run=run)
    assert "请先撤回结业" in page(client, sheet).content.decode()
    assert confirm(client, sheet, finished="on").status_code == 422
    assert not run.sessions.exists()


def test_a_day_outside_the_class_is_pointed_out(client, send, run, today):
    sheet = send(workbook([words(today - 3 * DAY), words(today)], ["王小明", "", "√", "", "√", ""]), run=run)
    found = page(client, sheet)
    assert [target.stretches for target, _counts in found.context["targets"]] == [True, False, False, False]
    assert "班次日期会放宽" in found.content.decode()


def test_a_session_that_was_registered_days_ago_wants_a_reason(client, send, run, classes, today):
    ClassRun.objects.filter(pk=run.pk).update(starts_on=today - 5 * DAY)
    session = classes.session(run, held_on=today - 4 * DAY)
    Session.objects.filter(pk=session.pk).update(registered_at=timezone.now() - 4 * DAY)
    sheet = send(workbook([words(today - 4 * DAY)], ["王小明", "", "√", ""]), run=run)
    assert confirm(client, sheet).status_code == 422
    assert confirm(client, sheet, reason="补录纸质签到").status_code == 302
    assert AuditEvent.objects.get(deed=AuditEvent.Deed.ATTENDANCE_CORRECTED).reason == "补录纸质签到"


def test_a_confirm_that_would_write_something_else_is_shown_anew(client, send, run, classes, today):
    session = classes.session(run)
    sheet = send(workbook([words(today)], ["王小明", "", "√", ""]), run=run)
    form = page(client, sheet).context["form"]
    member = run.enrolments.get(name="王小明")
    register(session, [Presence(member.pk, State.LEAVE)], user=None, at=timezone.now(), done=False)
    address = reverse("ledgers:sheet-confirm", args=[sheet.pk])
    answer = client.post(address, {"fingerprint": form["fingerprint"].value()}, follow=True)
    assert "请重新确认" in answer.content.decode()
    assert [row.state for row in Attendance.objects.all()] == [State.LEAVE]


def test_a_file_that_is_no_sign_in_sheet_is_refused_with_a_sentence(client, bureau, run):
    for content in (b"", b"a,b\n1,2\n", "姓名,学时\n王小明,8\n".encode(), b"PK\x03\x04broken"):
        answer = client.post(NEW, {"file": SimpleUploadedFile("a.csv", content), "bureau": bureau.pk})
        assert answer.status_code == 422
    assert not SheetImport.objects.exists()


# --- Files that mean harm are read by a process of its own


@pytest.mark.parametrize("name", ["Z10", "Z11", "X01", "X04", "X06", "X29", "S06", "D27"])
def test_a_hostile_file_ends_in_a_sentence(client, bureau, name):
    content = (HOSTILE / f"{name}.xlsx").read_bytes()
    answer = client.post(NEW, {"file": SimpleUploadedFile("签到表.xlsx", content), "bureau": bureau.pk})
    assert answer.status_code == 422
    (error,) = answer.context["form"].errors["file"]
    assert error.endswith("。")
    assert not SheetImport.objects.exists()


@pytest.mark.usefixtures("apart")
def test_a_sheet_that_needs_too_much_memory_is_refused_and_not_read_by_the_web_process(
    client, bureau, monkeypatch
):
    monkeypatch.setattr(apart, "started", with_memory_of(90))
    content = "姓名,3月5日\n".encode() + "甲,1\n".encode() * 2_000_000
    answer = client.post(NEW, {"file": SimpleUploadedFile("签到表.csv", content), "bureau": bureau.pk})
    assert answer.status_code == 422
    assert answer.context["form"].errors["file"] == [apart.TOO_MUCH]


def test_where_there_is_no_memory_to_look_again_the_list_says_so(client, send, run, today, monkeypatch):
    sheet = send(workbook([words(today)], ["王小明", "", "√", ""]), run=run)

    def fail(_content):
        raise UnreadableFile(apart.TOO_MUCH)

    monkeypatch.setattr(keeping, "read_apart", fail)
    for step, method in (("", client.get), ("-choose", client.post), ("-confirm", client.post)):
        answer = method(reverse(f"ledgers:sheet{step}", args=[sheet.pk]), follow=True)
        assert apart.TOO_MUCH in answer.content.decode()
    assert not Attendance.objects.exists()


def test_more_people_and_days_than_a_class_has_are_refused():
    days = [f"{month}月{day}日" for month in range(1, 11) for day in range(1, 29)]
    lines = "".join(f"学员{at},{','.join('1' * len(days))}\n" for at in range(800))
    with pytest.raises(UnreadableFile, match=TOO_WIDE):
        read_sign_in(f"姓名,{','.join(days)}\n{lines}".encode(), size_limit=10**7)


# --- Who may, and what is kept


def test_the_page_of_a_class_leads_there_and_a_stranger_class_does_not_exist(client, run, login, outsider):
    assert f"{NEW}?run={run.pk}" in client.get(reverse("courses:run", args=[run.pk])).content.decode()
    assert client.get(f"{NEW}?run={run.pk}").status_code == 200
    assert login(outsider).get(f"{NEW}?run={run.pk}").status_code == 404


def test_only_who_uploaded_it_confirms_and_colleagues_undo(client, send, run, today, login, administrator):
    sheet = send(workbook([words(today)], ["王小明", "", "√", ""]), run=run)
    other = login(administrator)
    assert page(other, sheet).status_code == 200
    for step in ("choose", "confirm", "drop"):
        assert other.post(reverse(f"ledgers:sheet-{step}", args=[sheet.pk])).status_code == 403
    confirm(client, sheet)
    other.post(reverse("ledgers:sheet-undo", args=[sheet.pk]), {"reason": "传错了"})
    assert not Attendance.objects.exists()


def test_a_dropped_or_expired_sheet_keeps_no_file(client, send, run, today, settings):
    one = send(workbook([words(today)], ["王小明", "", "√", ""]), run=run)
    client.post(reverse("ledgers:sheet-drop", args=[one.pk]))
    one.refresh_from_db()
    assert (one.state, one.stored_as) == (SheetImport.State.DROPPED, "")
    two = send(workbook([words(today)], ["王小明", "", "√", ""]), run=run)
    late = timezone.now() + (settings.PEIXUN_UPLOAD_KEEP_DAYS + 1) * DAY
    assert keeping.drop_expired(late) == 1
    two.refresh_from_db()
    assert (two.state, two.stored_as) == (SheetImport.State.DROPPED, "")
    assert page(client, two).status_code == 200


def test_the_number_of_queries_does_not_grow_with_people_and_days(
    client, send, run, classes, today, django_assert_max_num_queries
):
    people = classes.enrol(run, *(f"学员{at:03}" for at in range(60)))
    lines = [[person.name, "", *["√"] * 6] for person in people]
    sheet = send(workbook([words(today - DAY), words(today), words(today + DAY)], *lines), run=run)
    with django_assert_max_num_queries(40):
        page(client, sheet)


def test_several_sheets_of_one_file_are_read_and_those_without_days_are_not():
    book = openpyxl.Workbook()
    for at in range(2):
        sheet = book.create_sheet(f"第{at + 1}周")
        sheet.append(["序号", "姓名", f"3月{5 + 7 * at}日", None])
        sheet.append([None, None, "上午", "下午"])
        sheet.append([1, "王小明", "√", "√"])
    file = BytesIO()
    book.save(file)
    found = read_sign_in(file.getvalue(), size_limit=10**7)
    assert [[column.day for column in one.columns] for one in found] == [
        [Day("am", month=3, day=5), Day("pm", month=3, day=5)],
        [Day("am", month=3, day=12), Day("pm", month=3, day=12)],
    ]
    assert [line.name for one in found for line in one.lines] == ["王小明", "王小明"]
