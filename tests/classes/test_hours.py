"""Hours come from minutes by the programme's rule of that day, and stay as they were granted."""

import datetime
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from courses.granting import cap_by_day, hours_for, minutes_in, sum_up
from courses.models import Attendance, Enrolment, HourRule, Session
from courses.registering import Presence, held_open, hours_following, register
from tests.classes.conftest import DAY


@pytest.fixture
def rule(classes):
    """A rule of the programme, in force."""
    return HourRule.objects.create(programme=classes.programme)


def hold(session, enrolment, state="present", minutes=None, at=None, **more):
    register(session, [Presence(enrolment.pk, state, minutes)], user=None, at=at or timezone.now(), **more)
    enrolment.refresh_from_db()
    return Attendance.objects.get(session=session, enrolment=enrolment)


# --- The rule -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rounding", "step", "minutes", "hours"),
    [
        ("down", "0.5", 100, "2"),
        ("half", "0.5", 100, "2"),
        ("half", "0.5", 102, "2.5"),
        ("up", "0.5", 91, "2.5"),
        ("up", "1", 91, "3"),
        ("down", "1", 179, "3"),
        ("half", "0.1", 100, "2.2"),
        ("up", "0.5", 0, "0"),
    ],
)
def test_minutes_are_rounded_in_the_rules_direction(rounding, step, minutes, hours):
    rule = HourRule(rounding=rounding, rounding_step=Decimal(step))
    session = Session(minutes=180)
    assert hours_for(session, minutes, rule) == Decimal(hours)


def test_a_day_and_a_half_day_count_as_the_rule_says():
    rule = HourRule(hours_per_day=Decimal(6), hours_per_half_day=Decimal(3))
    for span, whole in (("day", 6), ("half_day", 3)):
        session = Session(span=span, minutes=360)
        assert hours_for(session, 360, rule) == whole
        assert hours_for(session, 180, rule) == Decimal(whole) / 2
        assert hours_for(Session(span=span), None, rule) == whole
        assert hours_for(Session(span=span), 0, rule) == 0


def test_a_session_of_unknown_length_gives_no_hour_by_minutes():
    assert hours_for(Session(), minutes_in(Session(), "present", None), HourRule()) == 0


def test_nobody_is_there_longer_than_the_session():
    assert minutes_in(Session(minutes=90), "late", 200) == 90


@given(
    span=st.sampled_from(Session.Span.values),
    rounding=st.sampled_from(HourRule.Rounding.values),
    step=st.sampled_from(["0.1", "0.5", "1", "2"]),
    whole=st.integers(1, 100),
    planned=st.integers(1, 600),
    pair=st.tuples(st.integers(0, 700), st.integers(0, 700)),
)
def test_longer_is_never_less_and_never_more_than_the_whole(span, rounding, step, whole, planned, pair):
    day = Decimal(whole) / 10
    rule = HourRule(rounding=rounding, rounding_step=Decimal(step), hours_per_day=day, hours_per_half_day=day)
    session = Session(span=span, minutes=planned)
    shorter, longer = (hours_for(session, minutes_in(session, "late", m), rule) for m in sorted(pair))
    assert 0 <= shorter <= longer <= hours_for(session, minutes_in(session, "present", None), rule)


sessions_of_days = st.lists(
    st.tuples(st.integers(1, 3), st.integers(1, 300), st.sampled_from(Attendance.State.values)), max_size=9
)


@settings(deadline=None)
@given(marks=sessions_of_days, cap=st.integers(1, 16), parted=st.booleans())
def test_the_sum_is_the_enrolments_and_no_day_is_over_its_cap(marks, cap, parted):
    rule = HourRule(pk=1, daily_cap=Decimal(cap) / 2, by_part=parted, by_mode=parted)
    rows = []
    for day, minutes, state in marks:
        session = Session(held_on=datetime.date(2024, 3, day), minutes=minutes, part="theory")
        attendance = Attendance(session=session, state=state, hour_rule=rule)
        attendance.minutes = minutes_in(session, state, None)
        attendance.hours = hours_for(session, attendance.minutes, rule)
        rows.append(attendance)
    rows.sort(key=lambda row: row.session.held_on)
    cap_by_day(rows)
    enrolment = Enrolment()
    sum_up(enrolment, rows)
    assert enrolment.hours == sum(row.hours for row in rows)
    assert all(row.hours >= 0 for row in rows)
    for day in {row.session.held_on for row in rows}:
        assert sum(row.hours for row in rows if row.session.held_on == day) <= rule.daily_cap
    if parted and rows:
        assert (enrolment.hours_theory, enrolment.hours_offline) == (enrolment.hours, enrolment.hours)
    assert cap_by_day(rows) == []


# --- Granting -----------------------------------------------------------------------------------


def test_the_daily_cap_cuts_the_last_session_of_the_day(classes, run, enrolments, rule):
    HourRule.objects.update(daily_cap=6)
    one = enrolments[0]
    morning = classes.session(run, "上午")
    evening = classes.session(run, "下午", starts_at=datetime.time(14), ends_at=datetime.time(17))
    assert hold(evening, one).hours == 4
    assert hold(morning, one).hours == 4
    assert Attendance.objects.get(session=evening).hours == 2
    assert one.hours == 6
    hold(morning, one, "absent")
    assert Attendance.objects.get(session=evening).hours == 4
    assert one.hours == 4


