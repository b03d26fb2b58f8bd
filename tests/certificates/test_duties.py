"""学时任务: sums by hand, and the officers' list of who has not done it yet."""

import datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from bureaus.models import AuditEvent, Bureau
from courses.duties import Duty, duty_of
from courses.models import Attendance, ClassRun, Enrolment, Programme, Session
from learners.models import Exemption, Holder, HoursRequirement, Learner, Standing, TargetGroup

DAY = datetime.date(2026, 6, 30)
YEARLY = "乡科级以下干部年度学时"
FIVE_YEARS = "县处级以上干部五年学时"


@pytest.fixture
def cadres(plan) -> TargetGroup:
    return TargetGroup.objects.get(code="cadres")


@pytest.fixture
def clerk(learner, cadres, bureau) -> Learner:
    """A learner of whom 90 hours a year are asked."""
    Standing.objects.create(learner=learner, group=cadres, level="乡科级正职")
    Holder.objects.create(learner=learner, bureau=bureau)
    return learner


@pytest.fixture
def leader(clerk) -> Learner:
    """A learner of whom 550 hours in 2023–2027 are asked."""
    clerk.standings.update(level="县处级副职")
    return clerk


def took_part(learner: Learner, year: int, hours: Any, bureau: Bureau, **values: Any) -> Enrolment:
    programme = Programme.objects.get(name="领导干部科学素质能力提升班")
    city = programme.plan.city
    run = ClassRun.objects.create(
        programme=programme,
        name=f"{year} 年班 {ClassRun.objects.count()}",
        bureau=bureau,
        district=city,
        year=year,
    )
    values = {"state": Enrolment.State.COMPLETED} | values
    return Enrolment.objects.create(
        run=run, learner=learner, name=learner.name, district=city, hours=Decimal(hours), **values
    )


def attend(enrolment: Enrolment, day: datetime.date, hours: Any, **values: Any) -> None:
    run = enrolment.run
    session = Session.objects.create(
        programme=run.programme,
        run=run,
        title="一课",
        held_on=day,
        bureau=run.bureau,
        district=run.district,
        year=run.year,
        **values,
    )
    Attendance.objects.create(enrolment=enrolment, session=session, state="present", hours=Decimal(hours))


def only(learner: Learner, day: datetime.date = DAY) -> Duty:
    (duty,) = duty_of(learner, on=day)
    return duty


# --- Which requirement --------------------------------------------------------------------------


def test_the_two_certain_requirements_are_in_use_and_the_usual_ones_wait(plan):
    active = HoursRequirement.objects.filter(active=True)
    assert {(one.name, one.hours, one.years) for one in active} == {(YEARLY, 90, 1), (FIVE_YEARS, 550, 5)}
    assert HoursRequirement.objects.filter(active=False).count() >= 4
    assert not HoursRequirement.objects.filter(group__code="seniors").exists()
    assert not HoursRequirement.objects.filter(source="").exists()


@pytest.mark.parametrize(
    ("level", "names"),
    [("乡科级正职", [YEARLY]), ("一级科员", [YEARLY]), ("县处级副职", [FIVE_YEARS]), ("", []), ("经理", [])],
)
def test_the_level_on_the_day_tells_which_applies(clerk, level, names):
    clerk.standings.update(level=level)
    assert [duty.requirement.name for duty in duty_of(clerk, on=DAY)] == names


def test_a_standing_that_is_over_asks_for_nothing(clerk):
    clerk.standings.update(valid_to=DAY - datetime.timedelta(days=1))
    assert duty_of(clerk, on=DAY) == ()
    clerk.standings.update(valid_to=DAY)
    assert len(duty_of(clerk, on=DAY)) == 1


def test_a_requirement_out_of_use_or_out_of_date_asks_for_nothing(clerk):
    HoursRequirement.objects.filter(name=YEARLY).update(valid_from=DAY + datetime.timedelta(days=1))
    assert duty_of(clerk, on=DAY) == ()
    HoursRequirement.objects.filter(name=YEARLY).update(valid_from=DAY, active=False)
    assert duty_of(clerk, on=DAY) == ()


