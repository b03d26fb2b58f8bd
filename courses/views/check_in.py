"""Checking in: the code on the screen and its scan, the last digits on the trainer's phone, by proxy."""

from __future__ import annotations

import datetime
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from bureaus.access import SignedInRequest, allowed
from bureaus.models import User, YearClosed
from courses.check_in.arriving import arrive
from courses.check_in.codes import (
    ForgedCode,
    StaleCode,
    code_for,
    demand_fresh,
    demand_pass,
    pass_for,
    seconds_left,
    session_of,
)
from courses.check_in.opening import is_late, is_off, is_open, opening
from courses.check_in.people import expected_at, named, of_account, with_digits
from courses.forms.check_in import DigitsForm, NameForm, PersonForm, ProxyForm
from courses.models import Attendance, Enrolment, Session
from courses.models.enrolments import EnrolmentQuerySet
from courses.qr import qr_picture
from courses.views.registering import registrable, sentence
from peixun.lib.comparing import comparable
from peixun.lib.limits import within

Way = Attendance.Way
RECENT = 5


def head_count(session: Session) -> dict[str, int]:
    """How many are expected, and how many of them are here. Two queries."""
    people = expected_at(session)
    return {"expected": people.count(), "here": people.filter(pk__in=here_at(session)).count()}


def here_at(session: Session) -> Any:
    return session.attendances.here().values("enrolment")


def missing_at(session: Session) -> EnrolmentQuerySet:
    """Who is expected and not noted as here."""
    return expected_at(session).exclude(pk__in=here_at(session))


# --- The screen ---------------------------------------------------------------------------------


@require_GET
@allowed("attendance.register")
def code(request: SignedInRequest, pk: int) -> HttpResponse:
    """The code of the moment, for the screen; the page asks for its middle part again and again."""
    session = registrable(request, pk)
    at = timezone.now()
    opens, closes = opening(session)
    context = {"session": session, "opens": opens, "closes": closes, "off": is_off(session), "now": at}
    context |= head_count(session)
    if session.run and is_open(session, at):
        scan_url = reverse("courses:check-in", args=[code_for(session, at)])
        context |= {
            "picture": qr_picture(request.build_absolute_uri(scan_url)),
            "seconds": seconds_left(at),
            "late": is_late(session, at),
        }
    return render(request, "courses/code_now.html" if request.htmx else "courses/code.html", context)


# --- The scan -----------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@login_not_required
@sensitive_post_parameters("name", "digits")
def check_in(request: HttpRequest, code: str) -> HttpResponse:
    """What a scan leads to: one tap for an account of the run, else name and digits."""
    session = session_behind(code)
    at = timezone.now()
    if session.run is None or not is_open(session, at):
        opens, closes = opening(session)
        words = {"session": session, "opens": opens, "closes": closes, "now": at, "off": is_off(session)}
        return render(request, "courses/scan_closed.html", words)
    try:
        if request.method == "POST":
            demand_pass(request.POST.get("pass", ""), code)
        else:
            demand_fresh(code, at)
    except StaleCode:
        return render(request, "courses/scan_stale.html", {"session": session}, status=410)
    if request.method == "POST":
        return take_scan(request, session, at)
    return show_scan(request, session, NameForm(), entry=pass_for(code))


def session_behind(code: str) -> Session:
    """The session of a code that was made here; 404 for any other text."""
    try:
        pk = session_of(code)
    except ForgedCode as fault:
        raise Http404 from fault
    return get_object_or_404(Session.objects.select_related("run", "bureau", "programme"), pk=pk)


def own_people(request: HttpRequest, session: Session) -> list[Enrolment]:
    user = request.user
    return of_account(session, user, timezone.localdate()) if isinstance(user, User) else []


def show_scan(
    request: HttpRequest, session: Session, form: NameForm, *, entry: str, status: int = 200
) -> HttpResponse:
    people = own_people(request, session)
    noted = session.attendances.here().filter(enrolment__in=people)
    context = {
        "session": session,
        "form": form,
        "entry": entry,
        "people": people,
        "here": set(noted.values_list("enrolment", flat=True)),
    }
    response = render(request, "courses/scan.html", context, status=status)
    response["Cache-Control"] = "private, no-store"
    return response


