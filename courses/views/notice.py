"""The notice of a run (培训通知), to be read by everybody and posted on walls."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from courses.models import ClassRun, Session
from courses.qr import qr_picture


@require_GET
@login_not_required
def notice(request: HttpRequest, pk: int) -> HttpResponse:
    """Public while the run is open for enrolling; else for those who may see the run."""
    readable = ClassRun.objects.filter(state=ClassRun.State.OPEN)
    if request.user.is_authenticated:
        seen = ClassRun.objects.visible_to(request.user).order_by().values("pk")
        readable = ClassRun.objects.filter(Q(state=ClassRun.State.OPEN) | Q(pk__in=seen))
    elif not readable.filter(pk=pk).exists():
        return redirect_to_login(request.get_full_path())
    run = get_object_or_404(readable.select_related("programme__group", "bureau"), pk=pk)
    today = timezone.localdate()
    address = request.build_absolute_uri(reverse("courses:apply", args=[pk]))
    context = {
        "run": run,
        "sessions": run.sessions.exclude(state=Session.State.CANCELLED),
        "address": address,
        "picture": qr_picture(address),
        "enrolling": ClassRun.objects.open_for_enrolling(today).filter(pk=pk).exists(),
        "today": today,
    }
    return render(request, "courses/notice.html", context)
