"""Templates of certificates: which there are, their versions, and what becomes of them."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Count, Max, Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from bureaus.access import SignedInRequest, allowed
from certificates.designing import begin_template, rename_template, restore_version, set_active
from certificates.drawing.parsing import parse
from certificates.drawing.pdf import picture
from certificates.drawing.samples import SAMPLES
from certificates.forms.templates import NewTemplateForm, TemplateNameForm
from certificates.models import Template, TemplateVersion
from certificates.proofs import sample_page
from courses.forms.refusals import refusals_on
from peixun.lib.listing import page_of

STATES = (("inactive", gettext_lazy("已停用")),)
A_PAGE = 12
# Pixels an inch of the small pictures in lists: about 470 across.
SMALL = 40


def visible(request: SignedInRequest, pk: int) -> Template:
    found = Template.objects.visible_to(request.user).select_related("bureau")
    return get_object_or_404(found, pk=pk)


def editable(request: SignedInRequest, pk: int) -> Template:
    found = visible(request, pk)
    if not Template.objects.editable_by(request.user).filter(pk=pk).exists():
        raise PermissionDenied(_("全市通用的模板由统筹单位维护。您可以复制一个，改成本单位的。"))
    return found


@require_GET
@allowed("certificates.issue")
def templates(request: SignedInRequest) -> HttpResponse:
    """Those one may issue by; by `state=inactive` those that were taken out of use."""
    active = request.GET.get("state") != "inactive"
    found = Template.objects.visible_to(request.user).filter(active=active).select_related("bureau")
    lines = found.annotate(
        newest_number=Max("versions__number"),
        drawn=Count("versions__certificates", distinct=True),
        ruled=Count("rules", distinct=True),
    )
    context = {
        "page": page_of(request, lines.order_by("bureau__order", "name", "pk"), size=A_PAGE),
        "mine": set(Template.objects.editable_by(request.user).values_list("pk", flat=True)),
        "states": STATES,
    }
    return render(request, "certificates/templates.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@allowed("certificates.issue")
def new_template(request: SignedInRequest) -> HttpResponse:
    initial = {"start": request.GET.get("start", "")}
    form = NewTemplateForm(request.POST or None, user=request.user, initial=initial)
    if request.method == "POST" and form.is_valid():
        with refusals_on(form):
            begin_template(form.instance, form.layout(), user=request.user)
        if form.is_valid():
            messages.success(request, _("模板“%(name)s”已建好，可以接着改版面。") % {"name": form.instance})
            return redirect("certificates:template-edit", form.instance.pk)
    return render(
        request, "certificates/template_new.html", {"form": form}, status=422 if form.errors else 200
    )


@require_GET
@allowed("certificates.issue")
def template(request: SignedInRequest, pk: int) -> HttpResponse:
    """Its versions, each as a picture; the newest is the one that is issued by."""
    found = visible(request, pk)
    versions = found.versions.select_related("made_by").annotate(drawn=Count("certificates", distinct=True))
    context = {
        "template": found,
        "page": page_of(request, versions.order_by("-number"), size=A_PAGE),
        "newest": found.newest(),
        "drawn": TemplateVersion.objects.filter(template=found).aggregate(
            sum=Count("certificates", filter=Q(certificates__isnull=False))
        )["sum"],
        "may_edit": Template.objects.editable_by(request.user).filter(pk=pk).exists(),
    }
    return render(request, "certificates/template.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@allowed("certificates.issue")
def name_template(request: SignedInRequest, pk: int) -> HttpResponse:
    found = editable(request, pk)
    form = TemplateNameForm(request.POST or None, instance=found)
    if request.method == "POST" and form.is_valid():
        with refusals_on(form):
            rename_template(form.instance, user=request.user)
        if form.is_valid():
            messages.success(request, _("名称已保存。"))
            return redirect("certificates:template", pk)
    context = {"form": form, "template": Template.objects.get(pk=pk)}
    return render(request, "certificates/template_name.html", context, status=422 if form.errors else 200)


@require_POST
@allowed("certificates.issue")
def activate(request: SignedInRequest, pk: int) -> HttpResponse:
    """Into use, or out of it (`active=no`)."""
    found = editable(request, pk)
    active = request.POST.get("active") != "no"
    try:
        set_active(found, active=active, user=request.user)
    except ValidationError as refusal:
        messages.error(request, " ".join(refusal.messages))
    else:
        messages.success(request, _("模板已启用。") if active else _("模板已停用，制发时不再出现。"))
    return redirect("certificates:template", pk)


def version_of(template: Template, number: int) -> TemplateVersion:
    return get_object_or_404(template.versions.select_related("template__bureau"), number=number)


@require_POST
@allowed("certificates.issue")
def restore(request: SignedInRequest, pk: int, number: int) -> HttpResponse:
    """That version's layout as the newest version."""
    version = version_of(editable(request, pk), number)
    try:
        made = restore_version(version, user=request.user)
    except ValidationError as refusal:
        messages.error(request, " ".join(refusal.messages))
    else:
        words = {"old": number, "new": made.number}
        messages.success(request, _("已恢复第 %(old)d 版的版面，存为第 %(new)d 版。") % words)
    return redirect("certificates:template", pk)


@require_GET
@allowed("certificates.issue")
def version_picture(request: SignedInRequest, pk: int, number: int) -> HttpResponse:
    """A version with a sample's facts, as PNG: small, or large by `large=1`."""
    version = version_of(visible(request, pk), number)
    sample = request.GET.get("sample", "")
    page = sample_page(parse(version.layout), version.template, sample=sample if sample in SAMPLES else "")
    across = 96 if request.GET.get("large") else SMALL
    drawn = picture(page, pixels_per_inch=across, fonts=settings.PEIXUN_FONT_PATHS)
    return HttpResponse(drawn, content_type="image/png")
