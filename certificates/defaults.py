"""The templates that peixun ships: every bureau can issue by them, or copy one and change it."""

from __future__ import annotations

from django.db import transaction

from certificates.designing import begin_template
from certificates.drawing.defaults import default_layouts, title_of
from certificates.drawing.parsing import parse
from certificates.models import Template


@transaction.atomic
def load_default_templates() -> int:
    """Adds those that are not there yet, for the whole city; gives how many. Known ones stay as they are."""
    added = 0
    for name, layout in default_layouts().items():
        known = Template.objects.filter(bureau=None, name=name).exists()
        if name == title_of(name) and not known:
            begin_template(Template(name=name, title=name), parse(layout), user=None)
            added += 1
    return added
