"""Ending a class: what is proposed, what is set, and taking it back."""

import pytest
from django.urls import reverse
from django.utils import timezone

from bureaus.models import AuditEvent, YearClose
from courses.enrolling import finishing
from courses.models import Attendance, ClassRun, Enrolment, HourRule, Session
from courses.walk_ins import add_walk_in
from learners.models import Standing

State = Enrolment.State


@pytest.fixture
def held(session):
    Session.objects.update(state=Session.State.HELD)
    return session


@pytest.fixture
def attended(held, enrolments):
    """The first two were there, the third never."""
    for enrolment in enrolments[:2]:
        Attendance.objects.create(enrolment=enrolment, session=held, state="late")
        Enrolment.objects.filter(pk=enrolment.pk).update(state=State.ATTENDING)
    return enrolments


@pytest.fixture
def address(run):
    return reverse("courses:finish", args=[run.pk])


def values(enrolments, *states, **more):
    given = {f"state_{one.pk}": state for one, state in zip(enrolments, states, strict=True)}
    return given | {f"assessment_{one.pk}": "" for one in enrolments} | {"reason": ""} | more


def states(run):
    return list(run.enrolments.order_by("pk").values_list("state", flat=True))


def words(response):
    return response.content.decode()


def test_who_attended_is_proposed_to_complete_and_who_never_came_as_no_show(run, attended):
    lines = finishing.lines_of(run)
    assert [line.proposed for line in lines] == [State.COMPLETED, State.COMPLETED, State.NO_SHOW]
    assert [(line.here, line.sessions) for line in lines] == [(1, 1), (1, 1), (0, 1)]


def test_who_failed_is_proposed_not_to_complete(run, attended):
    Enrolment.objects.filter(pk=attended[0].pk).update(assessment="failed")
    assert finishing.lines_of(run)[0].proposed == State.NOT_COMPLETED


def test_too_much_leave_is_proposed_as_having_left(run, attended, classes):
    HourRule.objects.update(leave_one_in=7)
    second = classes.session(run, "田间管理", state=Session.State.HELD)
    Attendance.objects.create(enrolment=attended[0], session=second, state="leave")
    line = finishing.lines_of(run)[0]
    assert line.left_out
    assert line.proposed == State.WITHDRAWN


def test_confirming_writes_everybody_and_closes_the_run(run, attended, address, login, officer):
    given = values(attended, "completed", "not_completed", "no_show")
    given[f"assessment_{attended[0].pk}"] = "passed"
    assert login(officer).post(address, given)["Location"] == reverse("courses:run", args=[run.pk])
    run.refresh_from_db()
    assert run.state == ClassRun.State.FINISHED
    assert states(run) == ["completed", "not_completed", "no_show"]
    attended[0].refresh_from_db()
    assert attended[0].assessment == "passed"
    line = AuditEvent.objects.get(deed=AuditEvent.Deed.RUN_FINISHED)
    assert line.after == {"completed": 1, "not_completed": 1, "no_show": 1}


def test_who_was_trained_belongs_to_the_group(run, attended, address, login, officer):
    login(officer).post(address, values(attended, "completed", "not_completed", "no_show"))
    members = Standing.objects.filter(group=run.programme.group).values_list("learner", flat=True)
    assert set(members) == {attended[0].learner_id, attended[1].learner_id}


def test_having_left_needs_a_reason(run, attended, address, login, officer):
    given = values(attended, "withdrawn", "completed", "no_show")
    response = login(officer).post(address, given)
    assert response.status_code == 422
    assert "请写明退学原因" in words(response)
    login(officer).post(address, given | {"reason": "请假超过规定"})
    attended[0].refresh_from_db()
    assert (attended[0].state, attended[0].reason) == (State.WITHDRAWN, "请假超过规定")


def test_who_still_hopes_is_turned_down(run, attended, address, login, officer, classes):
    classes.enrol(run, "丁四", state=State.WAITING, waits_from=timezone.now())
    classes.enrol(run, "戊五", state=State.APPLIED)
    assert "还有 2 人在待审核或候补" in words(login(officer).get(address))
    login(officer).post(address, values(attended, "completed", "completed", "no_show"))
    assert states(run)[3:] == [State.REJECTED, State.REJECTED]


def test_somebody_who_came_meanwhile_is_not_passed_over(run, attended, address, login, officer, classes):
    given = values(attended, "completed", "completed", "no_show")
    classes.enrol(run, "丁四")
    assert login(officer).post(address, given).status_code == 422
    run.refresh_from_db()
    assert run.state == ClassRun.State.RUNNING


def test_without_attendance_the_page_says_so(run, enrolments, address, login, officer):
    assert "还没有登记过出勤" in words(login(officer).get(address))


