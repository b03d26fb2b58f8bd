"""The templates that peixun ships: every bureau can issue by them, or copy one and change it."""

from __future__ import annotations

from django.db import transaction

from certificates.drawing.defaults import default_layouts
from certificates.models import Template, TemplateVersion


@transaction.atomic
def load_default_templates() -> int:
    """Adds those that are not there yet, for the whole city; gives how many. Known ones stay as they are."""
    added = 0
    for title, layout in default_layouts().items():
        template, is_new = Template.objects.get_or_create(bureau=None, name=title, defaults={"title": title})
        if is_new:
            TemplateVersion.objects.create(template=template, number=1, layout=layout)
        added += is_new
    return added