def test_the_cap_holds_for_each_day(classes, run, enrolments, rule):
    HourRule.objects.update(daily_cap=3)
    for day in (classes.today - DAY, classes.today):
        hold(classes.session(run, held_on=day), enrolments[0])
    assert enrolments[0].hours == 6


def test_kinds_are_kept_apart_where_the_rule_says_so(classes, run, enrolments, rule):
    HourRule.objects.update(by_part=True, by_mode=True)
    one = enrolments[0]
    for part, mode in (("theory", "online"), ("practice", "offline"), ("", "offline")):
        hold(classes.session(run, part=part, mode=mode), one)
    assert one.hours_by_kind() == {"theory": 4, "practice": 4, "general": 4, "online": 4, "offline": 8}
    assert one.hours == 12


def test_an_old_session_keeps_its_rule_when_it_is_corrected(session, enrolments, rule):
    hold(session, enrolments[0])
    rule.refresh_from_db()
    HourRule.objects.filter(pk=rule.pk).update(valid_to=session.held_on - DAY)
    new = HourRule.objects.create(
        programme=session.programme, minutes_per_hour=60, valid_from=session.held_on
    )
    assert hold(session, enrolments[0], "late", 90).hours == 2
    late_comer = hold(session, enrolments[1])
    assert (late_comer.hour_rule, late_comer.hours) == (rule, 4)
    assert not new.is_used


def test_a_new_rule_or_the_end_of_one_moves_no_hour(classes, run, session, enrolments, rule):
    hold(session, enrolments[0])
    before = list(Attendance.objects.values()), list(Enrolment.objects.values())
    rule.valid_to = session.held_on
    rule.full_clean()
    rule.save()
    HourRule.objects.create(
        programme=session.programme, minutes_per_hour=60, valid_from=session.held_on + DAY
    )
    assert (list(Attendance.objects.values()), list(Enrolment.objects.values())) == before


@pytest.mark.parametrize(
    ("name", "value"),
    [("minutes_per_hour", 60), ("daily_cap", Decimal(6)), ("rounding", "up"), ("programme", None)],
)
def test_a_rule_that_was_used_is_ended_not_changed(session, enrolments, rule, name, value):
    setattr(rule, name, value)
    rule.full_clean()
    rule.refresh_from_db()
    hold(session, enrolments[0])
    setattr(rule, name, value)
    with pytest.raises(ValidationError, match="请结束它"):
        rule.full_clean()


def test_the_times_of_a_session_change_and_its_hours_follow(session, enrolments, rule):
    hold(session, enrolments[0])
    hold(session, enrolments[1], "late", 150)
    session = held_open(session)
    with hours_following(session):
        session.ends_at = datetime.time(10, 30)
        session.save()
    assert [row.hours for row in Enrolment.objects.order_by("pk")] == [2, 2, 0]


def test_a_session_that_is_cancelled_takes_its_hours_along(classes, run, session, enrolments, rule):
    hold(session, enrolments[0])
    second = classes.session(run, "第二课", held_on=classes.today - DAY)
    hold(second, enrolments[0])
    session.refresh_from_db()
    with hours_following(session):
        session.state = Session.State.CANCELLED
        session.save()
    enrolments[0].refresh_from_db()
    assert enrolments[0].hours == 4
    # What comes later is granted on top of it, and not taken for a ledger's number.
    hold(classes.session(run, "第三课", held_on=classes.today - 2 * DAY), enrolments[0])
    assert enrolments[0].hours == 8


def test_who_was_marked_by_mistake_did_not_take_part(session, enrolments):
    hold(session, enrolments[0])
    hold(session, enrolments[0], "absent")
    assert (enrolments[0].state, enrolments[0].hours) == (Enrolment.State.ADMITTED, 0)


def test_without_a_rule_minutes_are_kept_and_no_hour_is_granted(session, enrolments):
    HourRule.objects.update(valid_to=session.held_on - DAY)
    attendance = hold(session, enrolments[0])
    assert (attendance.minutes, attendance.hours, attendance.hour_rule) == (180, 0, None)


# --- Why ----------------------------------------------------------------------------------------


def test_the_page_of_hours_lists_each_session_and_the_rule(login, officer, session, enrolments, rule):
    hold(session, enrolments[0], "late", 100)
    page = login(officer).get(reverse("courses:hours", args=[enrolments[0].pk])).content.decode()
    for words in ("水稻栽培", "迟到", ">100<", "45 分钟 1 学时，四舍五入到 0.5"):
        assert words in page


def test_hours_that_a_ledger_stated_are_called_so(login, officer, session, enrolments):
    Enrolment.objects.update(hours=24)
    page = login(officer).get(reverse("courses:hours", args=[enrolments[0].pk])).content.decode()
    assert "以台账或单位登记的数为准" in page


def test_it_is_open_to_who_sees_the_enrolment(
    login, trainer, reviewer, outsider, auditor, session, enrolments
):
    address = reverse("courses:hours", args=[enrolments[0].pk])
    assert [login(user).get(address).status_code for user in (trainer, reviewer)] == [200, 200]
    assert [login(user).get(address).status_code for user in (outsider, auditor)] == [404, 404]


def test_three_hundred_people_take_few_queries(classes, run, session, rule, django_assert_max_num_queries):
    HourRule.objects.update(daily_cap=2)
    people = classes.enrol(run, *(f"学员{number}" for number in range(297)))
    marks = [Presence(row.pk, "present") for row in people]
    with django_assert_max_num_queries(40):
        register(session, marks, user=None, at=timezone.now())
    assert Enrolment.objects.filter(hours=2).count() == 297
