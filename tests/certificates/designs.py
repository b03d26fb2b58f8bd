"""What the editor of templates sends."""

from django.urls import reverse

from certificates.drawing.parsing import parse
from certificates.forms.layouts import LayoutForms
from certificates.models import Template


def posted(template: Template, *, do: str = "save", based_on: int = 1, **changes: object) -> dict[str, str]:
    """What the editor's form sends for the newest version, with `changes` (`texts_0_x` for `texts-0-x`)."""
    forms = LayoutForms.of_layout(template, parse(template.newest().layout))
    sent = {"do": do, "based_on": str(based_on), "note": "改"}
    for form in forms.each():
        for name in form.fields:
            value = form[name].value()
            if value is not None and value is not False:
                sent[f"{form.prefix}-{name}"] = str(value)
    for name, many in forms.lists.items():
        sent |= {f"{name}-TOTAL_FORMS": str(len(many.forms)), f"{name}-INITIAL_FORMS": "0"}
    parts = {name: 2 if name.startswith(("texts", "lines")) else 1 for name in changes}
    return sent | {name.replace("_", "-", parts[name]): str(value) for name, value in changes.items()}


def edit(template: Template) -> str:
    return reverse("certificates:template-edit", args=[template.pk])
