"""What the columns of a ledger mean: asked for one file, remembered as layouts and headings."""

from __future__ import annotations

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from bureaus.access import SignedInRequest, allowed, for_whole_city
from ledgers.column_forms import ColumnsForm, LayoutForm, chosen_headers
from ledgers.importing import jobs, mapping
from ledgers.models import HeadingSynonym, LedgerImport, LedgerLayout

MOST_SYNONYMS = 200


def show_columns(
    request: SignedInRequest, batch: LedgerImport, form: ColumnsForm | None = None
) -> HttpResponse:
    """The page of an import that waits for somebody to say what its columns mean."""
    context = {
        "batch": batch,
        "form": form or form_for(request, batch),
        "mine": batch.uploaded_by == request.user,
    }
    return render(request, "ledgers/imports/columns.html", context, status=422 if form else 200)


def form_for(request: SignedInRequest, batch: LedgerImport) -> ColumnsForm:
    """Filled in where it was sent; the chosen headers stand in the form or in the address."""
    places = mapping.places_of(batch)
    sent = request.POST if request.method == "POST" else None
    return ColumnsForm(
        sent,
        batch=batch,
        places=places,
        headers=chosen_headers(places, sent or request.GET),
        whole_city=for_whole_city(request.user, "ledger.import"),
    )


def set_columns(request: SignedInRequest, batch: LedgerImport) -> HttpResponse:
    """Reads the file again by what the form says of its columns."""
    form = form_for(request, batch)
    if not form.is_valid():
        return show_columns(request, batch, form)
    said = form.cleaned_data
    batch.programme, batch.year = said["programme"], said["year"]
    batch.constants = form.constants()
    with transaction.atomic():
        mapping.settle(
            batch, form.said(), user=request.user, name=said["name"].strip() if said["remember"] else ""
        )
        if said["learn"]:
            bureau = batch.bureau if said["learn"] == "bureau" else None
            mapping.learn(form.learned(), bureau=bureau, user=request.user)
        jobs.queue(batch)
    return redirect("ledgers:import", batch.pk)


@require_GET
@allowed("ledger.import")
def layouts(request: SignedInRequest) -> HttpResponse:
    """The layouts and headings that were remembered for the bureaus in reach."""
    synonyms = HeadingSynonym.objects.visible_to(request.user).select_related("bureau", "made_by")
    may_forget = set(HeadingSynonym.objects.editable_by(request.user).values_list("pk", flat=True))
    found = LedgerLayout.objects.editable_by(request.user).select_related("bureau", "programme", "made_by")
    context = {"layouts": found, "synonyms": synonyms[:MOST_SYNONYMS], "may_forget": may_forget}
    return render(request, "ledgers/layouts/list.html", context)


def layout_to_edit(request: SignedInRequest, pk: int) -> LedgerLayout:
    found = LedgerLayout.objects.editable_by(request.user).select_related("bureau", "programme")
    return get_object_or_404(found, pk=pk)


@require_http_methods(["GET", "HEAD", "POST"])
@allowed("ledger.import")
def layout(request: SignedInRequest, pk: int) -> HttpResponse:
    """What a layout makes of each column; its name can be changed."""
    found = layout_to_edit(request, pk)
    before = found.name
    form = LayoutForm(request.POST or None, instance=found)
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            form.save()
            mapping.audit(found, user=request.user, before={"name": before}, after={"name": found.name})
        messages.success(request, _("已改名为“%(name)s”。") % {"name": found})
        return redirect("ledgers:layouts")
    context = {"layout": found, "name": before, "form": form, "meanings": mapping.meanings_of(found)}
    return render(request, "ledgers/layouts/layout.html", context, status=422 if form.errors else 200)


@require_POST
@allowed("ledger.import")
def delete_layout(request: SignedInRequest, pk: int) -> HttpResponse:
    found = layout_to_edit(request, pk)
    mapping.forget(found, user=request.user)
    messages.success(request, _("已删除版式“%(name)s”，已导入的数据不受影响。") % {"name": found})
    return redirect("ledgers:layouts")


@require_POST
@allowed("ledger.import")
def delete_synonym(request: SignedInRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(HeadingSynonym.objects.editable_by(request.user), pk=pk)
    mapping.forget(found, user=request.user)
    messages.success(request, _("已删除“%(synonym)s”，以后不再这样认。") % {"synonym": found})
    return redirect("ledgers:layouts")
