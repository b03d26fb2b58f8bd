"""The printed sign-in sheet: printing it, reading its photos, confirming what was read."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from bureaus.access import SignedInRequest, allowed
from bureaus.models import YearClosed
from courses.check_in.filling import add, proposals_for, take_photos
from courses.check_in.people import expected_at
from courses.check_in.reading import Ink
from courses.check_in.sheets import BLANK_ROWS, row_code
from courses.forms.sheets import CheckForm, PhotosForm
from courses.models import Evidence, Session
from courses.qr import qr_picture
from courses.registering import needs_reason, register
from courses.views.registering import registrable, sentence


@require_GET
@allowed("attendance.register")
def sheet(request: SignedInRequest, pk: int) -> HttpResponse:
    """For the printer: everybody expected, a code on each row, and empty rows for walk-ins."""
    session = registrable(request, pk)
    rows = [(person, qr_picture(row_code(session, person.pk), border=1)) for person in expected_at(session)]
    blanks = range(len(rows) + 1, len(rows) + 1 + BLANK_ROWS)
    return render(request, "courses/sheet.html", {"session": session, "rows": rows, "blanks": blanks})


@require_http_methods(["GET", "HEAD", "POST"])
@allowed("attendance.register")
def read(request: SignedInRequest, pk: int) -> HttpResponse:
    """Takes photos of the signed sheet; what is read of them waits in the browser session to be confirmed."""
    session = registrable(request, pk)
    form = PhotosForm(request.POST, request.FILES) if request.method == "POST" else PhotosForm()
    if form.is_valid():
        try:
            ink, photos = take_photos(session, form.cleaned_data["photos"], user=request.user)
        except ValidationError as fault:
            form.add_error("photos", fault)
        else:
            remember(request, session, ink, photos)
            return redirect("courses:sheet-confirm", pk)
    context = {"session": session, "form": form, "waiting": bool(remembered(request, session)[0])}
    return render(request, "courses/sheet_read.html", context, status=422 if form.errors else 200)


def remembered(request: SignedInRequest, session: Session) -> tuple[dict[int, Ink], list[int]]:
    """What was read and waits: ink by enrolment, keys of the evidence."""
    kept: dict[str, Any] = request.session.get(f"sheet {session.pk}", {"ink": {}, "photos": []})
    return {int(key): Ink(value) for key, value in kept["ink"].items()}, list(kept["photos"])


def remember(request: SignedInRequest, session: Session, ink: dict[int, Ink], photos: list[int]) -> None:
    """Adds these pages to those that wait."""
    known, before = remembered(request, session)
    for enrolment, read in ink.items():
        add(known, enrolment, read)
    request.session[f"sheet {session.pk}"] = {
        "ink": {str(key): value.value for key, value in known.items()},
        "photos": [*before, *(photo for photo in photos if photo not in before)],
    }


@require_http_methods(["GET", "HEAD", "POST"])
@allowed("attendance.register")
def confirm(request: SignedInRequest, pk: int) -> HttpResponse:
    """What was read, beside the photos; written when the trainer has looked at it."""
    session = registrable(request, pk)
    ink, photos = remembered(request, session)
    if not ink:
        return redirect("courses:sheet-read", pk)
    now = timezone.now()
    form = CheckForm(
        request.POST if request.method == "POST" else None,
        proposals=proposals_for(session, ink),
        needs_reason=needs_reason(session, timezone.localdate(now)),
    )
    if form.is_valid():
        try:
            register(session, form.presences(), user=request.user, at=now, reason=form.reason())
        except (ValidationError, YearClosed) as fault:
            form.add_error(None, sentence(fault))
        else:
            request.session.pop(f"sheet {session.pk}", None)
            messages.success(request, _("签到表已登记，照片留作佐证。"))
            return redirect("courses:session", pk)
    context = {
        "session": session,
        "form": form,
        "photos": Evidence.objects.filter(session=session, pk__in=photos),
        "open": sum(one.why != "" for one in form.proposals),
    }
    return render(request, "courses/sheet_confirm.html", context, status=422 if form.errors else 200)
