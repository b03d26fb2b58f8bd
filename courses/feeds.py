"""Sessions for calendar programs (iCalendar, RFC 5545): under a secret link, without personal data."""

from __future__ import annotations

import datetime
from collections.abc import Callable

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from icalendar import Calendar, Event

from bureaus.access import may
from bureaus.models import User
from courses.models import CalendarFeed, ClassRun, Enrolment, Session
from courses.models.feeds import new_key
from courses.models.runs import SessionQuerySet
from learners.models import AccountLink

BACK = datetime.timedelta(days=60)
AHEAD = datetime.timedelta(days=365)
# A city's whole year is more than a phone's calendar should hold.
MOST = 2_000
EVERY = datetime.timedelta(hours=6)


def may_subscribe(user: User) -> bool:
    """Who arranges or teaches classes, and whose account a learner is linked to. Two queries at most."""
    return may(user, "runs.read") or AccountLink.objects.open_to(user, timezone.localdate()).exists()


def renew_link(user: User) -> bool:
    """Makes a link and says whether it is the first; the one before is out of use from now on."""
    _feed, is_first = CalendarFeed.objects.update_or_create(user=user, defaults={"key": new_key()})
    return is_first


@transaction.atomic
def drop_link(user: User) -> None:
    CalendarFeed.objects.filter(user=user).delete()


def owner_of(key: str) -> User | None:
    """Whose link it is, as long as the account is in use and may see sessions."""
    feed = CalendarFeed.objects.select_related("user").filter(key=key, user__is_active=True).first()
    return feed.user if feed and may_subscribe(feed.user) else None


def sessions_for(user: User, *, day: datetime.date) -> SessionQuerySet:
    """What the user sees by role, and the sessions of the runs in which one's learners are expected."""
    links = AccountLink.objects.open_to(user, day)
    enrolled = Enrolment.objects.expected().filter(learner__in=links.values("learner"))
    wanted = Q(run__in=enrolled.values("run"))
    if may(user, "runs.read"):
        wanted |= Q(pk__in=Session.objects.visible_to(user).order_by().values("pk"))
    around = Session.objects.filter(wanted, held_on__range=(day - BACK, day + AHEAD))
    return around.select_related("run", "programme", "bureau").order_by("held_on", "starts_at", "pk")


def calendar_of(user: User, *, at: datetime.datetime, host: str, address: Callable[[Session], str]) -> bytes:
    """The user's calendar as a file. `host` makes the sessions' ids unique, `address` gives a session's page.

    Four queries, however many sessions there are.
    """
    calendar = Calendar()
    calendar.add("prodid", "-//peixun//calendar//ZH")
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", settings.PEIXUN_SITE_NAME)
    calendar.add("refresh-interval", EVERY, parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", EVERY)
    for session in sessions_for(user, day=timezone.localdate(at))[:MOST]:
        event = event_of(session, at=at)
        event.add("uid", f"session-{session.pk}@{host}")
        event.add("url", address(session))
        calendar.add_component(event)
    return bytes(calendar.to_ical())


def event_of(session: Session, *, at: datetime.datetime) -> Event:
    """Times in UTC, so that no program has to know the zone; a session without times is a whole day."""
    event = Event()
    event.add("dtstamp", at.astimezone(datetime.UTC))
    event.add("summary", session.title)
    if session.starts_at is None:
        event.add("dtstart", session.held_on)
    else:
        event.add("dtstart", in_utc(session.held_on, session.starts_at))
    if session.starts_at and session.ends_at:
        event.add("dtend", in_utc(session.held_on, session.ends_at))
    if session.place:
        event.add("location", session.place)
    event.add(
        "description", "\n".join(map(str, filter(None, [session.run, session.programme, session.bureau])))
    )
    event.add("status", "CANCELLED" if is_cancelled(session) else "CONFIRMED")
    return event


def is_cancelled(session: Session) -> bool:
    if session.state == Session.State.CANCELLED:
        return True
    return session.run is not None and session.run.state == ClassRun.State.CANCELLED


def in_utc(day: datetime.date, time: datetime.time) -> datetime.datetime:
    here = timezone.make_aware(datetime.datetime.combine(day, time))
    return here.astimezone(datetime.UTC)
