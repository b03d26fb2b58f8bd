"""Backgrounds, seals and signatures: shown small, to those who issue for the bureau whose they are."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Count
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from bureaus.access import SignedInRequest, allowed
from certificates.forms.templates import PictureForm
from certificates.models import Picture
from certificates.pictures import add_picture, remove_picture, thumbnail
from courses.forms.refusals import refusals_on
from peixun.lib.listing import page_of

A_PAGE = 24


def picture_of(request: SignedInRequest, pk: int) -> Picture:
    return get_object_or_404(Picture.objects.visible_to(request.user).select_related("bureau"), pk=pk)


@require_GET
@allowed("certificates.issue")
def pictures(request: SignedInRequest) -> HttpResponse:
    found = Picture.objects.visible_to(request.user).select_related("bureau", "added_by")
    kind = request.GET.get("kind", "")
    if kind in Picture.Kind.values:
        found = found.filter(kind=kind)
    lines = found.annotate(used=Count("uses__version__template", distinct=True))
    context = {
        "page": page_of(request, lines.order_by("kind", "name", "pk"), size=A_PAGE),
        "kinds": Picture.Kind.choices,
    }
    return render(request, "certificates/pictures.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@allowed("certificates.issue")
def new_picture(request: SignedInRequest) -> HttpResponse:
    form = PictureForm(request.POST or None, request.FILES or None, user=request.user)
    if request.method == "POST" and form.is_valid():
        with refusals_on(form):
            add_picture(form.instance, form.cleaned_data["file"].read(), user=request.user)
        if form.is_valid():
            messages.success(
                request, _("“%(name)s”已上传，可以在模板里选用。") % {"name": form.instance.name}
            )
            return redirect("certificates:pictures")
    return render(
        request, "certificates/picture_new.html", {"form": form}, status=422 if form.errors else 200
    )


@require_GET
@allowed("certificates.issue")
def picture_file(request: SignedInRequest, pk: int) -> HttpResponse:
    """Small, and kept by no browser."""
    found = picture_of(request, pk)
    try:
        content = thumbnail(found)
    except FileNotFoundError as error:
        raise Http404(_("这张图片的文件不在了。")) from error
    headers = {"Content-Disposition": "inline", "Cache-Control": "private, no-store"}
    return HttpResponse(content, content_type="image/png", headers=headers)


@require_http_methods(["GET", "HEAD", "POST"])
@allowed("certificates.issue")
def drop_picture(request: SignedInRequest, pk: int) -> HttpResponse:
    """Asks first: what is deleted does not come back."""
    found = picture_of(request, pk)
    if request.method == "POST":
        try:
            remove_picture(found, user=request.user)
        except ValidationError as refusal:
            messages.error(request, " ".join(refusal.messages))
        else:
            messages.success(request, _("“%(name)s”已删除。") % {"name": found.name})
        return redirect("certificates:pictures")
    users = found.uses.values_list("version__template__name", "version__number").order_by("version")
    context = {"picture": found, "uses": list(users)}
    return render(request, "certificates/picture_remove.html", context)
