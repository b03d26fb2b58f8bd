"""The trainer's pages: today's sessions, and who was there."""

from __future__ import annotations

import datetime
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import Count, F, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from bureaus.access import SignedInRequest, allowed
from bureaus.models import User, YearClose, YearClosed
from courses import evidence
from courses.enrolling.moves import CannotEnrol
from courses.forms.registering import AboutForm, Roster, RowForm, SheetForm
from courses.holding import CannotHold, describe, hold_again, may_describe
from courses.models import Attendance, Enrolment, Session
from courses.registering import (
    NotRegistrable,
    Presence,
    demand_registrable,
    needs_reason,
    register,
    register_heads,
)
from courses.settling import open_conflicts
from courses.walk_ins import add_walk_in

WEEK = datetime.timedelta(days=7)
MOST_TODAY = 100
MOST_LEFT_OVER = 20
MOST_COMING = 5
MOST_TO_CLONE = 3
LOOKED_AT = 60
LONG_ROSTER = 12
CHECKED_IN = (Attendance.Way.CODE, Attendance.Way.DIGITS, Attendance.Way.SHEET)


@require_GET
@allowed("attendance.register")
def today(request: SignedInRequest) -> HttpResponse:
    """Today's sessions, those of the last days that nobody registered, and what comes next."""
    day = timezone.localdate()
    mine = Session.objects.registered_by(request.user).exclude(state=Session.State.CANCELLED)
    by_time = F("starts_at").asc(nulls_last=True)
    todays = with_counts(mine.filter(held_on=day)).order_by(by_time, "pk")[:MOST_TODAY]
    left_over = mine.filter(held_on__lt=day, held_on__gte=day - WEEK, registered_at=None)
    left_over = left_over.exclude(headcount__isnull=False, state=Session.State.HELD)
    context = {
        "today": day,
        "sessions": sorted(todays, key=lambda session: session.registered_at is not None),
        "left_over": with_counts(left_over).order_by("-held_on", by_time)[:MOST_LEFT_OVER],
        "coming": with_counts(mine.filter(held_on__gt=day)).order_by("held_on", by_time)[:MOST_COMING],
        "to_clone": to_clone(request.user, day),
        "disputed": open_conflicts(request.user),
    }
    return render(request, "courses/today.html", context)


def with_counts(sessions: QuerySet[Session]) -> QuerySet[Session]:
    """Each session with `expected` (of its run) and `here`, by name. One query."""
    expected = counted(Enrolment.objects.expected().filter(run=OuterRef("run")), "run")
    here = counted(Attendance.objects.here().filter(session=OuterRef("pk")), "session")
    return sessions.select_related("run", "programme").annotate(expected=expected, here=here)


def counted(rows: QuerySet[Any], by: str) -> Coalesce:
    return Coalesce(Subquery(rows.order_by().values(by).annotate(count=Count("pk")).values("count")), 0)


def to_clone(user: User, day: datetime.date) -> list[Session]:
    """The last session of each of the runs and lectures that the user held last, newest first."""
    own = Session.objects.taught_by(user) | Session.objects.filter(registered_by=user)
    reach = Session.objects.registered_by(user).filter(pk__in=own.values("pk"), held_on__lte=day)
    recent = reach.exclude(state=Session.State.CANCELLED).select_related("run", "programme")
    found: dict[tuple[Any, ...], Session] = {}
    for session in recent.order_by("-held_on", F("starts_at").desc(nulls_last=True), "-pk")[:LOOKED_AT]:
        found.setdefault((session.run_id, session.programme_id if session.run_id is None else None), session)
    return list(found.values())[:MOST_TO_CLONE]


def registrable(request: SignedInRequest, pk: int) -> Session:
    sessions = Session.objects.registered_by(request.user)
    return get_object_or_404(sessions.select_related("run", "programme", "bureau"), pk=pk)


@require_POST
@allowed("attendance.register")
def again(request: SignedInRequest, pk: int) -> HttpResponse:
    """A new session like this one, and then its roster."""
    try:
        session = hold_again(registrable(request, pk), user=request.user, at=timezone.now())
    except (CannotHold, YearClosed) as error:
        messages.error(request, sentence(error))
        return redirect("courses:today")
    return redirect("courses:register", session.pk)


@require_POST
@allowed("attendance.register")
def about(request: SignedInRequest, pk: int) -> HttpResponse:
    """Puts right the name, time and place of a session of today that nobody registered yet."""
    session = registrable(request, pk)
    form = AboutForm(request.POST, instance=session)
    if not may_describe(session, timezone.localdate()):
        messages.error(request, _("只有当天还没有点名的课次可以在这里修改，其他请单位经办人修改。"))
        return redirect("courses:register", pk)
    if not form.is_valid():
        return show(request, registrable(request, pk), roster_of(registrable(request, pk), {}), about=form)
    try:
        describe(registrable(request, pk), form.cleaned_data, user=request.user)
    except (CannotHold, YearClosed) as error:
        messages.error(request, sentence(error))
    return redirect("courses:register", pk)


