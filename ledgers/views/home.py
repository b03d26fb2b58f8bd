"""The home page of each role: what needs doing, and how the year stands."""

from __future__ import annotations

import datetime
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET

from bureaus.access import SignedInRequest, bureaus_for, may, memberships_of
from bureaus.models import AuditEvent, User
from courses.models import Appeal, ClassRun, Plan, Session
from ledgers.figures import Selection, Status, quota_progress, totals
from ledgers.models import LedgerImport

SHOWN = 8
AHEAD = datetime.timedelta(days=45)


@require_GET
def home(request: SignedInRequest) -> HttpResponse:
    """A learner without any role goes to one's own record, a trainer to today's sessions."""
    user = request.user
    if not memberships_of(user) and not user.is_staff:
        return redirect("certificates:own")
    if may(user, "attendance.register") and not may(user, "figures.read"):
        return redirect("courses:today")
    today = timezone.localdate()
    context: dict[str, Any] = {"today": today}
    if may(user, "figures.read"):
        context |= standing(user, today)
    if may(user, "ledger.export"):
        context |= imports_of(user, timezone.now())
    if may(user, "runs.read"):
        context |= classes_of(user, today) | {"may_register": may(user, "attendance.register")}
    if may(user, "enrolments.decide"):
        context["asked"] = Appeal.objects.decided_by(user).filter(state=Appeal.State.OPEN).count()
    if may(user, "audit.read") and not may(user, "figures.read"):
        context["events"] = audit_of(user)
    return render(request, "ledgers/home.html", context)


def standing(user: User, today: datetime.date) -> dict[str, Any]:
    """How the year's quotas stand: those behind first."""
    year = Plan.objects.year_to_show(today)
    selection = Selection(year=year, user=user)
    lines = [line for line in quota_progress(selection, at=today) if line.target]
    behind = [line for line in lines if line.status == Status.BEHIND]
    lines.sort(key=lambda line: (line.status != Status.BEHIND, line.completion or 0))
    return {"year": year, "totals": totals(selection), "lines": lines[:SHOWN], "behind": len(behind)}


def imports_of(user: User, at: datetime.datetime) -> dict[str, Any]:
    """What waits for this user to confirm, what ended meanwhile, and the newest imports in reach."""
    found = LedgerImport.objects.visible_to(user).select_related("bureau", "programme", "uploaded_by")
    waiting = LedgerImport.objects.editable_by(user).filter(state__in=LedgerImport.OPEN)
    return {
        "may_import": may(user, "ledger.import"),
        "waiting": waiting.select_related("bureau")[:SHOWN],
        "ended": LedgerImport.objects.news_for(user, at).select_related("bureau")[:SHOWN],
        "recent": found.exclude(state__in=LedgerImport.OPEN)[:5],
    }


def classes_of(user: User, today: datetime.date) -> dict[str, Any]:
    """Today's sessions, and the runs under way or to come within 45 days."""
    sessions = Session.objects.visible_to(user).filter(held_on=today).exclude(state=Session.State.CANCELLED)
    runs = ClassRun.objects.visible_to(user).filter(ends_on__gte=today, starts_on__lte=today + AHEAD)
    return {
        "sessions": sessions.select_related("run", "programme").order_by("starts_at")[:SHOWN],
        "coming": runs.exclude(state=ClassRun.State.CANCELLED)
        .select_related("programme", "bureau")
        .order_by("starts_on")[:SHOWN],
    }


def audit_of(user: User) -> Any:
    bureaus = bureaus_for(user, "audit.read")
    return AuditEvent.objects.filter(bureau__in=bureaus).select_related("user", "bureau")[:SHOWN]
