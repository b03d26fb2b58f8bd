"""The log of notices: what was said to whom, and what became of it."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.db.models import Count
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from bureaus.access import SignedInRequest, allowed
from bureaus.exporting import form_wanted, list_file
from courses.forms.notices import NoticeFilter
from courses.jobs import send_soon
from courses.list_columns import NOTICES
from courses.models import Notice
from courses.sending import drop, send_again
from peixun.lib.listing import page_of


@require_GET
@allowed("enrolments.decide")
def notices(request: SignedInRequest) -> HttpResponseBase:
    """Notices about the classes of one's bureaus, newest first."""
    seen = Notice.objects.visible_to(request.user)
    form = NoticeFilter(request.GET)
    of_kind = form.of_kind(seen)
    found = form.in_state(of_kind).select_related("run", "session", "enrolment", "user")
    if form_wanted(request):
        return list_file(request, _("通知记录"), NOTICES, rows=found)
    counts = dict(of_kind.order_by().values_list("state").annotate(Count("pk")))
    context = {
        "page": page_of(request, found),
        "states": [(value, label, counts.get(value, 0)) for value, label in Notice.State.choices],
        "kinds": Notice.Kind.choices,
        "narrowed": any(form.cleaned_data.values()),
        "has_channels": bool(settings.PEIXUN_CHANNELS),
    }
    return render(request, "courses/notices.html", context)


@require_POST
@allowed("enrolments.decide")
def send_notice_again(request: SignedInRequest, pk: int) -> HttpResponse:
    notice = get_object_or_404(Notice.objects.visible_to(request.user), pk=pk)
    if send_again(notice):
        send_soon()
        messages.success(request, _("已重新排队，稍后发送。"))
    else:
        messages.warning(request, _("这条通知已在发送或已发出，没有重发。"))
    return back_to_list(request)


@require_POST
@allowed("enrolments.decide")
def drop_notice(request: SignedInRequest, pk: int) -> HttpResponse:
    notice = get_object_or_404(Notice.objects.visible_to(request.user), pk=pk)
    if drop(notice):
        messages.success(request, _("这条通知不再发送。"))
    else:
        messages.warning(request, _("这条通知已在发送或已发出，来不及撤下。"))
    return back_to_list(request)


def back_to_list(request: SignedInRequest) -> HttpResponse:
    """To the list as it was filtered."""
    wanted = request.POST.get("next", "")
    ours = wanted.startswith("/notices/") and url_has_allowed_host_and_scheme(wanted, {request.get_host()})
    return redirect(wanted if ours else "courses:notices")
