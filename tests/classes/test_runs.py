"""Arranging class runs: new, changed, copied, opened for enrolling, cancelled."""

import datetime

import pytest
from django.urls import reverse

from bureaus.models import AuditEvent, District, YearClose
from courses.models import ClassRun, Enrolment, Notice, Session
from tests.classes.conftest import DAY

State = ClassRun.State


def values(classes, **changes):
    """What the form of a run sends."""
    given = {
        "bureau": classes.bureau.pk,
        "programme": classes.programme.pk,
        "name": "2026年第一期",
        "number": "2026-01",
        "starts_on": "2026-03-02",
        "ends_on": "2026-03-06",
        "place": "市农校",
        "seats": "40",
        "approval": "on",
        "district": "",
    }
    return given | changes


@pytest.fixture
def add(classes, login, officer):
    def send(**changes):
        return login(officer).post(reverse("courses:run-new"), values(classes, **changes))

    return send


@pytest.fixture
def edit(classes, login, officer):
    def send(run, **changes):
        kept = values(
            classes, name=run.name, starts_on=run.starts_on, ends_on=run.ends_on, district=run.district_id
        )
        return login(officer).post(reverse("courses:run-edit", args=[run.pk]), kept | changes)

    return send


def test_a_new_run_counts_in_the_year_and_district_of_its_bureau(add, classes):
    response = add()
    run = ClassRun.objects.get()
    assert response["Location"] == reverse("courses:run", args=[run.pk])
    assert (run.year, run.district, run.state) == (2026, classes.city, State.PLANNED)
    assert AuditEvent.objects.get(deed="run.changed").object_label == "2026年第一期"


def test_a_county_bureaus_run_counts_in_its_county(add, bureau):
    bureau.district = District.objects.get(name="湘潭县")
    bureau.save()
    add()
    assert ClassRun.objects.get().district == bureau.district


@pytest.mark.parametrize(("basis", "year"), [("closing", 2027), ("opening", 2026)])
def test_a_run_over_new_year_counts_by_its_bureaus_setting(add, bureau, basis, year):
    bureau.year_basis = basis
    bureau.save()
    add(starts_on="2026-12-28", ends_on="2027-01-05")
    assert ClassRun.objects.get().year == year


def test_a_later_setting_moves_the_year_only_when_the_days_are_changed(add, edit, bureau):
    add(starts_on="2026-12-28", ends_on="2027-01-05")
    bureau.year_basis = "opening"
    bureau.save()
    run = ClassRun.objects.get()
    edit(run, place="乡镇礼堂")
    assert ClassRun.objects.get().year == 2027
    edit(run, ends_on="2027-01-06")
    assert ClassRun.objects.get().year == 2026


def test_the_sessions_follow_the_runs_year(edit, classes):
    days = {"starts_on": datetime.date(2026, 12, 28), "ends_on": datetime.date(2026, 12, 30), "year": 2026}
    run = classes.run(**days)
    session = classes.session(run, held_on=datetime.date(2026, 12, 29))
    edit(run, ends_on="2027-01-05")
    session.refresh_from_db()
    assert session.year == 2027


def test_the_same_name_twice_is_told(add, text):
    add()
    response = add(name="2026年 第一期")
    assert response.status_code == 422
    assert "已有同名的班次" in response.content.decode()
    assert ClassRun.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"ends_on": "2026-03-01"}, "结业日期不能早于开班日期"),
        ({"enrol_from": "2026-02-10", "enrol_until": "2026-02-01"}, "报名截止不能早于报名开始"),
        ({"enrol_until": "2026-04-01"}, "报名截止不能晚于结业日期"),
        ({"starts_on": "三月"}, "日期"),
        ({"seats": "-3"}, "名额"),
        ({"programme": "999999"}, "项目"),
    ],
)
def test_what_is_wrong_is_told_and_nothing_is_written(add, changes, sentence):
    response = add(**changes)
    assert response.status_code == 422
    assert sentence in response.content.decode()
    assert not ClassRun.objects.exists()


