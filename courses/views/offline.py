"""What a phone that was without a network talks to, and the page where marks that disagree are settled.

The phone's views answer in JSON, also to a stranger: a phone keeps what it could not send.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable
from dataclasses import asdict
from functools import wraps
from pathlib import Path
from typing import Any, cast

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.staticfiles import finders
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import get_object_or_404, redirect, render
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from bureaus.access import SignedInRequest, allowed, may
from bureaus.models import User, YearClosed
from courses.evidence import keep
from courses.forms.marks import BatchForm, CountForm, EntryForm, MarkForm, is_plain
from courses.headcounts import Count, receive_count
from courses.models import Mark, Session
from courses.registering import GRACE
from courses.settling import disputes, settle, take_note
from courses.syncing import Answer, Sender, Tap, clock_error, receive

MOST_ENTRIES = 500
MOST_REFUSED = 50
AHEAD = datetime.timedelta(days=2)
WORKER = "peixun/offline/worker.js"
PhoneView = Callable[[SignedInRequest], HttpResponse]


def for_phones(view: PhoneView) -> Callable[[HttpRequest], HttpResponse]:
    """For views that a script asks: a stranger gets 401 and no sign-in page, a wrong role 403; as JSON."""

    @login_not_required
    @wraps(view)
    def answered(request: HttpRequest) -> HttpResponse:
        if not request.user.is_authenticated:
            return JsonResponse({"message": _("请先登录。")}, status=401)
        if not may(request.user, "attendance.register"):
            return JsonResponse({"message": _("您的角色不能登记出勤。")}, status=403)
        return view(cast("SignedInRequest", request))

    return answered


@require_GET
@login_not_required
def state(request: HttpRequest) -> JsonResponse:
    """Who is signed in on this phone, a fresh token for sending, and the pages that it should take along."""
    user = request.user
    works = user.is_authenticated and may(user, "attendance.register")
    answer: dict[str, Any] = {
        "user": user.pk if user.is_authenticated else None,
        "name": str(user) if user.is_authenticated else "",
        "csrf": get_token(request),
        "pages": pages_of(cast("User", user), timezone.localdate()) if works else [],
    }
    return JsonResponse(answer, headers={"Cache-Control": "no-store"})


def pages_of(user: User, day: datetime.date) -> list[str]:
    """The addresses to take along: today's sessions, and the rosters that one may need without a network."""
    sessions = Session.objects.taught_by(user).exclude(state=Session.State.CANCELLED)
    near = sessions.filter(held_on__range=(day - GRACE, day + AHEAD)).distinct()
    registers = [reverse("courses:register", args=[pk]) for pk in near.values_list("pk", flat=True)]
    return [reverse("courses:today"), *registers]


@require_POST
@for_phones
def receive_marks(request: SignedInRequest) -> HttpResponse:
    """Takes in `{device, sent_at, marks: […], counts: […]}`; an answer for each entry, readable or not."""
    at = timezone.now()
    sent = body_of(request)
    batch = BatchForm(sent)
    marks, counts = sent.get("marks", []), sent.get("counts", [])
    if not batch.is_valid() or not is_batch(marks) or not is_batch(counts):
        return JsonResponse({"message": _("送来的内容读不懂，请刷新页面后再发送。")}, status=422)
    slow = clock_error(batch.cleaned_data["sent_at"], at)
    sender = Sender(request.user, batch.cleaned_data["device"], at, slow)
    taps, bad_taps = read(marks, MarkForm)
    heads, bad_heads = read(counts, CountForm)
    answers = bad_taps + bad_heads + receive([Tap(**values) for values in taps], sender)
    answers += [receive_count(Count(**values), sender) for values in heads]
    return JsonResponse({"answers": [asdict(answer) for answer in answers]})


def body_of(request: HttpRequest) -> dict[str, Any]:
    """The object that was sent; an empty one where it is none."""
    try:
        sent = json.loads(request.body)
    except (ValueError, RecursionError):
        return {}
    return sent if isinstance(sent, dict) else {}


def is_batch(listed: object) -> bool:
    return isinstance(listed, list) and len(listed) <= MOST_ENTRIES