def test_a_class_ends_once(run, attended, address, login, officer):
    given = values(attended, "completed", "completed", "no_show")
    login(officer).post(address, given)
    response = login(officer).post(address, given)
    assert response.status_code == 422
    assert AuditEvent.objects.filter(deed=AuditEvent.Deed.RUN_FINISHED).count() == 1


def test_a_closed_year_is_said_on_the_page(run, attended, address, login, officer):
    YearClose.objects.create(bureau=run.bureau, year=run.year)
    response = login(officer).post(address, values(attended, "completed", "completed", "no_show"))
    assert response.status_code == 422
    assert "已封账" in words(response)


def test_it_can_be_taken_back_with_a_reason(run, attended, address, login, officer):
    login(officer).post(address, values(attended, "completed", "completed", "no_show"))
    undo = reverse("courses:finish-undo", args=[run.pk])
    assert login(officer).post(undo, {"reason": ""}).status_code == 422
    login(officer).post(undo, {"reason": "漏登一人"})
    run.refresh_from_db()
    assert run.state == ClassRun.State.RUNNING
    assert states(run) == ["completed", "completed", "no_show"]
    assert AuditEvent.objects.get(deed=AuditEvent.Deed.RUN_CHANGED).reason == "漏登一人"


def test_in_a_closed_year_it_cannot_be_taken_back(run, attended, address, login, officer):
    login(officer).post(address, values(attended, "completed", "completed", "no_show"))
    YearClose.objects.create(bureau=run.bureau, year=run.year)
    response = login(officer).post(reverse("courses:finish-undo", args=[run.pk]), {"reason": "漏登"})
    assert "已封账" in words(response)
    run.refresh_from_db()
    assert run.state == ClassRun.State.FINISHED


@pytest.mark.parametrize(("role", "status"), [("outsider", 404), ("reviewer", 403), ("trainer", 403)])
@pytest.mark.parametrize("name", ["finish", "finish-undo"])
def test_others_end_nothing(request, login, run, enrolments, role, status, name):
    client = login(request.getfixturevalue(role))
    assert client.post(reverse(f"courses:{name}", args=[run.pk])).status_code == status


def test_three_hundred_fit_on_the_page(run, classes, address, login, officer, django_assert_max_num_queries):
    classes.enrol(run, *(f"学员{n}" for n in range(300)))
    client = login(officer)
    with django_assert_max_num_queries(25):
        assert client.get(address).status_code == 200
    everybody = list(run.enrolments.order_by("pk"))
    assert client.post(address, values(everybody, *["completed"] * len(everybody))).status_code == 302


# --- After the end --------------------------------------------------------------------------------


@pytest.fixture
def over(run, attended, officer):
    ends = dict(zip([one.pk for one in attended], ("completed", "completed", "no_show"), strict=True))
    finishing.finish(run.pk, {pk: finishing.End(state) for pk, state in ends.items()}, by=officer)
    return run


def test_who_came_in_after_the_end_is_told_to_the_officer_and_gets_a_result(
    over, held, attended, trainer, officer, login, address
):
    """A phone comes back from the village days later, with a walk-in and a mark of who was a no-show."""
    walk_in = add_walk_in(held, "刘路过", user=trainer)
    Attendance.objects.create(enrolment=walk_in, session=held, state="present")
    Attendance.objects.create(enrolment=attended[2], session=held, state="present")
    client = login(officer)
    page = words(client.get(reverse("courses:run", args=[over.pk])))
    assert "又登记了 2 人的出勤" in page
    assert address in page
    lines = client.get(address).context["form"].lines
    assert [(line.enrolment.pk, line.proposed) for line in lines] == [
        (attended[2].pk, State.COMPLETED),
        (walk_in.pk, State.COMPLETED),
    ]
    client.post(address, values([attended[2], walk_in], "completed", "not_completed"))
    assert states(over) == ["completed", "completed", "completed", "not_completed"]
    assert AuditEvent.objects.filter(deed=AuditEvent.Deed.RUN_FINISHED).first().after == {
        "completed": 1,
        "not_completed": 1,
    }
    assert "又登记了" not in words(client.get(reverse("courses:run", args=[over.pk])))
    over.refresh_from_db()
    assert over.state == ClassRun.State.FINISHED


def test_without_anybody_new_a_run_that_is_over_is_not_written_again(over, attended, officer, login, address):
    answer = login(officer).post(address, values(attended, "completed", "no_show", "no_show"))
    assert answer.status_code == 422
    assert states(over) == ["completed", "completed", "no_show"]


def test_a_ledger_that_told_no_result_is_not_asked_about(over, attended):
    attended[0].refresh_from_db()
    Enrolment.objects.filter(pk=attended[0].pk).update(state=State.ATTENDING, came_by="ledger")
    assert not finishing.late_in(over).exists()