def test_another_bureaus_run_cannot_be_made(add, other_bureau):
    assert add(bureau=other_bureau.pk).status_code == 422
    assert not ClassRun.objects.exists()


def test_a_closed_year_takes_no_run_and_lets_none_go(add, edit, classes, bureau):
    YearClose.objects.create(bureau=bureau, year=2026)
    assert "已封账" in add().content.decode()
    run = classes.run(starts_on=datetime.date(2027, 1, 4), ends_on=datetime.date(2027, 1, 8), year=2027)
    response = edit(run, starts_on="2026-12-01", ends_on="2026-12-02")
    assert response.status_code == 422
    assert "2026 年度已封账" in response.content.decode()


def test_seats_are_not_lowered_below_those_taken(edit, run):
    response = edit(run, seats="2")
    assert response.status_code == 422
    assert "已有 3 人占用名额" in response.content.decode()
    assert edit(run, seats="3").status_code == 302


def test_more_seats_go_to_who_waits(edit, classes):
    run = classes.run(seats=1, state=State.OPEN)
    classes.enrol(run, "王小明")
    when = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    (waiting,) = classes.enrol(run, "李秀英", state=Enrolment.State.WAITING, waits_from=when)
    edit(run, seats="2")
    waiting.refresh_from_db()
    assert waiting.state == Enrolment.State.ADMITTED


def test_days_without_a_session_of_the_run_are_refused(edit, run, session):
    response = edit(run, ends_on=run.starts_on)
    assert response.status_code == 422
    assert "有 1 个课次不在这个日期范围内" in response.content.decode()


def test_an_edit_does_not_undo_what_happened_meanwhile(edit, run):
    ClassRun.objects.update(state=State.FINISHED)
    edit(run, place="乡镇礼堂")
    run.refresh_from_db()
    assert (run.place, run.state) == ("乡镇礼堂", State.FINISHED)


def test_the_programme_stays_once_somebody_took_part(edit, run, classes):
    run.enrolments.update(state=Enrolment.State.ATTENDING)
    edit(run, programme=classes.lectures.pk)
    run.refresh_from_db()
    assert run.programme == classes.programme


# --- Enrolling opened and stopped ------------------------------------------------------------------


@pytest.fixture
def post(login, officer):
    def send(name, found, data=None, user=officer):
        return login(user).post(reverse(f"courses:{name}", args=[found.pk]), data or {}, follow=True)

    return send


def test_enrolling_is_opened_and_stopped(post, classes):
    run = classes.run(state=State.PLANNED, starts_on=classes.today + DAY, ends_on=classes.today + 2 * DAY)
    post("run-open", run)
    run.refresh_from_db()
    assert run.state == State.OPEN
    post("run-stop", run)
    run.refresh_from_db()
    assert run.state == State.PLANNED


def test_a_run_that_has_begun_is_under_way_when_enrolling_stops(post, classes):
    run = classes.run(state=State.OPEN)
    post("run-stop", run)
    run.refresh_from_db()
    assert run.state == State.RUNNING


def test_a_run_that_is_over_is_not_opened(post, classes):
    run = classes.run(state=State.PLANNED, starts_on=classes.today - 9 * DAY, ends_on=classes.today - DAY)
    assert "结业日期已过" in post("run-open", run).content.decode()
    run.refresh_from_db()
    assert run.state == State.PLANNED


# --- Cancelled and reopened ------------------------------------------------------------------------


def test_the_consequence_stands_on_the_page(login, officer, run, classes, text):
    classes.session(run, "第二课", held_on=classes.today + DAY)
    page = text(login(officer).get(reverse("courses:run-cancel", args=[run.pk])))
    assert "1 个待举办的课次" in page
    assert "已录取 3 人" in page