def read(listed: list[object], kind: type[EntryForm]) -> tuple[list[dict[str, Any]], list[Answer]]:
    """The entries that can be read, and a refusal for each that cannot."""
    good: list[dict[str, Any]] = []
    refused: list[Answer] = []
    for values in listed:
        form = kind(values if is_plain(values) else {})
        if form.is_valid():
            good.append(form.cleaned_data)
            continue
        key = values.get("key") if isinstance(values, dict) else ""
        refused.append(Answer(str(key)[:36], Mark.Outcome.REFUSED, form.fault()))
    return good, refused


@require_POST
@for_phones
def receive_photo(request: SignedInRequest) -> HttpResponse:
    """A photo that waited on the phone; the same one sent twice is kept once."""
    pk = request.POST.get("session", "")
    session = Session.objects.registered_by(request.user).filter(pk=pk).first() if pk.isdecimal() else None
    file = request.FILES.get("photo")
    if session is None or file is None:
        return refused_photo(_("这张照片的课次不由您登记，或照片没有传到。"))
    try:
        keep(session, file.read(), user=request.user)
    except ValidationError as error:
        return refused_photo(error.messages[0])
    return JsonResponse({"outcome": Mark.Outcome.WRITTEN})


def refused_photo(why: str) -> JsonResponse:
    return JsonResponse({"outcome": Mark.Outcome.REFUSED, "why": why})


@require_GET
@login_not_required
def worker(request: HttpRequest) -> HttpResponse:
    """The service worker. It stands at the root, since it may only serve pages below its own address."""
    script = Path(str(finders.find(WORKER))).read_text(encoding="utf-8")
    headers = {"Cache-Control": "no-cache"}
    return HttpResponse(script, content_type="text/javascript; charset=utf-8", headers=headers)


@require_GET
@login_not_required
def offline(request: HttpRequest) -> HttpResponse:
    """What the phone shows in place of a page that it cannot get; holds nothing personal."""
    return render(request, "courses/offline.html")


@require_GET
@login_not_required
def manifest(request: HttpRequest) -> JsonResponse:
    """Lets the phone put peixun on its home screen."""
    icon = {"src": static("peixun/logo.svg"), "sizes": "any", "type": "image/svg+xml"}
    words = {
        "name": settings.PEIXUN_SITE_NAME,
        "short_name": settings.PEIXUN_SITE_NAME,
        "lang": "zh-CN",
        "start_url": reverse("courses:today"),
        "display": "standalone",
        "background_color": "#f5f7fa",
        "theme_color": "#1f4e9e",
        "icons": [icon],
    }
    return JsonResponse(words, content_type="application/manifest+json")


# --- Marks that disagree ------------------------------------------------------------------------


@require_GET
@allowed("attendance.register")
def marks(request: SignedInRequest) -> HttpResponse:
    """What waits for a person: marks that disagree, and marks that were refused."""
    refused = Mark.objects.registered_by(request.user).refused()
    refused = refused.select_related("session", "enrolment", "user").order_by("-arrived_at", "-pk")
    context = {
        "disputes": disputes(request.user),
        "refused": refused[:MOST_REFUSED],
        "refused_in_all": refused.count(),
    }
    return render(request, "courses/marks.html", context)


@require_POST
@allowed("attendance.register")
def settle_mark(request: SignedInRequest, pk: int) -> HttpResponse:
    """One tap: take what the mark says, keep what stands, or take note of a refused one."""
    mark = get_object_or_404(Mark.objects.registered_by(request.user), pk=pk)
    at = timezone.now()
    try:
        if mark.outcome == Mark.Outcome.REFUSED:
            take_note(mark.pk, user=request.user, at=at)
        elif settle(mark.pk, user=request.user, take=request.POST.get("choice") == "take", at=at):
            messages.success(request, _("已核对。"))
        else:
            messages.info(request, _("这一条已由别人核对过。"))
    except (ValidationError, YearClosed) as error:
        words = error.messages[0] if isinstance(error, ValidationError) else str(error)
        messages.error(request, words)
    return redirect("courses:marks")