def test_several_standings_show_several_requirements(clerk):
    teachers = TargetGroup.objects.get(code="teachers")
    Standing.objects.create(learner=clerk, group=teachers)
    HoursRequirement.objects.filter(name="教师五年学时").update(active=True)
    assert {duty.requirement.name for duty in duty_of(clerk, on=DAY)} == {YEARLY, "教师五年学时"}


# --- The sum ------------------------------------------------------------------------------------


def test_hours_of_this_year_count_and_what_is_left_is_said(clerk, bureau, other_bureau):
    took_part(clerk, 2026, 24, bureau)
    took_part(clerk, 2026, "16.5", other_bureau)
    took_part(clerk, 2025, 40, bureau)
    duty = only(clerk)
    assert (duty.done, duty.needed, duty.remaining) == (Decimal("40.5"), 90, Decimal("49.5"))
    assert [credit.by_day for credit in duty.credits] == [False, False]


@pytest.mark.parametrize("state", ["no_show", "withdrawn", "rejected", "applied"])
def test_who_did_not_take_part_earned_nothing(clerk, bureau, state):
    took_part(clerk, 2026, 24, bureau, state=state)
    assert only(clerk).done == 0


def test_hours_over_new_year_count_in_the_year_of_the_day(clerk, bureau):
    over = took_part(clerk, 2027, 14, bureau)
    attend(over, datetime.date(2026, 12, 31), 8)
    attend(over, datetime.date(2027, 1, 1), 6)
    assert only(clerk, datetime.date(2026, 12, 31)).done == 8
    assert only(clerk, datetime.date(2027, 1, 1)).done == 6
    assert only(clerk, datetime.date(2027, 1, 1)).credits[0].by_day


def test_what_a_ledger_stated_stands_in_the_year_of_the_run(clerk, bureau):
    stated = took_part(clerk, 2027, 20, bureau)
    attend(stated, datetime.date(2026, 12, 31), 8)
    assert only(clerk, datetime.date(2026, 12, 31)).done == 0
    assert only(clerk, datetime.date(2027, 1, 1)).done == 20


def test_a_cancelled_session_gives_no_hours(clerk, bureau):
    enrolment = took_part(clerk, 2026, 8, bureau)
    attend(enrolment, datetime.date(2026, 3, 1), 8)
    attend(enrolment, datetime.date(2026, 3, 2), 8, state="cancelled")
    assert only(clerk).done == 8


@pytest.mark.parametrize(
    ("day", "window", "done"),
    [
        (datetime.date(2022, 12, 31), (2018, 2022), 100),
        (datetime.date(2023, 1, 1), (2023, 2027), 260),
        (datetime.date(2027, 12, 31), (2023, 2027), 260),
        (datetime.date(2028, 1, 1), (2028, 2032), 70),
    ],
)
def test_a_five_year_cycle_has_edges(leader, bureau, day, window, done):
    for year, hours in ((2022, 100), (2023, 120), (2027, 140), (2028, 70)):
        took_part(leader, year, hours, bureau)
    duty = only(leader, day)
    assert (duty.window, duty.done) == (window, done)


def test_without_a_cycle_the_year_and_the_four_before_count(leader, bureau):
    HoursRequirement.objects.update(cycle_from=None)
    for year, hours in ((2021, 100), (2022, 30), (2026, 40), (2027, 50)):
        took_part(leader, year, hours, bureau)
    duty = only(leader)
    assert (duty.window, duty.done, duty.this_year) == ((2022, 2026), 70, 40)


def test_days_do_instead_of_hours(clerk, bureau):
    rule = took_part(clerk, 2025, 0, bureau).run.programme.hour_rules.create(hours_per_day=6)
    took_part(clerk, 2026, 66, bureau, hour_rule=rule)
    assert (only(clerk).done_days, only(clerk).is_done) == (11, False)
    took_part(clerk, 2026, 6, bureau, hour_rule=rule)
    assert (only(clerk).done_days, only(clerk).is_done, only(clerk).remaining) == (12, True, 0)


