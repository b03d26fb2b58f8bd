"""The editor of a template's layout, and the picture beside it that follows what is typed."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from bureaus.access import SignedInRequest, allowed
from certificates.designing import change_layout
from certificates.drawing.layouts import PLACEHOLDERS, Layout
from certificates.drawing.parsing import parse
from certificates.drawing.samples import SAMPLES
from certificates.forms.layouts import LayoutForms
from certificates.forms.templates import SaveForm
from certificates.models import Template
from certificates.proofs import prove
from certificates.views.templates import editable
from courses.forms.refusals import refusals_on

SAVE, PREVIEW = "save", "preview"
MOVING = (("up", gettext_lazy("上移")), ("down", gettext_lazy("下移")))
REMOVING = (("remove", gettext_lazy("删去")),)


@require_http_methods(["GET", "HEAD", "POST"])
@allowed("certificates.issue")
def edit_template(request: SignedInRequest, pk: int) -> HttpResponse:
    """The layout's forms. `do` says what is to be done with what was posted: see `LayoutForms.after`."""
    template = editable(request, pk)
    newest = template.newest()
    number = newest.number if newest else 0
    if request.method != "POST":
        layout = parse(newest.layout) if newest else Layout()
        save_form = SaveForm(initial={"based_on": number})
        return show_editor(request, LayoutForms.of_layout(template, layout), save_form)
    forms, deed = LayoutForms(template, data=request.POST), request.POST.get("do", PREVIEW)
    save_form = SaveForm(request.POST)
    if deed not in (SAVE, PREVIEW):
        return show_editor(request, forms.after(deed), save_form, opened=opened_by(deed, forms))
    if deed == SAVE and save_form.is_valid() and not forms.faults:
        with refusals_on(save_form):
            version = change_layout(template, forms.layout, user=request.user, **save_form.cleaned_data)
        if save_form.is_valid():
            messages.success(request, _("已保存为第 %(number)d 版。") % {"number": version.number})
            return redirect("certificates:template", pk)
        save_form = asked_again(save_form, number)
    status = 422 if forms.faults or save_form.errors else 200
    return show_editor(request, forms, save_form, status=status)


def opened_by(deed: str, forms: LayoutForms) -> str:
    """The part that is to stand open after `deed`: the one that was added or moved."""
    verb, _dash, place = deed.partition("-")
    name, _dash, at = place.partition("-")
    if verb == "add" and name in forms.lists:
        return f"{name}-{len(forms.lists[name].forms)}"
    step = {"up": -1, "down": 1}.get(verb)
    return f"{name}-{int(at) + step}" if step and at.isascii() and at.isdecimal() else ""


def asked_again(refused: SaveForm, number: int) -> SaveForm:
    """The refused form, which the next time goes out from the newest version: its sentence was read."""
    form = SaveForm({"note": refused.cleaned_data["note"], "based_on": number})
    for sentence in refused.non_field_errors():
        form.add_error(None, sentence)
    return form


def show_editor(
    request: SignedInRequest, forms: LayoutForms, save_form: SaveForm, *, status: int = 200, opened: str = ""
) -> HttpResponse:
    context = proof_context(request, forms) | {
        "save_form": save_form,
        "placeholders": PLACEHOLDERS.items(),
        "opened": opened,
        "refused": status == 422 and bool(forms.faults),
    }
    return render(request, "certificates/template_edit.html", context, status=status)


def proof_context(request: SignedInRequest, forms: LayoutForms) -> dict[str, Any]:
    template: Template = forms.template
    sample = request.POST.get("sample", "common")
    proof = prove(forms.layout, template, sample=sample, faults=forms.faults)
    for form in forms.each():
        form.notes = proof.notes_at(str(form.prefix))
    return {
        "template": template,
        "forms": forms,
        "proof": proof,
        "sample": sample,
        "samples": [(key, one.label) for key, one in SAMPLES.items()],
        "verbs": {"texts": MOVING + REMOVING, "lines": REMOVING},
        "columns": range(10, int(proof.layout.width), 10),
        "rows": range(10, int(proof.layout.height), 10),
    }


@require_POST
@allowed("certificates.issue")
def preview_template(request: SignedInRequest, pk: int) -> HttpResponse:
    """The picture anew, and what is to be said at each part. Nothing is kept."""
    forms = LayoutForms(editable(request, pk), data=request.POST)
    return render(request, "certificates/template_preview.html", proof_context(request, forms))
