"""The calendar by week and month, and one's sessions for calendar programs."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.db.models import F
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from bureaus.access import SignedInRequest, allowed, bureaus_for, may, memberships_of
from courses import feeds
from courses.calendars import month_of, week_of
from courses.forms.calendar import CalendarFilter
from courses.models import CalendarFeed, Session, Trainer
from courses.models.runs import SessionQuerySet
from courses.scheduling.clashes import clashing


@require_GET
@allowed("runs.read")
def calendar(request: SignedInRequest) -> HttpResponse:
    """The week or month of a day, with the sessions that the user sees."""
    today = timezone.localdate()
    filters = CalendarFilter(request.GET, user=request.user)
    day, by_month = filters.day_shown(today), filters.by_month
    sheet = month_of(day) if by_month else week_of(day)
    found = filters.narrow(Session.objects.visible_to(request.user)).filter(held_on__range=sheet.shown)
    sessions = list(in_order(found))
    sheet.fill(sessions)
    bureaus = bureaus_for(request.user, "runs.read")
    context = {
        "sheet": sheet,
        "view": "month" if by_month else "week",
        "day": day,
        "today": today,
        "clashes": clashing(sessions),
        "count": sum(sheet.first <= session.held_on <= sheet.last for session in sessions),
        "filters": filters,
        "bureaus": list(bureaus.values_list("pk", "name")),
        "trainers": Trainer.objects.visible_to(request.user).filter(active=True).values_list("pk", "name"),
        "teaches": Trainer.objects.filter(user=request.user).exists(),
        "may_edit": may(request.user, "runs.edit"),
        "unit": next((str(member.bureau) for member in memberships_of(request.user)), ""),
    }
    return render(request, "courses/calendar.html", context)


def in_order(sessions: SessionQuerySet) -> SessionQuerySet:
    """By day and hour; what has no hour stands first, on every database."""
    found = sessions.select_related("run", "bureau").prefetch_related("trainers")
    return found.order_by("held_on", F("starts_at").asc(nulls_first=True), "pk")


@require_GET
def feed(request: SignedInRequest) -> HttpResponse:
    """The secret link, once it was made, and how to use it."""
    demand_subscriber(request)
    link = CalendarFeed.objects.filter(user=request.user).first()
    address = request.build_absolute_uri(reverse("courses:feed-file", args=[link.key])) if link else ""
    context = {"link": link, "address": address, "reads_all": may(request.user, "runs.read")}
    return render(request, "courses/calendar_feed.html", context)


@require_POST
def renew_feed(request: SignedInRequest) -> HttpResponse:
    """A link for the first time, or another one: the old is out of use at once."""
    demand_subscriber(request)
    if feeds.renew_link(request.user):
        messages.success(request, _("订阅链接已生成。"))
    else:
        messages.success(request, _("已换成新的链接，原来的链接不能再用。"))
    return redirect("courses:feed")


@require_POST
def drop_feed(request: SignedInRequest) -> HttpResponse:
    feeds.drop_link(request.user)
    messages.success(request, _("订阅已停用，链接不能再用。"))
    return redirect("courses:feed")


def demand_subscriber(request: SignedInRequest) -> None:
    if not feeds.may_subscribe(request.user):
        raise PermissionDenied(_("您的账号没有可以订阅的课次。"))


@require_GET
@login_not_required
def feed_file(request: HttpRequest, key: str) -> HttpResponse:
    """The sessions as a calendar program reads them. An unknown link and one out of use look alike."""
    owner = feeds.owner_of(key)
    if owner is None:
        raise Http404
    content = feeds.calendar_of(
        owner,
        at=timezone.now(),
        host=request.get_host().partition(":")[0],
        address=lambda session: request.build_absolute_uri(reverse("courses:session", args=[session.pk])),
    )
    headers = {
        "Cache-Control": "private, max-age=900",
        "Content-Disposition": 'inline; filename="peixun.ics"',
    }
    return HttpResponse(content, content_type="text/calendar; charset=utf-8", headers=headers)
