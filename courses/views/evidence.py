"""Pictures of a session: shown to who may see the session, removed by officers."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from bureaus.access import SignedInRequest, allowed
from courses.evidence import content_of, remove
from courses.forms.registering import RemoveForm
from courses.models import Evidence, Session


def visible(request: SignedInRequest, pk: int) -> Evidence:
    """Of the sessions that the user sees: faces and signatures are for nobody else."""
    sessions = Session.objects.visible_to(request.user)
    found = Evidence.objects.filter(session__in=sessions).select_related("session__bureau", "added_by")
    return get_object_or_404(found, pk=pk)


@require_GET
@allowed("runs.read")
def picture(request: SignedInRequest, pk: int) -> HttpResponse:
    """The picture itself, kept by no browser."""
    evidence = visible(request, pk)
    try:
        content = content_of(evidence)
    except FileNotFoundError as error:
        raise Http404(_("这张照片的文件不在了。")) from error
    headers = {"Content-Disposition": "inline", "Cache-Control": "private, no-store"}
    return HttpResponse(content, content_type="image/jpeg", headers=headers)


@require_http_methods(["GET", "HEAD", "POST"])
@allowed("enrolments.decide")
def remove_picture(request: SignedInRequest, pk: int) -> HttpResponse:
    """Asks why, and deletes the picture for good."""
    evidence = visible(request, pk)
    if not Session.objects.editable_by(request.user).filter(pk=evidence.session_id).exists():
        raise PermissionDenied(_("只有主办单位可以删除课次的照片。"))
    form = RemoveForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        remove(evidence, user=request.user, reason=form.cleaned_data["reason"])
        messages.success(request, _("照片已删除。"))
        return redirect("courses:session", evidence.session_id)
    context = {"evidence": evidence, "session": evidence.session, "form": form}
    return render(request, "courses/evidence_remove.html", context, status=422 if form.errors else 200)
