"""One's sessions for calendar programs, under a secret link."""

import datetime

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from icalendar import Calendar

from courses.models import CalendarFeed, Session
from learners.models import AccountLink
from tests.classes.conftest import DAY


def make_link(client) -> str:
    client.post(reverse("courses:feed-new"))
    return reverse("courses:feed-file", args=[CalendarFeed.objects.get().key])


def events(address):
    response = Client().get(address)
    assert response.status_code == 200
    found = Calendar.from_ical(response.content).walk("VEVENT")
    return {str(event["summary"]): event for event in found}


def test_a_link_is_made_when_asked_for(login, officer, text):
    client = login(officer)
    page = reverse("courses:feed")
    assert "还没有订阅链接" in text(client.get(page))
    assert make_link(client) in text(client.get(page))


def test_the_file_is_read_without_signing_in(login, officer, session):
    address = make_link(login(officer))
    response = Client().get(address)
    assert response["Content-Type"] == "text/calendar; charset=utf-8"
    assert response["Cache-Control"].startswith("private")
    event = events(address)["水稻栽培"]
    nine = timezone.make_aware(datetime.datetime.combine(session.held_on, datetime.time(9)))
    assert event["dtstart"].dt == nine
    assert event["dtend"].dt - event["dtstart"].dt == datetime.timedelta(hours=3)
    assert event["status"] == "CONFIRMED"
    assert str(event["url"]).endswith(reverse("courses:session", args=[session.pk]))
    assert event["uid"] == f"session-{session.pk}@testserver"


def test_it_holds_nobodys_name(login, officer, session):
    content = Client().get(make_link(login(officer))).content.decode()
    assert "王小明" not in content
    assert "罗老师" not in content


def test_cancelled_ones_say_so_and_ones_without_times_are_days(login, officer, classes, run):
    classes.session(run, "停办", state=Session.State.CANCELLED)
    classes.session(None, "全天", starts_at=None, ends_at=None)
    classes.session(classes.run("取消的班", state="cancelled"), "随班取消")
    found = events(make_link(login(officer)))
    assert found["停办"]["status"] == found["随班取消"]["status"] == "CANCELLED"
    assert found["全天"]["dtstart"].dt == classes.today


def test_two_months_back_and_a_year_ahead(login, officer, classes):
    for name, days in (("太早", -61), ("刚好", -60), ("明年", 365), ("太晚", 366)):
        classes.session(None, name, held_on=classes.today + days * DAY)
    assert set(events(make_link(login(officer)))) == {"刚好", "明年"}


def test_another_bureau_reads_nothing_of_it(login, outsider, session):
    assert events(make_link(login(outsider))) == {}


def test_a_learner_reads_the_sessions_of_ones_runs(login, learner, learner_user, classes, session, run):
    one = run.enrolments.first()
    one.learner = learner
    one.save()
    classes.session(classes.run("别的班"), "别的课")
    address = make_link(login(learner_user))
    assert set(events(address)) == {"水稻栽培"}
    run.enrolments.update(state="rejected")
    assert events(address) == {}


def test_a_new_link_puts_the_old_one_out_of_use(login, officer):
    client = login(officer)
    old, new = make_link(client), make_link(client)
    assert old != new
    assert Client().get(old).status_code == 404
    assert Client().get(new).status_code == 200


def test_a_link_can_be_dropped(login, officer):
    client = login(officer)
    address = make_link(client)
    client.post(reverse("courses:feed-drop"))
    assert Client().get(address).status_code == 404
    assert not CalendarFeed.objects.exists()


@pytest.mark.parametrize("why", ["disabled", "without a role", "link ended"])
def test_who_may_no_longer_see_has_no_feed(login, officer, learner_user, why):
    user = learner_user if why == "link ended" else officer
    address = make_link(login(user))
    assert Client().get(address).status_code == 200
    if why == "disabled":
        user.is_active = False
        user.save()
    elif why == "without a role":
        user.memberships.all().delete()
    else:
        AccountLink.objects.update(until=timezone.localdate() - DAY)
    assert Client().get(address).status_code == 404


def test_unknown_links_are_not_found(db):
    assert Client().get("/feeds/unbekannt.ics").status_code == 404
    assert Client().get("/feeds/.ics").status_code == 404


@pytest.mark.parametrize("name", ["feed-new", "feed-drop"])
def test_links_are_made_and_dropped_by_post_only(login, officer, name):
    assert login(officer).get(reverse(f"courses:{name}")).status_code == 405
    assert Client().post(reverse(f"courses:{name}")).status_code == 302
    assert not CalendarFeed.objects.exists()


def test_many_sessions_take_no_more_queries(login, officer, classes, django_assert_max_num_queries):
    address = make_link(login(officer))
    for number in range(30):
        classes.session(classes.run(f"第{number}期"))
    with django_assert_max_num_queries(6):
        Client().get(address)