def test_surplus_is_carried_over_only_where_allowed_and_only_once(clerk, bureau):
    took_part(clerk, 2024, 190, bureau)
    took_part(clerk, 2025, 100, bureau)
    assert only(clerk).carried == 0
    HoursRequirement.objects.filter(name=YEARLY).update(carries_over=True)
    assert only(clerk, datetime.date(2025, 6, 1)).carried == 100
    assert (only(clerk).carried, only(clerk).done) == (10, 10)
    HoursRequirement.objects.filter(name=YEARLY).update(valid_from=datetime.date(2026, 1, 1))
    assert only(clerk).carried == 0


def let_off(learner: Learner, first: datetime.date, last: datetime.date) -> Exemption:
    asked = HoursRequirement.objects.get(name=YEARLY)
    return Exemption.objects.create(
        learner=learner, requirement=asked, valid_from=first, valid_to=last, reason="产假"
    )


def test_an_exemption_takes_off_its_share_of_the_days(clerk):
    let_off(clerk, datetime.date(2026, 7, 1), datetime.date(2026, 12, 31))  # 184 of 365 days
    assert (only(clerk).needed, only(clerk).needed_days) == (45, 6)
    let_off(
        clerk, datetime.date(2026, 10, 1), datetime.date(2027, 3, 31)
    )  # the same days are not taken twice
    assert only(clerk).needed == 45
    assert only(clerk, datetime.date(2027, 6, 1)).needed == 68  # 90 of 365 days: 67.8


def test_who_is_let_off_for_the_whole_year_has_nothing_to_do(clerk):
    let_off(clerk, datetime.date(2026, 1, 1), datetime.date(2026, 12, 31))
    assert (only(clerk).state, only(clerk).is_done, only(clerk).remaining) == ("exempt", True, 0)


def test_an_exemption_makes_no_surplus(clerk, bureau):
    HoursRequirement.objects.filter(name=YEARLY).update(carries_over=True)
    let_off(clerk, datetime.date(2025, 1, 1), datetime.date(2025, 12, 31))
    took_part(clerk, 2025, 80, bureau)
    assert only(clerk).carried == 0


def test_pace_tells_who_lags(clerk, bureau):
    assert only(clerk, datetime.date(2026, 12, 31)).state == "behind"
    took_part(clerk, 2026, 60, bureau)
    assert only(clerk).state == "steady"
    assert only(clerk, datetime.date(2026, 12, 31)).state == "behind"
    took_part(clerk, 2026, 30, bureau)
    assert only(clerk).state == "done"


@pytest.mark.parametrize(
    "values",
    [{"reason": ""}, {"valid_to": datetime.date(2025, 1, 1)}],
)
def test_an_exemption_needs_a_reason_and_an_order_of_days(clerk, values):
    exemption = let_off(clerk, datetime.date(2026, 1, 1), datetime.date(2026, 1, 2))
    with pytest.raises(IntegrityError), transaction.atomic():
        Exemption.objects.filter(pk=exemption.pk).update(**values)


# --- The officers' list -------------------------------------------------------------------------

LIST = reverse("certificates:duties")


@pytest.fixture
def two(clerk, cadres, bureau, other_bureau):
    """One of the officer's bureau who lags behind, and one of another bureau."""
    took_part(clerk, timezone.localdate().year, 4, bureau)
    stranger = Learner.objects.create(name="赵外人")
    Standing.objects.create(learner=stranger, group=cadres, level="乡科级副职")
    Holder.objects.create(learner=stranger, bureau=other_bureau)
    took_part(stranger, timezone.localdate().year, 90, other_bureau)
    return clerk, stranger


def test_the_list_holds_the_learners_of_ones_bureaus(two, login, officer, coordinator):
    page = login(officer).get(LIST).content.decode()
    assert "王小明" in page
    assert "赵外人" not in page
    assert "赵外人" in login(coordinator).get(LIST).content.decode()


def test_the_list_is_narrowed_and_searched(two, login, coordinator):
    client = login(coordinator)
    assert "赵外人" not in client.get(LIST, {"state": "behind"}).content.decode()
    assert "王小明" not in client.get(LIST, {"state": "done"}).content.decode()
    assert (
        "没有要完成学时的学员"
        in client.get(
            LIST, {"requirement": HoursRequirement.objects.get(name=FIVE_YEARS).pk}
        ).content.decode()
    )
    found = client.post(LIST, {"q": "赵外"}, follow=True).content.decode()
    assert "赵外人" in found
    assert "王小明" not in found


