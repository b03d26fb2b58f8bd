"""The board of a session: for the projector, and for the trainer's own phone."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from bureaus.access import SignedInRequest, allowed
from courses.boards import board_of
from courses.models import Session


@require_GET
@allowed("attendance.register")
def board(request: SignedInRequest, pk: int) -> HttpResponse:
    """The whole page, or for htmx only the part that moves."""
    mine = Session.objects.registered_by(request.user).select_related("run")
    session = get_object_or_404(mine, pk=pk)
    part = "courses/board_now.html" if request.htmx else "courses/board.html"
    return render(request, part, {"session": session, "board": board_of(session)})