def take_scan(request: HttpRequest, session: Session, at: datetime.datetime) -> HttpResponse:
    """Checks in the chosen person of the account, or whom name and digits tell; else shows the form again."""
    if chosen := request.POST.get("enrolment"):
        person = next((one for one in own_people(request, session) if str(one.pk) == chosen), None)
        return note_scan(request, session, person, at) if person else redirect(request.path)
    form = NameForm(request.POST)
    status = 422
    if form.is_valid():
        name, digits = form.cleaned_data["name"], form.cleaned_data["digits"]
        if not within(request, "check_in", key=f"{session.pk} {comparable(name)}"):
            form.add_error(None, _("试的次数太多了。请过几分钟再试，或请老师登记。"))
            status = 429
        elif person := named(session, name, digits):
            return note_scan(request, session, person, at)
        else:
            form.add_error(
                None, _("姓名和后四位没有对上。请核对后再试；还不行，请老师按尾号登记或现场登记。")
            )
    return show_scan(request, session, form, entry=request.POST["pass"], status=status)


def note_scan(
    request: HttpRequest, session: Session, person: Enrolment, at: datetime.datetime
) -> HttpResponse:
    user = request.user if isinstance(request.user, User) else None
    context: dict[str, Any] = {"session": session, "person": person}
    try:
        attendance = arrive(session, person, way=Way.CODE, user=user, at=at)
    except (ValidationError, YearClosed) as fault:
        return render(request, "courses/scan_done.html", context | {"fault": sentence(fault)}, status=409)
    context |= {
        "attendance": attendance,
        "here": attendance.state in Attendance.HERE,
        "again": attendance.marked_at < at,
    }
    return render(request, "courses/scan_done.html", context)


# --- The trainer's phone ------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@allowed("attendance.register")
@sensitive_post_parameters("digits")
def digits(request: SignedInRequest, pk: int) -> HttpResponse:
    """Posted digits show whom they fit, by name and employer."""
    session = registrable(request, pk)
    form = DigitsForm(request.POST or None)
    context: dict[str, Any] = {"found": None}
    if form.is_valid():
        people = with_digits(session, form.cleaned_data["digits"])
        noted = {row.enrolment_id: row for row in session.attendances.filter(enrolment__in=people)}
        context = {"found": [(person, noted.get(person.pk)) for person in people]}
    return show_digits(request, session, form, context, status=422 if form.errors else 200)


def show_digits(
    request: SignedInRequest, session: Session, form: DigitsForm, context: dict[str, Any], *, status: int
) -> HttpResponse:
    recent = session.attendances.here().select_related("enrolment")
    context |= {"session": session, "form": form, "recent": recent.order_by("-marked_at", "-pk")[:RECENT]}
    return render(request, "courses/digits.html", context | head_count(session), status=status)


@require_POST
@allowed("attendance.register")
def check_in_by_digits(request: SignedInRequest, pk: int) -> HttpResponse:
    session = registrable(request, pk)
    form = PersonForm(request.POST, people=expected_at(session))
    if not form.is_valid():
        return redirect("courses:digits", pk)
    try:
        arrive(session, form.cleaned_data["person"], way=Way.DIGITS, user=request.user, at=timezone.now())
    except (ValidationError, YearClosed) as fault:
        return show_digits(request, session, DigitsForm(), {"fault": sentence(fault)}, status=422)
    return redirect("courses:digits", pk)


@require_http_methods(["GET", "HEAD", "POST"])
@allowed("attendance.register")
def proxy(request: SignedInRequest, pk: int) -> HttpResponse:
    """代签: the trainer notes a person as here, and says why the person did not."""
    session = registrable(request, pk)
    people = missing_at(session)
    form = ProxyForm(request.POST or None, people=people)
    if form.is_valid():
        try:
            arrive(
                session,
                form.cleaned_data["person"],
                way=Way.PROXY,
                user=request.user,
                at=timezone.now(),
                reason=form.reason(),
            )
        except (ValidationError, YearClosed) as fault:
            form.add_error(None, sentence(fault))
        else:
            return redirect("courses:proxy", pk)
    signed = session.attendances.filter(way=Way.PROXY).select_related("enrolment").order_by("-marked_at")
    context = {"session": session, "form": form, "people": people, "signed": signed}
    return render(request, "courses/proxy.html", context, status=422 if form.errors else 200)