def test_who_lags_most_stands_on_top(two, login, coordinator):
    page = login(coordinator).get(LIST).content.decode()
    assert page.index("王小明") < page.index("赵外人")
    page = login(coordinator).get(LIST, {"sort": "-done"}).content.decode()
    assert page.index("赵外人") < page.index("王小明")


@pytest.mark.parametrize("query", [{"bureau": "x"}, {"bureau": "٣"}, {"bureau": "9" * 30}, {"sort": "x"}])
def test_an_odd_address_is_no_error(two, login, officer, query):
    assert login(officer).get(LIST, query).status_code == 200


def test_hours_learnt_elsewhere_count_but_are_not_named(two, login, officer, other_bureau):
    clerk, _stranger = two
    took_part(clerk, timezone.localdate().year, 11, other_bureau)
    page = login(officer).get(reverse("certificates:record", args=[clerk.pk])).content.decode()
    assert "其他单位办的班" in page
    assert str(other_bureau) not in page


def test_those_without_a_clear_level_are_counted(two, login, officer):
    two[0].standings.update(level="")
    assert "有 1 人属于这些群体" in login(officer).get(LIST).content.decode()


def test_the_workbook_holds_the_rows_and_the_audit_says_so(two, login, officer):
    answer = login(officer).get(reverse("certificates:duties-file"))
    assert answer.content[:2] == b"PK"
    event = AuditEvent.objects.get(deed=AuditEvent.Deed.LEDGER_EXPORTED)
    assert event.after == {"learners": 1}


def test_the_list_asks_no_more_for_more_people(
    two, cadres, bureau, login, officer, django_assert_max_num_queries
):
    client = login(officer)
    client.get(LIST)
    for number in range(30):
        person = Learner.objects.create(name=f"干部{number}")
        Standing.objects.create(learner=person, group=cadres, level="乡科级")
        Holder.objects.create(learner=person, bureau=bureau)
        took_part(person, timezone.localdate().year, number, bureau)
    with django_assert_max_num_queries(24):
        page = client.get(LIST)
    assert "干部29" in page.content.decode()


# --- Letting off --------------------------------------------------------------------------------


@pytest.fixture
def terms() -> dict[str, Any]:
    asked = HoursRequirement.objects.get(name=YEARLY)
    return {
        "requirement": asked.pk,
        "valid_from": "2026-07-01",
        "valid_to": "2026-12-31",
        "reason": "产假",
    }


def test_an_officer_lets_off_and_takes_it_back(clerk, login, officer, terms):
    address, client = reverse("certificates:exemptions", args=[clerk.pk]), login(officer)
    assert client.post(address, terms).status_code == 302
    exemption = clerk.exemptions.get()
    assert exemption.made_by == officer
    remove = reverse("certificates:exemption-remove", args=[clerk.pk, exemption.pk])
    assert client.get(remove).status_code == 405
    assert client.post(remove).status_code == 302
    assert not clerk.exemptions.exists()
    events = AuditEvent.objects.filter(deed=AuditEvent.Deed.EXEMPTION_CHANGED)
    assert events.count() == 2
    assert not any(clerk.name in event.object_label for event in events)


@pytest.mark.parametrize("wrong", [{"reason": ""}, {"valid_to": "2026-01-01"}, {"requirement": "x"}])
def test_a_wrong_exemption_is_said(clerk, login, officer, terms, wrong):
    answer = login(officer).post(reverse("certificates:exemptions", args=[clerk.pk]), terms | wrong)
    assert answer.status_code == 422
    assert not clerk.exemptions.exists()


def test_others_cannot_let_off(clerk, login, outsider, reviewer, terms):
    address = reverse("certificates:exemptions", args=[clerk.pk])
    assert login(outsider).post(address, terms).status_code == 404
    assert login(reviewer).post(address, terms).status_code == 403
