"""Leave over the share that the programme's rule allows is shown as 退学."""

from fractions import Fraction

import pytest
from django.urls import reverse
from django.utils import timezone

from courses.catalogue import read_catalogue
from courses.leaves import Share, leave_shares
from courses.loading import load_catalogue
from courses.management.commands.load_plan import SHIPPED
from courses.models import Attendance, HourRule, Programme, Session
from courses.registering import Presence, register
from tests.classes.conftest import DAY


@pytest.fixture
def rule(classes):
    return HourRule.objects.create(programme=classes.programme, leave_one_in=7)


@pytest.fixture
def seven(classes, run):
    """Seven sessions of three hours, the last one today."""
    return [classes.session(run, f"第{n}课", held_on=classes.today - n * DAY) for n in range(7)]


def leave(sessions, enrolment):
    for session in sessions:
        Attendance.objects.create(session=session, enrolment=enrolment, state=Attendance.State.LEAVE)


def test_exactly_the_share_is_allowed_and_a_minute_more_is_not(rule, run, seven, enrolments):
    leave(seven[:1], enrolments[0])
    share = leave_shares(run)[enrolments[0].pk]
    assert (share.part, share.over) == (Fraction(1, 7), False)
    Session.objects.filter(pk=seven[0].pk).update(minutes=181)
    assert leave_shares(run)[enrolments[0].pk].over


def test_absence_is_no_leave_and_cancelled_sessions_do_not_count(rule, run, seven, enrolments):
    leave(seven[:2], enrolments[0])
    Attendance.objects.create(session=seven[2], enrolment=enrolments[1], state=Attendance.State.ABSENT)
    Session.objects.filter(pk__in=[seven[0].pk, seven[6].pk]).update(state=Session.State.CANCELLED)
    assert leave_shares(run) == {enrolments[0].pk: Share(180, 900, 7)}


def test_without_a_limit_nobody_is_over_it(run, seven, enrolments):
    leave(seven, enrolments[0])
    share = leave_shares(run)[enrolments[0].pk]
    assert (share.part, share.over) == (1, False)


def test_days_without_times_weigh_as_the_rule_says(rule, run, seven, enrolments):
    Session.objects.update(starts_at=None, ends_at=None, span=Session.Span.DAY)
    Session.objects.filter(pk=seven[0].pk).update(span=Session.Span.HALF_DAY)
    leave(seven[:1], enrolments[0])
    assert leave_shares(run)[enrolments[0].pk].part == Fraction(1, 13)


def test_it_takes_few_queries(rule, run, seven, enrolments, django_assert_max_num_queries):
    leave(seven[:3], enrolments[0])
    with django_assert_max_num_queries(6):
        leave_shares(run)


def test_the_run_and_the_hours_say_so(login, officer, rule, run, seven, enrolments, text):
    marks = [Presence(enrolments[0].pk, "leave"), Presence(enrolments[1].pk, "present")]
    for session in seven[:2]:
        register(session, marks, user=officer, at=timezone.now())
    client = login(officer)
    assert text(client.get(reverse("courses:run", args=[run.pk]))).count("请假超过 1/7，按退学处理") == 1
    page = text(client.get(reverse("courses:hours", args=[enrolments[0].pk])))
    assert "请假超过 1/7，按退学处理" in page
    assert "360 / 1260 分钟" in page


def test_the_shipped_plan_limits_the_leave_of_cadres(plan):
    cadres = Programme.objects.get(name="党校主体班")
    rule = cadres.hour_rules.get()
    general = HourRule.objects.get(programme=None)
    assert (rule.leave_one_in, rule.hours_per_day) == (7, general.hours_per_day)


def test_loading_onto_an_existing_database_counts_no_hour_otherwise(plan):
    HourRule.objects.exclude(programme=None).delete()
    HourRule.objects.update(minutes_per_hour=60, valid_to="2023-12-31")
    HourRule.objects.create(minutes_per_hour=50, valid_from="2024-01-01")
    own = Programme.objects.get(name="专题培训")
    HourRule.objects.create(programme=own, minutes_per_hour=40)
    load_catalogue(read_catalogue(SHIPPED), user=None)
    copied = Programme.objects.get(name="党校主体班").hour_rules.order_by("valid_from")
    assert {(row.minutes_per_hour, row.leave_one_in) for row in copied} == {(60, 7), (50, 7)}
    assert [row.leave_one_in for row in own.hour_rules.all()] == [None]
    assert load_catalogue(read_catalogue(SHIPPED), user=None) == {"added": 0, "changed": 0}