def test_a_cancelled_run_takes_its_sessions_along_and_tells_people(post, run, session, trainer):
    trainer.email = "luo@example.cn"
    trainer.save()
    post("run-cancel", run, {"reason": "洪水"})
    run.refresh_from_db()
    session.refresh_from_db()
    assert (run.state, run.cancel_reason) == (State.CANCELLED, "洪水")
    assert (session.state, session.cancel_reason) == (Session.State.CANCELLED, "随班次取消：洪水")
    event = AuditEvent.objects.get(deed="run.cancelled")
    assert (event.after, event.reason) == ({"sessions": 1, "enrolments": 3}, "洪水")
    assert Notice.objects.filter(run=run, kind="cancelled").exists()


def test_a_reason_is_needed(post, run):
    assert post("run-cancel", run).status_code == 422
    run.refresh_from_db()
    assert run.state == State.RUNNING


def test_a_run_that_somebody_attended_is_not_cancelled(post, run, session):
    Session.objects.update(state=Session.State.HELD)
    response = post("run-cancel", run, {"reason": "洪水"})
    assert response.status_code == 422
    assert "已有 1 个课次登记了出勤" in response.content.decode()
    Session.objects.update(state=Session.State.PLANNED)
    run.enrolments.update(state=Enrolment.State.ATTENDING)
    assert "已有 3 人参加了" in post("run-cancel", run, {"reason": "洪水"}).content.decode()


def test_reopening_brings_back_what_was_cancelled_with_the_run(post, run, session, classes):
    other = classes.session(run, "已另行取消", state=Session.State.CANCELLED, cancel_reason="教师生病")
    post("run-cancel", run, {"reason": "洪水"})
    post("run-reopen", run)
    run.refresh_from_db()
    session.refresh_from_db()
    other.refresh_from_db()
    assert (run.state, session.state) == (State.PLANNED, Session.State.PLANNED)
    assert (other.state, other.cancel_reason) == (Session.State.CANCELLED, "教师生病")


def test_a_closed_year_lets_nothing_be_cancelled_or_reopened(post, run, bureau):
    YearClose.objects.create(bureau=bureau, year=run.year)
    assert "已封账" in post("run-cancel", run, {"reason": "洪水"}).content.decode()
    ClassRun.objects.update(state=State.CANCELLED)
    assert "已封账" in post("run-reopen", run).content.decode()
    run.refresh_from_db()
    assert run.state == State.CANCELLED


@pytest.mark.parametrize("name", ["run-open", "run-stop", "run-cancel", "run-reopen", "run-edit", "run-copy"])
def test_only_who_arranges_for_the_bureau(login, run, name, outsider, reviewer, trainer):
    address = reverse(f"courses:{name}", args=[run.pk])
    assert login(outsider).post(address).status_code == 404
    assert login(reviewer).post(address).status_code == 403
    assert login(trainer).post(address).status_code == 403


# --- The pages -------------------------------------------------------------------------------------


def test_the_register_leads_to_a_new_run_for_those_who_may(login, officer, reviewer, text):
    address = reverse("courses:run-new")
    assert address in text(login(officer).get(reverse("ledgers:runs")))
    assert address not in text(login(reviewer).get(reverse("ledgers:runs")))


def test_a_run_shows_what_may_be_done_with_it(login, officer, reviewer, run, text):
    address = reverse("courses:run-edit", args=[run.pk])
    page = reverse("courses:run", args=[run.pk])
    assert address in text(login(officer).get(page))
    assert address not in text(login(reviewer).get(page))


def test_the_register_is_narrowed_by_state(login, officer, run, classes, text):
    classes.run("停办的班", state=State.CANCELLED)
    client, address = login(officer), f"{reverse('ledgers:runs')}?year={run.year}"
    assert "停办的班" in text(client.get(address))
    assert "停办的班" in text(client.get(f"{address}&state=cancelled"))
    assert "停办的班" not in text(client.get(f"{address}&state=running"))
    assert "停办的班" in text(client.get(f"{address}&state=x"))