@require_http_methods(["GET", "HEAD", "POST"])
@allowed("attendance.register")
def roster(request: SignedInRequest, pk: int) -> HttpResponse:
    """Everybody is present unless one says otherwise; sent once, or again to correct it."""
    session = registrable(request, pk)
    if request.method != "POST":
        return show(request, session, roster_of(session, {"rest": request.GET.get("rest", "")}))
    filled = roster_of(session, {"data": request.POST, "files": request.FILES})
    if not filled.is_valid():
        return show(request, session, filled)
    try:
        complete(filled, user=request.user, at=timezone.now())
    except (NotRegistrable, CannotEnrol, YearClosed) as error:
        filled.faults.append(sentence(error))
        return show(request, session, filled)
    messages.success(request, done_words(session))
    return redirect("courses:today")


def roster_of(session: Session, given: dict[str, Any]) -> Roster:
    """The session's roster, empty or as sent (`data`, `files`); `rest` absent presets who is not marked."""
    day = timezone.localdate()
    data, files = given.get("data"), given.get("files")
    stored = {row.enrolment_id: row for row in session.attendances.select_related("noted_by")}
    away = given.get("rest") == "absent"
    planned = session.planned_minutes
    rows = [
        RowForm(
            data,
            enrolment=enrolment,
            stored=stored.get(enrolment.pk),
            preset=Attendance.State.ABSENT if away else Attendance.State.PRESENT,
            planned=planned,
        )
        for enrolment in expected_at(session)
    ]
    return Roster(
        session, rows, SheetForm(data, files, session=session, late=needs_reason(session, day)), data
    )


def expected_at(session: Session) -> QuerySet[Enrolment]:
    """In the order in which they were enrolled, which is that of the printed list."""
    return Enrolment.objects.filter(run=session.run_id).expected().order_by("pk")


def complete(filled: Roster, *, user: User, at: datetime.datetime) -> None:
    """Writes the whole page: walk-ins, presences, heads, the photo. All or nothing."""
    session, sheet = filled.session, filled.sheet
    reason = sheet.cleaned_data["reason"]
    with transaction.atomic():
        presences = filled.presences()
        known = {presence.enrolment for presence in presences}
        for name, employer in filled.walk_ins:
            enrolment = add_walk_in(session, name, user=user, employer=employer)
            if enrolment.pk not in known:
                presences.append(Presence(enrolment.pk, Attendance.State.PRESENT))
        if session.run_id is not None:
            register(session, presences, user=user, at=at, reason=reason)
        if heads := sheet.heads():
            register_heads(session, heads, user=user, at=at, reason=reason)
        photo: UploadedFile[Any] | None = sheet.cleaned_data["photo"]
        if photo:
            evidence.keep(session, photo.read(), user=user)


def done_words(session: Session) -> str:
    """What was registered, in a sentence."""
    session.refresh_from_db()
    here = session.attendances.here().count()
    away = session.attendances.count() - here
    words = {"title": session.title, "here": here, "away": away, "heads": session.headcount}
    if session.run_id is None:
        return _("“%(title)s”已登记，参加 %(heads)s 人。") % words
    return _("“%(title)s”点名完成：到 %(here)d 人，缺 %(away)d 人。") % words


def show(
    request: SignedInRequest, session: Session, filled: Roster, *, about: AboutForm | None = None
) -> HttpResponse:
    day = timezone.localdate()
    is_sent = filled.sheet.is_bound or about is not None
    context = {
        "session": session,
        "roster": filled,
        "tally": filled.tally(),
        "blocked": why_not(session, day),
        "checked_in": checked_in(filled),
        "about": about or (AboutForm(instance=session) if may_describe(session, day) else None),
        "is_long": len(filled.rows) > LONG_ROSTER,
        "late": needs_reason(session, day),
        "opened": timezone.now().timestamp(),
        "today": day,
    }
    return render(request, "courses/register.html", context, status=422 if is_sent else 200)


def why_not(session: Session, day: datetime.date) -> str:
    """Why this session cannot be registered now, whatever one writes; empty where it can."""
    try:
        demand_registrable(session, day=day, reason="-")
        YearClose.objects.demand_open(session.bureau, session.year)
    except (NotRegistrable, YearClosed) as error:
        return sentence(error)
    return ""


def checked_in(filled: Roster) -> int:
    """How many checked in by themselves before the roster was called; 0 once it was."""
    if filled.session.registered_at is not None or filled.sheet.is_bound:
        return 0
    return sum(row.stored is not None and row.stored.way in CHECKED_IN for row in filled.rows)


def sentence(error: Exception) -> str:
    return " ".join(error.messages) if isinstance(error, ValidationError) else str(error)
