"""Seats, the waiting list, and the one function that moves people up."""

import pytest

from bureaus.models import AuditEvent, YearClose, YearClosed
from courses.enrolling import deciding, entering, seats
from courses.enrolling.moves import CannotEnrol
from courses.enrolling.people import Person
from courses.models import Attendance, ClassRun, Enrolment
from learners.models import Holder, Learner

State = Enrolment.State


def person(name, **values):
    return Person(name, learner=Learner.objects.create(name=name).pk, **values)


def by_name(run):
    return dict(run.enrolments.values_list("name", "state"))


@pytest.fixture
def small(classes):
    """Enrolling is open; two seats."""
    return classes.run("小班", seats=2, state=ClassRun.State.OPEN, starts_on=None, ends_on=None)


@pytest.fixture
def four(small, officer):
    """甲 and 乙 have the seats, 丙 and 丁 wait."""
    people = [person(name) for name in ("甲一", "乙二", "丙三", "丁四")]
    return entering.enrol_all(small.pk, people, by=officer).enrolments


def test_who_comes_first_is_admitted_and_the_rest_wait_in_order(small, four):
    assert [one.state for one in four] == [State.ADMITTED, State.ADMITTED, State.WAITING, State.WAITING]
    assert seats.places([small]) == {four[2].pk: 1, four[3].pk: 2}


def test_a_run_without_a_number_of_seats_admits_everybody(classes, officer):
    done = entering.enrol_all(classes.run().pk, [person(f"学员{n}") for n in range(30)], by=officer)
    assert done.count(State.ADMITTED) == 30


def test_a_withdrawal_moves_up_who_waits_longest(small, four, officer):
    deciding.withdraw(small.pk, [four[0].pk], by=officer, reason="调离岗位")
    assert by_name(small) == {"甲一": "withdrawn", "乙二": "admitted", "丙三": "admitted", "丁四": "waiting"}
    four[2].refresh_from_db()
    assert four[2].waits_from is None


def test_added_seats_go_to_the_waiting_list(small, four, officer):
    ClassRun.objects.filter(pk=small.pk).update(seats=3)
    assert [one.name for one in deciding.fill_seats(small.pk, by=officer)] == ["丙三"]
    assert deciding.fill_seats(small.pk, by=officer) == []


def test_who_is_reinstated_goes_to_the_end_of_the_list(small, four, officer):
    deciding.withdraw(small.pk, [four[0].pk], by=officer, reason="调离岗位")
    deciding.reinstate(small.pk, [four[0].pk], by=officer)
    assert seats.places([small]) == {four[3].pk: 1, four[0].pk: 2}


def test_who_was_here_before_is_attending_again_when_reinstated(small, four, classes, officer):
    session = classes.session(small)
    Attendance.objects.create(enrolment=four[0], session=session, state="present")
    deciding.withdraw(small.pk, [four[0].pk, four[1].pk], by=officer, reason="临时有事")
    deciding.withdraw(small.pk, [four[2].pk], by=officer, reason="临时有事")
    deciding.reinstate(small.pk, [four[0].pk], by=officer)
    assert by_name(small)["甲一"] == State.ATTENDING


def test_applicants_are_admitted_in_the_order_in_which_they_applied(small, classes, officer):
    applied = classes.enrol(small, "甲一", "乙二", "丙三", state=State.APPLIED)
    deciding.admit(small.pk, [one.pk for one in reversed(applied)], by=officer)
    assert by_name(small) == {"甲一": "admitted", "乙二": "admitted", "丙三": "waiting"}


@pytest.mark.parametrize(
    ("deed", "words"),
    [
        (lambda run, pk: deciding.admit(run, [pk], by=None), "只有“已报名”的可以录取"),
        (lambda run, pk: deciding.reject(run, [pk], by=None, reason="不符"), "已录取的请办理退学"),
        (lambda run, pk: deciding.reinstate(run, [pk], by=None), "只有未录取、退学和未参训的可以恢复"),
        (lambda run, pk: deciding.withdraw(run, [pk], by=None, reason=" "), "请写明原因"),
        (lambda run, pk: deciding.withdraw(run, [pk + 999], by=None, reason="走了"), "请先勾选学员"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(small, four, deed, words):
    with pytest.raises(CannotEnrol, match=words):
        deed(small.pk, four[0].pk)
    assert by_name(small)["甲一"] == State.ADMITTED


@pytest.mark.parametrize(
    ("state", "words"), [(ClassRun.State.CANCELLED, "已取消"), (ClassRun.State.FINISHED, "请先撤回结业")]
)
def test_a_run_that_is_over_takes_nobody(small, state, words, officer):
    ClassRun.objects.filter(pk=small.pk).update(state=state)
    with pytest.raises(CannotEnrol, match=words):
        entering.enrol(small.pk, person("甲一"), by=officer)


def test_a_closed_year_takes_nobody(small, officer):
    YearClose.objects.create(bureau=small.bureau, year=small.year)
    with pytest.raises(YearClosed):
        entering.enrol(small.pk, person("甲一"), by=officer)


def test_the_bureau_may_see_who_is_enrolled_and_has_the_phone(small, officer):
    known = person("甲一", phone="13800000000")
    entering.enrol(small.pk, known, by=officer)
    assert Holder.objects.get(bureau=small.bureau).phone == "13800000000"
    with pytest.raises(CannotEnrol, match="已在这个班次里"):
        entering.enrol(small.pk, known, by=officer)


def test_the_audit_counts_and_names_nobody(small, four, officer):
    line = AuditEvent.objects.get(deed=AuditEvent.Deed.ENROLMENT_CHANGED)
    assert line.after == {"admitted": 2, "waiting": 2}
    assert line.user == officer
    assert line.bureau == small.bureau


def test_the_number_of_queries_does_not_grow_with_the_people(small, django_assert_max_num_queries):
    people = [person(f"学员{n}") for n in range(60)]
    with django_assert_max_num_queries(7):
        assert len(entering.judge(small, people)) == 60
