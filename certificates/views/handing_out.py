"""The certificates of one run: to download, to print a list for signatures, to note who took theirs."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from bureaus.access import SignedInRequest, allowed, bureaus_for
from certificates.forms.issuing import HandOutForm
from certificates.models import Certificate
from certificates.printing import download_name, merged_pdf, part_of, parts, site_of, zip_of
from certificates.replacing import hand_out as note
from certificates.views.certificates import file_response
from courses.models import ClassRun


def run_of(request: SignedInRequest, pk: int) -> ClassRun:
    runs = ClassRun.objects.visible_to(request.user).select_related("programme", "bureau")
    return get_object_or_404(runs, pk=pk)


def drawn_for(request: SignedInRequest, run: ClassRun) -> QuerySet[Certificate]:
    """The valid certificates of `run` that were drawn here, as far as the user sees them, by number."""
    found = Certificate.objects.visible_to(request.user).filter(
        enrolment__run=run, origin=Certificate.Origin.DRAWN, state=Certificate.State.VALID
    )
    return found.select_related("enrolment", "version__template").order_by("issued_on", "number_key")


@require_GET
@allowed("certificates.read")
def hand_out(request: SignedInRequest, pk: int) -> HttpResponse:
    """The list, for the screen and for signatures on paper."""
    return show_list(request, run_of(request, pk))


def show_list(request: SignedInRequest, run: ClassRun, form: HandOutForm | None = None) -> HttpResponse:
    found = list(drawn_for(request, run))
    today = timezone.localdate()
    editable = Certificate.objects.editable_by(request.user).filter(pk__in=[one.pk for one in found])
    context = {
        "run": run,
        "certificates": found,
        "taken": sum(1 for one in found if one.handed_out_on),
        "parts": parts(len(found)),
        "form": form or HandOutForm(known=[], today=today),
        "may_change": editable.exists(),
        "may_issue": bureaus_for(request.user, "certificates.issue").filter(pk=run.bureau_id).exists(),
        "today": today,
    }
    return render(request, "certificates/hand_out.html", context, status=422 if form and form.errors else 200)


@require_POST
@allowed("certificates.issue")
def mark_handed_out(request: SignedInRequest, pk: int) -> HttpResponse:
    """Notes that those who were ticked took theirs; `back` takes the note back."""
    run = run_of(request, pk)
    mine = Certificate.objects.editable_by(request.user).filter(
        pk__in=drawn_for(request, run).order_by().values("pk")
    )
    if not mine.exists():
        raise PermissionDenied(_("这个班次的证书由发证单位登记领取。"))
    known = list(mine.values_list("pk", flat=True))
    form = HandOutForm(request.POST, known=known, today=timezone.localdate())
    if not form.is_valid():
        return show_list(request, run, form)
    back = "back" in request.POST
    chosen = mine.filter(pk__in=form.cleaned_data["chosen"])
    count = note(chosen, run, on=None if back else form.cleaned_data["day"], user=request.user)
    sentence = _("已取消 %(count)d 张证书的领取登记。") if back else _("已登记 %(count)d 张证书的领取。")
    messages.success(request, sentence % {"count": count})
    return redirect("certificates:hand-out", pk)


@require_GET
@allowed("certificates.read")
def run_pdf(request: SignedInRequest, pk: int) -> HttpResponse:
    """The certificates of a part in one PDF, for printing."""
    run, chosen, name = part_asked(request, pk, ending=".pdf")
    content = merged_pdf(chosen, site=site_of(request), title=run.name)
    return file_response(content, name, kind="application/pdf")


@require_GET
@allowed("certificates.read")
def run_zip(request: SignedInRequest, pk: int) -> HttpResponse:
    """The certificates of a part as a ZIP of single PDFs, named by number."""
    _run, chosen, name = part_asked(request, pk, ending=".zip")
    content = zip_of(chosen, site=site_of(request), day=timezone.localdate())
    return file_response(content, name, kind="application/zip")


def part_asked(request: SignedInRequest, pk: int, *, ending: str) -> tuple[ClassRun, list[Certificate], str]:
    """The run, the certificates of the part that the address names, and the file's name. 404 for none."""
    run = run_of(request, pk)
    found = list(drawn_for(request, run))
    asked = request.GET.get("part", "1")
    part = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 6 else 0
    chosen = list(part_of(found, part))
    if not chosen:
        raise Http404(_("这个班次还没有可下载的证书。"))
    name = download_name(run.name, part=part, of=len(parts(len(found))), ending=ending)
    return run, chosen, name
